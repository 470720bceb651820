"""UD108: the overlap that inference in tiles needs."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check, shown
from unetdoctor.facts import Evidence, Finding, Kind, Reading, Severity

REACH_LIMIT = 75.0
"""Width within which a tile differs from the whole picture, over the tile's own, in %. 0-34: trained autoencoders and
restorers. 14-73: U-Nets of two to five levels. 100: instance and group normalisation, which look at all of it."""


class TileSeams(Check):
    """Near its border a tile draws something else than the whole picture, and the overlap says how far that reaches.

    Symptom
        A grid of seams, or a step in brightness, where a large picture is drawn tile by tile.
    Cause
        Zero padding stands in for what lies beyond the cut. Where a layer looks at the whole picture (instance
        normalisation, a global pool, attention), every pixel of a tile differs, and no overlap is enough.
    Remedy
        Let tiles overlap by the number named and keep their inner part; without such a number draw the whole picture,
        take larger tiles, or blend them.
    Source
        7 of 303 public threads; a U-Net of three levels differs by 72 % of its spread at the cut, by 2.7 % after 8
        pixels and by 1 % after 20. Measured on two passes over a strip of the main input and its left half. A note at
        most: whoever draws whole pictures has no seams.
    """

    code = "UD108"
    name = "tile-seams"
    kind = Kind.NOTE
    axes = (2,)

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding where the seam was measured."""
        seam = evidence.seam
        if seam is None:
            return
        share = 100 * seam.reach / seam.measured
        overlap = f"tiles need an overlap of {seam.overlap} pixels" if seam.overlap else "tiles need no overlap"
        wide = "a tile of this size has no part that is free of it"
        yield cls.finding(
            f"At its cut a tile differs from the whole picture by {shown(100 * seam.border)} % of the output's spread, "
            f"and by more than {shown(100 * seam.tolerance)} % within {seam.reach} of its {seam.measured} pixels "
            f"({shown(share)} %, at most {REACH_LIMIT:g} %): {wide if share > REACH_LIMIT else overlap}.",
            [Reading("reach of a tile's cut over the tile", share, "%", upper=REACH_LIMIT)],
            severity=Severity.NOTE,
        )
