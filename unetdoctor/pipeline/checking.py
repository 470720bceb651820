"""Every check on the evidence, each for itself."""

from collections.abc import Iterable
from dataclasses import replace

from unetdoctor.checks.beside import fits
from unetdoctor.checks.check import Check
from unetdoctor.facts import Evidence, Finding, Severity, Skipped


def examine(checks: tuple[type[Check], ...], evidence: Evidence) -> tuple[tuple[Finding, ...], tuple[Skipped, ...]]:
    """Return what the checks find, and which of them failed."""
    findings: list[Finding] = []
    failed: list[Skipped] = []
    for check in checks:
        try:
            found = check.examine(evidence)
            findings.extend(_beside_a_model(check, found, evidence) if check.reads_data and evidence.runs else found)
        except Exception as error:  # noqa: BLE001 - one check's fault never ends the examination
            failed.append(Skipped("UD901", f"{check.code} failed with {type(error).__name__}: {str(error)[:200]}"))
    return tuple(findings), tuple(failed)


def _beside_a_model(check: type[Check], findings: Iterable[Finding], evidence: Evidence) -> Iterable[Finding]:
    """Make errors in the few files beside a model warnings, and notes where its output shows that they are none.

    The verdict is about the model. One that fits the masks learnt from what they mean, however they are stored.
    """
    most = Severity.NOTE if check.refuted_by_fit and fits(evidence) else Severity.WARNING
    for finding in findings:
        grave = finding.severity in (Severity.ERROR, Severity.WARNING)
        yield replace(finding, severity=most) if grave else finding
