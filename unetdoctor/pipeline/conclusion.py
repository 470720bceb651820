"""From findings and trials to diagnoses, a state, one sentence and an exit code."""

from dataclasses import dataclass

from unetdoctor.facts import (
    Diagnosis,
    Evidence,
    Finding,
    Kind,
    Output,
    Severity,
    State,
    Trial,
)
from unetdoctor.judging.exit_code import exit_code_of
from unetdoctor.pipeline.diagnosis import diagnose
from unetdoctor.pipeline.verdict import verdict_of


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
    accounted: dict[str, tuple[str, ...]] | None = None,
) -> Conclusion:
    """Return diagnoses, state, verdict and exit code.

    `counterfactual_causes` maps a symptom's code to the codes of the causes that its standard counterfactuals take
    away, `accounted` to those that explain it without one; `batch` is the main output with batch statistics, where it
    was looked at.
    """
    diagnoses = diagnose(findings, trials, counterfactual_causes, accounted)
    state = _state(evidence, findings, diagnoses)
    verdict = verdict_of(state, evidence, findings, diagnoses, examined, batch)
    return Conclusion(state, diagnoses, verdict, exit_code_of(state, findings, fail_on))


def _state(evidence: Evidence, findings: tuple[Finding, ...], diagnoses: tuple[Diagnosis, ...]) -> State:
    alive = any(run.output is not None for run in evidence.runs)
    if not alive:
        caused = any((f.kind is Kind.CAUSE or f.patch) and f.severity is Severity.ERROR for f in findings)
        return State.ILL if caused else State.NOT_DIAGNOSABLE
    if any(f.severity is Severity.ERROR for f in findings):
        return State.ILL
    return State.HEALTHY if evidence.model.trained else State.UNTRAINED
