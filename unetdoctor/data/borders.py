"""Whether the borders between regions of a mask are blurred: what interpolation and lossy compression leave."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetdoctor.data.masks import RawMask
from unetdoctor.facts.pair import Coding

REACH = 4
"""Pixels on either side of a border that belong to it: half a block of JPEG."""
WIDEST = 3
"""Pixels of a strip between two regions at most."""
MOST = 4096
"""Distinct values that are sorted to the nearest common one; more of them are a picture."""

Values = NDArray[Any]
Truth = NDArray[np.bool_]


def at_borders(raw: RawMask, values: Values, common: Truth) -> float:
    """Return which share of the pixels with a rare value lies where regions of common values meet.

    `values` are the distinct ones in order, `common` marks those that are not rare.
    """
    if len(values) > MOST:
        return 0.0
    index = np.searchsorted(values, raw.values)
    snapped = _nearest(values, common, raw.coding)[index]
    rare = ~common[index]
    border = widened(edges(snapped), REACH)
    return float(border[rare].mean())


def _nearest(values: Values, common: Truth, coding: Coding) -> Values:
    """Return, for each distinct value, the position of the common one nearest to it."""
    places = np.flatnonzero(common)
    points = _points(values, coding)
    distance = np.abs(points[:, None, :] - points[places][None, :, :]).sum(axis=2)
    nearest: Values = places[distance.argmin(axis=1)]
    return nearest


def _points(values: Values, coding: Coding) -> NDArray[np.float64]:
    if coding is not Coding.COLOURS:
        return values.astype(np.float64)[:, None]
    packed = values.astype(np.int64)
    return np.stack([packed >> 16, packed >> 8 & 255, packed & 255], axis=1).astype(np.float64)


def edges(values: Values) -> Truth:
    """Return where a pixel differs from the one to its left or above it, [H, W]."""
    found = np.zeros(values.shape, dtype=np.bool_)
    found[:, 1:] |= values[:, 1:] != values[:, :-1]
    found[1:] |= values[1:] != values[:-1]
    return found


def widened(marks: Truth, reach: int) -> Truth:
    """Return the marks with everything within `reach` rows and columns of one."""
    for axis in (0, 1):
        wide = marks.copy()
        for step in range(1, reach + 1):
            ahead, behind = [slice(None)] * 2, [slice(None)] * 2
            ahead[axis], behind[axis] = slice(step, None), slice(None, -step)
            wide[tuple(ahead)] |= marks[tuple(behind)]
            wide[tuple(behind)] |= marks[tuple(ahead)]
        marks = wide
    return marks


def strips(values: Values) -> float:
    """Return which share of the steps by two ids or more goes through a strip of the ids between.

    Interpolation between ids 0 and 2 leaves a strip of 1 along every border; where regions truly touch, 0 is beside 2.
    """
    through = direct = 0
    for plane in (values.astype(np.int64), values.astype(np.int64).T):
        step = np.diff(plane, axis=1)
        direct += int((np.abs(step) > 1).sum())
        for width in range(2, WIDEST + 2):
            if plane.shape[1] <= width:
                break
            through += _passed(plane, width)
    return through / (through + direct) if through + direct else 0.0


def _passed(plane: NDArray[np.int64], width: int) -> int:
    """Count the strips: a step, values that stay or go on in between, and another step after `width` pixels."""
    left, right = plane[:, :-width], plane[:, width:]
    first, last = plane[:, 1 : plane.shape[1] - width + 1], plane[:, width - 1 : plane.shape[1] - 1]
    rising = (left < first) & (first <= last) & (last < right)
    falling = (left > first) & (first >= last) & (last > right)
    small = (np.abs(first - left) == 1) | (np.abs(right - last) == 1)
    return int(((rising | falling) & small).sum())
