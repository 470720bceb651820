"""Other checks, other severities and other limits for a report that is already there."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from unetdoctor.facts import Finding, Report, Severity, Skipped
from unetdoctor.judging.conclusion import concluded

LEFT_OUT = "left out by --select or --ignore"


@dataclass(frozen=True)
class Limit:
    """Other bounds of one reading."""

    code: str
    """Of the check."""
    reading: str
    """Its name; empty for the first reading of the check."""
    lower: float | None
    """Smallest sound value; None for no such bound."""
    upper: float | None
    """Largest sound value; None for no such bound."""


def judged(
    report: Report,
    *,
    fail_on: str = "",
    kept: Collection[str] | None = None,
    severities: Mapping[str, Severity] | None = None,
    limits: Sequence[Limit] = (),
) -> Report:
    """Return the report as it reads under other rules.

    `kept` are the codes that stay (None for all), `severities` say how bad a code is where it is ill, `limits` replace
    bounds. An empty `fail_on` keeps that of the report. Experiments are not repeated: one that was judged by a limit
    that moved keeps its old outcome.
    """
    findings = report.findings if kept is None else tuple(f for f in report.findings if f.code in kept)
    for limit in limits:
        findings = tuple(_limited(f, limit, report.findings) if f.code == limit.code else f for f in findings)
    severities = severities or {}
    findings = tuple(replace(f, severity=severities[f.code]) if f.ill and f.code in severities else f for f in findings)
    changed = concluded(report, findings, fail_on or report.fail_on)
    return changed if kept is None else _without(changed, report, kept)


def _without(changed: Report, before: Report, kept: Collection[str]) -> Report:
    """Take what was left out from sections and trials, and say so."""
    gone = dict.fromkeys(f.code for f in before.findings if f.code not in kept)
    sections = (replace(s, codes=tuple(c for c in s.codes if c in kept)) for s in changed.sections)
    return replace(
        changed,
        sections=tuple(s for s in sections if s.codes),
        trials=tuple(t for t in changed.trials if t.symptom in kept),
        skipped=(*changed.skipped, *(Skipped(code, LEFT_OUT) for code in gone)),
    )


def _limited(finding: Finding, limit: Limit, findings: Sequence[Finding]) -> Finding:
    names = [reading.name for reading in finding.readings]
    wanted = limit.reading or (names[0] if names else "")
    if wanted not in names:
        return finding
    readings = tuple(
        replace(r, lower=limit.lower, upper=limit.upper) if r.name == wanted else r for r in finding.readings
    )
    if all(reading.holds for reading in readings):
        return replace(finding, readings=readings, severity=Severity.OK)
    if finding.ill:
        return replace(finding, readings=readings)
    others = (f.severity for f in findings if f.code == finding.code and f.ill)
    severity = max(others, key=lambda s: s.rank, default=Severity.WARNING)
    broken = next(reading for reading in readings if not reading.holds)
    message = f"The {broken.name} at {finding.place.text} is {broken.value:.3g} {broken.unit}".rstrip()
    return replace(finding, readings=readings, severity=severity, message=f"{message}, beyond the limit that was set.")
