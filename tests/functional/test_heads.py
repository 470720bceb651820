"""What ends a network, from the user's file to the diagnosis."""

from pathlib import Path

import pytest

from tests.functional.run import build, causes, examine, export, ill
from unetdoctor.facts import Severity

NETWORK = """
import torch
from torch import nn
from torch.nn import functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.look = nn.Conv2d(3, 8, 3, padding=1)
        self.draw = nn.Conv2d(8, {channels}, 1)

    def forward(self, x):
        y = self.draw(self.look(x).relu())
        return {end}


def step(model, x, y):
    return {loss}
"""


def written(folder: Path, end: str, channels: int = 3, loss: str = "None") -> Path:
    """Write the user's file."""
    file = folder / "model.py"
    file.write_text(NETWORK.format(end=end, channels=channels, loss=loss), encoding="utf-8")
    return file


def test_the_loss_of_the_file_clashes_with_the_softmax(tmp_path: Path) -> None:
    written(tmp_path, "torch.softmax(y, 1)", loss="F.cross_entropy(model(x), y)")
    report = examine("model.py:Net", directory=tmp_path)
    finding = ill(report, "UD505")[0]
    assert finding.severity is Severity.WARNING
    assert "F.cross_entropy in model.py, line 19" in finding.message
    assert next(x for x in report.diagnoses if x.code == "UD505").confirmed


@pytest.mark.parametrize(
    ("end", "loss"),
    [
        ("y", "F.cross_entropy(model(x), y)"),
        ("torch.softmax(y, 1)", "F.nll_loss(model(x).log(), y)"),
        ("y if self.training else torch.softmax(y, 1)", "F.cross_entropy(model(x), y)"),
    ],
)
def test_a_loss_that_fits_or_is_not_clear(tmp_path: Path, end: str, loss: str) -> None:
    written(tmp_path, end, loss=loss)
    assert not ill(examine("model.py:Net", directory=tmp_path), "UD505")


def test_a_traced_network_has_the_same_end(tmp_path: Path) -> None:
    import torch

    file = written(tmp_path, "torch.softmax(y, 2)")
    export(build(file).eval(), tmp_path / "net.pt", torch.rand(1, 3, 32, 32))
    report = examine("net.pt", directory=tmp_path)
    assert causes(report)[0] == "UD504"
    assert report.diagnoses[0].confirmed


@pytest.mark.parametrize("end", ["torch.softmax(y.flatten(2), 2).view_as(y)", "torch.softmax(y.movedim(1, 3), 3)"])
def test_other_axes_by_design(tmp_path: Path, end: str) -> None:
    written(tmp_path, end)
    report = examine("model.py:Net", directory=tmp_path)
    assert not ill(report, "UD504")
    assert not ill(report, "UD202")
