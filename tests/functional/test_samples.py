"""Every sample pair: the ill one is found ill by its own check, the healthy one by none."""

import runpy
from pathlib import Path

import pytest

from tests.functional.run import SAMPLES, errors, examine_as_typed, ill
from unetdoctor.checks import CHECKS
from unetdoctor.facts import Severity

DATA = {check.code for check in CHECKS if check.reads_data}
"""Codes of checks that read files: their pairs are data sets, see test_data_samples."""
PAIRS = sorted(file for file in SAMPLES.glob("ud*.py") if file.stem[:5].upper() not in DATA)


NOTED = {"UD102": "the healthy size fits, and that sizes have a multiple stays worth knowing"}
"""Codes that say a note of their healthy sample, and why."""


def arguments(file: Path, name: str) -> tuple[str, ...]:
    """Return what a person types behind this file's Ill or Healthy."""
    typed: tuple[str, ...] = runpy.run_path(str(file))[f"{name.upper()}_ARGUMENTS"]
    return typed


@pytest.mark.parametrize("file", PAIRS, ids=lambda file: file.stem)
def test_the_ill_one_is_found_by_its_own_check(file: Path) -> None:
    code = file.stem[:5].upper()
    report = examine_as_typed(f"{file}:Ill", arguments(file, "ill"))
    assert ill(report, code), [f"{x.code} {x.severity} {x.message}" for x in report.findings if x.ill]
    assert report.untouched, report.untouched_text


@pytest.mark.parametrize("file", PAIRS, ids=lambda file: file.stem)
def test_the_healthy_one_has_no_error(file: Path) -> None:
    code = file.stem[:5].upper()
    report = examine_as_typed(f"{file}:Healthy", arguments(file, "healthy"))
    said = [f"{x.code} {x.severity} {x.message}" for x in ill(report, code)]
    assert not said or (code in NOTED and all(x.severity is Severity.NOTE for x in ill(report, code))), said
    assert not errors(report)
    assert report.state in ("healthy", "untrained"), report.verdict
    assert report.exit_code == 0
    assert report.untouched, report.untouched_text
