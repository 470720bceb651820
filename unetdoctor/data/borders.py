"""The borders between regions of a mask, and whether they are blurred: what interpolation and lossy coding leave."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetdoctor.facts.pair import Coding

WIDEST = 3
"""Pixels of a strip between two regions at most."""

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
    one by design.
    """
    through = direct = passed = 0
    for plane in (values, values.T):
        level = np.ascontiguousarray(plane, dtype=np.int16 if plane.dtype.itemsize < 2 else np.int64)
        steps = np.diff(level, axis=1)
        direct += int((np.abs(steps) > 1).sum())
        rows, columns = np.divmod(np.flatnonzero(steps), max(steps.shape[1], 1))
        for width in range(2, WIDEST + 2):
            if level.shape[1] <= width:
                break
            within = columns < level.shape[1] - width
            every, whole = _passed(level, rows[within], columns[within], width, solid)
            passed, through = passed + every, through + whole
    return through / (passed + direct) if passed + direct else 0.0


def _passed(
    level: NDArray[Any], rows: NDArray[np.intp], columns: NDArray[np.intp], width: int, solid: Values
) -> tuple[int, int]:
    """Count the strips of a width: a step, values that stay or go on in between, and another step; all and solid.

    Looked for only where there is a step: borders are a small part of a mask.
    """
    left, first = level[rows, columns], level[rows, columns + 1]
    last, right = level[rows, columns + width - 1], level[rows, columns + width]
    rising = (left < first) & (first <= last) & (last < right)
    falling = (left > first) & (first >= last) & (last > right)
    small = (np.abs(first - left) == 1) | (np.abs(right - last) == 1)
    found = (rising | falling) & small
    return int(found.sum()), int(np.isin(first[found], solid).sum())
