"""The pixels of one picture as numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from unetdoctor.data.alignment import Grid, grid_of
from unetdoctor.data.decoding import Array, decoded
from unetdoctor.data.header import Opened
from unetdoctor.facts.pair import PictureNumbers

BINS = 32
"""Bins of the histogram."""
LEVELS = 65535
"""Scale of the sums."""
EVEN = 3.0
"""Standard deviation in 8-bit levels under which a picture's perceptual hash says nothing."""
TELLING = 0.1
"""Share of the bits of a hash that must be set, and unset, in either direction."""
_HASH = 8


def numbers_of(opened: Opened) -> tuple[PictureNumbers, Grid]:
    """Return what is measured of a picture's pixels, and the picture as grey levels on the grid of alignment."""
    if opened.picture is not None and opened.picture.mode in ("L", "RGB"):
        picture = opened.picture
        numbers = _of_bytes(picture)
        grey = picture.convert("L")
        grey = ImageOps.exif_transpose(grey) if opened.facts.orientation != 1 else grey
    else:
        values = values_of(opened)
        values = values[..., :3] if values.shape[-1] >= 3 else values[..., :1]
        numbers = _of_values(values)
        grey = Image.fromarray((np.clip(values.mean(axis=-1), 0, 1) * 255).astype(np.uint8))
    grid = grid_of(grey)
    return replace(numbers, likeness=likeness_of(grid)), grid


def values_of(opened: Opened) -> Array:
    """Return an opened picture as [H, W, C] in 0..1, upright."""
    if opened.picture is not None:
        return decoded(ImageOps.exif_transpose(opened.picture))[0]
    assert opened.array is not None
    array = opened.array if opened.array.ndim == 3 else opened.array[..., None]
    if array.dtype.kind in "ui":
        return (array / float(np.iinfo(array.dtype).max)).astype(np.float32)
    values = np.nan_to_num(array.astype(np.float64))
    low, high = min(0.0, float(values.min())), max(1.0, float(values.max()))
    scaled: Array = ((values - low) / (high - low)).astype(np.float32)
    return scaled


def _of_bytes(picture: Image.Image) -> PictureNumbers:
    counts = np.array(picture.histogram(), dtype=np.int64).reshape(-1, 256)
    levels = np.arange(256, dtype=np.int64) * 257
    chroma = _chroma(np.asarray(picture)) if len(counts) == 3 else 0.0
    return PictureNumbers(
        pixels=int(counts[0].sum()),
        sums=tuple(int(x) for x in counts @ levels),
        squares=tuple(int(x) for x in counts @ levels**2),
        histogram=tuple(tuple(int(x) for x in row) for row in counts.reshape(-1, BINS, 256 // BINS).sum(axis=2)),
        grey=len(counts) == 3 and chroma == 0.0,
        chroma=chroma,
    )


def _chroma(values: NDArray[np.uint8]) -> float:
    """Return the mean difference between the largest and the smallest channel, on every third row and column.

    Where that finds none, every pixel is looked at.
    """
    for step in (3, 1):
        part = values[::step, ::step]
        chroma = float((part.max(axis=2) - part.min(axis=2)).mean())
        if chroma:
            return chroma
    return 0.0


def _of_values(values: Array) -> PictureNumbers:
    levels = np.rint(np.clip(values, 0, 1) * LEVELS).astype(np.int64)
    flat = levels.reshape(-1, levels.shape[-1])
    chroma = float((values.max(axis=-1) - values.min(axis=-1)).mean() * 255)
    return PictureNumbers(
        pixels=len(flat),
        sums=tuple(int(x) for x in flat.sum(axis=0)),
        squares=tuple(int(x) for x in (flat**2).sum(axis=0)),
        histogram=tuple(
            tuple(int(x) for x in np.bincount(column * BINS // (LEVELS + 1), minlength=BINS)) for column in flat.T
        ),
        grey=values.shape[-1] == 3 and chroma == 0.0,
        chroma=chroma,
    )


def likeness_of(grid: Grid) -> str:
    """Return the difference hash of a picture, 9 by 9 grey levels compared with those to the left and above.

    Empty for a picture that is even or changes in one direction only: those are all alike.

    Source: N. Krawetz, "Kind of like that", 2013.
    """
    if float(grid.std()) < EVEN:
        return ""
    small = np.asarray(Image.fromarray(grid).resize((_HASH + 1, _HASH + 1), Image.Resampling.BOX))
    across, down = small[1:, 1:] > small[1:, :-1], small[1:, 1:] > small[:-1, 1:]
    if any(not TELLING <= float(bits.mean()) <= 1 - TELLING for bits in (across, down)):
        return ""
    return np.packbits([across, down]).tobytes().hex()
