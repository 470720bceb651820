"""Photographs as tensors: every Pillow mode decoded explicitly, nothing rounded away, nothing executed."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from unetdoctor.engine.loading.errors import RequestError

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM", "TGA", "ICO", "JPEG2000", "AVIF")
"""What Pillow may try: raster formats without a program inside; EPS and PDF would start Ghostscript."""
LARGEST = 64_000_000
"""Pixels that are decoded at most."""

Size = tuple[int, int]
Array = NDArray[np.float32]


class ImageError(RequestError):
    """A picture that cannot be fed; the sentence says why."""


def image_size(path: str | Path) -> Size:
    """Return (height, width) as a person sees the picture, its EXIF orientation applied; decodes nothing."""
    with _opened(Path(path)) as picture:
        width, height = picture.size
        turned = picture.getexif().get(0x0112, 1) in (5, 6, 7, 8)
        return (width, height) if turned else (height, width)


def image_mode(path: str | Path) -> str:
    """Return the Pillow mode of a picture file (`RGB`, `L`, `RGBA`, `P`, `I;16` ...); decodes nothing."""
    with _opened(Path(path)) as picture:
        mode: str = picture.mode
        return mode


def load_image(path: str | Path, size: Size | None = None, channels: int = 3) -> tuple[Tensor, str]:
    """Read a picture as a tensor [1, channels, H, W] in 0..1 and say how it was made.

    `size` (height, width) resizes it (bilinear). Raises ImageError where it is no readable picture.
    """
    path = Path(path)
    with _opened(path) as picture:
        frames = getattr(picture, "n_frames", 1)
        upright = ImageOps.exif_transpose(picture)
        notes = [f"{path.name} {upright.width}x{upright.height} {upright.mode}"]
        if frames > 1:
            notes.append(f"first of {frames} frames")
        values, how = _decoded(upright)
    notes += how
    values, how = _with_channels(values, channels)
    notes += how
    tensor = torch.from_numpy(np.ascontiguousarray(values.transpose(2, 0, 1)))[None]
    if size is not None and tuple(tensor.shape[2:]) != tuple(size):
        tensor = torch.nn.functional.interpolate(tensor, size=size, mode="bilinear", antialias=True).clamp(0, 1)
        notes.append(f"resized to {size[1]}x{size[0]}")
    return tensor, ", ".join(notes)


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """Open a picture file; whatever is wrong with it becomes an ImageError."""
    shown = str(path)
    if not path.exists():
        raise ImageError(f"{shown} does not exist.")
    if not path.is_file():
        raise ImageError(f"{shown} is no regular file, so it cannot be read as a picture.")
    if not os.access(path, os.R_OK):
        raise ImageError(f"{shown} cannot be read: permission denied.")
    if path.stat().st_size == 0:
        raise ImageError(f"{shown} is an empty file.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of odd metadata and, below our own limit, of large pictures
            with Image.open(path, formats=_readable()) as picture:
                _check_pixels(shown, *picture.size)
                yield picture
    except ImageError:
        raise
    except Image.DecompressionBombError:
        raise ImageError(
            f"{shown} has more than the {LARGEST // 1_000_000} million pixels that are decoded. Give a crop of it."
        ) from None
    except UnidentifiedImageError:
        raise ImageError(f"{shown} is no picture in a format that is read ({', '.join(FORMATS[:7])} ...).") from None
    except (OSError, SyntaxError, ValueError, EOFError, MemoryError, IndexError, KeyError, TypeError) as error:
        raise ImageError(f"{shown} is damaged: {error or type(error).__name__}.") from None


@cache
def _readable() -> tuple[str, ...]:
    """Return the formats that this Pillow was built with."""
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)


def _check_pixels(shown: str, width: int, height: int) -> None:
    if width * height > LARGEST:
        raise ImageError(
            f"{shown} has {width}x{height} pixels, more than the {LARGEST // 1_000_000} million that are decoded. "
            "Give a crop of it."
        )
    if not width or not height:
        raise ImageError(f"{shown} has no pixels ({width}x{height}).")


def _decoded(picture: Image.Image) -> tuple[Array, list[str]]:
    """Return [H, W, C] in 0..1 and what was done; alpha is laid over black where it hides anything."""
    mode = picture.mode
    if mode.startswith("I;16"):
        return np.divide(_array(picture)[..., None], 65535, dtype=np.float32), ["16 bits / 65535"]
    if mode in ("I", "F"):
        return _scaled(picture)
    if mode == "1":
        return np.divide(_array(picture.convert("L"))[..., None], 255, dtype=np.float32), ["1 bit"]
    if mode == "P" or mode == "PA":
        transparent = "transparency" in picture.info or mode == "PA"
        picture, note = picture.convert("RGBA" if transparent else "RGB"), ["palette looked up"]
    elif mode in ("CMYK", "YCbCr", "LAB", "HSV", "RGBX"):
        picture, note = picture.convert("RGB"), [f"{mode} converted to RGB"]
    elif mode in ("La", "RGBa"):
        picture, note = picture.convert({"La": "LA", "RGBa": "RGBA"}[mode]), []
    else:
        note = []
    values = _array(picture) / 255
    if picture.mode in ("LA", "RGBA"):
        alpha = values[..., -1:]
        if float(alpha.min()) < 1:
            note.append("transparent parts over black")
        values = values[..., :-1] * alpha
    if values.ndim == 2:
        values = values[..., None]
    return values.astype(np.float32), [*note, "/ 255"]


def _array(picture: Image.Image) -> Array:
    return np.asarray(picture).astype(np.float32)


def _scaled(picture: Image.Image) -> tuple[Array, list[str]]:
    """Return a 32-bit picture in 0..1: by 65535 or 255 where integers fit, else by its own range."""
    values = np.asarray(picture).astype(np.float64)
    finite = np.isfinite(values)
    if not finite.all():
        values = np.where(finite, values, 0.0)
    low, high = float(values.min()), float(values.max())
    lost = [] if finite.all() else ["NaN and Inf set to 0"]
    if picture.mode == "I" and low >= 0 and high <= 65535:
        top = 255 if high <= 255 else 65535
        return (values / top).astype(np.float32)[..., None], [*lost, f"integers / {top}"]
    if picture.mode == "F" and low >= 0 and high <= 1:
        return values.astype(np.float32)[..., None], [*lost, "floating point, in 0..1 as it is"]
    span = high - low
    scaled = (values - low) / span if span else np.zeros_like(values)
    return scaled.astype(np.float32)[..., None], [*lost, f"scaled from its range {low:.4g}..{high:.4g}"]


def _with_channels(values: Array, channels: int) -> tuple[Array, list[str]]:
    """Return the picture with as many channels as the network reads."""
    have = values.shape[2]
    if have == channels:
        return values, []
    if channels == 1:
        weights = np.array([0.299, 0.587, 0.114], dtype=np.float32)
        return (values @ weights)[..., None], ["as luminance"]
    if have == 1:
        return np.repeat(values, channels, axis=2), [f"repeated in {channels} channels"]
    return np.take(values, [c % have for c in range(channels)], axis=2), [f"channels repeated to make {channels}"]
