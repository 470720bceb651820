"""Whether the edges of a mask lie on the edges of its picture, or would if it were flipped, turned or shifted.

The agreement of a placement is the strength of the picture's edges under the mask's. How much of it is chance is told
by all cyclic shifts of the mask: every agreement is given in standard deviations of theirs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unetdoctor.data.borders import edges
from unetdoctor.facts.pair import Alignment

SIDE = 128
"""Longer side of the grid on which both are compared."""
FEWEST = 24
"""Cells that the mask's edges must touch: fewer say nothing."""
SLACK = 3
"""Cells by which annotations differ from edges: nearer shifts are no shifts."""
FARTHEST = 4
"""Shifts are looked for up to this part of the side."""
STRONG = 5.0
"""Agreement, in deviations of chance, that a placement must have to be believed. On 18 photographs with five masks
each: 2.5-30 where the mask lies right, -1.4 to 5.6 where it was flipped, turned or shifted (5.6: a mirrored clock)."""
BETTER = 2.5
"""Deviations by which another placement must exceed the mask as stored. Where it lies right and anything is strong: at
most 0; where it was moved and the right place is strong: 2.8-53."""
HALF = 0.5
"""Pixels by which the lines of a mask, which mark the pixel behind a border, lie behind the border itself."""
STORED = "as stored"
SHIFTED = "shifted"

Grid = NDArray[np.float32]

MOVES: dict[str, Callable[[Grid], Grid]] = {
    "flipped left-right": lambda grid: grid[:, ::-1],
    "flipped upside down": lambda grid: grid[::-1],
    "rotated by 180 degrees": lambda grid: grid[::-1, ::-1],
    "rotated by 90 degrees": lambda grid: np.rot90(grid),
    "rotated by 270 degrees": lambda grid: np.rot90(grid, 3),
    "transposed": lambda grid: grid.T,
    "transposed and rotated by 180 degrees": lambda grid: grid[::-1, ::-1].T,
}
"""What may have been done to one of the two alone."""


def grid_of(grey: Image.Image) -> Grid:
    """Return a picture of grey levels on the grid."""
    factor = max(grey.size) // SIDE
    small = grey.reduce(factor) if factor > 1 else grey
    scale = SIDE / max(small.size)
    size = (max(1, round(small.width * scale)), max(1, round(small.height * scale)))
    return np.asarray(small.resize(size, Image.Resampling.BOX), dtype=np.float32)


def alignment_of(picture: Grid, mask: NDArray[Any]) -> Alignment | None:
    """Return where a mask [H, W] lies best on a picture's grid; None where the two do not tell.

    Both must have the same form, and the picture must be upright.
    """
    height, width = picture.shape
    if min(height, width) < 16:
        return None
    outline = Image.fromarray(edges(mask).astype(np.uint8) * 255).resize((width, height), Image.Resampling.BOX)
    lines = np.asarray(outline, dtype=np.float32)
    lines = np.minimum(lines, np.float32(64))
    touched = int((lines > 0).sum())
    if touched < FEWEST or touched > lines.size // 2:
        return None
    strength = _strength(picture)
    if not strength.any():
        return None
    agreement = np.fft.irfft2(np.fft.rfft2(strength) * np.conj(np.fft.rfft2(lines)), s=lines.shape)
    chance = float(agreement.std())
    if chance <= 0:
        return None
    stored = float(_near(agreement).max()) / chance
    found = {name: _moved(strength, lines, move) / chance for name, move in MOVES.items()}
    best = max(found, key=lambda name: found[name])
    shift, shifted = _best_shift(agreement)
    top, name = max((found[best], best), (shifted / chance, SHIFTED))
    if max(top, stored) < STRONG:
        return None
    if top < STRONG or top - stored < BETTER:
        return Alignment(STORED, 0.0, round(stored, 2))
    scale = mask.shape[0] / height
    down, right = (round(cells * scale + HALF) for cells in shift)
    moved = (down, right) if name == SHIFTED else (0, 0)
    return Alignment(name, round(top - stored, 2), round(stored, 2), moved)


def _strength(picture: Grid) -> Grid:
    """Return the strength of the edges beside every cell, around its mean, the strongest twentieth cut."""
    strongest = np.zeros_like(picture)
    down, across = np.abs(np.diff(picture, axis=0)), np.abs(np.diff(picture, axis=1))
    for part, step in (
        (strongest[1:], down),
        (strongest[:-1], down),
        (strongest[:, 1:], across),
        (strongest[:, :-1], across),
    ):
        np.maximum(part, step, out=part)
    strength = np.sqrt(strongest)
    strength = np.minimum(strength, np.quantile(strength, 0.95))
    centred: Grid = strength - strength.mean()
    return centred


def _moved(strength: Grid, lines: Grid, move: Callable[[Grid], Grid]) -> float:
    """Return the agreement of moved lines."""
    moved = move(lines)
    return float((moved * strength).sum()) if moved.shape == strength.shape else -np.inf


def _near(agreement: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the agreements of shifts within the slack."""
    rolled = np.roll(agreement, (SLACK, SLACK), (0, 1))
    return rolled[: 2 * SLACK + 1, : 2 * SLACK + 1]


def _best_shift(agreement: NDArray[np.float64]) -> tuple[tuple[float, float], float]:
    """Return the best (down, right) shift of the mask beyond the slack, in cells and parts, and its agreement."""
    height, width = agreement.shape
    tall, wide = height // FARTHEST, width // FARTHEST
    window = np.roll(agreement, (tall, wide), (0, 1))[: 2 * tall + 1, : 2 * wide + 1].copy()
    window[tall - SLACK : tall + SLACK + 1, wide - SLACK : wide + SLACK + 1] = -np.inf
    row, column = np.unravel_index(int(window.argmax()), window.shape)
    down, right = int(row) - tall, int(column) - wide
    vertical = [float(agreement[(down + step) % height, right]) for step in (-1, 0, 1)]
    across = [float(agreement[down, (right + step) % width]) for step in (-1, 0, 1)]
    return (down + _top(vertical), right + _top(across)), float(window[row, column])


def _top(three: list[float]) -> float:
    """Return where the parabola through three neighbouring values is highest, at most half a step from the middle."""
    before, middle, behind = three
    bend = before - 2 * middle + behind
    return float(np.clip((before - behind) / (2 * bend), -0.5, 0.5)) if bend < 0 else 0.0
