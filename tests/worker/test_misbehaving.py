"""Every misbehaving model gets its verdict from `unetdoctor inspect`, and leaves nothing; a few as real networks."""

from pathlib import Path

import pytest

from tests.worker.misbehaving import CASES, Case
from tests.worker.misbehaving.running import run, wrong

LIGHT = [case for case in CASES if not case.needs_torch]
NETWORKS = {
    "os._exit(0) in forward",
    "a small recursion limit",
    "default dtype float64",
    "hides its NaN",
    "patches torch",
    "takes more and more",
    "turns warnings into errors",
}
"""Cases that take the whole examination here; the long form takes all."""
FENCED = "PermissionError"


def faults(case: Case, folder: Path, *, real: bool) -> list[str]:
    ran = run(case, folder, real=real)
    if case.words == FENCED and "Landlock: " in ran.out:
        pytest.skip("this kernel offers no Landlock")
    return wrong(case, ran, real=real)


def test_there_are_enough_of_them() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 50


@pytest.mark.parametrize("case", LIGHT, ids=lambda case: case.name)
def test_a_misbehaving_model_gets_its_verdict(case: Case, tmp_path: Path) -> None:
    assert faults(case, tmp_path, real=False) == []


@pytest.mark.parametrize("case", [c for c in CASES if c.name in NETWORKS], ids=lambda case: case.name)
def test_a_misbehaving_network_gets_its_verdict(case: Case, tmp_path: Path) -> None:
    assert faults(case, tmp_path, real=True) == []
