"""Any number of pairs of 512x512 on little disk: a few encoded pictures, each under many names of its own."""

import io
import os
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

SIDE = 512
BASES = 64
"""Pictures that are encoded; a file system gives one file at most 65,000 names."""
PER_FOLDER = 10_000


def make(folder: Path, count: int) -> None:
    """Make `images/` and `masks/` with so many pairs, or keep those that are there."""
    done = folder / "made"
    if done.exists() and done.read_text() == str(count):
        return
    bases = folder / "bases"
    bases.mkdir(parents=True, exist_ok=True)
    for number in range(BASES):
        image, mask = _pair(number)
        (bases / f"{number}.jpg").write_bytes(image)
        (bases / f"{number}.png").write_bytes(mask)
    for number in range(count):
        part = f"{number // PER_FOLDER:03}"
        for kind, base, name in (
            ("images", f"{number % BASES}.jpg", f"{number:07}.jpg"),
            ("masks", f"{number % BASES}.png", f"{number:07}_mask.png"),
        ):
            target = folder / kind / part
            if number % PER_FOLDER == 0:
                target.mkdir(parents=True, exist_ok=True)
            path = target / name
            if not path.exists():
                os.link(bases / base, path)
    done.write_text(str(count))


def _pair(number: int) -> tuple[bytes, bytes]:
    """Return a picture with the grain of a photograph, and the mask of its objects with four ids."""
    rng = np.random.default_rng(number)
    smooth = Image.fromarray(rng.integers(0, 256, (SIDE, SIDE), dtype=np.uint8)).filter(ImageFilter.GaussianBlur(24))
    field = np.asarray(smooth).astype(np.float32)
    field = (field - field.min()) / (np.ptp(field) + 1e-6)
    ids = np.digitize(field, [0.4, 0.6, 0.75]).astype(np.uint8)
    colours = rng.integers(30, 226, (4, 3))
    grain = rng.normal(0, 9, (SIDE, SIDE, 1)) + 18 * (field[..., None] - 0.5)
    image = np.clip(colours[ids] + grain, 0, 255).astype(np.uint8)
    return _encoded(image, "JPEG", quality=88), _encoded(ids, "PNG")


def _encoded(array: np.ndarray, form: str, **options: int) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(array).save(stream, form, **options)
    return stream.getvalue()
