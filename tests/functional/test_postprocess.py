"""`--postprocess script.py:fn`: the person's own function behind the network, in torch, NumPy and Pillow."""

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.functional.run import examine, examine_as_typed, export
from tests.functional.test_chains import MODEL, TRAINED
from unetdoctor.cli import main
from unetdoctor.engine.loading import RequestError
from unetdoctor.facts import Severity

CODES = ("UD508", "UD509", "UD510")
SCRIPT = """import numpy as np
import torch
from PIL import Image

VOC = np.array([[0, 0, 0], [128, 0, 0], [0, 128, 0], [128, 128, 0]], dtype=np.uint8)


def sigmoid(y):
    return 1 / (1 + np.exp(-y))


def show(y):
    {body}
"""
SOUND = {
    "torch": (1, "return (torch.sigmoid(y) * 255).to(torch.uint8)"),
    "torch ids, spread": (4, "return (y.argmax(1) * 85).to(torch.uint8)"),
    "torch palette": (4, "return torch.from_numpy(VOC)[y.argmax(1)].permute(0, 3, 1, 2)"),
    "numpy": (1, "return (sigmoid(y[0, 0].numpy()) * 255).astype(np.uint8)"),
    "numpy colour": (3, "return (torch.sigmoid(y[0]).permute(1, 2, 0).numpy() * 255).astype(np.uint8)"),
    "numpy own range": (1, "a = y.numpy(); return ((a - a.min()) / (np.ptp(a) + 1e-9) * 255).astype(np.uint8)"),
    "numpy floats": (3, "return sigmoid(y.numpy())"),
    "numpy mask of 0 and 255": (1, "return ((y.numpy() > 0) * 255).astype(np.uint8)"),
    "numpy mask of 0 and 255, of nothing": (1, "return ((y.numpy() > 9) * 255).astype(np.uint8)"),
    "numpy mask of what is small": (1, "return ((y.numpy() < 0) * 255).astype(np.uint8)"),
    "numpy mask of 0 and 1": (1, "return (y.numpy() > 0).astype(np.uint8)"),
    "numpy palette": (4, "return VOC[y.numpy().argmax(1)]"),
    "numpy ids, spread": (4, "return (y.numpy().argmax(1) * 85).astype(np.uint8)"),
    "as many classes as colours": (3, "return VOC[1:][y.numpy().argmax(1)]"),
    "Pillow palette": (4, "return [Image.fromarray(VOC[ids]) for ids in y.argmax(1).numpy()]"),
    "Pillow grey": (1, "return Image.fromarray((torch.sigmoid(y[0, 0]) * 255).byte().numpy())"),
    "Pillow mode P": (
        4,
        "image = Image.fromarray(y[0].argmax(0).byte().numpy(), 'P')\\n"
        "    image.putpalette(VOC.flatten().tolist()); return image",
    ),
    "a class against the others": (2, "return ((y[0, 1] > y[0, 0]).numpy() * 255).astype(np.uint8)"),
}
SOUND |= {
    "a mask in one colour": (1, "return (VOC[:2] * [[0], [1]]).astype(np.uint8)[(y.numpy()[:, 0] > 0) * 1]"),
    "a mask in one colour, torch": (1, "return torch.from_numpy(VOC)[(y[:, 0] > 0) * 1].permute(0, 3, 1, 2)"),
    "a mask as transparency": (1, "m = y.numpy()[:, 0] > 0; return (m[..., None] * [0, 255, 0, 128]).astype(np.uint8)"),
    "a mask of yes and no": (1, "return Image.fromarray(y[0, 0].numpy() > 0)"),
    "a mask of three equal channels": (1, "return np.stack([(y[0, 0].numpy() > 0) * np.uint8(255)] * 3, -1)"),
    "unknown where no class is sure": (
        3,
        "top, ids = torch.softmax(y[0], 0).max(0); rgb = VOC[ids.numpy()]\\n"
        "    rgb[top.numpy() < 0.6] = 200; return rgb",
    ),
    "a name on a class map": (
        3,
        "from PIL import ImageDraw; image = Image.fromarray(VOC[y[0].argmax(0).numpy()])\\n"
        "    ImageDraw.Draw(image).text((2, 2), 'net', fill=(255, 255, 255)); return image",
    ),
    "objects in colours of their own": (
        3,
        "from scipy import ndimage; found, count = ndimage.label(y[0].argmax(0).numpy() > 0)\\n"
        "    table = np.random.default_rng(0).integers(60, 255, (count + 1, 3)).astype(np.uint8)\\n"
        "    table[0] = 0; return table[found]",
    ),
    "red and blue exchanged": (3, "a = y.sigmoid().numpy()[:, ::-1]; return (a * 255).astype(np.uint8)"),
    "a heat map": (1, "p = sigmoid(y.numpy()[:, 0]) * 255; return np.stack([p, 255 - p, p / 9], -1).astype(np.uint8)"),
}
SICK = {
    "UD508 torch": (1, "return torch.sigmoid(y).to(torch.uint8)"),
    "UD508 numpy probabilities": (1, "return sigmoid(y[0, 0].numpy()).astype(np.uint8)"),
    "UD508 numpy logits": (1, "return y.numpy().astype(np.int64).astype(np.uint8)"),
    "UD508 Pillow": (1, "return Image.fromarray(torch.sigmoid(y[0, 0]).byte().numpy())"),
    "UD508 numpy colour": (3, "return torch.sigmoid(y[0]).permute(1, 2, 0).numpy().astype(np.uint8)"),
    "UD509 torch": (4, "return (y.argmax(1) * 255).to(torch.uint8)"),
    "UD509 numpy": (4, "return (y.numpy().argmax(1) * 255).astype(np.uint8)"),
    "UD509 Pillow": (4, "return Image.fromarray(y[0].argmax(0).byte().numpy())"),
    "UD509 three equal channels": (4, "return np.stack([y[0].argmax(0).numpy()] * 3, -1).astype(np.uint8)"),
    "UD509 a threshold and no level": (1, "return np.zeros(256, np.uint8)[(y.numpy()[:, 0] > 0) * 1]"),
    "UD510 a threshold and black": (1, "return np.zeros((256, 3), np.uint8)[(y.numpy()[:, 0] > 0) * 1]"),
    "UD510 a threshold and dark": (1, "return (VOC // 128)[(y.numpy()[:, 0] > 0) * 1]"),
    "UD510 a threshold of torch": (1, "return torch.from_numpy(VOC // 128)[(y[:, 0] > 0) * 1].permute(0, 3, 1, 2)"),
    "UD510 black": (4, "return np.zeros((256, 3), np.uint8)[y.numpy().argmax(1)]"),
    "UD510 torch": (4, "return torch.from_numpy(VOC // 64)[y.argmax(1)].permute(0, 3, 1, 2)"),
    "UD510 numpy": (4, "return (VOC // 64)[y.numpy().argmax(1)]"),
    "UD510 Pillow": (4, "return Image.fromarray((VOC // 255)[y[0].argmax(0).numpy()] + VOC[1])"),
}


CONTAINERS = {
    "a dict": ("return {'out': y, 'aux': 1}", "y['out']"),
    "a named tuple": ("return Pair(y, y)", "y.second"),
    "an object": ("import types; return types.SimpleNamespace(out=y)", "y.out"),
}


def write(folder: Path, channels: int, body: str, returned: str = "return y") -> None:
    """Write a network and the script of its function."""
    named = "from typing import NamedTuple\n\n\nclass Pair(NamedTuple):\n    first: object\n    second: object\n"
    text = named + MODEL.format(channels=channels, body=returned) + TRAINED
    (folder / "model.py").write_text(text, encoding="utf-8")
    (folder / "post.py").write_text(SCRIPT.format(body=body.replace("\\n", "\n")), encoding="utf-8")


def report(folder: Path, channels: int, body: str, returned: str = "return y", **fields):
    write(folder, channels, body, returned)
    given = {"target": "model.py", "postprocess": "post.py:show", **fields}
    return examine(given.pop("target"), directory=folder, **given)


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_function_is_well(tmp_path: Path, name: str) -> None:
    found = report(tmp_path, *SOUND[name])
    assert not [f.message for f in found.findings if f.severity.rank >= Severity.WARNING.rank]


AT_AN_END = {
    "bytes before the threshold": "p = y[0, 0].numpy().astype(np.uint8); return np.uint8(p > 0.5) * 255",
    "a sigmoid of a probability": "return np.uint8(sigmoid(y[0, 0].numpy()) > 0.5) * 255",
}


@pytest.mark.parametrize("name", AT_AN_END)
def test_a_threshold_at_the_end_of_the_probabilities_is_proven(tmp_path: Path, name: str) -> None:
    first = report(tmp_path, 1, AT_AN_END[name], "return torch.sigmoid(y)").diagnoses[0]
    assert first.code == "UD511"
    assert first.severity is Severity.ERROR
    assert first.confirmed


@pytest.mark.parametrize("cut", ["> 0.05", "> 0.95", "< 0.3"])
def test_a_threshold_within_the_probabilities_is_well(tmp_path: Path, cut: str) -> None:
    body = f"return np.uint8(y[0, 0].numpy() {cut}) * 255"
    found = report(tmp_path, 1, body, "return torch.sigmoid(y)")
    assert not [f.message for f in found.findings if f.severity.rank >= Severity.WARNING.rank]


def test_a_softmax_of_one_channel_behind_the_network_is_proven(tmp_path: Path) -> None:
    first = report(tmp_path, 1, "return ((torch.softmax(y, dim=1) > 0.5) * 255).to(torch.uint8)").diagnoses[0]
    assert first.code == "UD503"
    assert first.confirmed


def masked(folder: Path, channels: int, body: str):
    """Return the report on a photograph with its mask, white where it is red, of a network that tells the two apart."""
    signs = [16, -16][:channels]
    write(folder, channels, body, f"return (x[:, :1] - 0.5) * torch.tensor({signs}).reshape(1, -1, 1, 1) + y / 32")
    pixels = (np.random.default_rng(0).random((64, 64, 3)) * 40).astype(np.uint8)
    pixels[16:40, 16:48, 0] += 200
    Image.fromarray(pixels).save(folder / "photo.png")
    Image.fromarray(np.uint8(pixels[..., 0] > 128) * 255).save(folder / "mask.png")
    given = ("--image", "photo.png", "--mask", "mask.png", "--postprocess", "post.py:show")
    return examine_as_typed("model.py", given, directory=folder)


OF_TWO = {
    "the other class, white": (2, "return ((torch.softmax(y, 1)[:, 1] > 0.5) * 255).to(torch.uint8)", {"UD512"}),
    "the other class, white, in NumPy": (2, "return np.uint8(y[0, 1].numpy() > y[0, 0].numpy()) * 255", {"UD512"}),
    "the class, white": (2, "return ((torch.softmax(y, 1)[:, 0] > 0.5) * 255).to(torch.uint8)", set()),
    "the mask, in colour": (1, "return (VOC[:2] * [[0], [1]]).astype(np.uint8)[(y.numpy()[:, 0] > 0) * 1]", set()),
}


@pytest.mark.parametrize("name", OF_TWO)
def test_white_is_the_mask(tmp_path: Path, name: str) -> None:
    channels, body, codes = OF_TWO[name]
    found = masked(tmp_path, channels, body)
    assert {f.code for f in found.findings if f.severity.rank >= Severity.WARNING.rank} == codes, found.verdict
    assert found.scores is not None


TURNED = {
    "argmax over the width": "return VOC[y[0].argmax(-1).numpy() % 4]",
    "reshaped, not transposed": "z = y[0].numpy(); return VOC[z.reshape(*z.shape[1:], 3).argmax(-1)]",
}


@pytest.mark.parametrize("name", TURNED)
def test_a_class_of_another_axis_is_proven(tmp_path: Path, name: str) -> None:
    first = report(tmp_path, 3, TURNED[name]).diagnoses[0]
    assert first.code == "UD504", first.message
    assert first.severity is Severity.ERROR
    assert first.confirmed


@pytest.mark.parametrize("body", ["VOC[{}.numpy()]", "({} * 100).byte().numpy()"])
def test_a_class_of_the_samples_is_proven(tmp_path: Path, body: str) -> None:
    first = masked(tmp_path, 2, "return " + body.format("y.argmax(0).argmax(0)")).diagnoses[0]
    assert (first.code, first.severity, first.confirmed) == ("UD504", Severity.ERROR, True), first.message
    assert "the largest of the samples of the batch (axis 0)" in first.message


@pytest.mark.parametrize("name", SICK)
def test_a_broken_function_is_the_first_diagnosis_and_proven(tmp_path: Path, name: str) -> None:
    first = report(tmp_path, *SICK[name]).diagnoses[0]
    assert first.code == name.partition(" ")[0]
    assert first.severity is Severity.ERROR
    assert first.confirmed
    assert first.place.file == "post.py"
    assert first.place.line in (12, 13)


@pytest.mark.parametrize("name", CONTAINERS)
def test_it_gets_what_forward_returned(tmp_path: Path, name: str) -> None:
    returned, picked = CONTAINERS[name]
    found = report(tmp_path, 4, f"return ({picked}.argmax(1) * 255).to(torch.uint8)", returned)
    assert [x.code for x in found.diagnoses] == ["UD509"]


def test_a_traced_network(tmp_path: Path) -> None:
    import torch

    file = export(torch.nn.Conv2d(3, 4, 1), tmp_path / "net.pt", torch.zeros(1, 3, 32, 32))
    found = report(tmp_path, 4, "return (y.numpy().argmax(1) * 255).astype(np.uint8)", target=str(file))
    assert [x.code for x in found.diagnoses] == ["UD509"]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("return y.numpy()[9]", "raised IndexError: .*post.py, line 13"),
        ("return None", "returned NoneType; expected a tensor, an array or a Pillow picture"),
        ("return 'black'", "returned str"),
    ],
)
def test_an_error_in_it_is_one_sentence(tmp_path: Path, body: str, sentence: str) -> None:
    with pytest.raises(RequestError, match=sentence):
        report(tmp_path, 1, body)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (
            "return y.numpy()[9]",
            "raised IndexError: index 9 is out of bounds for axis 0 with size 2 (post.py, line 13).",
        ),
        ("raise ValueError('no such class')", "raised ValueError: no such class (post.py, line 13)."),
    ],
)
def test_from_the_command_line_it_is_a_wrong_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], body: str, sentence: str
) -> None:
    code, said = commanded(tmp_path, monkeypatch, capsys, body)
    assert code == 2
    assert said.strip() == f"error: --postprocess post.py:show {sentence}"


@pytest.mark.skipif(sys.platform != "linux", reason="nothing keeps files from being written")
def test_a_function_that_saves_its_picture_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    body = f"Image.new('L', (8, 8)).save({str(tmp_path / 'prediction.png')!r}); return y"
    code, said = commanded(tmp_path, monkeypatch, capsys, body)
    if (tmp_path / "prediction.png").exists():
        pytest.skip("this machine keeps no process from writing")
    assert code == 2
    assert "raised PermissionError" in said
    assert "(post.py, line 13). The function writes files, which is not possible here; name one that returns" in said


def commanded(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], body: str
) -> tuple[int, str]:
    """Return exit code and stderr of the whole command, worker and all."""
    write(folder, 1, body)
    monkeypatch.chdir(folder)
    code = main(["inspect", "model.py", "--postprocess", "post.py:show", "--no-pictures", "--quiet"])
    return code, capsys.readouterr().err


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("post.py", "expected a Python file and the name of one of its functions"),
        ("post.py:draw", "post.py has no function draw; it has sigmoid, show"),
        ("absent.py:show", "absent.py"),
    ],
)
def test_what_names_no_function_is_refused(tmp_path: Path, source: str, sentence: str) -> None:
    with pytest.raises(RequestError, match=sentence):
        report(tmp_path, 1, "return y", postprocess=source)
