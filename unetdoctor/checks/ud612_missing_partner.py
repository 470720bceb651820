"""UD612: pictures without a mask and masks without a picture."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check
from unetdoctor.checks.datasets import agreed, beginning, of, paste, place, portion, such_as, tally
from unetdoctor.facts import Evidence, Finding, Kind, Seen, Severity

MISSING_LIMIT = 50.0
"""Pairs that lack one half, in %, from which names or folders do not fit and it is an error; below it files are
missing, which is a warning."""
_CASES = (
    (Seen.NO_MASK, "pictures", "have no mask of the same name", "pictures = [p for p in pictures if p.stem in masks]"),
    (Seen.NO_IMAGE, "masks", "have no picture of the same name", "masks = [m for m in masks if m.stem in pictures]"),
)


class MissingPartner(Check):
    """Pictures lack their masks, or masks their pictures.

    Symptom
        A loader that stops with "file not found" - or one that sorts two folders and pairs every picture with a wrong
        mask from the first gap on.
    Cause
        Files left out when the data were copied, another suffix than expected, a half-finished annotation.
    Remedy
        Pair by name instead of by position, and leave out what has no partner.
    Source
        An introduction to the U-Net. Two sorted lists of which one lacks a single file pair every later file wrongly,
        without any error. From 50 % on, names or folders do not fit.
    """

    code = "UD612"
    name = "missing-partner"
    kind = Kind.CAUSE
    reads_data = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield a finding for pictures and one for masks that lack their partner; one that is well for neither."""
        data = evidence.data
        if data is None or not data.totals.masks:
            return
        ill = False
        for seen, what, words, patch in _CASES:
            found = tally(data, seen)
            if not found.count:
                continue
            ill = True
            whole = data.totals.images if what == "pictures" else data.totals.masks
            grave = 100 * found.count > MISSING_LIMIT * whole and whole > 1
            yield cls.finding(
                f"{beginning(of(found.count, whole, what))} {agreed(words, found.count)}{such_as(found)}.",
                portion(f"{what} without a partner", found.count, whole),
                place=place(found),
                severity=Severity.ERROR if grave else Severity.WARNING,
                remedies=paste(cls.code, "pair by name, and leave out what has no partner", patch, found),
            )
        if not ill:
            yield cls.finding(
                f"Each of {data.totals.images:,} pictures has its mask.",
                portion("pictures without a partner", 0, data.totals.images),
            )
