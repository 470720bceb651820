"""UD614: the same picture twice, or in training and validation."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check
from unetdoctor.checks.datasets import agreed, beginning, of, paste, portion
from unetdoctor.facts import Evidence, Finding, Kind, Place, Severity, Tally, Twins

TWICE_LIMIT = 1.0
"""Pictures that occur more than once, in %: frames of a film and re-used tiles reach it in sound sets, so that it is no
more than a note; the same picture in two splits is a warning from the first one on."""


class DuplicateOrLeak(Check):
    """A picture occurs more than once, or in training and in validation.

    Symptom
        Validation scores that are too good, and fall on new pictures.
    Cause
        A split made after augmentation or tiling, or two downloads merged.
    Remedy
        Keep one of each, and split by scene or patient instead of by file.
    Source
        Barz and Denzler, "Do we train on test data?", 2020: 3-10 % of the CIFAR test sets had twins in training. Equal
        files are told by a hash of their bytes, equal pictures by a difference hash of 128 bits.
    """

    code = "UD614"
    name = "duplicate-or-leak"
    kind = Kind.CAUSE
    reads_data = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding about pictures that occur twice, and one about those in several splits."""
        data = evidence.data
        if data is None or data.hashed < 2:
            return
        extra = data.copies
        beyond = " of those that were compared" if data.hashed < data.totals.images else ""
        groups = [group for group in data.twins if group.equal]
        said = "are copies of others" if extra > 1 else "is a copy of another"
        yield cls.finding(
            f"{beginning(of(extra, data.hashed, 'pictures'))}{beyond} {said}{_names(groups)}."
            if extra
            else f"No two of {data.hashed:,} pictures are the same file.",
            portion("pictures that occur twice", extra, data.hashed, TWICE_LIMIT),
            severity=Severity.NOTE,
            place=Place(file=groups[0].names[0] if groups else ""),
            remedies=paste(cls.code, "keep one of each", "# remove the copies", Tally()),
        )
        leaks = [group for group in data.twins if len(group.splits) > 1]
        if leaks:
            splits = " and ".join(leaks[0].splits)
            several = data.leaks != 1
            words = "lie" if leaks[0].equal else "look the same" if several else "looks the same"
            yield cls.finding(
                f"{data.leaks:,} picture{'s' * several} {agreed(words, data.leaks)} in {splits}{_names(leaks)}.",
                portion("pictures in several splits", data.leaks, data.hashed),
                severity=Severity.WARNING,
                place=Place(file=leaks[0].names[0]),
                remedies=paste(
                    cls.code, "split by scene", "# split by scene or patient before cutting and augmenting", Tally()
                ),
            )


def _names(groups: list[Twins]) -> str:
    if not groups:
        return ""
    return f" ({' = '.join(groups[0].names[:2])}{' ...' if len(groups) > 1 or groups[0].count > 2 else ''})"
