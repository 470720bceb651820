"""TorchScript that keeps weights as constants, numbers as tensors or inputs in lists: the same is found in it."""

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.functional.run import SAMPLES, build, errors, examine, first
from unetdoctor.facts import Report

pytestmark = pytest.mark.usefixtures("torchscript")
TRAINED = SAMPLES / "trained_unet" / "scripted.pt"


def frozen(program: torch.jit.ScriptModule, folder: Path) -> Report:
    """Freeze a program, save it and return the report on its file."""
    file = folder / "frozen.pt"
    torch.jit.save(torch.jit.freeze(program.eval()), file)
    return examine(file, directory=folder)


def test_a_frozen_trained_network_is_healthy(tmp_path: Path) -> None:
    report = frozen(torch.jit.load(TRAINED), tmp_path)
    assert (report.state, report.exit_code) == ("healthy", 0)
    assert report.target.layers == examine(TRAINED, directory=tmp_path).target.layers
    assert report.untouched


def test_identical_filters_are_found_in_a_frozen_generator(tmp_path: Path) -> None:
    model = build(SAMPLES / "generator_identical_filters.py").eval()
    report = frozen(torch.jit.script(model), tmp_path)
    assert report.exit_code == 1
    assert first(report).code == "UD301"
    assert first(report).confirmed
    assert first(report).place.layer == "convolution_4"


def test_a_fixed_filter_is_no_layer(tmp_path: Path) -> None:
    (tmp_path / "edges.py").write_text(
        "import torch\n\nKERNEL = torch.ones(3, 1, 3, 3) / 9\n\n\n"
        "def edges(x):\n    return x - torch.conv2d(x, KERNEL, padding=1, groups=3)\n",
        "utf-8",
    )
    report = examine("edges.py:edges", directory=tmp_path)
    assert not errors(report)
    assert report.target.layers == 0


ODD = """
import torch
from torch import nn


class Bytes(nn.Module):
    def __init__(self):
        super().__init__()
        self.into, self.out = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 3, 3, padding=1)

    def forward(self, x):
        return self.out(self.into(x).sigmoid().mul(255).round().byte() / 255.0)


class Noisy(nn.Module):
    def __init__(self):
        super().__init__()
        self.draw = nn.ConvTranspose2d(32, 3, 8)

    def forward(self, z, noises):
        return self.draw(z + noises[0] * noises[1])
"""
Z = torch.rand(2, 32, 1, 1)


@pytest.mark.parametrize(("name", "example"), [("Bytes", (torch.rand(2, 3, 16, 16),)), ("Noisy", (Z, [Z, Z]))])
def test_numbers_kept_as_tensors_and_inputs_in_lists(name: str, example: tuple[Any, ...], tmp_path: Path) -> None:
    space: dict[str, Any] = {"__name__": "odd"}
    exec(ODD, space)  # a program of its own
    file = tmp_path / "odd.pt"
    torch.jit.save(torch.jit.trace(space[name]().eval(), example), file)
    report = examine(file, directory=tmp_path)
    assert not errors(report)
    assert report.exit_code == 0
    assert report.input is not None
    assert report.input.rung == "traced inputs"
