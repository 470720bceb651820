"""A network that is ready to run: unwrapped, seeded, in eval mode, its flags remembered."""

import pytest

from tests.engine.loading.conftest import UNET, Place
from unetdoctor.engine.loading import load
from unetdoctor.engine.source import layer_place
from unetdoctor.facts import Place as Spot
from unetdoctor.facts import Request

WRAPPED = {
    "DataParallel": ("nn.DataParallel(UNet())", "took UNet out of its DataParallel wrapper"),
    "torch.compile": ("Compiled()", "took UNet out of torch.compile; it is examined uncompiled"),
}


@pytest.mark.parametrize("case", WRAPPED)
def test_unwraps(place: Place, case: str) -> None:
    text, sentence = WRAPPED[case]
    compiled = "class Compiled(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
    compiled += "        self._orig_mod = UNet()\n"  # as torch.compile does, whose import takes many seconds
    loaded = place.write({"model.py": UNET + compiled + f"model = {text}\n"}).load("model.py")
    assert loaded.name == "UNet"
    assert loaded.how[-1] == sentence


def test_remembers_the_training_flags(place: Place) -> None:
    loaded = place.write({"model.py": UNET + "model = UNet()\nmodel.block.eval()\n"}).load("model.py")
    assert loaded.training_flags == {"": True, "block": False, "block.conv": False, "head": True}
    assert not any(module.training for module in loaded.model.modules())


def test_stages(place: Place) -> None:
    place.write({"model.py": UNET}).load("model.py")
    assert place.stages == ["import", "construct", "load"]


def test_fresh_weights_follow_the_seed(place: Place) -> None:
    place.write({"model.py": UNET})
    first, again, other = (place.load("model.py", seed=seed).model.head.weight for seed in (1, 1, 2))
    assert first.equal(again)
    assert not first.equal(other)


def test_a_relative_working_directory(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place.write({"nets/model.py": UNET}).directory)
    loaded = load(Request(target="model.py", directory="nets"), place.guard)
    assert loaded.directory == place.directory / "nets"
    assert layer_place(loaded, "head") == Spot(layer="head", file="model.py", line=19)


@pytest.mark.gpu
def test_on_a_gpu(place: Place) -> None:
    loaded = place.write({"model.py": UNET}).load("model.py", device="cuda")
    assert {parameter.device.type for parameter in loaded.model.parameters()} == {"cuda"}
