"""What a report says of skip connections, for the picture and for the terminal alike."""

import math
from collections.abc import Sequence

from unetdoctor.facts import Report, Skip
from unetdoctor.reporters.numbers import number

WEAK, STRONG = 1e-3, 1.0
"""Influences at the ends of the scale: a thousandth of the output's spread, and all of it."""
_CODES = ("UD406", "UD408")
_DEEP = "UD407"


def strength(influence: float) -> float:
    """Return where an influence lies on a logarithmic scale, 0..1; NaN where it was not measured."""
    if math.isnan(influence):
        return math.nan
    if influence <= 0:
        return 0.0
    share = math.log(influence / WEAK) / math.log(STRONG / WEAK)
    return min(max(share, 0.0), 1.0)


def sick(report: Report, skip: Skip) -> str:
    """Return the code of the check that found this skip connection ill; empty where none did."""
    for finding in report.findings:
        if not finding.ill or finding.code not in _CODES:
            continue
        if finding.code == "UD408" and skip.resized:
            return finding.code
        if finding.op == skip.join and finding.readings and finding.readings[0].value == skip.influence:
            return finding.code
    return ""


def sick_deep(report: Report, skip: Skip) -> str:
    """Return the code of the check that found the deep branch of this join ill; empty where none did."""
    ill = (f for f in report.findings if f.ill and f.code == _DEEP and f.op == skip.join)
    return next((finding.code for finding in ill), "")


def size_text(size: Sequence[int]) -> str:
    """Return a resolution: `64x64`."""
    return "x".join(map(str, size)) or "-"


def influence_text(influence: float) -> str:
    """Return an influence in words: `0.52`, `none`, `not measured`."""
    if math.isnan(influence):
        return "not measured"
    return "none" if influence == 0 else number(influence, 2)


def bottom(skips: Sequence[Skip]) -> Skip:
    """Return the skip connection whose deep branch went deepest."""
    return min(skips, key=lambda skip: math.prod(skip.bottom_size))
