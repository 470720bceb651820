"""Masks were saved with height and width swapped.

The loss stops at the first pair; a loader that resizes both trains on masks that lie on their side.
"""

from pathlib import Path

import numpy as np
from PIL import Image

ILL_ARGUMENTS: tuple[str, ...] = ()
HEALTHY_ARGUMENTS: tuple[str, ...] = ()
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
    """Write masks of 128x96 for pictures of 96x128."""
    for number in range(PAIRS):
        picture, ids = _scene(number)
        _save(picture, folder / "images" / f"{number:02}.png")
        _save(np.ascontiguousarray(ids.T), folder / "masks" / f"{number:02}.png")


def healthy_pairs(folder: Path) -> None:
    """Write masks of the pictures' size."""
    for number in range(PAIRS):
        picture, ids = _scene(number)
        _save(picture, folder / "images" / f"{number:02}.png")
        _save(ids, folder / "masks" / f"{number:02}.png")
