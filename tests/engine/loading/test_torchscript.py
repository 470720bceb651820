"""TorchScript files: told by content, run as they are, their traced shapes read without running them."""

import pickle
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from tests.engine.loading.conftest import UNET, Place
from unetdoctor.engine.loading import files, torchscript_file

pytestmark = pytest.mark.usefixtures("torchscript")


class Net(nn.Module):
    """A network with two inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 2, 1)
        self.norm = nn.BatchNorm2d(2)

    def forward(self, x: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
        return self.norm(self.conv(x)) * scale


EXAMPLE = (torch.rand(2, 3, 8, 6), torch.ones(2, 1, 1, 1, dtype=torch.float64))


def scripted(path: Path) -> None:
    torch.jit.script(Net().eval()).save(str(path))


def traced(path: Path) -> None:
    torch.jit.trace(Net().eval(), EXAMPLE, check_trace=False).save(str(path))


def frozen(path: Path) -> None:
    torch.jit.freeze(torch.jit.script(Net().eval())).save(str(path))


@pytest.mark.parametrize("name", ["net.ts", "net.pt", "net.py", "net"])
@pytest.mark.parametrize("make", [scripted, traced, frozen])
def test_loads_by_content(place: Place, make: Callable[[Path], None], name: str) -> None:
    make(place.directory / name)
    with warnings.catch_warnings():
        warnings.resetwarnings()
        warnings.simplefilter("error")  # loading silences the deprecation itself
        loaded = place.load(name)
    assert (loaded.name, loaded.kind, loaded.target_kind, loaded.how) == ("Net", "torchscript", "torchscript file", ())
    assert loaded.source_root is None
    assert place.stages == ["load", "load"]
    assert loaded.model(*EXAMPLE).shape == (2, 2, 8, 6)
    assert len(list(loaded.model.parameters())) == (0 if make is frozen else 4)
    if make is traced:
        assert loaded.example_inputs is not None
        shapes = [(tuple(x.shape), x.dtype, x.device.type) for x in loaded.example_inputs]
        assert shapes == [((2, 3, 8, 6), torch.float32, "meta"), ((2, 1, 1, 1), torch.float64, "meta")]
    else:
        assert loaded.example_inputs is None


def test_a_program_in_train_mode_is_put_in_eval_mode_and_says_so(place: Place) -> None:
    torch.jit.script(Net()).save(str(place.directory / "net.ts"))
    loaded = place.load("net.ts")
    assert loaded.how == ("net.ts was saved in train mode; it is examined in eval mode",)
    assert not loaded.model.training
    assert not loaded.model.norm.training
    assert loaded.training_flags == {"": True, "conv": True, "norm": True}


def test_weights_into_a_program(place: Place) -> None:
    scripted(place.directory / "net.ts")
    state = {key: torch.full_like(value, 3) for key, value in Net().state_dict().items()}
    torch.save(state, place.directory / "w.pth")
    loaded = place.load("net.ts", weights="w.pth")
    assert loaded.model.conv.weight.eq(3).all()
    assert loaded.how == ("loaded 7 tensors from w.pth",)


def test_a_program_made_by_a_python_file(place: Place) -> None:
    loaded = place.write({"model.py": UNET + "model = torch.jit.script(UNet())\n"}).load("model.py")
    assert (loaded.name, loaded.kind, loaded.target_kind) == ("UNet", "torchscript", "python file")


def test_it_takes_neither_name_nor_arguments(place: Place) -> None:
    scripted(place.directory / "net.ts")
    assert place.refusal("net.ts:Net").sentence == (
        "net.ts is a TorchScript program: it holds one network, so :Net names nothing in it."
    )
    assert place.refusal("net.ts", kwargs={"n": 3}).sentence == (
        "net.ts is a TorchScript program: it is built already, so -k n cannot change it."
    )
    assert place.refusal("net.ts", kwargs={"n": 3}).commands == ("unetdoctor inspect net.ts",)


def rewrite(path: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    """Change one record of an archive."""
    with zipfile.ZipFile(path) as old:
        records = {record.filename: old.read(record) for record in old.infolist()}
    with zipfile.ZipFile(path, "w") as new:
        for key, data in records.items():
            new.writestr(key, change(data) if key.endswith(name) else data)


def test_a_newer_format(place: Place) -> None:
    scripted(place.directory / "net.ts")
    rewrite(place.directory / "net.ts", "/version", lambda _: b"999\n")
    assert place.refusal("net.ts").sentence == (
        f"net.ts was written by a newer torch than the installed {torch.__version__}; a newer torch is needed."
    )


def test_damaged_code_is_the_guards(place: Place) -> None:
    scripted(place.directory / "net.ts")
    rewrite(place.directory / "net.ts", ".py", lambda data: data.replace(b"def forward", b"def )"))
    with pytest.raises(RuntimeError):
        place.load("net.ts")
    assert place.stages == ["load"]


@pytest.mark.parametrize(
    "data",
    [
        b"not a pickle",
        pickle.dumps({"forward": [3]}, protocol=2),
        pickle.dumps({"forward": []}, protocol=2),
        pickle.dumps([], protocol=2),
        b"cos\nsystem\n(S'touch marker'\ntR.",
        b"ctorch\nload\n(S'x'\ntR.",
        b"(dS'forward'\n(lctorch._utils\n_rebuild_tensor_v2\n(I0\nI0\n(I4\nt(I1\nttRas.",
    ],
)
def test_traced_inputs_of_any_kind_do_no_harm(place: Place, data: bytes) -> None:
    traced(place.directory / "net.ts")
    rewrite(place.directory / "net.ts", "traced_inputs.pkl", lambda _: data)
    found = files.find("net.ts", place.directory)
    assert torchscript_file.read_traced_inputs(found) == ()
    assert not (place.directory / "marker").exists()


def test_what_torch_cannot_read_back_is_said(place: Place) -> None:
    model = torch.jit.script(nn.Sequential(nn.Conv2d(3, 2, 3)).eval())
    torch.jit.optimize_for_inference(model).save(str(place.directory / "fast.pt"))
    said = place.refusal("fast.pt").sentence
    assert said.endswith("torch.jit.optimize_for_inference makes them; save the program as it was before that call.")
