"""Files of every kind, as bytes."""

import io
import struct
import zlib

import numpy as np
from PIL import Image


def ramp(height: int = 40, width: int = 48) -> np.ndarray:
    """Return a colour picture without even regions."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([rows * 5 % 256, columns * 5 % 256, (rows + columns) * 2 % 256], axis=2).astype(np.uint8)


def noise() -> np.ndarray:
    """Return a picture that no format makes small."""
    return np.random.default_rng(0).integers(0, 255, (40, 48, 3), dtype=np.uint8)


def disc(height: int = 40, width: int = 48, value: int = 1) -> np.ndarray:
    """Return a mask with one object."""
    rows, columns = np.mgrid[:height, :width]
    return np.where(np.hypot(rows - 20, columns - 22) < 12, value, 0).astype(np.uint8)


def encoded(array: np.ndarray, form: str = "PNG", mode: str | None = None, **options: object) -> bytes:
    """Return an array as the bytes of a picture file."""
    image = Image.fromarray(array)
    stream = io.BytesIO()
    (image.convert(mode) if mode else image).save(stream, form, **options)
    return stream.getvalue()


def indexed(ids: np.ndarray, colours: list[int]) -> bytes:
    """Return ids as a palette picture."""
    image = Image.fromarray(ids, mode="P")
    image.putpalette(colours)
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def stored(array: np.ndarray, **options: object) -> bytes:
    """Return an array as the bytes of a `.npy` file."""
    stream = io.BytesIO()
    np.save(stream, array, **options)
    return stream.getvalue()


def claimed(width: int, height: int) -> bytes:
    """Return a PNG that claims a size and holds nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
