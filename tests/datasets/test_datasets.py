"""Every made data set: its fault is found first and named, and nothing grave is said of a sound one."""

from dataclasses import replace

import pytest

from tests.datasets.case import Case, audit, is_found
from tests.datasets.faults import FAULTS
from tests.datasets.looks import LOOKS, TRUE
from tests.datasets.sound import SOUND
from unetdoctor.facts import Severity

FEW = 10
"""Pairs of each data set here; `python -m tests.datasets` makes 30."""


def shortened(case: Case) -> Case:
    """Return a smaller data set, unless its fault needs all of it."""
    return (
        case
        if case.name in ("in two splits", "fewer ids than classes", "declared ids never seen")
        else replace(case, pairs=min(case.pairs, FEW))
    )


@pytest.mark.parametrize("case", FAULTS, ids=lambda case: case.name)
def test_a_fault_is_found_and_named(case: Case) -> None:
    report = audit(shortened(case))
    assert is_found(case, report), [f"{d.code} {d.severity} {d.message}" for d in report.diagnoses]
    assert report.diagnoses[0].remedy is not None
    assert report.diagnoses[0].remedy.patch


@pytest.mark.parametrize("case", SOUND, ids=lambda case: case.name)
def test_nothing_grave_is_said_of_a_sound_one(case: Case) -> None:
    report = audit(shortened(case))
    assert not [f"{f.code} {f.message}" for f in report.findings if f.severity is Severity.ERROR]
    assert report.exit_code == 0


@pytest.mark.parametrize("pairs", [1, 6])
@pytest.mark.parametrize("case", [case for case in LOOKS if case.name != "huge"], ids=lambda case: case.name)
def test_nothing_is_said_of_other_looks_that_is_not_true(case: Case, pairs: int) -> None:
    report = audit(replace(case, pairs=pairs), seed=3)
    said = [f for f in report.findings if f.ill and f.severity is not Severity.NOTE]
    assert {f.code for f in said} <= set(TRUE.get(case.name, ())), [f"{f.code} {f.message}" for f in said]
    assert report.exit_code == 0
