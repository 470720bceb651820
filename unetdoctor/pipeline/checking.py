"""Every check on the evidence, each for itself."""

from collections.abc import Iterable
from dataclasses import replace

from unetdoctor.checks.check import Check
from unetdoctor.facts import Evidence, Finding, Severity, Skipped


def examine(checks: tuple[type[Check], ...], evidence: Evidence) -> tuple[tuple[Finding, ...], tuple[Skipped, ...]]:
    """Return what the checks find, and which of them failed."""
    findings: list[Finding] = []
    failed: list[Skipped] = []
    for check in checks:
        try:
            found = check.examine(evidence)
            findings.extend(_beside_a_model(found) if check.reads_data and evidence.runs else found)
        except Exception as error:  # noqa: BLE001 - one check's fault never ends the examination
            failed.append(Skipped("UD901", f"{check.code} failed with {type(error).__name__}: {str(error)[:200]}"))
    return tuple(findings), tuple(failed)


def _beside_a_model(findings: Iterable[Finding]) -> Iterable[Finding]:
    """Make errors in the few files beside a model warnings: the verdict is about the model."""
    for finding in findings:
        grave = finding.severity is Severity.ERROR
        yield replace(finding, severity=Severity.WARNING) if grave else finding
