"""Pictures with true masks: objects cut from one photograph and laid on another."""

import io
from functools import cache

import numpy as np
from PIL import Image
from skimage import data

PHOTOGRAPHS = ("astronaut", "coffee", "chelsea", "rocket", "immunohistochemistry", "hubble_deep_field")
"""Colour pictures that come with scikit-image."""


@cache
def photographs() -> tuple[np.ndarray, ...]:
    """Return the photographs, and two drawn ones."""
    found = [np.ascontiguousarray(getattr(data, name)()[..., :3]) for name in PHOTOGRAPHS]
    rows, columns = np.mgrid[:400, :400]
    waves = 127 + 60 * np.sin(rows / 17) + 60 * np.cos(columns / 29)
    found.append(np.stack([waves, waves[::-1], 255 - waves], axis=2).clip(0, 255).astype(np.uint8))
    noise = np.random.default_rng(1).normal(0, 1, (40, 40, 3))
    cloud = np.asarray(Image.fromarray((noise * 40 + 128).clip(0, 255).astype(np.uint8)).resize((400, 400)))
    return (*found, cloud)


def crop(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Return a random part of a random photograph."""
    picture = photographs()[rng.integers(len(photographs()))]
    top, left = rng.integers(picture.shape[0] - height + 1), rng.integers(picture.shape[1] - width + 1)
    return picture[top : top + height, left : left + width].copy()


def blob(rng: np.random.Generator, height: int, width: int, radius: float) -> np.ndarray:
    """Return where a wobbly blob, a box or an ellipse lies."""
    rows, columns = np.mgrid[:height, :width]
    y, x = rng.uniform(0.15, 0.85) * height, rng.uniform(0.15, 0.85) * width
    angle = np.arctan2(rows - y, columns - x)
    stretch = rng.uniform(0.6, 1.6)
    distance = np.hypot((rows - y) * stretch, columns - x)
    wobble = 1 + 0.25 * np.sin(3 * angle + rng.uniform(0, 6)) + 0.1 * np.sin(7 * angle + rng.uniform(0, 6))
    if rng.random() < 0.3:
        return (np.abs(rows - y) < radius * 0.8) & (np.abs(columns - x) < radius * stretch)
    return distance < radius * wobble


@cache
def scene(
    number: int, classes: int = 3, size: tuple[int, int] = (128, 160), objects: int = 4, radius: float = 0.18
) -> tuple[np.ndarray, np.ndarray]:
    """Return a picture [H, W, 3] and its ids [H, W] of this number: background 0, objects of the other classes."""
    return drawn(np.random.default_rng(number), classes, size, objects, radius)


@cache
def picture_file(number: int, form: str = "PNG", **options: object) -> bytes:
    """Return the picture of a scene as a file."""
    return encoded(scene(number, **options)[0], form)


def drawn(
    rng: np.random.Generator,
    classes: int = 3,
    size: tuple[int, int] = (160, 200),
    objects: int = 4,
    radius: float = 0.18,
) -> tuple[np.ndarray, np.ndarray]:
    """Return a picture [H, W, 3] and its ids [H, W]: background 0, objects of the other classes."""
    height, width = size
    picture, ids = crop(rng, height, width), np.zeros(size, dtype=np.uint8)
    for number in range(objects):
        where = blob(rng, height, width, radius * min(size) * rng.uniform(0.7, 1.3))
        tint = rng.uniform(0.3, 1.2, 3)
        picture[where] = (crop(rng, height, width)[where] * tint * 0.6 + rng.uniform(0, 90, 3)).clip(0, 255)
        ids[where] = 1 + number % (classes - 1)
    return picture, ids


def encoded(array: np.ndarray, form: str = "PNG", mode: str | None = None, **options: object) -> bytes:
    """Return an array as the bytes of a picture file."""
    image = Image.fromarray(array)
    stream = io.BytesIO()
    if form == "PNG":
        options.setdefault("compress_level", 1)
    (image.convert(mode) if mode else image).save(stream, form, **options)
    return stream.getvalue()


def indexed(ids: np.ndarray, colours: tuple[tuple[int, int, int], ...], form: str = "PNG") -> bytes:
    """Return ids as a palette picture."""
    image = Image.fromarray(ids).convert("P") if ids.dtype != np.uint8 else Image.fromarray(ids, mode="P")
    image.putpalette([channel for colour in colours for channel in colour])
    stream = io.BytesIO()
    image.save(stream, form)
    return stream.getvalue()


def painted(ids: np.ndarray, colours: tuple[tuple[int, int, int], ...]) -> np.ndarray:
    """Return ids as a colour picture."""
    return np.array(colours, dtype=np.uint8)[ids]


def stored(array: np.ndarray) -> bytes:
    """Return an array as the bytes of a `.npy` file."""
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def resized(ids: np.ndarray, how: Image.Resampling, factor: float = 1.7) -> np.ndarray:
    """Return ids as they are after resizing them there and back."""
    image = Image.fromarray(ids)
    small = image.resize((round(image.width / factor), round(image.height / factor)), how)
    return np.asarray(small.resize(image.size, how))
