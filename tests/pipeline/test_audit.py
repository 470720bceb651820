"""An audit from totals to an exit code, without torch."""

import subprocess
import sys

import pytest

from unetdoctor.data.pair import audit_pair
from unetdoctor.data.totals import totals_of
from unetdoctor.facts import Declared, Seen, Selection, Severity, State, Tally, Totals
from unetdoctor.facts.contract import dump, load_report
from unetdoctor.pipeline.audit import audited

SOUND = Totals(pairs=3, images=3, masks=3, labelled=3)


def ill(seen: Seen) -> Totals:
    return Totals(pairs=3, images=3, masks=3, labelled=3, tallies={seen: Tally(3, ((0.0, "a.png"),))})


def test_a_sound_set_is_healthy() -> None:
    report = audited(SOUND, Declared(), "images")
    assert (report.state, report.exit_code) == (State.HEALTHY, 0)
    assert report.verdict.startswith("7 of 12 checks applied, on 3 pictures and 3 masks, and")
    assert report.environment.torch == ""
    assert load_report(dump(report)) == report


def test_an_error_fails_and_a_warning_does_not() -> None:
    error = audited(ill(Seen.TRANSPOSED), Declared(), "images")
    assert (error.state, error.exit_code) == (State.ILL, 1)
    assert error.verdict == error.diagnoses[0].message
    warning = audited(ill(Seen.SIZE), Declared(), "images")
    assert (warning.state, warning.exit_code) == (State.HEALTHY, 0)
    assert warning.verdict.startswith("No error, one thing to look at: All 3 masks")
    assert audited(ill(Seen.SIZE), Declared(), "images", Selection(fail_on="warning")).exit_code == 1


def test_a_selection_holds() -> None:
    report = audited(ill(Seen.TRANSPOSED), Declared(), "images", Selection(ignore=("UD606",)))
    assert report.exit_code == 0
    with pytest.raises(ValueError, match="UD999"):
        audited(SOUND, Declared(), "images", Selection(select=("UD999",)))


def test_nothing_that_can_be_read_is_no_green() -> None:
    assert audited(Totals(), Declared(), "images").exit_code == 3
    lost = audit_pair(b"x", b"y", Declared(), image_name="a.png", mask_name="b.png")
    report = audited(totals_of([lost], Declared()), Declared(), "images")
    assert (report.state, report.exit_code) == (State.NOT_DIAGNOSABLE, 3)
    assert report.verdict == "None of the 2 files can be read."
    assert {f.code for f in report.findings if f.severity is Severity.ERROR} == {"UD613"}


def test_torch_is_not_imported() -> None:
    code = "import sys, unetdoctor.pipeline.audit, unetdoctor.data.totals; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0
