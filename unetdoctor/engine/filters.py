"""The filters of a weight, one a row: which of them have no weight, and which inputs none of them reads."""

import torch
from torch import Tensor

NO_WEIGHT = 1e-12
"""Largest weight of a filter over that of its layer at or below which it has none: zero, or denormal numbers."""


def as_rows(weight: Tensor, transposed: bool, groups: int = 1) -> Tensor:
    """Return a weight as [outputs, inputs per output]."""
    w = weight.detach()
    if transposed and w.dim() > 2:
        grouped = w.reshape(groups, w.shape[0] // groups, *w.shape[1:])
        return grouped.transpose(1, 2).reshape(groups * w.shape[1], -1)
    return w.reshape(w.shape[0], -1)


def without_weight(rows: Tensor) -> Tensor:
    """Return for each row whether it has no weight; False for all where none has any."""
    if not rows.numel() or not bool(rows.abs().max() > 0):
        return torch.zeros(rows.shape[0], dtype=torch.bool)
    largest = rows.abs().amax(dim=1)
    return largest <= NO_WEIGHT * largest.max()


def unread(weight: Tensor, transposed: bool, groups: int = 1) -> Tensor:
    """Return for each input channel whether no filter reads it."""
    w = weight.detach()
    if w.dim() < 2:
        return torch.zeros(0, dtype=torch.bool)
    if not transposed:
        w = w.reshape(groups, w.shape[0] // groups, w.shape[1], -1).transpose(1, 2)
    return without_weight(w.reshape(w.shape[0] if transposed else groups * weight.shape[1], -1))


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
