"""The pixels of one picture as numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from unetdoctor.data.decoding import Array, decoded
from unetdoctor.data.header import Opened
from unetdoctor.facts.pair import PictureNumbers

BINS = 32
"""Bins of the histogram."""
LEVELS = 65535
"""Scale of the sums."""
EVEN = 3.0
"""Standard deviation in 8-bit levels under which a picture's perceptual hash says nothing."""
_HASH = 8


def numbers_of(opened: Opened) -> PictureNumbers:
    """Return what is measured of a picture's pixels."""
    if opened.picture is not None and opened.picture.mode in ("L", "RGB"):
        return _of_bytes(opened.picture)
    return _of_values(values_of(opened))


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


def upright_grey(opened: Opened) -> Image.Image:
    """Return an opened picture as grey levels, upright."""
    if opened.picture is not None and opened.picture.mode in ("L", "RGB"):
        picture = opened.picture
        return ImageOps.exif_transpose(picture) if opened.facts.orientation != 1 else picture
    values = values_of(opened)[..., :3]
    return Image.fromarray((np.clip(values.mean(axis=-1), 0, 1) * 255).astype(np.uint8))


def _of_bytes(picture: Image.Image) -> PictureNumbers:
    counts = np.array(picture.histogram(), dtype=np.int64).reshape(-1, 256)
    levels = np.arange(256, dtype=np.int64) * 257
    pixels = int(counts[0].sum())
    chroma = 0.0
    if len(counts) == 3:
        small = picture.reduce(max(1, min(picture.size) // 128)) if min(picture.size) >= 256 else picture
        array = np.asarray(small).astype(np.int16)
        chroma = float((array.max(axis=2) - array.min(axis=2)).mean())
    return PictureNumbers(
        pixels=pixels,
        sums=tuple(int(x) for x in counts @ levels),
        squares=tuple(sum(int(c) * int(v) ** 2 for c, v in zip(row, levels, strict=True) if c) for row in counts),
        histogram=tuple(tuple(int(x) for x in row) for row in counts.reshape(-1, BINS, 256 // BINS).sum(axis=2)),
        grey=len(counts) == 3 and chroma == 0.0,
        chroma=chroma,
        likeness=likeness_of(np.asarray(picture.convert("L").resize((_HASH + 1, _HASH), Image.Resampling.BOX))),
    )


def _of_values(values: Array) -> PictureNumbers:
    values = values[..., :3] if values.shape[-1] >= 3 else values[..., :1]
    levels = np.rint(np.clip(values, 0, 1) * LEVELS).astype(np.int64)
    flat = levels.reshape(-1, levels.shape[-1])
    chroma = float((values.max(axis=-1) - values.min(axis=-1)).mean() * 255)
    grey = Image.fromarray((values.mean(axis=-1) * 255).astype(np.uint8))
    return PictureNumbers(
        pixels=len(flat),
        sums=tuple(int(x) for x in flat.sum(axis=0)),
        squares=tuple(int(x) for x in (flat**2).sum(axis=0)),
        histogram=tuple(
            tuple(int(x) for x in np.bincount(column * BINS // (LEVELS + 1), minlength=BINS)) for column in flat.T
        ),
        grey=values.shape[-1] == 3 and chroma == 0.0,
        chroma=chroma,
        likeness=likeness_of(np.asarray(grey.resize((_HASH + 1, _HASH), Image.Resampling.BOX))),
    )


def likeness_of(small: NDArray[np.uint8]) -> str:
    """Return the difference hash of a picture reduced to 8 rows of 9 grey levels; empty where it is even.

    Source: N. Krawetz, "Kind of like that", 2013.
    """
    if float(small.std()) < EVEN:
        return ""
    bits = small[:, 1:] > small[:, :-1]
    return np.packbits(bits).tobytes().hex()
