"""From findings and trials to diagnoses, a state, one sentence and an exit code."""

import math
import re
from dataclasses import dataclass, replace

from unetdoctor.facts import (
    Diagnosis,
    Evidence,
    Finding,
    Kind,
    Outcome,
    Output,
    Remedy,
    Severity,
    State,
    Trial,
)

COMPARABLE = 0.5
"""Cures whose effect is at least this share of the largest count as equal: then the smaller change is first."""


@dataclass(frozen=True)
class Conclusion:
    """What an examination ends with."""

    state: State
    diagnoses: tuple[Diagnosis, ...]
    verdict: str
    exit_code: int


def conclude(
    evidence: Evidence,
    findings: tuple[Finding, ...],
    trials: tuple[Trial, ...],
    counterfactual_causes: dict[str, frozenset[str]],
    fail_on: str,
    examined: int,
    batch: Output | None,
) -> Conclusion:
    """Return diagnoses, state, verdict and exit code.

    `counterfactual_causes` maps a symptom's code to the codes of the causes that its standard counterfactuals take
    away; `batch` is the main output with batch statistics, where it was looked at.
    """
    diagnoses = diagnose(findings, trials, counterfactual_causes)
    state = _state(evidence, findings, diagnoses)
    verdict = _verdict(state, evidence, findings, diagnoses, examined, batch)
    return Conclusion(state, diagnoses, verdict, _exit_code(state, findings, fail_on))


def diagnose(
    findings: tuple[Finding, ...], trials: tuple[Trial, ...], counterfactual_causes: dict[str, frozenset[str]]
) -> tuple[Diagnosis, ...]:
    """Return the causes that explain something or are bad in themselves, then the symptoms that nothing explains."""
    ill = {f.code: f for f in reversed(findings) if f.ill and f.kind is Kind.SYMPTOM}
    entries = []
    for finding in findings:
        if finding.kind is Kind.CAUSE and finding.ill:
            entry = _explained(finding, ill, trials, counterfactual_causes)
            if entry is not None:
                entries.append((entry, finding.op))
    strongest: dict[str, float] = {}
    for entry, _ in entries:
        if entry.trial is not None and entry.confirmed:
            strongest[entry.trial.symptom] = max(strongest.get(entry.trial.symptom, 0.0), _effect(entry.trial))
    entries.sort(key=lambda pair: _rank(pair[0], pair[1], strongest))
    ranked = _folded([entry for entry, _ in entries])
    explained = {code for d in ranked for code in d.explains}
    left = [f for code, f in ill.items() if code not in explained and f.severity.rank >= Severity.WARNING.rank]
    ranked += [_unexplained(finding, trials) for finding in left]
    # A stable sort: what explains nothing never stands before a graver symptom that nothing explains.
    return tuple(sorted(ranked, key=lambda d: (-d.severity.rank, not d.explains)))


def _effect(trial: Trial) -> float:
    change = abs(trial.after - trial.before)
    return change if math.isfinite(change) else 0.0


def _rank(diagnosis: Diagnosis, op: int | None, strongest: dict[str, float]) -> tuple[object, ...]:
    """Order: the worse first, then the confirmed, the larger effect, the smaller change, the earlier operation."""
    trial = diagnosis.trial
    weak = 0
    if trial is not None and diagnosis.confirmed:
        weak = int(_effect(trial) < COMPARABLE * strongest.get(trial.symptom, 0.0))
    scope = diagnosis.remedy.scope if diagnosis.remedy else 3
    return (
        -diagnosis.severity.rank,
        not diagnosis.confirmed,
        weak,
        scope,
        op if op is not None else 1_000_000,
        diagnosis.code,
    )


def _folded(ranked: list[Diagnosis]) -> list[Diagnosis]:
    """Leave out what an earlier diagnosis says already: the same cure of the same symptoms."""
    kept: list[Diagnosis] = []
    for entry in ranked:
        same = (
            other
            for other in kept
            if entry.confirmed
            and other.confirmed
            and set(entry.explains) <= set(other.explains)
            and (entry.severity.rank <= other.severity.rank)
            and entry.remedy is not None
            and other.remedy is not None
            and (entry.remedy.key == other.remedy.key or entry.severity is not Severity.ERROR)
        )
        if next(same, None) is None:
            kept.append(entry)
    return kept


def _explained(
    finding: Finding, ill: dict[str, Finding], trials: tuple[Trial, ...], causes: dict[str, frozenset[str]]
) -> Diagnosis | None:
    keys = {r.key for r in finding.remedies}
    own = [t for t in trials if any(r.key in keys for r in t.remedies)]
    cures = [t for t in own if t.outcome is Outcome.CURED]
    at_home = frozenset(code for code, known in causes.items() if finding.code in known)
    best = _best(cures, at_home) or _best([t for t in own if t.outcome is Outcome.BETTER], at_home)
    explains = {t.symptom for t in cures}
    tried = {t.symptom for t in own if t.outcome is not Outcome.NOT_TRIED}
    explains |= {code for code in ill if finding.code in causes.get(code, ()) and code not in tried}
    if not explains and finding.severity.rank < Severity.WARNING.rank:
        return None
    severity = max((finding.severity, *(ill[c].severity for c in explains if c in ill)), key=lambda s: s.rank)
    remedy = _joined(best.remedies) if best is not None else next(iter(finding.remedies), None)
    if remedy is None and finding.patch:
        remedy = Remedy("structural", finding.place, title="change the layer", patch=finding.patch, cause=finding.code)
    elif remedy is not None and not remedy.patch and finding.patch:
        remedy = Remedy(
            remedy.action, remedy.place, remedy.parameters, remedy.title, finding.patch, remedy.cause, remedy.scope
        )
    return Diagnosis(
        code=finding.code,
        name=finding.name,
        place=finding.place,
        confirmed=bool(cures),
        explains=tuple(sorted(explains)),
        severity=severity,
        message=finding.message,
        remedy=_pasteable(remedy, finding),
        trial=best,
    )


def _joined(remedies: tuple[Remedy, ...]) -> Remedy:
    """Return one remedy that says all that was changed together."""
    if len(remedies) == 1:
        return remedies[0]
    titles = " + ".join(r.title for r in remedies)
    patch = "\n".join(r.patch for r in remedies if r.patch)
    return replace(remedies[0], title=titles, patch=patch, scope=max(r.scope for r in remedies))


def _pasteable(remedy: Remedy | None, finding: Finding) -> Remedy | None:
    """Return a remedy with lines to paste: where an experiment has none, those of the same cause's other remedy."""
    if remedy is None or remedy.patch:
        return remedy
    with_patch = next((r for r in finding.remedies if r.patch), None)
    if with_patch is None:
        return remedy
    return Remedy(
        with_patch.action,
        with_patch.place,
        with_patch.parameters,
        with_patch.title,
        with_patch.patch,
        with_patch.cause,
        remedy.scope,
    )


def _best(trials: list[Trial], at_home: frozenset[str] = frozenset()) -> Trial | None:
    """Return the strongest trial, on a symptom to which the cause belongs where there is one."""
    if not trials:
        return None
    symptom = min((t.symptom not in at_home, t.symptom) for t in trials)[1]  # effects compare within one symptom only
    return max((t for t in trials if t.symptom == symptom), key=_effect)


def _unexplained(finding: Finding, trials: tuple[Trial, ...]) -> Diagnosis:
    cures = [t for t in trials if t.symptom == finding.code and t.outcome is Outcome.CURED]
    helped = _best([t for t in cures if not any(r.action == "initialise" for r in t.remedies)])
    return Diagnosis(
        code=finding.code,
        name=finding.name,
        place=finding.place,
        confirmed=False,
        explains=(finding.code,),
        severity=finding.severity,
        message=finding.message,
        remedy=_joined(helped.remedies) if helped else next(iter(finding.remedies), None),
        trial=helped,
    )


def _state(evidence: Evidence, findings: tuple[Finding, ...], diagnoses: tuple[Diagnosis, ...]) -> State:
    alive = any(run.output is not None for run in evidence.runs)
    if not alive:
        caused = any(f.kind is Kind.CAUSE and f.severity is Severity.ERROR for f in findings)
        return State.ILL if caused else State.NOT_DIAGNOSABLE
    if any(f.severity is Severity.ERROR for f in findings):
        return State.ILL
    return State.HEALTHY if evidence.model.trained else State.UNTRAINED


def _exit_code(state: State, findings: tuple[Finding, ...], fail_on: str) -> int:
    if state is State.NOT_DIAGNOSABLE:
        return 3
    if fail_on == "never":
        return 0
    bound = Severity(fail_on).rank
    return int(any(f.severity.rank >= bound for f in findings))


def _verdict(
    state: State,
    evidence: Evidence,
    findings: tuple[Finding, ...],
    diagnoses: tuple[Diagnosis, ...],
    examined: int,
    batch: Output | None,
) -> str:
    if state is State.NOT_DIAGNOSABLE:
        crash = next((f for f in findings if f.ill and f.kind is Kind.SYMPTOM), None)
        return crash.message if crash else "forward() returned no tensor that could be read as a picture or mask."
    first = diagnoses[0] if diagnoses else None
    if state is State.ILL and first is not None:
        return _sentence(first, findings)
    if first is not None and first.severity.rank >= Severity.WARNING.rank:
        return f"No error, one thing to look at: {_lower(_sentence(first, findings))}"
    if state is State.UNTRAINED:
        return _untrained(findings, diagnoses, batch)
    worst = next((f for f in findings if f.severity is Severity.WARNING), None)
    if worst is not None:
        return f"No error, one thing to look at: {worst.message}"
    count = len(evidence.runs)
    return f"Healthy: {examined} checks on {count} input{'s' * (count != 1)} found nothing wrong."


_LIMIT = re.compile(r" \((?:at least|at most|limit) [^()]*\)")


def _clause(message: str) -> str:
    """Return a message as part of a longer sentence: without its full stop and without the limits in brackets."""
    return _LIMIT.sub("", message.rstrip().removesuffix("."))


def _sentence(diagnosis: Diagnosis, findings: tuple[Finding, ...]) -> str:
    message, trial = _clause(diagnosis.message), diagnosis.trial
    if trial is not None and trial.outcome is Outcome.CURED:
        proof = f"{trial.title} takes the {trial.reading} from {number(trial.before)} to {number(trial.after)}"
        unit = f" {trial.unit}" if trial.unit else ""
        if diagnosis.code not in diagnosis.explains:
            return f"{message}; proved: {proof}{unit} and cures {_named(diagnosis.explains, findings)}."
        return f"{message}; no cause was found, but {proof}{unit}."
    others = tuple(c for c in diagnosis.explains if c != diagnosis.code)
    if others:
        return f"{message}; it explains {_named(others, findings)}."
    if diagnosis.code in diagnosis.explains:
        return f"{message}; nothing that was examined explains it."
    return f"{message}."


def _named(codes: tuple[str, ...], findings: tuple[Finding, ...]) -> str:
    names = {f.code: f.name for f in findings}
    return ", ".join(f"{code} {names.get(code, '')}".strip() for code in codes)


def _untrained(
    evidence: Evidence, findings: tuple[Finding, ...], diagnoses: tuple[Diagnosis, ...], batch: Output | None
) -> str:
    symptom = next((f for f in findings if f.kind is Kind.SYMPTOM and f.ill), None)
    first = next((d for d in diagnoses if symptom is not None and d.trial and d.trial.symptom == symptom.code), None)
    if symptom is None:
        return "Untrained, and nothing is wrong: the weights are fresh, and the network draws what such weights draw."
    if first is not None and first.confirmed and first.trial is not None:
        trial = first.trial
        unit = f" {trial.unit}" if trial.unit else ""
        return (
            f"Untrained, and nothing is broken: {_short(symptom.message)}, because {_short(first.message)}; proved:"
            f" {trial.title} takes the {trial.reading} from {number(trial.before)} to {number(trial.after)}{unit}."
        )
    seen = ""
    if batch is not None and math.isfinite(batch.std_8bit):
        seen = f"; with batch statistics its standard deviation is {number(batch.std_8bit)} 8-bit levels"
    return f"Untrained, and nothing is broken: {_short(symptom.message)}, as fresh weights do{seen}."


def _short(message: str) -> str:
    """Return the first clause of a message, to stand within a sentence."""
    return _lower(_clause(message).partition("; ")[0].partition(": ")[0])


def _lower(sentence: str) -> str:
    """Begin a clause in lower case unless it begins with a name or an abbreviation."""
    if len(sentence) > 1 and sentence[0].isupper() and sentence[1].islower():
        return sentence[0].lower() + sentence[1:]
    return sentence


def number(value: float) -> str:
    """Return a number with three digits."""
    return f"{value:.0f}" if 100 <= abs(value) < 1e6 else f"{value:.3g}"
