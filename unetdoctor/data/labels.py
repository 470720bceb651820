"""The values of one mask as numbers: which there are, what family they are of, and whether borders are blurred."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unetdoctor.data.borders import inside, ramps, sharpness, strips
from unetdoctor.data.masks import IGNORE, RawMask
from unetdoctor.data.palettes import VOID, luminances, pack, well_known
from unetdoctor.facts.dataset import Declared
from unetdoctor.facts.pair import Coding, Family, LabelNumbers

KEPT = 256
"""Values of a mask that are kept, the most frequent ones."""
FEW = 32
"""Values of a class map at most."""
THIN = 0.1
"""Share of a value's pixels that lie inside its regions, below which it has no region but only borders. 0-.05: values
that interpolation made. From .2: objects five pixels wide."""
LEAST = 3
"""Values without a region that blurred borders leave at least: a class of lines is one value."""
RAMP = 0.45
"""Share of their pixels that lie between the values on both sides. Interpolated: .96-1; JPEG: .51-.76; void borders: 0;
a class of lines between two others, which is one value: up to 1."""
SHARP = 0.45
"""Sharp steps between regions over all steps, blurred ones included. Interpolated: 0-.07; JPEG: 0-.21; antialiased: up
to .31. Sound masks with several such values: .64-1."""
PICTURE = 0.6
"""Share of the mask under values without a region from which it is a picture. Photographs: .6-1; JPEG masks: .04-.5."""
TALL = 1 << 20
"""Largest span of whole numbers that are counted in a table."""

Values = NDArray[Any]
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class _Borders:
    """Values with and without regions of their own."""

    solid: Values
    """The distinct values that have regions."""
    share: float = 0.0
    """Share of the mask under the others."""
    blurred: bool = False
    """Whether the others are what interpolation or lossy coding leaves along borders."""


def numbers_of(raw: RawMask, declared: Declared) -> LabelNumbers:
    """Return what is measured of a mask."""
    values, counts = counted(raw.values)
    borders = _borders(raw, values, counts)
    shown = np.isin(values, borders.solid) if borders.blurred else np.ones(len(values), dtype=np.bool_)
    kept = np.flatnonzero(shown)
    kept = np.sort(kept[np.argsort(-counts[kept], kind="stable")[:KEPT]])
    common = values[shown]
    ordered = raw.coding not in (Coding.COLOURS, Coding.BITS, Coding.ONE_HOT)
    return LabelNumbers(
        coding=raw.coding,
        family=family_of(raw.coding, common, borders.share),
        pixels=int(counts.sum()),
        distinct=len(values),
        values=tuple((float(values[i]), int(counts[i])) for i in kept),
        blurred=borders.share if borders.blurred else 0.0,
        between=strips(raw.values, borders.solid) if ordered and 2 < len(values) <= FEW else 0.0,
        unknown=_unknown(raw.coding, values, counts, declared),
        palettes=palettes_of(raw.coding, common),
    )


def counted(values: Values) -> tuple[Values, Counts]:
    """Return the distinct values in order and how often each occurs."""
    if values.dtype == np.uint8:
        counts = np.array(Image.fromarray(values).histogram(), dtype=np.int64)  # five times as fast as bincount
        found = np.flatnonzero(counts)
        return found, counts[found]
    if values.dtype.kind in "iu":
        low, high = int(values.min()), int(values.max())
        if high - low < TALL:
            counts = np.bincount((values.astype(np.int64) - low).ravel())
            found = np.flatnonzero(counts)
            return found + low, counts[found]
    found, counts = np.unique(values, return_counts=True)
    return found, counts


def _borders(raw: RawMask, values: Values, counts: Counts) -> _Borders:
    """Tell values that have regions from those that only lie along borders."""
    if len(values) < 3:
        return _Borders(values)
    held = _inner(raw.values, values)
    thin = (held < THIN * counts) & (values != IGNORE)
    share = float(counts[thin].sum() / counts.sum())
    if thin.sum() < LEAST or thin.all() or share > PICTURE:
        return _Borders(values[~thin], share)
    marked = np.isin(raw.values, values[thin])
    blurred = sharpness(raw.values, marked) <= SHARP and ramps(raw.values, raw.coding, marked) >= RAMP
    return _Borders(values[~thin], share, blurred)


def _inner(plane: Values, values: Values) -> Counts:
    """Return, for each distinct value, how many of its pixels have four neighbours of the same value."""
    within = inside(plane)
    if plane.dtype == np.uint8:
        marked = Image.fromarray(within.view(np.uint8))
        inner: Counts = np.array(Image.fromarray(plane).histogram(marked), dtype=np.int64)[values]
        return inner
    found, counts = counted(plane[within]) if within.any() else (values[:1], np.zeros(1, dtype=np.int64))
    places = np.minimum(np.searchsorted(found, values), len(found) - 1)
    return np.where(found[places] == values, counts[places], 0)


def family_of(coding: Coding, common: Values, thin: float) -> Family:
    """Return what the values of a mask are; `thin` is the share of it that lies under values without a region."""
    if len(common) == 1:
        return Family.ONE_VALUE
    picture = len(common) > FEW and thin > PICTURE
    if coding is Coding.COLOURS:
        return Family.PICTURE if picture or len(common) > KEPT else Family.COLOURS
    if coding is Coding.FLOATS and not np.allclose(common, np.rint(common), atol=1e-6):
        scaled = common * 255
        small = float(common.min()) >= 0 and float(common.max()) <= 1
        even = small and len(common) <= FEW and np.allclose(scaled, np.rint(scaled), atol=1e-3)
        return Family.FRACTIONS if even else Family.MANY
    if picture:
        return Family.MANY
    known = {round(float(x)) for x in common}
    if known == {0, 1}:
        return Family.ZERO_ONE
    if known == {0, IGNORE}:
        return Family.ZERO_255
    return Family.IDS_AND_255 if max(known) == IGNORE else Family.IDS


def palettes_of(coding: Coding, common: Values) -> tuple[str, ...]:
    """Return the well-known palettes whose colours, or their grey levels, all values are."""
    if not 2 <= len(common) <= FEW:
        return ()
    seen = {int(x) for x in common}
    if coding is Coding.COLOURS:
        return tuple(name for name, known in well_known().items() if seen <= {pack(colour) for colour in known})
    if coding in (Coding.GREY, Coding.GREY_AS_COLOUR, Coding.ARRAY):
        return tuple(name for name, known in luminances().items() if seen <= known)
    return ()


def _unknown(coding: Coding, values: Values, counts: Counts, declared: Declared) -> float:
    if coding is not Coding.COLOURS or not declared.colours:
        return 0.0
    void = VOID.get(declared.palette)
    known = {pack(colour) for colour in (declared.colours if void is None else (*declared.colours, void))}
    lost = [int(count) for value, count in zip(values, counts, strict=True) if int(value) not in known]
    return sum(lost) / int(counts.sum())
