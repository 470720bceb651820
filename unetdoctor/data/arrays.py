"""Arrays in `.npy` and `.npz` files, read without pickle and only after their header has been weighed."""

from __future__ import annotations

import io
import math
import zipfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetdoctor.data.decoding import DAMAGED, LARGEST, UnreadableError
from unetdoctor.facts.pair import Fault

MAGIC = b"\x93NUMPY"
ZIP = b"PK\x03\x04"
PREFERRED = ("mask", "masks", "label", "labels", "gt", "seg", "image", "img", "arr_0")
"""Names that an array of an `.npz` file is looked up by, in this order; else it is the first one."""
CHANNELS = 256
"""Channels that an array has at most."""

AnyArray = NDArray[Any]


def is_array(data: bytes) -> bool:
    """Return whether the bytes are those of a `.npy` file, or of a zip archive as an `.npz` file is one."""
    return data.startswith((MAGIC, ZIP))


def read_array(data: bytes, shown: str) -> tuple[AnyArray, str]:
    """Return the array and its format, `NPY` or `NPZ`; raises UnreadableError."""
    if data.startswith(MAGIC):
        return _npy(data, shown), "NPY"
    return _npz(data, shown), "NPZ"


def _npy(data: bytes, shown: str) -> AnyArray:
    stream = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(stream)
    except DAMAGED as error:
        raise UnreadableError(Fault.DAMAGED, f"{shown} is damaged: {_short(error)}.") from None
    if dtype.hasobject:
        raise UnreadableError(Fault.CODE, f"{shown} holds Python objects, which only pickle reads: save numbers.")
    if dtype.kind not in "buif":
        raise UnreadableError(Fault.NO_PICTURE, f"{shown} holds values of type {dtype}, which are no picture.")
    _weigh(shape, dtype.itemsize, len(data) - stream.tell(), shown)
    stream.seek(0)
    try:
        array: AnyArray = np.lib.format.read_array(stream, allow_pickle=False)
    except DAMAGED as error:
        raise UnreadableError(Fault.TRUNCATED, f"{shown} is damaged: {_short(error)}.") from None
    return array


def _weigh(shape: tuple[int, ...], itemsize: int, have: int, shown: str) -> None:
    count = math.prod(shape)
    if not count:
        raise UnreadableError(Fault.EMPTY, f"{shown} has no values (shape {list(shape)}).")
    if count * itemsize > have:
        raise UnreadableError(
            Fault.TRUNCATED, f"{shown} is damaged: shape {list(shape)} needs {count * itemsize} bytes, {have} follow."
        )
    if count > LARGEST * 4:
        raise UnreadableError(
            Fault.TOO_LARGE,
            f"{shown} has {count} values, more than the {4 * LARGEST // 1_000_000} million that are read.",
        )


def _npz(data: bytes, shown: str) -> AnyArray:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            arrays = {name: info for name, info in members.items() if info.filename.endswith(".npy")}
            if not arrays:
                raise UnreadableError(Fault.NO_PICTURE, f"{shown} is a zip archive without arrays.")
            name = next((name for name in PREFERRED if name in arrays), next(iter(arrays)))
            if arrays[name].file_size > LARGEST * 8:
                raise UnreadableError(Fault.TOO_LARGE, f"{shown} unpacks to {arrays[name].file_size} bytes.")
            return _npy(archive.read(arrays[name]), f"{shown}:{name}")
    except DAMAGED as error:
        raise UnreadableError(Fault.DAMAGED, f"{shown} is damaged: {_short(error)}.") from None


def _short(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__


def plane(array: AnyArray, shown: str) -> tuple[AnyArray, bool]:
    """Return an array as [H, W] or [H, W, C], singleton dimensions dropped, and whether channels stood first."""
    squeezed = array.reshape([n for n in array.shape if n > 1]) if array.ndim > 2 else array
    if squeezed.ndim < 2 and array.ndim >= 2:
        squeezed = array.reshape(array.shape[-2:]) if math.prod(array.shape[:-2]) == 1 else array
    if squeezed.ndim == 2:
        return squeezed, False
    if squeezed.ndim == 3:
        first = squeezed.shape[0] < min(squeezed.shape[1:])
        moved = np.moveaxis(squeezed, 0, -1) if first else squeezed
        if moved.shape[-1] <= CHANNELS:
            return moved, first
    raise UnreadableError(Fault.NO_PICTURE, f"{shown} has the shape {list(array.shape)}: expected [H, W] or [H, W, C].")
