"""NaN that the end of a network hides: a class of NaN is class 0, a threshold of it is no, nan_to_num makes 0 of it."""

from pathlib import Path

import pytest

from tests.functional.run import examine
from unetdoctor.facts import Severity, State

NETWORK = """import torch
from torch import nn
from torch.nn import functional as F


class Net(nn.Module):
    def __init__(self, trained=True):
        super().__init__()
        torch.manual_seed(0)
        self.stem, self.norm = nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8)
        self.head = nn.Conv2d(8, 3, 1)
        with torch.no_grad():
            self.norm.weight.copy_(torch.linspace(0.5, 2.0, 8))
            self.norm.running_mean.copy_(torch.randn(8) * 0.1)
            self.norm.running_var.copy_(torch.rand(8) + 0.5)
            self.norm.num_batches_tracked.fill_(500)
            self.head.weight.mul_(3)

    def forward(self, x):
        y = self.head(torch.relu(self.norm(self.stem({start}))))
        return {end}
"""
ENDS = {
    "argmax": ("y.argmax(1)", "`argmax` hides"),
    "threshold": ("(y[:, :1].sigmoid() > 0.5).float()", "`gt` hides"),
    "nan_to_num": ("torch.nan_to_num(y)", "`nan_to_num` hides"),
    "bytes": ("(y.sigmoid() * 255).to(torch.uint8)", "`_to_copy` hides"),
}


def report(folder: Path, start: str, end: str, **fields):
    text = NETWORK.replace("{start}", start).replace("{end}", end)
    (folder / "model.py").write_text(text, encoding="utf-8")
    return examine("model.py", directory=folder, **fields)


@pytest.mark.parametrize("name", ENDS)
def test_the_operation_that_makes_them_is_named_and_proven(tmp_path: Path, name: str) -> None:
    end, said = ENDS[name]
    found = report(tmp_path, "torch.log(x)", end)
    first = found.diagnoses[0]
    assert (found.state, first.code, first.severity, first.confirmed) == (State.ILL, "UD405", Severity.ERROR, True)
    assert first.place.line == 20
    symptom = next(x for x in found.findings if x.code == "UD206")
    assert said in symptom.message


@pytest.mark.parametrize("name", ENDS)
def test_what_is_finite_is_left_alone(tmp_path: Path, name: str) -> None:
    found = report(tmp_path, "torch.log(x.abs() + 1)", ENDS[name][0])
    assert not [x.message for x in found.findings if x.code in ("UD206", "UD405") and x.ill]


def test_infinity_that_a_softmax_takes_away_is_no_fault(tmp_path: Path) -> None:
    masked = "torch.softmax(torch.where(y > 9, torch.tensor(float('-inf')), y), 1).argmax(1)"
    found = report(tmp_path, "x", masked)
    assert not [x.message for x in found.findings if x.code in ("UD206", "UD405") and x.ill]
