"""The filters of a weight, one a row: which of them have no weight, and which inputs none of them reads."""

import math

import torch
from torch import Tensor

NO_WEIGHT = 1e-12
"""Largest weight of a filter over that of its layer at or below which it has none: zero, or denormal numbers."""

_CANCELLED = 1e-3
"""Share of the mean square that must be left beside the mean's own, for the difference to be exact enough."""


def as_rows(weight: Tensor, transposed: bool, groups: int = 1) -> Tensor:
    """Return a weight as [outputs, inputs per output]."""
    w = weight.detach()
    if transposed and w.dim() > 2:
        grouped = w.reshape(groups, w.shape[0] // groups, *w.shape[1:])
        return grouped.transpose(1, 2).reshape(groups * w.shape[1], -1)
    return w.reshape(w.shape[0], -1)


def spread(rows: Tensor) -> tuple[float, float]:
    """Return (standard deviation, mean) of finite weights.

    From the filters' own lengths, which is many times faster than a pass that follows the mean; where the mean is all
    there is, that one.
    """
    count = rows.numel()
    lengths = torch.linalg.vector_norm(rows, dim=1).double()
    square, mean = float(lengths.square().sum()) / count, float(rows.mean())
    variance = square - mean * mean
    if math.isfinite(square) and variance > _CANCELLED * square:
        return math.sqrt(variance), mean
    std, mean = (float(value) for value in torch.std_mean(rows, correction=0))
    return std, mean


def without_weight(rows: Tensor) -> Tensor:
    """Return for each row whether it has no weight; False for all where none has any."""
    return _hardly(largest_along(rows, 1)) if rows.numel() else torch.zeros(rows.shape[0], dtype=torch.bool)


def unread(weight: Tensor, transposed: bool, groups: int = 1) -> Tensor:
    """Return for each input channel whether no filter reads it."""
    w = weight.detach()
    if w.dim() < 2 or not w.numel():
        return torch.zeros(0, dtype=torch.bool)
    if transposed:
        return _hardly(largest_along(w.reshape(w.shape[0], -1), 1))
    columns = largest_along(w.reshape(groups, w.shape[0] // groups, -1), 1)
    return _hardly(columns.reshape(groups * w.shape[1], -1).amax(dim=1))


def largest_along(values: Tensor, dim: int) -> Tensor:
    """Return the largest magnitude along a dimension, without a copy of all magnitudes."""
    return torch.maximum(values.amax(dim=dim), -values.amin(dim=dim))


def _hardly(largest: Tensor) -> Tensor:
    return (largest <= NO_WEIGHT * largest.max()) & (largest.max() > 0)


def filled(weight: Tensor, transposed: bool, groups: int = 1) -> Tensor:
    """Return a weight whose filters without weight are drawn anew, as large as the others are."""
    rows = as_rows(weight, transposed, groups)
    dead = without_weight(rows)
    # A transposed kernel has its filters in dim 1, those of each group beside one another.
    shape = (groups, 1, -1) if transposed else (-1,)
    mask = dead.reshape(*shape, *[1] * (weight.dim() - (2 if transposed else 1)))
    if transposed:
        mask = mask.expand(groups, weight.shape[0] // groups, *mask.shape[2:]).flatten(0, 1)
    fresh = torch.randn(weight.shape) * rows[~dead].float().square().mean().sqrt().cpu()
    return torch.where(mask, fresh.to(weight), weight.detach())
