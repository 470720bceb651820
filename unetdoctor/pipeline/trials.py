"""Trials: every remedy is tried on a counterfactual run, and the symptom's own check reads the result."""

import itertools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from unetdoctor.checks.check import Check
from unetdoctor.checks.pictures import readable
from unetdoctor.engine.bench import NotApplicableError
from unetdoctor.facts import Evidence, Finding, Kind, Outcome, Reading, Remedy, Severity, Trial
from unetdoctor.facts.lasting import lasting, said
from unetdoctor.pipeline.diagnosis import WHOLE

BETTER = 0.75
"""A shortfall at most this share of what it was counts as better; at least its inverse as worse."""
LOWERS = 0.02
"""Dice that a remedy may cost: more, and it does not help, whatever it makes of the picture."""
COMBINED = 4
"""Best single remedies that are tried in pairs, and then in triples."""
OVER_BUDGET = "it would pass the budget (--budget)"
NEVER_EVALUATED = "structural"
"""Action of a remedy that needs other weights: no counterfactual run can show it."""

Counterfactual = Callable[[tuple[Remedy, ...]], Evidence]


@dataclass(frozen=True)
class Result:
    """What an evaluation under remedies showed."""

    findings: list[Finding]
    std: float
    """Standard deviation of the picture, in 8-bit levels."""
    dice: float
    """Mean Dice beside the person's masks; NaN without any."""


def _dice(evidence: Evidence) -> float:
    return evidence.scores.dice if evidence.scores is not None else math.nan


@dataclass(frozen=True)
class Symptom:
    """An ill symptom, and the reading that trials compare."""

    check: type[Check]
    finding: Finding
    reading: Reading


def symptoms(checks: Iterable[type[Check]], findings: Iterable[Finding]) -> tuple[Symptom, ...]:
    """Return the ill symptoms, worst first, one for each code; and causes that prove themselves, where they can."""
    by_code = {check.code: check for check in checks}
    found: dict[str, Symptom] = {}
    for finding in sorted(findings, key=lambda f: -f.severity.rank):
        known = by_code.get(finding.code)
        told = finding.kind is Kind.SYMPTOM or (known is not None and known.proves_itself and _accuses(finding))
        if told and finding.ill and finding.readings and finding.code not in found:
            leading = next((r for r in finding.readings if not r.holds), finding.readings[0])
            found[finding.code] = Symptom(by_code[finding.code], finding, leading)
    return tuple(found.values())


def _accuses(finding: Finding) -> bool:
    """Return whether a cause is more than a note and can be tried."""
    return finding.severity.rank >= Severity.WARNING.rank and bool(finding.remedies)


def proposals(symptom: Symptom, findings: Iterable[Finding], *, thrifty: bool = False) -> tuple[Remedy, ...]:
    """Return what is to be tried on a symptom: the remedies of every ill cause, then the standard counterfactuals.

    On a cause that proves itself, its own remedies alone; `thrifty` leaves popular advice on a mere note out.
    """
    if symptom.finding.kind is Kind.CAUSE:
        return symptom.finding.remedies
    proposed: dict[tuple[str, str, str], Remedy] = {}
    for finding in findings if not symptom.check.own_remedies_only else ():
        if finding.kind is Kind.CAUSE and finding.ill:
            for remedy in finding.remedies:
                proposed.setdefault(remedy.key, remedy)
    causes = {r.cause for r in proposed.values()}
    popular = symptom.check.counterfactuals if not (thrifty and symptom.finding.severity is Severity.NOTE) else ()
    for remedy in (*symptom.finding.remedies, *popular):
        if remedy.action != NEVER_EVALUATED or remedy.cause not in causes:
            proposed.setdefault(remedy.key, remedy)
    return tuple(proposed.values())


class Laboratory:
    """Evaluates remedies, each once, and lets every symptom check read the result."""

    def __init__(
        self,
        counterfactual: Counterfactual,
        checks: tuple[type[Check], ...],
        evidence: Evidence,
        price: Callable[[tuple[Remedy, ...]], float] = lambda _: 1.0,
        budget: float = math.inf,
    ) -> None:
        self._counterfactual, self._price, self._budget = counterfactual, price, budget
        self._checks = tuple(c for c in checks if c.kind is Kind.SYMPTOM or c.proves_itself)
        self._start, self._dice, self._trained = self._read(evidence), _dice(evidence), evidence.model.trained
        self._ill_before = {f.code for f in self._start if f.ill}
        if not any(readable(output) for _, output in evidence.outputs):  # then other symptoms could not be seen
            self._ill_before |= {c.code for c in self._checks} - {f.code for f in self._start}
        self._results: dict[tuple[tuple[str, str, str], ...], Result | str] = {}
        self.evaluations = 0
        self.spent = 0.0

    def _read(self, evidence: Evidence) -> list[Finding]:
        return [finding for check in self._checks for finding in check.examine(evidence)]

    def before(self, symptom: "Symptom") -> Reading:
        """Return the symptom's leading reading as it is, on the passes that trials look at."""
        reading = _matching([f for f in self._start if f.code == symptom.finding.code], symptom)
        bounds = (symptom.reading.lower, symptom.reading.upper)
        return symptom.reading if reading is None else Reading(reading.name, reading.value, reading.unit, *bounds)

    def attempt(self, remedies: tuple[Remedy, ...], symptom: Symptom) -> Trial:
        """Return the trial of these remedies together on one symptom."""
        key = tuple(sorted(r.key for r in remedies))
        if key not in self._results:
            self._results[key] = self._evaluate(remedies)
        result = self._results[key]
        if isinstance(result, str):
            return self._untried(remedies, symptom, result)
        return self._judged(remedies, symptom, result)

    def _evaluate(self, remedies: tuple[Remedy, ...]) -> Result | str:
        if any(r.action == NEVER_EVALUATED for r in remedies):
            return "it changes the structure, so the weights must be trained anew"
        price = self._price(remedies)
        if self.spent + price > self._budget:
            return f"{OVER_BUDGET} of {self._budget:g} forward passes"
        self.spent += price
        try:
            evidence = self._counterfactual(remedies)
            self.evaluations += 1
            findings = self._read(evidence)
        except NotApplicableError as reason:
            return str(reason)
        except Exception as error:  # noqa: BLE001 - one trial: what it raises is its result
            return f"the changed network raised {type(error).__name__}: {lasting(said(error))[:200]}"
        std = max((o.std_8bit for _, o in evidence.outputs), default=math.nan)
        return Result(findings, std, _dice(evidence))

    def _untried(self, remedies: tuple[Remedy, ...], symptom: Symptom, reason: str) -> Trial:
        reading = symptom.reading
        code = symptom.finding.code
        before = reading.value
        return Trial(remedies, code, Outcome.NOT_TRIED, reading.name, reading.unit, before, math.nan, reason)

    def _judged(self, remedies: tuple[Remedy, ...], symptom: Symptom, result: Result) -> Trial:
        before, code, findings = self.before(symptom), symptom.finding.code, result.findings
        same = [f for f in findings if f.code == code]
        after = _matching(same, symptom)
        grave = {f.code for f in findings if f.ill and f.severity.rank >= symptom.finding.severity.rank}
        told = symptom.finding.kind is Kind.SYMPTOM  # the proof of a cause is no statement on the picture
        new = sorted(grave - self._ill_before - self._settled(remedies)) if told else []
        gone = self._ill_before - {f.code for f in findings if f.ill} - {code}
        new = [c for c in new if gone.isdisjoint(next(k.takes_over for k in self._checks if k.code == c))]
        still_ill = any(f.ill for f in same) or not same  # a check that says nothing has not been satisfied
        milder = [c for c in new if code in next(k.takes_over for k in self._checks if k.code == c)]
        outcome, reason = _outcome(before, after, still_ill), ""
        if not still_ill and set(new) - set(milder):
            outcome, reason = Outcome.WORSE, f"brings {', '.join(sorted(set(new) - set(milder)))}"
        elif milder and not still_ill:
            outcome, reason = Outcome.BETTER, f"leaves {', '.join(milder)}"
        if outcome in (Outcome.CURED, Outcome.BETTER) and self._dice - result.dice > LOWERS and self._trained:
            reason = f"lowers the masks' Dice from {self._dice:.2g} to {result.dice:.2g}"
            outcome = Outcome.WORSE
        value = after.value if after is not None else math.nan
        numbers = (before.name, before.unit, before.value, value, reason, result.std)
        return Trial(remedies, code, outcome, *numbers, self._dice, result.dice)

    def _settled(self, remedies: tuple[Remedy, ...]) -> set[str]:
        """Return the symptoms that fresh weights are bound to bring until they are trained."""
        if not all(r.action in ("initialise", "draw_channels") for r in remedies):
            return set()
        return {k.code for k in self._checks if k.settled_by_training}


def _matching(findings: list[Finding], symptom: Symptom) -> Reading | None:
    """Return the reading of the same name, at the same place where there are several."""
    wanted = symptom.reading.name
    pool = [f for f in findings if f.place.layer == symptom.finding.place.layer] or findings
    return next((r for f in pool for r in f.readings if r.name == wanted), None)


def _outcome(before: Reading, after: Reading | None, still_ill: bool) -> Outcome:
    if not still_ill:
        return Outcome.CURED
    if after is None:
        return Outcome.NO_EFFECT
    # The bounds of a reading that is shown without them are those it had before.
    bounded = Reading(after.name, after.value, after.unit, before.lower, before.upper)
    if bounded.shortfall == before.shortfall:
        return Outcome.NO_EFFECT
    if bounded.shortfall <= BETTER * before.shortfall:
        return Outcome.BETTER
    if bounded.shortfall >= before.shortfall / BETTER:
        return Outcome.WORSE
    return Outcome.NO_EFFECT


def experiment(
    laboratory: Laboratory,
    found: tuple[Symptom, ...],
    findings: tuple[Finding, ...],
    *,
    thrifty: bool = False,
) -> tuple[Trial, ...]:
    """Try every proposal on every symptom, then pairs and triples of the best where no single one cures.

    To draw all weights anew is no cure that makes others needless: it loses what the network is.
    """
    trials: list[Trial] = []
    for symptom in found:
        proposed = proposals(symptom, findings, thrifty=thrifty)
        trials.extend(laboratory.attempt((remedy,), symptom) for remedy in proposed)
        singles = [t for t in trials if t.symptom == symptom.finding.code]
        if not any(t.outcome is Outcome.CURED and t.remedies[0].scope < WHOLE for t in singles):
            trials.extend(_combinations(laboratory, symptom, singles, {f.code for f in findings if f.ill}))
    return tuple(trials)


def _combinations(laboratory: Laboratory, symptom: Symptom, singles: list[Trial], ill: set[str]) -> list[Trial]:
    """Return trials of pairs and triples: of what made it better, and of each ill cause's best.

    Of two causes that both flatten a picture neither alone brings it back.
    """
    reading = symptom.reading

    def shortfall(trial: Trial) -> float:
        return Reading(reading.name, trial.after, "", reading.lower, reading.upper).shortfall

    ordered = sorted(
        (t for t in singles if t.remedies[0].scope < WHOLE and shortfall(t) < reading.shortfall), key=shortfall
    )
    of_each = {t.remedies[0].cause: t for t in reversed(ordered) if t.remedies[0].cause in ill}
    best = [t for t in ordered if t.outcome is Outcome.BETTER or t in of_each.values()][:COMBINED]
    tried: list[Trial] = []
    for depth in (2, 3):
        for chosen in itertools.combinations([t.remedies[0] for t in best], depth):
            if len({r.action for r in chosen}) < depth:
                continue
            trial = laboratory.attempt(chosen, symptom)
            if trial.outcome is Outcome.CURED or trial.reason.startswith(OVER_BUDGET):
                return [*tried, trial]
            if trial.outcome is Outcome.BETTER:
                tried.append(trial)
    return tried
