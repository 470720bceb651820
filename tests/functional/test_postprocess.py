"""`--postprocess script.py:fn`: the person's own function behind the network, in torch, NumPy and Pillow."""

from pathlib import Path

import pytest

from tests.functional.run import examine
from tests.functional.test_chains import MODEL, TRAINED
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
    "numpy mask of 0 and 1": (1, "return (y.numpy() > 0).astype(np.uint8)"),
    "numpy palette": (4, "return VOC[y.numpy().argmax(1)]"),
    "numpy ids, spread": (4, "return (y.numpy().argmax(1) * 85).astype(np.uint8)"),
    "Pillow palette": (4, "return [Image.fromarray(VOC[ids]) for ids in y.argmax(1).numpy()]"),
    "Pillow grey": (1, "return Image.fromarray((torch.sigmoid(y[0, 0]) * 255).byte().numpy())"),
    "Pillow mode P": (
        4,
        "image = Image.fromarray(y[0].argmax(0).byte().numpy(), 'P')\\n"
        "    image.putpalette(VOC.flatten().tolist()); return image",
    ),
    "a class against the others": (2, "return ((y[0, 1] > y[0, 0]).numpy() * 255).astype(np.uint8)"),
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
    "UD510 torch": (4, "return torch.from_numpy(VOC // 64)[y.argmax(1)].permute(0, 3, 1, 2)"),
    "UD510 numpy": (4, "return (VOC // 64)[y.numpy().argmax(1)]"),
    "UD510 Pillow": (4, "return Image.fromarray((VOC // 255)[y[0].argmax(0).numpy()] + VOC[1])"),
}


def report(folder: Path, channels: int, body: str, **fields):
    (folder / "model.py").write_text(MODEL.format(channels=channels, body="return y") + TRAINED, encoding="utf-8")
    (folder / "post.py").write_text(SCRIPT.format(body=body.replace("\\n", "\n")), encoding="utf-8")
    return examine("model.py", directory=folder, **{"postprocess": "post.py:show", **fields})


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_function_is_well(tmp_path: Path, name: str) -> None:
    found = report(tmp_path, *SOUND[name])
    assert not [f.message for f in found.findings if f.severity.rank >= Severity.WARNING.rank]


@pytest.mark.parametrize("name", SICK)
def test_a_broken_function_is_the_first_diagnosis_and_proven(tmp_path: Path, name: str) -> None:
    first = report(tmp_path, *SICK[name]).diagnoses[0]
    assert first.code == name.partition(" ")[0]
    assert first.severity is Severity.ERROR
    assert first.confirmed
    assert first.place.file == "post.py"
    assert first.place.line in (12, 13)


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
