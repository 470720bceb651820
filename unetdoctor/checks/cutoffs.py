"""Whether a threshold inside a network lies where its values can reach it."""

import math

from unetdoctor.checks.check import shown
from unetdoctor.facts import Cutoff, Remedy

LOGIT_LIMIT = 50.0
"""Size of a threshold on values that nothing bounds, from which a cut that never splits them was meant for bytes: a
logit of 50 is a probability of 1 - 2e-22. Trained networks: logits up to 30."""
END = 1 / 255
"""Share of the range of the values, at either end of it, that a threshold must keep away from: half a level of bytes,
meant for probabilities."""
SPLIT_LIMIT = 1e-3
"""Share of places, in %, on the smaller side of a threshold that is within reach, on the best input. 0: out of it."""


def out_of_reach(cut: Cutoff) -> bool:
    """Return whether the comparison comes out the same whatever the network draws."""
    if cut.levels:
        return cut.split == 0
    if not cut.activation or (math.isinf(cut.low) and math.isinf(cut.high)):
        return abs(cut.threshold) >= LOGIT_LIMIT and cut.split == 0
    span = cut.high - cut.low
    end = END * span if math.isfinite(span) and span > 1 else 0.0
    high, low = cut.high - end, cut.low + end
    above = cut.threshold >= high if cut.name in ("gt", "le") else cut.threshold > high
    below = cut.threshold < low if cut.name in ("gt", "le") else cut.threshold <= low
    return (above or below) and cut.split == 0


def said(cut: Cutoff) -> str:
    """Return the sentence."""
    if cut.levels:
        return _said_of_function(cut)
    what = f"what `{cut.activation}` draws" if cut.activation else "values that no activation bounds"
    if math.isfinite(cut.low) and math.isfinite(cut.high):
        what += f", {shown(cut.low)} to {shown(cut.high)},"
    compared = f"`{cut.name}` at {cut.place.text} cuts {what} at {shown(cut.threshold)}"
    split = f"{shown(100 * cut.split)} % of the places lie on the smaller side"
    if not out_of_reach(cut):
        return f"{compared}: {split}."
    same = "no value crosses that, and the mask is the same whatever is fed"
    return f"{compared}: {same} ({split}, at least {SPLIT_LIMIT:g} %)."


def _said_of_function(cut: Cutoff) -> str:
    turns = f"The function at {cut.place.text} turns from {shown(cut.levels[0])} to {shown(cut.levels[1])}"
    drawn = f"what `{cut.activation}` draws, {shown(cut.low)} to {shown(cut.high)},"
    if not out_of_reach(cut):
        return f"{turns} where {drawn} reaches {shown(cut.threshold)}."
    where = (
        f"only where {drawn} is {shown(cut.high)} itself, as behind a conversion to whole numbers"
        if cut.threshold > cut.low
        else f"as soon as {drawn} is above {shown(cut.low)}, as behind a second `{cut.activation}`"
    )
    return f"{turns} {where}: all between {shown(cut.low)} and {shown(cut.high)} lies on one side."


def within_reach(cut: Cutoff, cause: str) -> Remedy:
    """Return a threshold in the middle of what the values can be."""
    bounded = math.isfinite(cut.low) and math.isfinite(cut.high)
    middle = (cut.low + cut.high) / 2 if bounded else 0.0
    compare = f"compare with {middle:g} instead of {cut.threshold:g}"
    return Remedy(
        action="cut_at",
        place=cut.place,
        parameters={"op": cut.op, "threshold": middle} | ({"levels": cut.levels} if cut.levels else {}),
        title=f"cut at {middle:g} what the network draws" if cut.levels else compare,
        patch=f"mask = y > {middle:g}  # y: {cut.low:g}..{cut.high:g}" if bounded else "mask = y > 0  # y: logits",
        cause=cause,
        scope=0,
    )
