"""What stands on the 256 levels of a picture, read from one fine histogram of each channel."""

import math

import torch
from torch import Tensor

from unetdoctor.facts import Channel

_FINE = 16
"""Histogram bins per 8-bit level, from which percentiles are read."""


def histogram(rows: Tensor) -> Tensor:
    """Return counts in 256 * 16 bins of [R, M] values in 0..255, for each row."""
    bins = 256 * _FINE
    index = (rows * _FINE).long().clamp_(0, bins - 1)
    index += torch.arange(rows.shape[0])[:, None] * bins
    return torch.bincount(index.flatten(), minlength=rows.shape[0] * bins).reshape(-1, bins)


def percentiles(fine: Tensor) -> list[list[float]]:
    """Return the first and the last percentile of each row of a fine histogram."""
    cumulative = fine.cumsum(1)
    wanted = (cumulative[:, -1:] * torch.tensor([0.01, 0.99], dtype=torch.float64)).long() + 1
    found: list[list[float]] = (torch.searchsorted(cumulative, wanted) / _FINE).clamp(max=255).tolist()
    return found


def at_ends(fine: Tensor) -> tuple[float, float]:
    """Return the shares that are black and white: within one level of an end, to a bin."""
    total = int(fine.sum())
    if not total:
        return math.nan, math.nan
    return int(fine[: _FINE + 1].sum()) / total, int(fine[254 * _FINE :].sum()) / total


def channels_of(
    clean: Tensor, inside: Tensor, fine: Tensor, spread_raw: list[float], raw_channels: int
) -> tuple[Channel, ...]:
    """Return the numbers of each channel; `fine` is its histogram."""
    values, levels = clean.transpose(0, 1).flatten(1), inside.transpose(0, 1).flatten(1)
    low, high = (v.tolist() for v in torch.aminmax(values, dim=1))
    std, mean = (v.tolist() for v in torch.std_mean(values, dim=1, correction=0))
    std_8bit, mean_8bit = (v.tolist() for v in torch.std_mean(levels, dim=1, correction=0))
    half = _FINE // 2  # a level holds what is rounded to it
    rounded = torch.nn.functional.pad(fine, (half, half)).reshape(fine.shape[0], -1, _FINE).sum(2)
    seen = (rounded > 0).sum(1).tolist()
    coarse = fine.reshape(fine.shape[0], 32, -1).sum(2).tolist()
    first_last = percentiles(fine)
    return tuple(
        Channel(
            index=c,
            minimum=low[c],
            maximum=high[c],
            mean=mean[c],
            std=std[c],
            mean_8bit=mean_8bit[c],
            std_8bit=std_8bit[c],
            p1_8bit=first_last[c][0],
            p99_8bit=first_last[c][1],
            levels=seen[c],
            histogram=tuple(coarse[c]),
            raw_spread=spread_raw[c] if raw_channels == clean.shape[1] else math.nan,
        )
        for c in range(clean.shape[1])
    )
