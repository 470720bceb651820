"""Modules and lines of a TorchScript program's operations, which no hook sees."""

import io
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unetdoctor.engine.recorder import Recorder
from unetdoctor.engine.script_sites import name_modules
from unetdoctor.engine.tape import Tape

torch.set_num_threads(1)
quiet = pytest.mark.filterwarnings("ignore:.*deprecated")


class Root(nn.Module):
    """A function that no parameter belongs to."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.sqrt(x - x.mean((2, 3), keepdim=True))


class Net(nn.Module):
    """Layers with parameters, layers without, and functions of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU6())
        self.root = Root()
        self.last = nn.Conv2d(4, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        drawn = self.last(self.root(F.max_pool2d(self.first(x), 2)))
        return torch.sigmoid(drawn)


def loaded(program: torch.jit.ScriptModule) -> nn.Module:
    file = io.BytesIO()
    torch.jit.save(program, file)
    file.seek(0)
    found: nn.Module = torch.jit.load(file)
    return found


def taped(model: nn.Module, x: Tensor) -> Tape:
    recorder = Recorder(model, (x,))
    with torch.no_grad(), recorder:
        model(x)
    name_modules(model, recorder.tape)
    return recorder.tape


@quiet
@pytest.mark.parametrize("how", ["trace", "script"])
def test_an_operation_without_parameters_is_named_by_the_module_that_calls_it(how: str) -> None:
    model, x = Net().eval(), torch.rand(1, 3, 16, 16)
    program = torch.jit.trace(model, x) if how == "trace" else torch.jit.script(model)
    tape = taped(loaded(program), x)
    modules = {entry.name: entry.module for entry in tape.entries}
    assert modules["sqrt"] == modules["mean"] == "root"
    assert modules["hardtanh"] == "first.2"
    assert modules["sigmoid"] == ""
    assert [e.module for e in tape.entries if e.parameters] == ["first.0", "first.1", "last"]
    root = next(entry for entry in tape.entries if entry.name == "sqrt")
    assert root.layer == "root"
    assert root.file == __file__
    assert "torch.sqrt" in Path(__file__).read_text(encoding="utf-8").splitlines()[root.line - 1]


def test_an_eager_model_is_left_as_it_is() -> None:
    model, x = Net().eval(), torch.rand(1, 3, 16, 16)
    tape = taped(model, x)
    assert {entry.name: entry.module for entry in tape.entries}["sqrt"] == "root"


@quiet
def test_a_module_that_is_called_twice_is_named_twice() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.step = nn.Sequential(nn.Conv2d(2, 2, 1), nn.Tanh())

        def forward(self, x: Tensor) -> Tensor:
            return self.step(self.step(x)).exp()

    x = torch.rand(1, 2, 4, 4)
    tape = taped(loaded(torch.jit.trace(Twice().eval(), x)), x)
    assert [(e.name, e.module) for e in tape.entries] == [
        ("_convolution", "step.0"),
        ("tanh", "step.1"),
        ("_convolution", "step.0"),
        ("tanh", "step.1"),
        ("exp", ""),
    ]
