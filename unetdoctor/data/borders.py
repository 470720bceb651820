"""The borders between regions of a mask, and whether they are blurred: what interpolation and lossy coding leave."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetdoctor.facts.pair import Coding

WIDEST = 2
"""Pixels of a strip between two regions at most. Of the ways from one region to another through ids between that are
at most `BROAD` wide, interpolation leaves 90-95 % within it; an optic cup in its disc, levels of a flood, classes of
intensity, matter of a brain: 0-9 %, since there the width is the object's own."""
BROAD = 6
"""Pixels from which a strip is a region of its own."""

FREQUENT = 0.25
"""Share of all steps between regions that lead into or out of such strips, from which they tell anything. .4-1: ids
that were interpolated. Up to .11: an object of id 2 that here and there comes near one of id 1."""

_HALF = 0.5

Values = NDArray[Any]
Truth = NDArray[np.bool_]


def edges(values: Values) -> Truth:
    """Return where a pixel differs from the one to its left or above it, [H, W]."""
    found = np.zeros(values.shape, dtype=np.bool_)
    found[:, 1:] |= values[:, 1:] != values[:, :-1]
    found[1:] |= values[1:] != values[:-1]
    return found


def inside(values: Values) -> Truth:
    """Return which pixels have the value of all four neighbours; those at the rim of the picture count as well."""
    found = np.ones(values.shape, dtype=np.bool_)
    across, down = values[:, 1:] == values[:, :-1], values[1:] == values[:-1]
    found[:, 1:] &= across
    found[:, :-1] &= across
    found[1:] &= down
    found[:-1] &= down
    return found


def ramps(values: Values, coding: Coding, thin: Truth) -> float:
    """Return which share of the marked pixels lies between the values on its two sides, in a row or a column.

    Of colours, the sum of the channels stands for the value.
    """
    if coding is Coding.COLOURS:
        packed = values.astype(np.int64)
        level = (packed >> 16) + (packed >> 8 & 255) + (packed & 255)
    else:
        level = values if values.dtype.kind == "f" else values.astype(np.int64)
    found = np.zeros(values.shape, dtype=np.bool_)
    for reach in (1, 2):
        for axis in (0, 1):
            found |= _between(level, axis, reach)
    return float(found[thin].mean())


def sharpness(values: Values, thin: Truth) -> float:
    """Return which share of the steps between regions is sharp: of neighbours that differ and are both not marked."""
    across = (values[:, 1:] != values[:, :-1]) & ~thin[:, 1:] & ~thin[:, :-1]
    down = (values[1:] != values[:-1]) & ~thin[1:] & ~thin[:-1]
    sharp = int(across.sum()) + int(down.sum())
    return sharp / (sharp + int(thin.sum()))


def _between(level: Values, axis: int, reach: int) -> Truth:
    """Return which pixels lie strictly between those `reach` pixels before and behind them."""
    found = np.zeros(level.shape, dtype=np.bool_)
    if level.shape[axis] <= 2 * reach:
        return found
    moved = np.moveaxis(level, axis, 0)
    before, middle, behind = moved[: -2 * reach], moved[reach:-reach], moved[2 * reach :]
    inner = ((before < middle) & (middle < behind)) | ((before > middle) & (middle > behind))
    np.moveaxis(found, axis, 0)[reach:-reach] = inner
    return found


def strips(values: Values, solid: Values) -> float:
    """Return which share of the steps by two ids or more goes through a strip of the ids between.

    Interpolation between ids 0 and 2 leaves a strip of 1 along every border; where regions truly touch, 0 is beside 2.
    Only strips of `solid` ids count, which have regions of their own elsewhere: a class that is nothing but a border is
    one by design. Broader strips count against it: classes that are nested by design are as wide as they are. 0 where
    strips are rare: regions that come near each other leave a few.
    """
    through = passed = direct = steps_taken = 0
    for plane in (values, values.T):
        runs, lengths, rows = _runs(plane)
        steps = np.diff(runs)
        inner = rows[1:] == rows[:-1]
        steps_taken += int(inner.sum())
        direct += int((inner & (np.abs(steps) > 1)).sum())
        first, second = steps[:-1], steps[1:]
        strip = inner[:-1] & inner[1:] & (lengths[1:-1] <= BROAD) & (np.sign(first) == np.sign(second))
        strip &= (np.abs(first) == 1) | (np.abs(second) == 1)
        passed += int(strip.sum())
        through += int(np.isin(runs[1:-1][strip & (lengths[1:-1] <= WIDEST)], solid).sum())
        if through < _HALF * (passed + direct):
            break  # interpolation blurs rows and columns alike
    told = passed + direct > 0 and 2 * through >= FREQUENT * steps_taken
    return through / (passed + direct) if told else 0.0


def _runs(plane: Values) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return value, length and row of every run of equal pixels, row by row."""
    flat = np.ascontiguousarray(plane).ravel()
    change = np.empty(flat.size, dtype=np.bool_)
    change[1:] = flat[1:] != flat[:-1]
    change[:: plane.shape[1]] = True
    starts = np.flatnonzero(change)
    return flat[starts].astype(np.int64), np.diff(starts, append=flat.size), starts // plane.shape[1]
