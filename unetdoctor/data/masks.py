"""Any mask file as whole numbers: read as it is stored, never through RGB, then decoded to class ids.

`read_mask` says what a file holds (`RawMask`), `ids_of` what ids these values stand for (`Labels`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from unetdoctor.data.decoding import UnreadableError, regular_file
from unetdoctor.data.header import Opened, opened_file
from unetdoctor.data.palettes import VOID, pack, voc, well_known
from unetdoctor.facts.dataset import Colour, Declared
from unetdoctor.facts.intent import Task
from unetdoctor.facts.pair import Coding, Fault, FileFacts

IGNORE = 255
"""The id that data sets leave out by convention."""
FOREGROUND = 127
"""Grey levels above it are foreground in a black-and-white mask."""
_BLACK, _LIGHT, _WHITE = 16, 192, 239
"""The largest level that is black, and the smallest that are light and white: JPEG moves both ends by up to 16."""
_FEWEST_GREYS = 2

Ids = NDArray[np.int64]
Values = NDArray[Any]


@dataclass(frozen=True)
class RawMask:
    """A mask as it is stored, upright."""

    values: Values
    """[H, W]: ids, grey levels, fractions, or colours as 0xRRGGBB."""
    coding: Coding
    """How the file holds them."""
    file: FileFacts
    """The file."""
    palette: tuple[Colour, ...] = ()
    """Colours of a palette picture, in the order of its indices."""
    notes: tuple[str, ...] = ()
    """What was done to read it, a few words each."""


@dataclass(frozen=True)
class Labels:
    """A mask as class ids."""

    ids: Ids
    """[H, W]."""
    coding: Coding
    """How the file holds them."""
    ignore: int | None
    """The id that stands for no class, where the mask holds one."""
    how: str
    """What was made of the values, as a sentence's end: `0 and 255 read as ids 0 and 1`."""
    unknown: float = 0.0
    """Share of pixels whose colour or value stands for no id; they hold the ignored id."""


def read_mask(source: Path | bytes, name: str = "") -> RawMask:
    """Read a mask file as it is stored; raises UnreadableError."""
    name = name or ("" if isinstance(source, bytes) else str(source))
    data = source if isinstance(source, bytes) else regular_file(source).read_bytes()
    with opened_file(data, name) as opened:
        return raw_mask(opened)


def raw_mask(opened: Opened) -> RawMask:
    """Decode an opened file as a mask."""
    if opened.array is not None:
        return _from_array(opened.array, opened.facts)
    assert opened.picture is not None
    picture = opened.picture
    upright = ImageOps.exif_transpose(picture) if opened.facts.orientation != 1 else picture
    return _from_picture(upright, opened.facts)


def _from_picture(picture: Image.Image, facts: FileFacts) -> RawMask:
    mode = picture.mode
    if mode == "1":
        return RawMask(np.asarray(picture).astype(np.uint8), Coding.BITS, facts)
    if mode in ("P", "PA"):
        index = np.asarray(picture if mode == "P" else picture.getchannel(0))
        return RawMask(index, Coding.PALETTE, facts, _palette(picture))
    if mode == "F":
        return _fractions(np.asarray(picture), facts)
    if mode == "L" or mode.startswith("I"):
        return RawMask(np.asarray(picture), Coding.GREY, facts)
    if mode in ("LA", "La"):
        return _channels(np.asarray(picture), facts, alpha=True)
    if mode in ("RGBA", "RGBa"):
        return _channels(np.asarray(picture), facts, alpha=True)
    if mode != "RGB":
        picture = picture.convert("RGB")
    return _channels(np.asarray(picture), facts, alpha=False)


def _palette(picture: Image.Image) -> tuple[Colour, ...]:
    flat = picture.getpalette("RGB") or []
    return tuple((flat[i], flat[i + 1], flat[i + 2]) for i in range(0, len(flat) - 2, 3))


def _channels(values: Values, facts: FileFacts, *, alpha: bool) -> RawMask:
    """Tell colours, grey levels in three channels, and ids in the alpha channel apart."""
    if alpha:
        opacity, values = values[..., -1], values[..., :-1]
        flat = values.reshape(-1, values.shape[-1])
        if opacity.min() != opacity.max() and (flat == flat[0]).all():
            return RawMask(opacity, Coding.ALPHA, facts)
    first = values[..., 0]
    if values.shape[-1] == 1:
        return RawMask(first, Coding.GREY, facts)
    if np.array_equal(first, values[..., 1]) and np.array_equal(first, values[..., 2]):
        return RawMask(first, Coding.GREY_AS_COLOUR, facts)
    packed = values[..., 0].astype(np.uint32) << 16
    packed |= values[..., 1].astype(np.uint32) << 8
    packed |= values[..., 2]
    return RawMask(packed, Coding.COLOURS, facts)


def _fractions(values: Values, facts: FileFacts) -> RawMask:
    finite = np.isfinite(values)
    if finite.all():
        return RawMask(values, Coding.FLOATS, facts)
    return RawMask(np.where(finite, values, 0), Coding.FLOATS, facts, notes=("NaN and Inf read as 0",))


def _from_array(array: Values, facts: FileFacts) -> RawMask:
    if array.ndim == 2:
        if array.dtype.kind == "f":
            return _fractions(array, facts)
        if array.dtype.kind == "b":
            return RawMask(array.astype(np.uint8), Coding.BITS, facts)
        return RawMask(array, Coding.ARRAY, facts)
    if _is_one_hot(array):
        return RawMask(array.argmax(axis=-1).astype(np.uint8), Coding.ONE_HOT, facts)
    if array.shape[-1] in (3, 4) and array.dtype == np.uint8:
        return _channels(array[..., :3], facts, alpha=False)
    shape = "x".join(map(str, array.shape))
    raise UnreadableError(
        Fault.NO_PICTURE, f"{facts.name} has {array.shape[-1]} channels ({shape}) that are neither one-hot nor colours."
    )


def _is_one_hot(array: Values) -> bool:
    top = array.max()
    return bool(array.min() == 0 and top > 0 and (array.sum(axis=-1, dtype=np.float64) == top).all())


@dataclass(frozen=True)
class Usage:
    """What the masks of one set hold together: by this, and not by one file, it is decided what a value stands for."""

    values: frozenset[int] = frozenset()
    """Whole numbers of all masks that are no colours."""
    colours: frozenset[int] = frozenset()
    """Colours of all masks, 0xRRGGBB."""
    void: bool = False
    """Whether 255 stands for no class, and not for the foreground of black-and-white masks."""
    soft: bool = False
    """Whether they are black and white with greys between: blurred, interpolated, saved as JPEG."""


def usage_of(masks: Iterable[RawMask]) -> Usage:
    """Return what masks hold together.

    255 stands for no class where a mask holds it beside other ids than 0, or where the set has several other ids.
    """
    values: set[int] = set()
    colours: set[int] = set()
    void, counts = False, np.zeros(IGNORE + 1, dtype=np.int64)
    for raw in masks:
        if raw.coding is Coding.COLOURS:
            colours |= {int(value) for value in np.unique(raw.values)}
        elif raw.coding is not Coding.ALPHA:
            whole = _whole(raw.values)[0] if raw.coding is Coding.FLOATS else raw.values
            held = {int(value) for value in np.unique(whole)}
            if min(held) >= 0 and max(held) <= IGNORE:
                counts += np.bincount(whole.ravel(), minlength=IGNORE + 1)
            void = void or (IGNORE in held and _are_ids(held - {IGNORE}))
            values |= held
    others = values - {IGNORE}
    void = void or (IGNORE in values and _are_ids(others) and max(others) > 1)
    soft = bool(values) and min(values) >= 0 and max(values) <= IGNORE and _is_soft(counts)
    return Usage(frozenset(values), frozenset(colours), void, soft)


def _is_soft(counts: NDArray[np.int64]) -> bool:
    """Return whether grey levels, by how many places have each, are those of black, white and what lies between.

    Then there are light greys as well as dark ones, and more white than grey; ids are many and small, or few.
    """
    middle, light = counts[_BLACK + 1 : _WHITE], counts[_LIGHT:_WHITE]
    greys, lights = int((middle > 0).sum()), int((light > 0).sum())
    ends = counts[: _BLACK + 1].any() and counts[_WHITE:].sum() * 2 >= middle.sum()
    return bool(ends) and lights >= _FEWEST_GREYS and greys - lights >= _FEWEST_GREYS


def _are_ids(values: set[int]) -> bool:
    """Return whether values beside 255 are ids: small, and more than the black of a black-and-white mask."""
    return bool(values - {0}) and max(values) <= FOREGROUND


def ids_of(raw: RawMask, declared: Declared, usage: Usage | None = None) -> Labels:
    """Return the class ids that a mask's values stand for, under what was declared.

    Undeclared, 0 and 255 alone are read as ids 0 and 1, 255 beside other ids as ignored, multiples of 1/255 as the ids
    they were, and colours by the declared palette, else by the well-known one they all belong to, else in the order of
    their values. `usage` is what the masks of the whole set hold; without it, this mask is the set.
    """
    usage = usage or usage_of((raw,))
    if raw.coding is Coding.COLOURS:
        return _from_colours(raw, declared, usage)
    values = raw.values
    if raw.coding is Coding.FLOATS:
        values, how = _whole(values)
    else:
        how = f"{raw.coding.value} read as ids"
    distinct = np.unique(values)
    two, undeclared = _is_binary(declared), declared.ignore_index is None
    ignore = IGNORE if declared.ignore_index is None else declared.ignore_index
    if raw.coding is Coding.ALPHA:
        return _thresholded(values, raw.coding, frozenset(distinct.tolist()))
    if two and undeclared and usage.void:
        return _beside_void(values, raw.coding, usage)
    if two and undeclared and int(distinct[-1]) > 1 and len(usage.values) > 1:
        return _thresholded(values, raw.coding, usage.values)
    if usage.soft and undeclared and declared.classes is None:
        return _thresholded(values, raw.coding, usage.values)
    pair = {0, IGNORE}
    if declared.classes is None and undeclared and not usage.void and pair in (set(distinct.tolist()), usage.values):
        return Labels((values == IGNORE).astype(np.int64), raw.coding, None, "0 and 255 read as ids 0 and 1")
    held = ignore if bool((distinct == ignore).any()) else None
    return Labels(values.astype(np.int64), raw.coding, held, how)


def _thresholded(values: Values, coding: Coding, known: frozenset[int]) -> Labels:
    """Return black-and-white values, of which the whole set holds the known ones, as ids 0 and 1."""
    level = FOREGROUND if max(known) > FOREGROUND else min(known)
    return Labels((values > level).astype(np.int64), coding, None, f"values above {level} read as id 1")


def _beside_void(values: Values, coding: Coding, usage: Usage) -> Labels:
    """Return the ids 0 and 1 of masks in which 255 stands for no class."""
    others = usage.values - {IGNORE}
    level = min(others) if len(others) > 1 else 0
    ids = np.where(values == IGNORE, IGNORE, values > level).astype(np.int64)
    held = IGNORE if bool((values == IGNORE).any()) else None
    return Labels(ids, coding, held, f"{coding.value} read as ids, 255 as no class")


def _is_binary(declared: Declared) -> bool:
    return declared.task is Task.BINARY or declared.classes in (1, 2)


def _whole(values: Values) -> tuple[Values, str]:
    """Return floating-point values as whole numbers: themselves, 0..1 masks at one half, or multiples of 1/255."""
    rounded = np.rint(values)
    if np.allclose(values, rounded, atol=1e-6):
        return rounded.astype(np.int64), "floating-point numbers read as ids"
    scaled = values * 255
    if float(values.min()) >= 0 and float(values.max()) <= 1 and np.allclose(scaled, np.rint(scaled), atol=1e-3):
        return np.rint(scaled).astype(np.int64), "multiples of 1/255 read as the ids that they were"
    return (values > 0.5).astype(np.int64), "values above 0.5 read as id 1"


def _from_colours(raw: RawMask, declared: Declared, usage: Usage) -> Labels:
    distinct, inverse = np.unique(raw.values, return_inverse=True)
    inverse = inverse.reshape(raw.values.shape)
    ignore = declared.ignore_index if declared.ignore_index is not None else IGNORE
    name, colours = palette_of(usage.colours, declared)
    table = {pack(colour): index for index, colour in enumerate(colours)}
    if not table:
        order = np.searchsorted(np.array(sorted(usage.colours)), distinct)
        how = f"{len(usage.colours)} colours numbered by value"
        return Labels(order[inverse].astype(np.int64), raw.coding, None, how)
    ids = np.array([table.get(int(value), ignore) for value in distinct], dtype=np.int64)
    lost = np.array([int(value) not in table for value in distinct])
    void = VOID.get(declared.palette or name)
    strange = lost & (distinct != (-1 if void is None else pack(void)))
    unknown = float(strange[inverse].mean()) if strange.any() else 0.0
    return Labels(ids[inverse], raw.coding, ignore if lost.any() else None, f"colours of {name} read as ids", unknown)


def palette_of(seen: frozenset[int], declared: Declared) -> tuple[str, tuple[Colour, ...]]:
    """Return the name and the colours of the declared palette, else of the well-known one that holds all colours."""
    if declared.colours:
        return f"the palette {declared.palette}".rstrip(), declared.colours
    for name, colours in well_known().items():
        if len(seen) > 1 and seen <= {pack(colour) for colour in colours}:
            return name, voc(21) if name == "voc" else colours[:-1]
    return "", ()
