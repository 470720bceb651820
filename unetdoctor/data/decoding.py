"""The one decoder of picture files: every Pillow mode read explicitly, nothing rounded away, nothing executed."""

from __future__ import annotations

import io
import os
import struct
import tokenize
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, TiffImagePlugin, UnidentifiedImageError

from unetdoctor.facts import Fault

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM", "TGA", "ICO", "JPEG2000", "AVIF")
"""What Pillow may try: raster formats without a program inside; EPS and PDF would start Ghostscript."""
LARGEST = 64_000_000
"""Pixels that are decoded at most."""
TURNED = (5, 6, 7, 8)
"""EXIF orientations under which height and width change places."""
_ORIENTATION = 0x0112
_TIFF_HEADER = 8
_FLOATS = 3
"""TIFF's SampleFormat of floating-point numbers."""
DAMAGED = (
    *(OSError, SyntaxError, ValueError, EOFError, MemoryError, LookupError, TypeError, ArithmeticError, AttributeError),
    *(RuntimeError, AssertionError, struct.error, zlib.error, tokenize.TokenError, zipfile.BadZipFile),
)
"""What the readers of damaged files raise, seen by fuzzing them."""

Size = tuple[int, int]
Array = NDArray[np.float32]
Source = Path | bytes


class UnreadableError(Exception):
    """A file that cannot be read as a picture or a mask."""

    def __init__(self, fault: Fault, sentence: str) -> None:
        super().__init__(sentence)
        self.fault = fault
        """The kind of fault."""
        self.sentence = sentence
        """What is wrong with which file."""


def image_size(source: Source, name: str = "") -> Size:
    """Return (height, width) as a person sees the picture, its EXIF orientation applied; decodes nothing."""
    with opened(source, name) as picture:
        return upright_size(picture)


def image_mode(source: Source, name: str = "") -> str:
    """Return the Pillow mode of a picture file (`RGB`, `L`, `RGBA`, `P`, `I;16` ...); decodes nothing."""
    with opened(source, name) as picture:
        mode: str = picture.mode
        return mode


def orientation_of(picture: Image.Image) -> int:
    """Return the EXIF orientation: 1 where the picture is stored as it is seen."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        value = picture.getexif().get(_ORIENTATION, 1)
    return value if value in range(1, 9) else 1


def upright_size(picture: Image.Image) -> Size:
    """Return (height, width) of an opened picture as a person sees it."""
    width, height = picture.size
    return (width, height) if orientation_of(picture) in TURNED else (height, width)


def read_picture(source: Source, name: str = "") -> tuple[Array, list[str]]:
    """Read a picture as [H, W, C] in 0..1, upright, and say how it was made; raises UnreadableError."""
    shown = Path(name or str(source)).name if isinstance(source, bytes) else source.name
    with opened(source, name) as picture:
        frames = getattr(picture, "n_frames", 1)
        upright = ImageOps.exif_transpose(picture)
        notes = [f"{shown} {upright.width}x{upright.height} {upright.mode}"]
        if frames > 1:
            notes.append(f"first of {frames} frames")
        values, how = decoded(upright)
    return values, notes + how


@contextmanager
def opened(source: Source, name: str = "") -> Iterator[Image.Image]:
    """Open a picture, a file or its bytes; whatever is wrong with it becomes an UnreadableError."""
    shown = name or ("The file" if isinstance(source, bytes) else str(source))
    stream = io.BytesIO(source) if isinstance(source, bytes) else regular_file(source, shown)
    if isinstance(source, bytes) and not source:
        raise UnreadableError(Fault.EMPTY, f"{shown} is an empty file.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of odd metadata and, below our own limit, of large pictures
            with Image.open(stream, formats=_readable()) as picture:
                check_pixels(shown, *picture.size)
                yield picture
    except UnreadableError:
        raise
    except Image.DecompressionBombError:
        raise UnreadableError(
            Fault.TOO_LARGE,
            f"{shown} has more than the {LARGEST // 1_000_000} million pixels that are decoded. Give a crop of it.",
        ) from None
    except UnidentifiedImageError:
        if _has_float_channels(stream):
            raise UnreadableError(
                Fault.FLOATS,
                f"{shown} is a TIFF of several channels of floats, which Pillow does not read. Save it as PNG, or each "
                "channel as a file.",
            ) from None
        raise UnreadableError(
            Fault.NO_PICTURE, f"{shown} is no picture in a format that is read ({', '.join(FORMATS[:7])} ...)."
        ) from None
    except DAMAGED as error:
        cut = Fault.TRUNCATED if "truncated" in str(error) else Fault.DAMAGED
        raise UnreadableError(cut, f"{shown} is damaged: {error or type(error).__name__}.") from None


def _has_float_channels(stream: Path | io.BytesIO) -> bool:
    """Return whether a file is a TIFF of several channels of floats, which Pillow does not read."""
    try:
        raw = stream.open("rb") if isinstance(stream, Path) else io.BytesIO(stream.getvalue())
        with raw as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a damaged directory
            tags = TiffImagePlugin.ImageFileDirectory_v2(file.read(_TIFF_HEADER))
            file.seek(tags.next)
            tags.load(file)
        kinds = tags.get(TiffImagePlugin.SAMPLEFORMAT, ())
        return int(tags.get(TiffImagePlugin.SAMPLESPERPIXEL, 1)) > 1 and _FLOATS in kinds
    except DAMAGED:
        return False


def regular_file(path: Path, shown: str = "") -> Path:
    """Return a path that can be opened; raises UnreadableError where it is no regular, readable, filled file."""
    shown = shown or str(path)
    try:
        exists = path.exists()
    except (OSError, RuntimeError, ValueError) as error:
        raise UnreadableError(Fault.NO_FILE, f"{shown} leads nowhere: {error}.") from None
    if not exists:
        if path.is_symlink():
            raise UnreadableError(Fault.NO_FILE, f"{shown} does not exist: it is a link that leads nowhere.")
        raise UnreadableError(Fault.MISSING, f"{shown} does not exist.")
    if not path.is_file():
        raise UnreadableError(Fault.NO_FILE, f"{shown} is no regular file, so it cannot be read as a picture.")
    if not os.access(path, os.R_OK):
        raise UnreadableError(Fault.DENIED, f"{shown} cannot be read: permission denied.")
    if path.stat().st_size == 0:
        raise UnreadableError(Fault.EMPTY, f"{shown} is an empty file.")
    return path


@cache
def _readable() -> tuple[str, ...]:
    """Return the formats that this Pillow was built with."""
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)


def check_pixels(shown: str, width: int, height: int) -> None:
    """Raise UnreadableError for more pixels than are decoded, and for none."""
    if width * height > LARGEST:
        raise UnreadableError(
            Fault.TOO_LARGE,
            f"{shown} has {width}x{height} pixels, more than the {LARGEST // 1_000_000} million that are decoded. "
            "Give a crop of it.",
        )
    if not width or not height:
        raise UnreadableError(Fault.EMPTY, f"{shown} has no pixels ({width}x{height}).")


def decoded(picture: Image.Image) -> tuple[Array, list[str]]:
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


def with_channels(values: Array, channels: int) -> tuple[Array, list[str]]:
    """Return the picture with as many channels as the network reads, and what was done."""
    have = values.shape[2]
    if have == channels:
        return values, []
    if channels == 1:
        weights = np.array([0.299, 0.587, 0.114], dtype=np.float32)
        return (values @ weights)[..., None], ["as luminance"]
    if have == 1:
        return np.repeat(values, channels, axis=2), [f"repeated in {channels} channels"]
    return np.take(values, [c % have for c in range(channels)], axis=2), [f"channels repeated to make {channels}"]
