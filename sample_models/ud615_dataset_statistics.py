"""Mean and deviation of the scale 0..255 are used on pictures in 0..1.

Everything the network sees is the same: about minus two, with a deviation of a hundredth.
"""

from pathlib import Path

import numpy as np
from PIL import Image

ILL_ARGUMENTS: tuple[str, ...] = ("--mean", "123.675,116.28,103.53", "--std", "58.395,57.12,57.375")
HEALTHY_ARGUMENTS: tuple[str, ...] = ("--mean", "0.485,0.456,0.406", "--std", "0.229,0.224,0.225")
PAIRS = 12


def _scene(number: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a picture [96, 128, 3] with a disc and a box, and their ids 1 and 2 on background 0."""
    rng = np.random.default_rng(number)
    rows, columns = np.mgrid[:96, :128]
    ids = np.zeros((96, 128), dtype=np.uint8)
    top, left = rng.integers(4, 50), rng.integers(4, 90)
    ids[top : top + 30, left : left + 34] = 2
    row, column, radius = rng.integers(30, 66), rng.integers(30, 98), rng.integers(14, 22)
    ids[np.hypot(rows - row, columns - column) < radius] = 1
    colours = rng.permutation([[30, 60, 90], [200, 90, 40], [90, 190, 150]])
    picture = colours[ids] + rng.normal(0, 12, (96, 128, 3))
    return picture.clip(0, 255).astype(np.uint8), ids


def _save(array: np.ndarray, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path)


def ill_pairs(folder: Path) -> None:
    """Write pictures."""
    for number in range(PAIRS):
        picture, ids = _scene(number)
        _save(picture, folder / "images" / f"{number:02}.png")
        _save(ids, folder / "masks" / f"{number:02}.png")


def healthy_pairs(folder: Path) -> None:
    """Write the same pictures."""
    for number in range(PAIRS):
        picture, ids = _scene(number)
        _save(picture, folder / "images" / f"{number:02}.png")
        _save(ids, folder / "masks" / f"{number:02}.png")
