"""A saved report under other rules."""

import pytest

from tests.reporters import build
from unetdoctor.facts import Severity, State
from unetdoctor.judging.exit_code import exit_code_of
from unetdoctor.judging.selection import LEFT_OUT, Limit, judged


def test_without_other_rules_nothing_changes() -> None:
    for make in build.STATES.values():
        report = make()
        again = judged(report, fail_on=report.fail_on)
        assert again.verdict == report.verdict
        assert again.state is report.state
        assert repr(again.findings) == repr(report.findings)


@pytest.mark.parametrize(("level", "code"), [("error", 0), ("warning", 1), ("note", 1), ("never", 0)])
def test_another_fail_on(level: str, code: int) -> None:
    report = judged(build.untrained(), fail_on=level)
    assert (report.exit_code, report.fail_on) == (code, level)


def test_a_failure_keeps_its_exit_code() -> None:
    assert judged(build.not_diagnosable(), fail_on="never").exit_code == 3
    assert judged(build.interrupted(), fail_on="never").exit_code == 130
    assert exit_code_of(State.NOT_DIAGNOSABLE, (), "never") == 3


def test_left_out_checks_are_listed_and_their_verdict_goes() -> None:
    report = judged(build.ill(), kept={"UD206"})
    assert report.state is State.UNTRAINED or report.state is State.HEALTHY
    assert report.exit_code == 0
    assert report.diagnoses == ()
    assert {s.code for s in report.skipped if s.reason == LEFT_OUT} == {"UD202", "UD301"}
    assert [s.codes for s in report.sections] == [("UD206",)]
    assert report.trials == ()
    assert "found nothing wrong" in report.verdict


def test_a_symptom_without_its_cause_is_the_verdict() -> None:
    report = judged(build.ill(), kept={"UD202"})
    assert report.state is State.ILL
    assert report.exit_code == 1
    assert report.verdict.startswith("All 3 channels are equal")


def test_other_severities() -> None:
    softer = judged(build.ill(), severities={"UD202": Severity.NOTE, "UD301": Severity.NOTE})
    assert softer.state is not State.ILL
    assert softer.exit_code == 0
    assert {s.worst for s in softer.sections} == {Severity.NOTE}
    harder = judged(build.untrained(), severities={"UD308": Severity.ERROR})
    assert harder.state is State.ILL
    assert harder.exit_code == 1
    assert harder.verdict.startswith("The running statistics of 3 batch-norm layers were never filled")
    assert "proved: " in harder.verdict
    warned = judged(build.untrained(), severities={"UD003": Severity.WARNING}, kept={"UD003"})
    assert warned.verdict.startswith("No error, one thing to look at: No weights were given")


def test_other_limits() -> None:
    well = judged(
        build.untrained(), limits=(Limit("UD203", "", 4.0, None), Limit("UD203", "standard deviation", 0.5, None))
    )
    flat = next(f for f in well.findings if f.code == "UD203")
    assert flat.severity is Severity.OK
    ill = judged(build.healthy(), limits=(Limit("UD403", "", 0.5, None), Limit("UD403", "no such reading", 1, None)))
    found = next(f for f in ill.findings if f.code == "UD403")
    assert found.severity is Severity.WARNING
    assert "0.41" in found.message
    assert ill.verdict.startswith("No error, one thing to look at: ")
    still = judged(build.untrained(), limits=(Limit("UD203", "", 30.0, None),))
    assert next(f for f in still.findings if f.code == "UD203").severity is Severity.WARNING
