"""The verdict: what an examination ends with, in one sentence."""

import math
import re

from unetdoctor.facts import (
    Diagnosis,
    Evidence,
    Finding,
    Kind,
    Outcome,
    Output,
    Severity,
    State,
    Trial,
)


def verdict_of(
    state: State,
    evidence: Evidence,
    findings: tuple[Finding, ...],
    diagnoses: tuple[Diagnosis, ...],
    examined: int,
    batch: Output | None,
) -> str:
    """Return the verdict: one sentence."""
    if state is State.NOT_DIAGNOSABLE:
        crash = next((f for f in findings if f.ill and f.kind is Kind.SYMPTOM), None)
        return crash.message if crash else _nothing_returned(evidence)
    first = diagnoses[0] if diagnoses else None
    if state is State.ILL and first is not None:
        return sentence(first, findings)
    if first is not None and first.severity.rank >= Severity.WARNING.rank:
        return f"No error, one thing to look at: {lower(sentence(first, findings))}"
    if state is State.UNTRAINED:
        return _untrained(findings, diagnoses, batch)
    worst = next((f for f in findings if f.severity is Severity.WARNING), None)
    if worst is not None:
        return f"No error, one thing to look at: {worst.message}"
    count = len(evidence.runs)
    applied = len({finding.code for finding in findings})
    looked = f"{applied} of {examined} checks applied, on {count} input{'s' * (count != 1)}, and found nothing"
    scores = evidence.scores
    if scores is None or math.isnan(scores.dice):
        return f"{looked} wrong."
    beside = f"{len(scores.pairs)} mask{'s' * (len(scores.pairs) != 1)}"
    if scores.poor:
        next_ = "look at the training next: its images and masks (unetdoctor audit), its loss, its length"
        return f"The mean Dice beside {beside} is {number(scores.dice)}, and {looked} that explains it; {next_}."
    return f"{looked} wrong, and the mean Dice beside {beside} is {number(scores.dice)}."


NOTHING_WRONG = "The weights are fresh, and nothing is wrong: the network draws what such weights draw."
_FRESH = "The weights are fresh, and nothing is broken"
_GEOMETRY = "UD1"
"""Codes of what sizes and shapes do, trained or not."""


def _nothing_returned(evidence: Evidence) -> str:
    returned = next((run.chosen for run in evidence.runs if run.chosen), "")
    instead = f" forward() returned {returned}." if returned else ""
    return f"There is no picture or mask: expected a tensor.{instead}"


_DICE_MOVES = 0.02
"""Change of the mean Dice that is said: a threshold moved a little, or other rounding, gives less."""
_LIMIT = re.compile(r" \((?:at least|at most|limit) [^()]*\)")


def _clause(message: str) -> str:
    """Return a message as part of a longer sentence: without its full stop and without the limits in brackets."""
    return _LIMIT.sub("", message.rstrip().removesuffix("."))


def sentence(diagnosis: Diagnosis, findings: tuple[Finding, ...]) -> str:
    """Return a diagnosis as a verdict: what is wrong, and the proof or what it explains."""
    message, trial = _clause(diagnosis.message), diagnosis.trial
    if trial is not None and trial.outcome is Outcome.CURED:
        proof = _proof(trial)
        moves = abs(trial.dice_after - trial.dice_before) > _DICE_MOVES
        if moves and not trial.reading.startswith("mean Dice"):
            proof += f", and the mean Dice from {trial.dice_before:.2f} to {trial.dice_after:.2f}"
        if diagnosis.code not in diagnosis.explains:
            cures = f" and cures {_named(diagnosis.explains, findings)}" if diagnosis.explains else ""
            return f"{message}; proved: {proof}{cures}."
        return f"{message}; no cause was found, but one change helps: {proof}."
    others = tuple(c for c in diagnosis.explains if c != diagnosis.code)
    if others:
        return f"{message}; it explains {_named(others, findings)}."
    if diagnosis.code in diagnosis.explains:
        return f"{message}; nothing that was examined explains it."
    return f"{message}."


def _proof(trial: Trial) -> str:
    """Return what was done and what came of it; the title stands alone, for it may hold commas or be no verb."""
    unit = f" {trial.unit}" if trial.unit else ""
    numbers = f"from {number(trial.before)} to {number(trial.after)}{unit}"
    return f"{trial.title}, which takes the {trial.reading} {numbers}"


def _named(codes: tuple[str, ...], findings: tuple[Finding, ...]) -> str:
    names = {f.code: f.name for f in findings}
    return ", ".join(f"{code} {names.get(code, '')}".strip() for code in codes)


def _untrained(findings: tuple[Finding, ...], diagnoses: tuple[Diagnosis, ...], batch: Output | None) -> str:
    drawn = (f for f in findings if f.kind is Kind.SYMPTOM and f.ill and not f.code.startswith(_GEOMETRY))
    symptom = next(drawn, None)
    first = next((d for d in diagnoses if symptom is not None and d.trial and d.trial.symptom == symptom.code), None)
    if symptom is None:
        return NOTHING_WRONG
    if first is not None and first.confirmed and first.trial is not None:
        why = f"{_short(symptom.message)}, because {_short(first.message)}"
        return f"{_FRESH}: {why}; proved: {_proof(first.trial)}."
    seen = ""
    if batch is not None and math.isfinite(batch.std_8bit):
        seen = f"; with batch statistics its standard deviation is {number(batch.std_8bit)} 8-bit levels"
    return f"{_FRESH}: {_short(symptom.message)}, as fresh weights do{seen}."


def _short(message: str) -> str:
    """Return the first clause of a message, to stand within a sentence."""
    return lower(_clause(message).partition("; ")[0].partition(": ")[0])


def lower(sentence: str) -> str:
    """Begin a clause in lower case unless it begins with a name or an abbreviation."""
    if len(sentence) > 1 and sentence[0].isupper() and sentence[1].islower():
        return sentence[0].lower() + sentence[1:]
    return sentence


def number(value: float) -> str:
    """Return a number with three digits."""
    return f"{value:.0f}" if 100 <= abs(value) < 1e6 else f"{value:.3g}"
