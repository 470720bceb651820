"""What further looks at a pass tell, on the ill samples as TorchScript: it stands on no Python of the model's."""

import runpy
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.functional.run import SAMPLES, causes, examine, export, first, ill
from unetdoctor.facts import Severity

pytestmark = pytest.mark.usefixtures("torchscript")


def sample(name: str, kind: str) -> Any:
    """Return the Ill or Healthy network of a sample."""
    return runpy.run_path(str(next(SAMPLES.glob(f"{name}_*.py"))), run_name=f"sample_{name}")[kind]().eval()


@pytest.mark.parametrize("name", ["ud309", "ud310", "ud312", "ud401", "ud404", "ud405", "ud801"])
def test_an_ill_sample_as_torchscript(name: str, tmp_path: Path) -> None:
    file = export(sample(name, "Ill"), tmp_path / "ill.pt", torch.randn(3, 12))
    report = examine(file)
    assert report.exit_code == 1
    assert first(report).code == name.upper()
    assert first(report).confirmed


def test_traced_in_train_mode(tmp_path: Path) -> None:
    network = sample("ud004", "Healthy")
    report = examine(export(network.train(), tmp_path / "train.pt", torch.randn(3, 12)))
    assert first(report).code == "UD004"
    assert first(report).confirmed
    assert first(report).remedy is not None
    assert "torch.jit.trace" in first(report).remedy.patch
    assert all(finding.severity is Severity.NOTE for finding in ill(report, "UD107"))


def test_traced_in_eval(tmp_path: Path) -> None:
    report = examine(export(sample("ud004", "Healthy"), tmp_path / "eval.pt", torch.randn(3, 12)))
    assert not causes(report)
    assert report.exit_code == 0
