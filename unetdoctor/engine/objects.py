"""Objects of a mask: connected places of one class, by their size."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from unetdoctor.facts import SizeScore

SIZES = (("small", 1 / 300), ("medium", 3 / 100), ("large", 1.0))
"""Name and largest share of the picture: those of COCO (32 and 96 pixels squared) on its pictures of 640x480."""
SPECK = 4
"""Pixels below which connected places are no object: holes of an annotation, and what resizing leaves."""

Ids = NDArray[np.int64]


def components(ids: Ids) -> tuple[Ids, int]:
    """Return the number of the object at each place [H, W] (0: background, ignored and specks), and how many there are.

    Places of one class that touch, corners included, are one object. Runs of each row are joined with those above.
    """
    height, width = ids.shape
    change = np.ones((height, width), dtype=bool)
    change[:, 1:] = ids[:, 1:] != ids[:, :-1]
    run = np.cumsum(change.ravel()).reshape(height, width) - 1
    parent = np.arange(int(run[-1, -1]) + 1)

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = int(parent[number])
        return number

    for down, right in ((1, 0), (1, 1), (1, -1)):
        above = ids[:-down, max(-right, 0) : width - max(right, 0)]
        below = ids[down:, max(right, 0) : width - max(-right, 0)]
        touching = (above == below) & (above > 0)
        one = run[:-down, max(-right, 0) : width - max(right, 0)][touching]
        other = run[down:, max(right, 0) : width - max(-right, 0)][touching]
        for a, b in np.unique(np.stack([one, other], axis=1), axis=0).tolist():
            first, second = root(a), root(b)
            if first != second:
                parent[max(first, second)] = min(first, second)
    roots = np.array([root(number) for number in range(len(parent))])
    labels = roots[run]
    labels[ids <= 0] = -1
    kept, counts = np.unique(labels[labels >= 0], return_counts=True)
    kept = kept[counts >= SPECK]
    table = np.zeros(len(parent) + 1, dtype=np.int64)
    table[kept] = np.arange(1, len(kept) + 1)
    return table[labels], len(kept)


def recalls(labels: Ids, count: int, right: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (share of the picture, share of its places that are right) of each object."""
    area = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    hit = np.bincount(labels[right].ravel(), minlength=count + 1)[1:]
    return area / labels.size, hit / np.maximum(area, 1)


def by_size(found: Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]]) -> tuple[SizeScore, ...]:
    """Return the objects of all pictures by their size; empty where there is none."""
    areas = np.concatenate([area for area, _ in found]) if found else np.zeros(0)
    shares = np.concatenate([share for _, share in found]) if found else np.zeros(0)
    if not areas.size:
        return ()
    scores, least = [], 0.0
    for name, most in SIZES:
        chosen = shares[(areas > least) & (areas <= most)]
        mean = float(chosen.mean()) if chosen.size else math.nan
        scores.append(SizeScore(name, int(chosen.size), int((chosen >= 0.5).sum()), mean))
        least = most
    return tuple(scores)
