"""Every check on the evidence, each for itself."""

from unetdoctor.checks.check import Check
from unetdoctor.facts import Evidence, Finding, Skipped


def examine(checks: tuple[type[Check], ...], evidence: Evidence) -> tuple[tuple[Finding, ...], tuple[Skipped, ...]]:
    """Return what the checks find, and which of them failed."""
    findings: list[Finding] = []
    failed: list[Skipped] = []
    for check in checks:
        try:
            findings.extend(check.examine(evidence))
        except Exception as error:  # noqa: BLE001 - one check's fault never ends the examination
            failed.append(Skipped("UD901", f"{check.code} failed with {type(error).__name__}: {str(error)[:200]}"))
    return tuple(findings), tuple(failed)
