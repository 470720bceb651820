"""Reports made by hand are scored by the rules, totals and tables count what they say, and no case ends the run."""

import os
import time
from dataclasses import replace

import pytest

from tests.faults import pool, table
from tests.faults.cases import SOUND, Case, faulty_cases, hand_over, sound_cases
from tests.faults.examination import examine, row
from tests.faults.peers import NAMES, PEERS, judged
from tests.faults.scoring import BROKEN, DROPPED, EXAMINED, TIMEOUT, Row, at, confusion, failed, missed, score, total
from unetdoctor.facts import (
    Diagnosis,
    Environment,
    Finding,
    Intent,
    Kind,
    Outcome,
    Place,
    Remedy,
    Report,
    Severity,
    State,
    Target,
    Trial,
)

CASE = Case("M06", "functions", "own-simple-unet", "U-Net", False)
LAYERS = frozenset({"decoder.head"})


def diagnosis(code: str, layer: str, outcome: Outcome | None = None) -> Diagnosis:
    remedy = Remedy("initialise", title="draw it anew") if outcome is not None else None
    trial = Trial((remedy,), "UD203", outcome, "spread", "", 0, 1) if remedy and outcome else None
    return Diagnosis(code, "a-name", Place(layer), False, (), Severity.ERROR, "It is so.", remedy, trial)


def report(*diagnoses: Diagnosis, findings: tuple[Finding, ...] = ()) -> Report:
    target = Target("net.py", "Net", "python file", (), 1, 1)
    environment = Environment("0", "3", "2", "linux", "cpu")
    return Report("1.0", State.ILL, "It is ill.", target, Intent(), None, environment, diagnoses, findings)


def finding(layer: str, severity: Severity) -> Finding:
    return Finding("UD203", "flat-picture", Kind.SYMPTOM, severity, Place(layer), "It is flat.")


def test_the_right_code_at_the_right_layer_with_a_cure():
    found = score(report(diagnosis("UD302", "decoder.head", Outcome.CURED)), frozenset({"UD302"}), LAYERS)
    assert (found.found, found.named, found.placed, found.cured, found.first) == (True, True, True, True, "UD302")
    assert found.remedy == "draw it anew: cured"


def test_only_the_first_diagnosis_names():
    found = score(
        report(diagnosis("UD203", "decoder.head"), diagnosis("UD302", "decoder.head")), frozenset({"UD302"}), LAYERS
    )
    assert (found.found, found.named, found.placed, found.cured) == (True, False, True, None)


def test_an_error_elsewhere_is_not_found_where_the_fault_has_a_place():
    wrong = score(report(diagnosis("UD302", "encoder.stem", Outcome.BETTER)), frozenset({"UD302"}), LAYERS)
    assert (wrong.found, wrong.named, wrong.placed, wrong.cured) == (False, True, False, False)
    whole = score(report(diagnosis("UD001", "encoder.stem")), frozenset({"UD001"}), frozenset())
    assert (whole.found, whole.named, whole.placed) == (True, True, None)


def test_a_remedy_without_a_trial_is_no_cure():
    prescribed = replace(diagnosis("UD501", "decoder.head"), remedy=Remedy("initialise", title="draw three channels"))
    found = score(report(prescribed), frozenset({"UD501"}), LAYERS)
    assert (found.cured, found.remedy) == (False, "draw three channels: no trial")
    assert total([row(CASE, EXAMINED, score=found)]).untried == 1


def test_a_warning_is_not_found_and_a_finding_of_level_error_is():
    warned = score(report(findings=(finding("decoder.head", Severity.WARNING),)), frozenset(), LAYERS)
    assert (warned.found, warned.named, warned.placed, warned.first) == (False, False, False, "")
    assert score(report(findings=(finding("decoder.head", Severity.ERROR),)), frozenset(), LAYERS).found


def test_a_place_is_the_layer_or_what_holds_it():
    assert at("decoder.head", LAYERS)
    assert at("decoder", LAYERS)
    assert not at("", LAYERS)
    assert not at("decoder.head.0", LAYERS)
    assert not at("dec", LAYERS)
    assert at("", frozenset({""}))


def rows() -> list[Row]:
    good = score(report(diagnosis("UD502", "", Outcome.CURED)), frozenset({"UD502"}), frozenset({""}))
    bad = score(report(diagnosis("UD203", "x")), frozenset({"UD502"}), frozenset({""}))
    return [
        row(CASE, EXAMINED, score=good),
        row(CASE, EXAMINED, score=bad),
        row(CASE, BROKEN, score=failed(frozenset({""})), reason="it fell"),
        row(CASE, DROPPED),
        row(CASE, "not applicable"),
    ]


def test_totals_count_failures_as_not_found_and_leave_out_what_was_dropped():
    whole = total(rows())
    assert (whole.cases, whole.broken, whole.dropped, whole.not_applicable) == (3, 1, 1, 1)
    assert whole.untried == 0
    assert whole.shares == pytest.approx({"found": 1 / 3, "named": 1 / 3, "placed": 1 / 3, "cured": 1.0})
    assert whole.bases == {"found": 3, "named": 3, "placed": 3, "cured": 1}
    assert confusion(rows())["M06"] == {"UD502": 1, "UD203": 1, "broken": 1}


def test_the_goals():
    assert len(missed(total(rows()), 2)) == 4
    assert missed(total(rows()[:1]), 0) == []
    assert missed(total([]), 0) == []
    assert missed(total(rows()[:1]), 1) == ["1 sound networks with errors (goal 0)"]


def test_the_tables_say_everything():
    found = rows()
    assert "M06 activation twice" in table.by_operator(found, False)
    assert table.by_operator(found, True).splitlines()[1].startswith("|---|")
    assert "UD502* 1" in table.confused(found, False)
    assert "U-Net" in table.by_group(found, False)
    assert "it fell" in table.not_covered(found)
    assert "1 cases dropped" in table.not_covered(found)
    sound = [row(Case(SOUND, "", "net", "U-Net", True), EXAMINED, errors=("UD203",))]
    assert "1 with errors" in table.shelf(sound, False)
    assert "unetdoctor" in table.compared(found, sound, False)


def test_peers_are_held_to_the_same_rules():
    said = [("nan_inf", "decoder.head"), ("norm_drift", "encoder")]
    assert set(NAMES) == set(PEERS)
    assert judged("model-clinic", said, "M18", LAYERS) == {"found": True, "named": True, "alarms": 2, "why": ""}
    assert not judged("model-clinic", said[1:], "M18", LAYERS)["found"]
    assert judged("model-clinic", "TypeError: no", "M18", LAYERS)["why"] == "TypeError: no"


def test_the_cases_are_the_same_in_every_run_and_a_third_is_scripted():
    cases = faulty_cases([], [])
    assert cases == faulty_cases([], [])
    assert len(set(cases)) == len(cases)
    share = sum(case.form == "torchscript" for case in cases) / sum(case.form == "eager" for case in cases)
    assert 0.28 < share < 0.39
    assert len(sound_cases([])) >= 40


def test_a_case_goes_from_the_file_to_the_score():
    case = Case("M02", "exact", "own-transunet", "Transformers", False)
    found = examine(case)
    assert found.status == EXAMINED, found.reason
    assert found.truth == ("head",)
    assert found.score.first
    scripted = examine(Case("M02", "exact", "own-transunet", "Transformers", False, "torchscript"))
    assert scripted.status == EXAMINED, scripted.reason


def test_what_the_tool_loads_is_what_was_proven(tmp_path):
    import importlib.util

    import torch

    from tests.faults.building import called

    case = Case("M09", "height", "own-transunet", "Transformers", False)
    handed = hand_over(case, tmp_path)
    spec = importlib.util.spec_from_file_location("handed_case", handed.request.target)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert torch.equal(called(module.build_model(), handed.given), called(handed.module, handed.given))


def _misbehave(case: Case) -> Row:
    if case.strength == "dies":
        os._exit(7)
    if case.strength == "hangs":
        time.sleep(60)
    return row(case, EXAMINED, reason="fine")


def test_a_case_that_dies_or_hangs_is_a_row():
    cases = [Case("M06", name, "own-simple-unet", "U-Net", False) for name in ("fine", "dies", "hangs", "fine")]
    found = list(pool.run(cases, 2, 4.0, work=_misbehave))
    assert sorted((r.strength, r.status) for r in found) == [
        ("dies", BROKEN),
        ("fine", EXAMINED),
        ("fine", EXAMINED),
        ("hangs", TIMEOUT),
    ]
    assert next(r.reason for r in found if r.status == BROKEN) == "the process died with exit code 7"
