"""The Python interface: a live network comes back as it was, and a target's text goes to a worker."""

import copy
import random
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import unetdoctor
from tests.functional.run import SAMPLES, build
from unetdoctor import api
from unetdoctor.facts import State
from unetdoctor.testing import assert_healthy

torch.set_num_threads(1)


class Drawer(nn.Module):
    """Two layers; draws RGB pictures."""

    def __init__(self, same: bool = False) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.look = nn.Conv2d(3, 8, 3, padding=1)
            self.drop = nn.Dropout(0.5)
            self.draw = nn.Conv2d(8, 3, 3, padding=1)
        if same:
            with torch.no_grad():
                self.draw.weight[:] = self.draw.weight[:1]
                self.draw.bias[:] = 0

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        random.random()
        np.random.rand()
        return torch.tanh(self.draw(self.drop(self.look(picture).relu())))


def state(model: nn.Module) -> Any:
    return (
        copy.deepcopy(model.state_dict()),
        [m.training for m in model.modules()],
        [(p.requires_grad, p.grad is None) for p in model.parameters()],
        torch.get_rng_state(),
        random.getstate(),
        np.random.get_state()[1].tolist(),
        torch.is_grad_enabled(),
    )


def same(first: Any, second: Any) -> bool:
    weights = all(torch.equal(first[0][name], second[0][name]) for name in first[0])
    return weights and torch.equal(first[3], second[3]) and first[1:3] + first[4:] == second[1:3] + second[4:]


def test_a_live_network_comes_back_as_it_was() -> None:
    model = Drawer(same=True)
    model.train()
    model.look.eval()
    before = state(model)
    report = unetdoctor.inspect(model, task="rgb", fail_on="note")
    assert same(before, state(model))
    assert report.state is State.ILL
    assert report.diagnoses[0].code == "UD301"
    assert report.untouched, report.untouched_text
    assert (report.target.name, report.target.kind, report.fail_on) == ("Drawer", "live module", "note")
    place = report.diagnoses[0].place
    assert place.file.endswith("test_api.py")
    assert place.line is not None


def test_it_comes_back_as_it_was_when_forward_raises() -> None:
    class Broken(Drawer):
        def forward(self, picture: torch.Tensor) -> torch.Tensor:
            raise ArithmeticError("no")

    model = Broken().train()
    before = state(model)
    report = unetdoctor.inspect(model, input="1,3,16,16")
    assert report.state is State.NOT_DIAGNOSABLE
    assert "ArithmeticError" in report.verdict
    assert same(before, state(model))


@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: (x,), lambda x: {"picture": x}, lambda x: [x.numpy()]])
def test_values_of_the_caller_are_fed(wrap: Callable[[Any], Any]) -> None:
    report = unetdoctor.inspect(Drawer(), inputs=wrap(torch.rand(2, 3, 24, 40)), select="UD2")
    assert report.input is not None
    assert report.input.shape == (2, 3, 24, 40)
    assert report.input.text == "the caller gives 2x3x24x40."


def test_compiled_and_scripted_networks() -> None:
    model = Drawer()
    assert unetdoctor.inspect(torch.compile(model), select="UD2").target.name == "Drawer"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tracing is deprecated, and people have traced networks
        traced = torch.jit.trace(model.eval(), torch.rand(1, 3, 16, 16))
    scripted = unetdoctor.inspect(traced, select="UD2")
    assert scripted.target.name == "Drawer"
    assert scripted.exit_code == 0


def test_a_class_without_a_file() -> None:
    namespace: dict[str, Any] = {"nn": nn, "torch": torch}
    exec("class Net(nn.Conv2d):\n    pass\n", namespace)  # as in a console
    assert unetdoctor.inspect(namespace["Net"](3, 3, 1), input="1,3,8,8", select="UD3").target.name == "Net"


def test_what_is_wrong_with_the_call() -> None:
    with pytest.raises(TypeError, match="has no option 'nonsense'; it has kwargs"):
        unetdoctor.inspect(Drawer(), nonsense=1)
    with pytest.raises(TypeError, match="not int"):
        unetdoctor.inspect(3)
    with pytest.raises(unetdoctor.InspectionError, match="inputs is a dict without tensors"):
        unetdoctor.inspect(Drawer(), inputs={})
    with pytest.raises(unetdoctor.InspectionError, match="there is no file none"):
        unetdoctor.inspect("none.py")
    with pytest.raises(unetdoctor.InspectionError, match="--task must be"):
        unetdoctor.inspect(Drawer(), task="colour")
    with pytest.raises(unetdoctor.InspectionError, match="there is no file b"):
        unetdoctor.inspect(Drawer(), select="UD2", baseline="b.json")
    with pytest.raises(AttributeError, match="no attribute 'examine'"):
        unetdoctor.examine  # noqa: B018


def test_a_target_goes_to_a_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    report = unetdoctor.inspect(
        SAMPLES / "unet_four_levels.py", kwargs={"base": 4}, input=["1,3,32,32"], select=["UD2", "UD3"], budget=1
    )
    assert report.target.kind == "python file"
    assert report.input is not None
    assert report.input.shape == (1, 3, 32, 32)
    assert list(tmp_path.iterdir()) == []


def test_preprocessing_is_taken(tmp_path: Path) -> None:
    with pytest.raises(unetdoctor.InspectionError, match="--scale must be a finite number above 0"):
        unetdoctor.inspect(Drawer(), scale=-1.0)
    for mean in (0.5, (0.485, 0.456, 0.406), "0.485,0.456,0.406"):
        asked = api._request("net", {"mean": mean, "std": [0.229, 0.224, 0.225], "image": ["a.png"]}).preprocessing
        assert asked.std == (0.229, 0.224, 0.225)
        assert asked.mean == ((0.5,) if mean == 0.5 else (0.485, 0.456, 0.406))


def test_assert_healthy() -> None:
    assert assert_healthy(Drawer(), task="rgb").state is State.UNTRAINED
    with pytest.raises(AssertionError, match="ntrained"):
        assert_healthy(Drawer(), trained=True)
    with pytest.raises(AssertionError) as caught:
        assert_healthy(Drawer(same=True), task="rgb")
    told = str(caught.value)
    assert "error UD301 identical-final-filters at draw (" in told
    assert "\n    nn.init." in told
    assert assert_healthy(Drawer(same=True), task="rgb", fail_on="never").state is State.ILL


def test_a_trained_sample_is_healthy() -> None:
    model = build(SAMPLES / "ud301_identical_final_filters.py")
    assert assert_healthy(model, trained=True).state is State.HEALTHY
