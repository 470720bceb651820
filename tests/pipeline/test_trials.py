"""Trials and conclusions on made findings: what counts as a cure, what is combined, what comes first."""

import math
from dataclasses import replace

import pytest

from unetdoctor.checks.check import Check
from unetdoctor.engine.bench import NotApplicableError
from unetdoctor.facts import (
    Evidence,
    Finding,
    Intent,
    Kind,
    ModelFacts,
    Outcome,
    Place,
    Probe,
    Reading,
    Remedy,
    Request,
    Run,
    Severity,
    State,
)
from unetdoctor.pipeline.conclusion import conclude
from unetdoctor.pipeline.diagnosis import diagnose, promoted
from unetdoctor.pipeline.trials import Laboratory, experiment, proposals, symptoms

MODEL = ModelFacts("Net", "eager", 10, (), (), (), True, True, "", False, False)


def evidence(value: float, other: float = 1.0) -> Evidence:
    """Two numbers stand for a whole picture: they travel in the run's seconds and the model's size."""
    run = Run(Probe("noise", (1,), False, False), (), None, (), None, value, True)
    return Evidence(Request("x"), Intent(), replace(MODEL, parameters=other), (run,))


class Flat(Check):
    code, name, kind = "UD991", "flat", Kind.SYMPTOM
    counterfactuals = (Remedy("popular", title="popular advice", cause="UD993"),)

    @classmethod
    def examine(cls, evidence):
        value = evidence.runs[0].seconds
        if value < 0:
            return
        yield cls.finding(f"The picture spreads over {value}.", [Reading("spread", value, "levels", lower=14)])


class Broken(Check):
    code, name, kind = "UD992", "broken", Kind.SYMPTOM

    @classmethod
    def examine(cls, evidence):
        yield cls.finding("Broken.", [Reading("whole", evidence.model.parameters, lower=1)])


class Milder(Broken):
    code, name, takes_over = "UD994", "milder", ("UD991",)


class Deaf(Flat):
    code, name, counterfactuals = "UD995", "deaf", ()


def cause(*remedies: Remedy, severity: Severity = Severity.ERROR, code: str = "UD993", op: int = 3) -> Finding:
    return Finding(code, "cause", Kind.CAUSE, severity, Place("layer"), "The cause.", (), remedies, op)


def trials(results, *causes, checks=(Flat, Broken)):
    """`results` maps actions to what the counterfactual gives: evidence or an exception."""

    def counterfactual(remedies):
        key = "+".join(sorted(r.action for r in remedies))
        result = results.get(key, evidence(2.0))
        if isinstance(result, Exception):
            raise result
        return result

    start = evidence(2.0)
    findings = (*(f for c in checks for f in c.examine(start)), *causes)
    laboratory = Laboratory(counterfactual, checks, start)
    return findings, experiment(laboratory, symptoms(checks, findings), findings)


@pytest.mark.parametrize(
    ("after", "outcome", "reason"),
    [
        (evidence(200.0), Outcome.CURED, ""),
        (evidence(8.0), Outcome.BETTER, ""),
        (evidence(2.1), Outcome.NO_EFFECT, ""),
        (evidence(2.0), Outcome.NO_EFFECT, ""),
        (evidence(-1.0), Outcome.NO_EFFECT, ""),
        (evidence(200.0, other=0.0), Outcome.WORSE, "brings UD992"),
        (NotApplicableError("nothing there"), Outcome.NOT_TRIED, "nothing there"),
        (RuntimeError("boom"), Outcome.NOT_TRIED, "the changed network raised RuntimeError: boom"),
    ],
)
def test_outcomes(after, outcome, reason):
    _, found = trials({"popular": after})
    assert [(t.outcome, t.reason) for t in found] == [(outcome, reason)]
    assert found[0].before == 2.0


def test_a_milder_symptom_in_place_of_the_worse_is_better():
    _, found = trials({"popular": evidence(200.0, other=0.0)}, checks=(Flat, Milder))
    assert found[0].outcome is Outcome.BETTER
    assert found[0].reason == "leaves UD994"


def test_a_milder_symptom_in_place_of_a_worse_one_is_no_harm_to_a_third():
    _, found = trials({"popular": evidence(200.0, other=0.0)}, checks=(Flat, Milder, Deaf))
    _, alone = trials({"popular": evidence(200.0, other=0.0)}, cause(*Flat.counterfactuals), checks=(Milder, Deaf))
    assert {t.symptom: t.outcome for t in found} == {"UD991": Outcome.BETTER}
    assert [(t.outcome, t.reason) for t in alone] == [(Outcome.WORSE, "brings UD994")]
    _, both = trials({"popular": evidence(200.0, other=0.0)}, cause(*Flat.counterfactuals), checks=(Flat, Milder, Deaf))
    assert {t.symptom: t.outcome for t in both} == {"UD991": Outcome.BETTER, "UD995": Outcome.CURED}


def test_a_structural_remedy_is_never_evaluated():
    _, found = trials({}, cause(Remedy("structural", cause="UD993")))
    assert found[0].outcome is Outcome.NOT_TRIED
    assert "trained anew" in found[0].reason


def test_causes_come_before_counterfactuals_and_once_only():
    same = Flat.counterfactuals[0]
    findings, _ = trials({}, cause(Remedy("own"), same))
    symptom = symptoms((Flat, Broken), findings)[0]
    assert [r.action for r in proposals(symptom, findings)] == ["own", "popular"]


def test_where_a_pass_is_slow_popular_advice_on_a_note_is_left_out():
    own = cause(Remedy("own"))
    findings, _ = trials({}, own)
    symptom = symptoms((Flat, Broken), findings)[0]
    note = replace(symptom, finding=replace(symptom.finding, severity=Severity.NOTE))
    assert [r.action for r in proposals(note, findings, thrifty=True)] == ["own"]
    assert [r.action for r in proposals(symptom, findings, thrifty=True)] == ["own", "popular"]


def test_pairs_are_tried_where_no_single_remedy_cures():
    _, found = trials({"a": evidence(8.0), "b": evidence(7.0), "a+b": evidence(100.0)}, cause(Remedy("a"), Remedy("b")))
    assert [t.outcome for t in found if len(t.remedies) == 2] == [Outcome.CURED]


def test_no_pair_is_tried_after_a_cure():
    _, found = trials({"a": evidence(100.0), "b": evidence(7.0)}, cause(Remedy("a"), Remedy("b")))
    assert all(len(t.remedies) == 1 for t in found)


def test_of_two_causes_the_best_of_each_are_tried_together():
    """Neither alone brings the picture back; what is of no ill cause is not paired for a trifle."""
    found = trials(
        {"a": evidence(2.4), "b": evidence(2.3), "popular": evidence(2.2), "a+b": evidence(100.0)},
        cause(Remedy("a", cause="UD993")),
        cause(Remedy("b", cause="UD995"), code="UD995"),
        checks=(Flat,),
    )[1]
    assert [(t.title, t.outcome) for t in found if len(t.remedies) > 1] == [(" + ", Outcome.CURED)]


def test_fresh_weights_everywhere_are_no_cure_that_ends_the_search():
    anew = Remedy("anew", cause="UD993", scope=3)
    results = {"anew": evidence(100.0), "a": evidence(8.0), "b": evidence(7.0), "a+b": evidence(90.0)}
    found = trials(results, cause(anew, Remedy("a"), Remedy("b")))[1]
    assert [t.outcome for t in found if len(t.remedies) == 2] == [Outcome.CURED]


def test_a_note_does_not_prove_itself():
    class Own(Flat):
        code, kind, proves_itself = "UD996", Kind.CAUSE, True

        @classmethod
        def examine(cls, evidence):
            found = next(iter(Flat.examine(evidence)))
            yield replace(found, code=cls.code, kind=cls.kind, remedies=(Remedy("a"),))

    told = next(iter(Own.examine(evidence(2.0))))
    assert [s.finding.code for s in symptoms((Own,), (told,))] == ["UD996"]
    assert not symptoms((Own,), (replace(told, severity=Severity.NOTE),))


def test_a_cause_whose_removal_cures_is_confirmed_and_explains():
    findings, found = trials({"a": evidence(100.0)}, cause(Remedy("a", title="do a", patch="a()")))
    first = diagnose(findings, found, {})[0]
    assert (first.code, first.confirmed, first.explains) == ("UD993", True, ("UD991",))
    assert first.remedy.patch == "a()"
    ended = conclude(evidence(2.0), findings, found, {}, "error", 2, None)
    assert ended.verdict == "The cause; proved: do a, which takes the spread from 2 to 100 levels and cures UD991 flat."


def test_a_note_explains_no_worse_symptom_untested():
    note = cause(Remedy("structural", cause="UD993"), severity=Severity.NOTE)
    findings, found = trials({}, note)
    assert [d.code for d in diagnose(findings, found, {"UD991": frozenset({"UD993"})})] == ["UD991"]
    findings, found = trials({}, replace(note, severity=Severity.WARNING))
    assert diagnose(findings, found, {"UD991": frozenset({"UD993"})})[0].explains == ("UD991",)


def test_a_warning_that_is_final_raises_no_cause():
    findings, found = trials({"a": evidence(100.0)}, cause(Remedy("a"), severity=Severity.WARNING))
    mild = tuple(replace(f, severity=Severity.WARNING) if f.code == "UD991" else f for f in findings)
    assert promoted(mild, found, trained=True)[-1].severity is Severity.ERROR
    assert promoted(mild, found, trained=True, final=frozenset({"UD991"}))[-1].severity is Severity.WARNING
    assert promoted(findings, found, trained=True, final=frozenset({"UD991"}))[-1].severity is Severity.ERROR


def test_popular_advice_against_an_ill_cause_proves_it():
    """UD993 is what the popular advice is against, though its own remedy has no effect."""
    findings, found = trials({"popular": evidence(100.0)}, cause(Remedy("own", cause="UD993")))
    assert diagnose(findings, found, {})[0].explains == ("UD991",)
    findings, found = trials({"popular": evidence(100.0)}, cause(Remedy("own", cause="UD995"), code="UD995"))
    assert diagnose(findings, found, {})[0].code == "UD991"


def test_what_was_tried_together_is_prescribed_together():
    """Lines to paste come from the remedies' own causes."""
    one = cause(Remedy("a", title="do a", patch="a()", cause="UD993"))
    two = cause(
        Remedy("b", title="try b", cause="UD995"), Remedy("c", title="do c", patch="c()", cause="UD995"), code="UD995"
    )
    results = {"a": evidence(8.0), "b": evidence(7.0), "c": evidence(2.0), "a+b": evidence(100.0)}
    findings, found = trials(results, one, two, checks=(Flat,))
    for entry in diagnose(findings, found, {}):
        assert set(entry.remedy.title.split(" + ")) == {"do a", "do c"}
        assert set(entry.remedy.patch.splitlines()) == {"a()", "c()"}


def test_a_symptom_that_nothing_explains_is_said_to_be_so():
    findings, found = trials({})
    first = diagnose(findings, found, {})[0]
    assert (first.code, first.confirmed) == ("UD991", False)
    ended = conclude(replace(evidence(2.0), runs=()), findings, found, {}, "error", 2, None)
    assert ended.state is State.NOT_DIAGNOSABLE
    assert ended.exit_code == 3


def test_graver_confirmed_stronger_smaller_earlier_first():
    weak = cause(Remedy("a", scope=1), code="UD995", op=1)
    strong = cause(Remedy("b", scope=2), code="UD996", op=9)
    equal = cause(Remedy("c", scope=0), code="UD997", op=9)
    note = cause(Remedy("d", scope=0), code="UD998", op=0, severity=Severity.NOTE)  # grave only by what it explains
    results = {"a": evidence(30.0), "b": evidence(200.0), "c": evidence(190.0), "d": evidence(250.0)}
    findings, found = trials(results, weak, strong, equal, note)
    assert [d.code for d in diagnose(findings, found, {})] == ["UD997", "UD996", "UD995", "UD998"]


def test_the_exit_code_follows_fail_on():
    findings, found = trials({}, cause(severity=Severity.WARNING))
    findings = tuple(f for f in findings if f.kind is Kind.CAUSE)
    alive = evidence(2.0)
    for fail_on, code in (("error", 0), ("warning", 1), ("note", 1), ("never", 0)):
        output = conclude(alive, findings, found, {}, fail_on, 2, None)
        assert output.exit_code == (3 if output.state is State.NOT_DIAGNOSABLE else code)
    assert math.isnan(found[0].after) or found[0].after == 2.0


class Counted(Check):
    """A cause that reads its own number again."""

    code, name, kind, proves_itself = "UD996", "counted", Kind.CAUSE, True

    @classmethod
    def examine(cls, evidence):
        count = evidence.model.parameters
        yield cls.finding(
            f"{count} keys have no value.",
            [Reading("keys without a value", count, "keys", upper=0)],
            remedies=[Remedy("rename", title="rename the keys", cause=cls.code)],
            op=-1,
        )


def counted(before: float, after: float, **fields):
    findings = (*Counted.examine(evidence(100.0, before)), *Flat.examine(evidence(100.0)))
    found = symptoms((Flat, Counted), findings)
    world = replace(evidence(**{"value": 100.0, **fields}), model=replace(MODEL, parameters=after))
    laboratory = Laboratory(lambda remedies: world, (Flat, Counted), evidence(100.0, before))
    return findings, found, experiment(laboratory, found, findings)


def test_a_cause_that_reads_its_own_number_again_is_proved_by_it():
    findings, found, tried = counted(22, 0)
    assert [s.finding.code for s in found] == ["UD996"]
    assert [(t.outcome, t.before, t.after) for t in tried] == [(Outcome.CURED, 22, 0)]
    first = diagnose(findings, tried, {})[0]
    assert (first.code, first.confirmed, first.explains) == ("UD996", True, ())
    ended = conclude(evidence(100.0), findings, tried, {}, "error", 2, None)
    assert ended.verdict == (
        "22 keys have no value; proved: rename the keys, which takes the keys without a value from 22 to 0 keys."
    )


def test_what_the_picture_is_then_is_no_part_of_that_proof():
    assert counted(22, 0, value=2.0)[2][0].outcome is Outcome.CURED
    assert counted(22, 20)[2][0].outcome is Outcome.NO_EFFECT


def test_a_cause_without_a_remedy_is_not_tried_on_itself():
    finding = replace(next(iter(Counted.examine(evidence(1.0, 22)))), remedies=())
    assert symptoms((Counted,), (finding,)) == ()


def test_what_was_loaded_stands_before_what_follows_from_it():
    loaded = replace(next(iter(Counted.examine(evidence(1.0, 22)))), remedies=())
    later = cause(Remedy("a", scope=1), code="UD995", op=0)
    assert [d.code for d in diagnose((later, loaded), (), {})] == ["UD996", "UD995"]


def test_what_passes_the_budget_is_listed_and_not_evaluated():
    asked = []

    def counterfactual(remedies):
        asked.append(remedies)
        return evidence(2.0)

    start = evidence(1.0)
    advice = tuple(Remedy(name, title=name, cause="UD993") for name in ("one", "two"))
    findings = (*Flat.examine(start), cause(*advice))
    laboratory = Laboratory(counterfactual, (Flat,), start, lambda remedies: 0.75 * len(remedies), 1.0)
    trials = experiment(laboratory, symptoms((Flat,), findings), findings)
    assert len(asked) == 1
    assert laboratory.spent == 0.75
    left = [t for t in trials if t.outcome is Outcome.NOT_TRIED]
    assert [t.remedies[0].action for t in left] == ["two", "popular"]
    assert all("--budget" in t.reason for t in left)


def test_beside_a_proven_cause_a_warning_that_explains_nothing_is_a_finding_only():
    proven = cause(Remedy("one", title="one", cause="UD993"))
    beside = cause(severity=Severity.WARNING, code="UD995", op=5)
    findings, tried = trials({"one": evidence(40.0)}, proven, beside)
    assert [d.code for d in diagnose(findings, tried, {})] == ["UD993"]
    findings, tried = trials({"one": evidence(2.0)}, proven, beside)
    assert "UD995" in [d.code for d in diagnose(findings, tried, {})]


@pytest.mark.parametrize(
    ("trained", "symptom", "severity", "expected"),
    [
        (True, Severity.WARNING, Severity.WARNING, Severity.ERROR),
        (True, Severity.NOTE, Severity.WARNING, Severity.WARNING),
        (False, Severity.NOTE, Severity.WARNING, Severity.ERROR),
        (False, Severity.NOTE, Severity.NOTE, Severity.NOTE),
    ],
)
def test_a_cause_that_an_experiment_proved_is_promoted(trained, symptom, severity, expected):
    findings, tried = trials({"a": evidence(40.0)}, cause(Remedy("a"), severity=severity))
    findings = tuple(replace(f, severity=symptom) if f.code == "UD991" else f for f in findings)
    after = {f.code: f.severity for f in promoted(findings, tried, trained)}
    assert (after["UD991"], after["UD993"]) == (symptom, expected)


def test_a_cause_without_a_cure_is_not_promoted():
    findings, tried = trials({"a": evidence(2.0)}, cause(Remedy("a"), severity=Severity.WARNING))
    assert promoted(findings, tried, True) == findings


def test_a_symptom_may_be_accounted_for_without_an_experiment():
    findings, tried = trials({"a": evidence(2.0)}, cause(Remedy("a")))
    (alone, left) = diagnose(findings, tried, {})
    assert {alone.explains, left.explains} == {(), ("UD991",)}
    (only,) = diagnose(findings, tried, {}, {"UD991": ("UD993",)})
    assert (only.code, only.explains, only.confirmed) == ("UD993", ("UD991",), False)


def test_a_cause_that_proves_itself_is_promoted_only_where_its_own_reading_is_proof_enough():
    findings, tried = trials({"a": evidence(2.0)}, cause(Remedy("a"), severity=Severity.WARNING))
    itself = tuple(replace(t, symptom="UD993", outcome=Outcome.CURED) for t in tried)
    assert promoted(findings, itself, True) == findings
    after = promoted(findings, itself, True, lambda finding: finding.code == "UD993")
    assert [f.severity for f in after if f.code == "UD993"] == [Severity.ERROR]


class TestMasks:
    """What a remedy does to the score beside masks."""

    def attempt(self, before: float, after: float, *, trained: bool = True) -> tuple[Outcome, str]:
        from tests.checks.test_masks import scores

        def scored(value: float, dice: float) -> Evidence:
            base = evidence(value)
            return replace(base, scores=scores(dice=dice), model=replace(base.model, trained=trained))

        start = scored(3.0, before)
        laboratory = Laboratory(lambda remedies: scored(20.0, after), (Flat,), start)
        (symptom,) = symptoms((Flat,), tuple(Flat.examine(start)))
        trial = laboratory.attempt((Remedy("popular"),), symptom)
        assert (trial.dice_before, trial.dice_after) == (before, after)
        return trial.outcome, trial.reason

    def test_a_picture_that_costs_the_score_is_worse(self) -> None:
        outcome, reason = self.attempt(0.9, 0.4)
        assert outcome is Outcome.WORSE
        assert reason == "lowers the masks' Dice from 0.9 to 0.4"

    def test_a_score_that_stays_leaves_the_cure(self) -> None:
        assert self.attempt(0.9, 0.89)[0] is Outcome.CURED
        assert self.attempt(0.4, 0.9)[0] is Outcome.CURED

    def test_without_a_score_nothing_is_compared(self) -> None:
        laboratory = Laboratory(lambda remedies: evidence(20.0), (Flat,), evidence(3.0))
        (symptom,) = symptoms((Flat,), tuple(Flat.examine(evidence(3.0))))
        assert laboratory.attempt((Remedy("popular"),), symptom).outcome is Outcome.CURED

    def test_the_score_of_fresh_weights_is_chance(self) -> None:
        assert self.attempt(0.4, 0.1, trained=False)[0] is Outcome.CURED
