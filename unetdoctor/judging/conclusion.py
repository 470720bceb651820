"""What follows from changed findings: diagnoses, sections, state, verdict and exit code."""

from collections.abc import Sequence
from dataclasses import replace

from unetdoctor.facts import Diagnosis, Finding, Report, Section, Severity, State
from unetdoctor.judging.exit_code import exit_code_of

UNTRAINED = "UD003"
"""The note that says so; the report has no other word for it once a network is ill."""


def concluded(before: Report, findings: tuple[Finding, ...], fail_on: str) -> Report:
    """Return the report with other findings, and with everything that follows from them."""
    diagnoses = tuple(d for d in (_diagnosis(d, findings) for d in before.diagnoses) if d is not None)
    state = _state(before, findings)
    report = replace(
        before,
        state=state,
        findings=findings,
        diagnoses=diagnoses,
        sections=tuple(_section(section, findings) for section in before.sections),
        fail_on=fail_on,
    )
    if before.failure and before.state is State.NOT_DIAGNOSABLE:
        return report  # it ended before there was anything to judge: what it returned stands
    verdict = before.verdict if _same(before, report) else _verdict(report)
    return replace(report, verdict=verdict, exit_code=exit_code_of(state, findings, fail_on))


def _diagnosis(diagnosis: Diagnosis, findings: Sequence[Finding]) -> Diagnosis | None:
    """Return the diagnosis as bad as what is left of it; None where its findings are gone or suppressed."""
    own = [f for f in findings if f.code == diagnosis.code and f.place.layer == diagnosis.place.layer and f.counts]
    if not own:
        return None
    explained = [f for f in findings if f.code in diagnosis.explains and f.counts]
    worst = max((f.severity for f in (*own, *explained)), key=lambda s: s.rank)
    left = tuple(code for code in diagnosis.explains if any(f.code == code for f in findings))
    return replace(diagnosis, severity=worst, explains=left)


def _section(section: Section, findings: Sequence[Finding]) -> Section:
    of_section = (f.severity for f in findings if f.code in section.codes and f.suppression is None)
    return replace(section, worst=max(of_section, key=lambda s: s.rank, default=Severity.OK))


def _state(before: Report, findings: Sequence[Finding]) -> State:
    """Return the state: suppressing a finding does not make a network well, leaving out a check does."""
    if before.state is State.NOT_DIAGNOSABLE:
        return before.state
    if any(f.severity is Severity.ERROR for f in findings):
        return State.ILL
    untrained = before.state is State.UNTRAINED or any(f.code == UNTRAINED and f.ill for f in before.findings)
    return State.UNTRAINED if untrained else State.HEALTHY


def _same(before: Report, after: Report) -> bool:
    """Return whether what the verdict speaks of is as it was."""
    told, now = ([(d.code, d.place, d.severity, d.explains) for d in r.diagnoses[:1]] for r in (before, after))
    return (
        before.state is after.state
        and told == now
        and (bool(told) or _worst(before.findings) == _worst(after.findings))
    )


def _worst(findings: Sequence[Finding]) -> Finding | None:
    counting = [f for f in findings if f.counts and f.severity.rank >= Severity.WARNING.rank]
    return max(counting, key=lambda f: f.severity.rank, default=None)


def _verdict(report: Report) -> str:
    from unetdoctor.pipeline.verdict import NOTHING_WRONG, sentence

    suppressed = [f.code for f in report.findings if f.suppression is not None]
    worst = _worst(report.findings)
    if worst is not None:
        first = report.diagnoses[0] if report.diagnoses else None
        told = sentence(first, report.findings) if first is not None else worst.message
        return told if worst.severity is Severity.ERROR else f"No error, one thing to look at: {told}"
    if suppressed:
        words = "finding is" if len(suppressed) == 1 else "findings are"
        return f"Nothing new: {len(suppressed)} {words} suppressed ({', '.join(dict.fromkeys(suppressed))})."
    if report.state is State.UNTRAINED:
        return NOTHING_WRONG
    checks = len({f.code for f in report.findings})
    return f"{checks} of {sum(len(s.codes) for s in report.sections)} checks applied, and found nothing wrong."
