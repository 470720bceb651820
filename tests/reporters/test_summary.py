from dataclasses import replace

import pytest

from tests.reporters import build
from unetdoctor.facts import Report
from unetdoctor.reporters.look import Look
from unetdoctor.reporters.results import STALE
from unetdoctor.reporters.summary import to_summary


def summary(*reports: Report, width: int = 80) -> str:
    return to_summary(reports, Look(width=width))


def test_one_report_is_its_verdict() -> None:
    assert summary(build.healthy()).count("\n") == 1


def test_several_are_listed_with_what_is_wrong() -> None:
    text = summary(build.ill(), build.healthy(), build.not_diagnosable())
    assert text.startswith("sample_models/generator_grey.py\n  ✗ ILL  ")
    assert "    error UD301 identical-final-filters at main.9 (generator_same.py:31)\n" in text
    assert "sample_models/generator_grey.py (2)\n  ✓ HEALTHY  " in text
    assert text.endswith("\n3 targets: 2 failing.\n")


def test_what_the_verdict_says_is_not_said_again() -> None:
    text = summary(build.ill(), build.healthy())
    assert "generator_same.py:31)\n      Remedy: initialise main.9 with xavier_uniform_.\n" in text
    assert "      All 3 channels are equal" in text
    report = build.ill()
    said = replace(report, diagnoses=(), verdict=report.findings[0].message)
    assert summary(said, build.healthy()).count("All 3 channels are equal") == 1


def test_quiet_says_the_verdicts_alone() -> None:
    reports = (build.ill(), build.healthy())
    text = to_summary(reports, Look(width=80), quiet=True)
    assert "error UD301" not in text
    assert text.count("ILL") == text.count("HEALTHY") == 1
    assert text.endswith("2 targets: 1 failing.\n")


def test_a_long_verdict_is_broken_between_words() -> None:
    report = replace(build.ill(), verdict="word " * 60)
    lines = summary(report, build.healthy()).split("\n")
    assert max(map(len, lines)) <= 80
    assert sum(set(line.split()) == {"word"} for line in lines) >= 3


def test_notes_are_told_where_they_fail_and_stale_comments_always() -> None:
    quiet = replace(build.untrained(), notices=("Something else.", f"{STALE}ignore[UD203] in a.py:3."))
    text = summary(quiet, build.healthy())
    assert "UD003" not in text
    assert "Something else" not in text
    assert f"    {STALE}ignore[UD203] in a.py:3." in text
    assert "note UD003" in summary(replace(quiet, fail_on="note"), build.healthy())


@pytest.mark.parametrize("name", build.HOSTILE)
def test_names_are_inert(name: str) -> None:
    text = summary(build.hostile(name), build.healthy())
    assert all(character == "\n" or character.isprintable() for character in text)
