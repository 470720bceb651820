"""What the first bytes of a file say, and whether the file is whole: nothing is decoded."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import PurePath

from PIL import Image

from unetdoctor.data.arrays import AnyArray, is_array, plane, read_array
from unetdoctor.data.decoding import UnreadableError, opened, orientation_of
from unetdoctor.facts.pair import Fault, FileFacts, Oddity

SUFFIXES = {
    ".png": ("PNG",),
    ".jpg": ("JPEG", "MPO"),
    ".jpeg": ("JPEG", "MPO"),
    ".jpe": ("JPEG", "MPO"),
    ".jfif": ("JPEG", "MPO"),
    ".bmp": ("BMP", "DIB"),
    ".gif": ("GIF",),
    ".tif": ("TIFF",),
    ".tiff": ("TIFF",),
    ".webp": ("WEBP",),
    ".ppm": ("PPM",),
    ".pgm": ("PPM",),
    ".pbm": ("PPM",),
    ".pnm": ("PPM",),
    ".tga": ("TGA",),
    ".ico": ("ICO",),
    ".jp2": ("JPEG2000",),
    ".j2k": ("JPEG2000",),
    ".avif": ("AVIF",),
    ".npy": ("NPY",),
    ".npz": ("NPZ",),
}
"""Formats that a suffix stands for."""
_PNG = b"\x89PNG\r\n\x1a\n"
_COUNTED = ("GIF", "TIFF", "WEBP", "PNG")
_TAIL = 65536


@dataclass(frozen=True)
class Opened:
    """A file whose header was read."""

    facts: FileFacts
    """What is known of it."""
    picture: Image.Image | None = None
    """A picture, not decoded yet; None for an array."""
    array: AnyArray | None = None
    """An array, [H, W] or [H, W, C]; None for a picture."""
    channels_first: bool = False
    """Whether an array's channels stood first."""


@contextmanager
def opened_file(data: bytes, name: str) -> Iterator[Opened]:
    """Open the bytes of a picture or an array and read its header; raises UnreadableError, while open as well."""
    shown = PurePath(name).name or "The file"
    base = FileFacts(name, len(data), digest=hashlib.blake2b(data, digest_size=8).hexdigest())
    if is_array(data):
        array, format_ = read_array(data, shown)
        values, first = plane(array, shown)
        odd = [Oddity.FLOAT] if values.dtype.kind == "f" else []
        odd += [Oddity.DEEP] if values.dtype.kind in "ui" and values.dtype.itemsize > 1 else []
        facts = replace(base, format=format_, mode=str(values.dtype), stored=(values.shape[0], values.shape[1]))
        yield Opened(_noted(facts, odd), array=values, channels_first=first)
        return
    with opened(data, shown) as picture:
        format_ = picture.format or ""
        frames = int(getattr(picture, "n_frames", 1)) if format_ in _COUNTED else 1
        facts = replace(
            base,
            format="JPEG" if format_ == "MPO" else format_,
            mode=picture.mode,
            stored=(picture.size[1], picture.size[0]),
            orientation=orientation_of(picture) if _may_be_turned(data, format_) else 1,
            frames=frames,
        )
        yield Opened(_noted(facts, _oddities(picture, facts)), picture=picture)


def _may_be_turned(data: bytes, format_: str) -> bool:
    """Return whether a file can have an orientation; Pillow decodes a whole PNG to look for one."""
    return format_ != "PNG" or b"eXIf" in data or b"Raw profile type" in data


def unread(data: bytes, name: str, error: UnreadableError) -> FileFacts:
    """Return what is known of a file that cannot be read."""
    digest = hashlib.blake2b(data, digest_size=8).hexdigest() if data else ""
    return FileFacts(name, len(data), fault=error.fault, reason=error.sentence, digest=digest)


def _noted(facts: FileFacts, odd: list[Oddity]) -> FileFacts:
    expected = SUFFIXES.get(PurePath(facts.name).suffix.lower())
    if expected is not None and facts.format not in expected:
        odd = [Oddity.SUFFIX, *odd]
    return replace(facts, oddities=tuple(odd))


def _oddities(picture: Image.Image, facts: FileFacts) -> list[Oddity]:
    mode = picture.mode
    found = {
        Oddity.DEEP: mode.startswith("I"),
        Oddity.FLOAT: mode == "F",
        Oddity.CMYK: mode in ("CMYK", "YCbCr", "LAB", "HSV"),
        Oddity.ALPHA: mode in ("LA", "RGBA", "PA", "La", "RGBa") or (mode == "P" and "transparency" in picture.info),
        Oddity.PALETTE: mode in ("P", "PA"),
        Oddity.BITS: mode == "1",
        Oddity.ANIMATED: facts.frames > 1,
        Oddity.TURNED: facts.orientation != 1,
    }
    return [oddity for oddity, holds in found.items() if holds]


def broken(data: bytes, format_: str) -> tuple[Fault, str] | None:
    """Return what is wrong with a file that nobody decodes, as far as its frame tells: None for all that is well.

    A PNG's chunks must follow one another up to its end with the right checksums; a JPEG must have an end.
    """
    if format_ == "PNG":
        return _broken_png(data)
    if format_ == "JPEG" and b"\xff\xd9" not in data[-_TAIL:]:
        return Fault.TRUNCATED, "it has no end marker"
    return None


def _broken_png(data: bytes) -> tuple[Fault, str] | None:
    at = len(_PNG)
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        kind, end = data[at + 4 : at + 8], at + 12 + length
        if end > len(data):
            break
        if zlib.crc32(memoryview(data)[at + 4 : end - 4]) != int.from_bytes(data[end - 4 : end], "big"):
            return Fault.DAMAGED, f"the checksum of its {kind.decode('latin-1')} chunk at byte {at} is wrong"
        if kind == b"IEND":
            return None
        at = end
    return Fault.TRUNCATED, f"it ends after {len(data)} bytes, before its end chunk"
