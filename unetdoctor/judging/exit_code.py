"""What the process returns."""

from collections.abc import Iterable

from unetdoctor.facts.findings import Finding, Severity, State

EXIT_NO_DIAGNOSIS = 3


def exit_code_of(state: State, findings: Iterable[Finding], fail_on: str) -> int:
    """Return 3 without a diagnosis, 1 where a finding that counts is at or above `fail_on`, else 0."""
    if state is State.NOT_DIAGNOSABLE:
        return EXIT_NO_DIAGNOSIS
    if fail_on == "never":
        return 0
    bound = Severity(fail_on).rank
    return int(any(f.counts and f.severity.rank >= bound for f in findings))
