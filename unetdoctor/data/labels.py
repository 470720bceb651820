"""The values of one mask as numbers: which there are, what family they are of, and whether borders are blurred."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetdoctor.data.borders import at_borders, edges, strips
from unetdoctor.data.masks import RawMask
from unetdoctor.data.palettes import luminances, pack, well_known
from unetdoctor.data.tallies import RARE
from unetdoctor.facts.dataset import Declared
from unetdoctor.facts.pair import Coding, Family, LabelNumbers

KEPT = 256
"""Values of a mask that are kept, the most frequent ones."""
FEW = 32
"""Values of a mask of ids at most; more of them, and not one that is common, are no ids."""
BROKEN = 0.4
"""Share of pixels unlike their neighbours above which many values are a picture, and not ids of many objects."""
TALL = 1 << 20
"""Largest span of whole numbers that are counted in a table."""
IGNORE = 255

Values = NDArray[Any]


def numbers_of(raw: RawMask, declared: Declared) -> LabelNumbers:
    """Return what is measured of a mask."""
    values, counts = counted(raw.values)
    pixels = int(counts.sum())
    rare = counts < RARE * pixels
    rare_share = float(counts[rare].sum() / pixels)
    near = at_borders(raw, values, ~rare) if rare.any() and not rare.all() and len(values) > 2 else 0.0
    common = values[~rare] if near and rare_share < 0.5 else values
    broken = float(edges(raw.values).mean()) if len(values) > FEW else 0.0
    kept = np.argsort(-counts, kind="stable")[:KEPT]
    kept = kept[np.argsort(values[kept])]
    return LabelNumbers(
        coding=raw.coding,
        family=family_of(raw.coding, values, common, broken),
        pixels=pixels,
        distinct=len(values),
        values=tuple((float(values[i]), int(counts[i])) for i in kept),
        rare=rare_share,
        rare_at_borders=near,
        broken=broken,
        between=strips(raw.values) if _ordered(raw.coding) and 2 < len(values) <= FEW else 0.0,
        unknown=_unknown(raw.coding, values, counts, declared),
        signature=signature_of(raw.coding, common),
    )


def counted(values: Values) -> tuple[Values, NDArray[np.int64]]:
    """Return the distinct values in order and how often each occurs."""
    if values.dtype == np.uint8:
        counts = np.bincount(values.ravel(), minlength=256)
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


def _ordered(coding: Coding) -> bool:
    return coding not in (Coding.COLOURS, Coding.BITS, Coding.ONE_HOT)


def family_of(coding: Coding, values: Values, common: Values, broken: float) -> Family:
    """Return what the values of a mask are; `common` are those that are not blurred borders."""
    if len(values) == 1:
        return Family.ONE_VALUE
    if coding is Coding.COLOURS:
        return Family.COLOURS if len(common) <= KEPT and broken <= BROKEN else Family.PICTURE
    if coding is Coding.FLOATS and not np.allclose(common, np.rint(common), atol=1e-6):
        scaled = common * 255
        small = float(common.min()) >= 0 and float(common.max()) <= 1
        even = small and len(common) <= FEW and np.allclose(scaled, np.rint(scaled), atol=1e-3)
        return Family.FRACTIONS if even else Family.MANY
    if len(common) > FEW and broken > BROKEN:
        return Family.MANY
    known = {round(float(x)) for x in common}
    if known == {0, 1}:
        return Family.ZERO_ONE
    if known == {0, IGNORE}:
        return Family.ZERO_255
    return Family.IDS_AND_255 if IGNORE in known and max(known) == IGNORE and len(known) > 1 else Family.IDS


def signature_of(coding: Coding, common: Values) -> str:
    """Return the well-known palette whose colours, or their grey levels, all values are; empty for none."""
    if coding is Coding.COLOURS:
        seen = {int(x) for x in common}
        held = (name for name, colours in well_known().items() if seen <= {pack(colour) for colour in colours})
        return next(held, "") if len(seen) > 1 else ""
    if coding in (Coding.GREY, Coding.GREY_AS_COLOUR, Coding.ARRAY) and 1 < len(common) <= FEW:
        levels = {int(x) for x in common}
        held = (name for name, known in luminances().items() if levels <= set(known))
        return next(held, "")
    return ""


def _unknown(coding: Coding, values: Values, counts: NDArray[np.int64], declared: Declared) -> float:
    if coding is not Coding.COLOURS or not declared.colours:
        return 0.0
    known = {pack(colour) for colour in declared.colours}
    lost = [int(count) for value, count in zip(values, counts, strict=True) if int(value) not in known]
    return sum(lost) / int(counts.sum())
