"""Photographs as tensors; how a file is decoded says `unetdoctor.data.decoding`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from unetdoctor.data import decoding
from unetdoctor.data.decoding import FORMATS, Size
from unetdoctor.engine.loading.errors import RequestError

__all__ = ["FORMATS", "ImageError", "image_mode", "image_size", "load_image"]


class ImageError(RequestError):
    """A picture that cannot be fed; the sentence says why."""


def image_size(path: str | Path) -> Size:
    """Return (height, width) as a person sees the picture, its EXIF orientation applied; decodes nothing."""
    with _refused():
        return decoding.image_size(Path(path))


def image_mode(path: str | Path) -> str:
    """Return the Pillow mode of a picture file (`RGB`, `L`, `RGBA`, `P`, `I;16` ...); decodes nothing."""
    with _refused():
        return decoding.image_mode(Path(path))


def load_image(
    path: str | Path, size: Size | None = None, channels: int = 3, interpolation: str = "bilinear"
) -> tuple[Tensor, str]:
    """Read a picture as a tensor [1, channels, H, W] in 0..1 and say how it was made.

    `size` (height, width) resizes it: `bilinear`, `bicubic` or `nearest`. Raises ImageError where it is no readable
    picture.
    """
    with _refused():
        values, notes = decoding.read_picture(Path(path))
    values, how = decoding.with_channels(values, channels)
    notes = [*notes, *how]
    tensor = torch.from_numpy(np.ascontiguousarray(values.transpose(2, 0, 1)))[None]
    modes = (interpolation if interpolation != "nearest" else "nearest-exact", interpolation != "nearest")
    if size is not None and tuple(tensor.shape[2:]) != tuple(size):
        tensor = torch.nn.functional.interpolate(tensor, size=size, mode=modes[0], antialias=modes[1]).clamp(0, 1)
        notes.append(f"resized to {size[1]}x{size[0]}{'' if interpolation == 'bilinear' else f' ({interpolation})'}")
    return tensor, ", ".join(notes)


@contextmanager
def _refused() -> Iterator[None]:
    try:
        yield
    except decoding.UnreadableError as error:
        raise ImageError(error.sentence) from None
