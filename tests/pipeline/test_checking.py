"""What findings about a person's files weigh beside a model."""

from collections.abc import Iterator

import pytest

from tests.checks.test_masks import beside
from unetdoctor.checks.check import Check
from unetdoctor.facts import Evidence, Finding, Kind, Reading, Severity
from unetdoctor.pipeline.checking import examine


class Files(Check):
    """Says that masks are stored in another way."""

    code, name, kind = "UD699", "files", Kind.CAUSE
    reads_data = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield an error."""
        yield cls.finding("Masks hold colours.", [Reading("masks", 1, upper=0)])


class Coding(Files):
    """The same of a check that a good fit refutes."""

    refuted_by_fit = True


@pytest.mark.parametrize(
    ("check", "dice", "trained", "severity"),
    [
        (Files, 0.95, True, Severity.WARNING),
        (Coding, 0.95, True, Severity.NOTE),
        (Coding, 0.1, True, Severity.WARNING),
        (Coding, float("nan"), True, Severity.WARNING),
        (Coding, 0.95, False, Severity.WARNING),
    ],
)
def test_an_output_that_fits_the_masks_was_trained_on_what_they_mean(
    check: type[Check], dice: float, trained: bool, severity: Severity
) -> None:
    ((finding,), _) = examine((check,), beside(trained=trained, dice=dice))
    assert finding.severity is severity
