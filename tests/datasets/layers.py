"""Sound data sets whose classes lie one inside or above the other by design: 0 and 2 never touch."""

import numpy as np

from tests.datasets.case import Case, Files
from tests.datasets.scenes import crop, encoded

SIZE = (128, 160)


def waves(rng: np.random.Generator) -> np.ndarray:
    """Return a smooth landscape [H, W] of 0..1."""
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    height = np.zeros(SIZE)
    for _ in range(6):
        down, right = rng.uniform(-1, 1, 2) / rng.uniform(6, 20)
        height += rng.uniform(0.3, 1) * np.sin(down * rows + right * columns + rng.uniform(0, 6))
    return (height - height.min()) / np.ptp(height)


def shaded(rng: np.random.Generator, ids: np.ndarray) -> Files:
    """Return ids with a picture whose grey levels follow them."""
    picture = crop(rng, *SIZE) * 0.3 + ids[..., None] * (150 / ids.max())
    return Files(encoded(picture.astype(np.uint8)), encoded(ids.astype(np.uint8)))


def fundus(rng: np.random.Generator, number: int) -> Files:
    """An optic cup inside its disc, with a rim of 2 to 4 pixels between them."""
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    y, x, radius, rim = rng.uniform(50, 78), rng.uniform(60, 100), rng.uniform(24, 40), rng.uniform(2.5, 3.5)
    off = rng.uniform(-0.5, 0.5, 2)
    ids = (np.hypot(rows - y, columns - x) < radius).astype(np.uint8)
    ids[np.hypot(rows - y - off[0], columns - x - off[1]) < radius - rim] = 2
    return shaded(rng, ids)


def flooded(rng: np.random.Generator, number: int) -> Files:
    """Depth of a flood in eleven steps."""
    return shaded(rng, np.minimum((waves(rng) * 11).astype(int), 10))


def thresholded(rng: np.random.Generator, number: int) -> Files:
    """Classes of intensity, as several thresholds make them of a smooth picture."""
    return shaded(rng, np.digitize(waves(rng), [0.35, 0.5, 0.65]))


def brain(rng: np.random.Generator, number: int) -> Files:
    """Fluid around grey matter around white matter: ids 1, 2, 3 inside a background of 0."""
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    angle = np.arctan2(rows - 64, columns - 80)
    distance = np.hypot((rows - 64) / 50, (columns - 80) / 62)
    folds = 0.06 * np.sin(rng.integers(9, 16) * angle + rng.uniform(0, 6)) + 0.04 * np.sin(5 * angle)
    ids = (distance < 1).astype(np.uint8)
    ids[distance < 0.93 + folds / 3] = 2
    ids[distance < 0.8 + folds] = 3
    ids[distance < rng.uniform(0.12, 0.2)] = 1
    return shaded(rng, ids)


LAYERS = (
    Case("optic cup inside its disc", fundus),
    Case("depth of a flood in eleven steps", flooded),
    Case("classes of intensity", thresholded),
    Case("fluid, grey and white matter", brain),
)
"""Every one of them."""
