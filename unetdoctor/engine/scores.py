"""Scores of class ids beside masks: Dice, IoU, boundary IoU, the confusion, the best threshold and the best order.

Counts of all pictures are added up before anything is divided, as torchmetrics does without `average="samples"`: with
one picture this is MONAI's per-picture score as well. A class that is in neither mask nor output has no score (NaN) and
counts in no mean; one that is in only one of them has 0. Places of the masks below 0 are ignored.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from unetdoctor.engine.assignment import assigned
from unetdoctor.facts import ClassScore, Order, Threshold

BOUNDARY = 0.02
"""Width of the band of boundary IoU, as a share of the picture's diagonal (Cheng et al., 2021)."""
_BINS = 2048
_POINTS = 41
"""Points of a curve that are kept."""


@dataclass
class Counts:
    """What is added up over pictures."""

    confusion: Tensor
    """Places by class of the mask (rows) and of the output (columns)."""
    band_both: Tensor
    """Per class, places in the bands of both."""
    band_either: Tensor
    """Per class, places in either band."""

    @staticmethod
    def of(truth: Tensor, ids: Tensor, classes: int) -> Counts:
        """Count one picture: ids [H, W] of the mask and of the output; places of the mask below 0 are left out."""
        known = truth >= 0
        square = confusion(truth, ids, classes)
        both, either = torch.zeros(classes), torch.zeros(classes)
        for number in square.sum(0).add(square.sum(1)).nonzero().flatten().tolist():
            one, other = outline((truth == number) & known), outline((ids == number) & known)
            both[number], either[number] = (one & other & known).sum(), ((one | other) & known).sum()
        return Counts(square, both, either)

    def __add__(self, other: Counts) -> Counts:
        """Return the counts of both."""
        return Counts(
            self.confusion + other.confusion, self.band_both + other.band_both, self.band_either + other.band_either
        )


def confusion(truth: Tensor, ids: Tensor, classes: int) -> Tensor:
    """Return places [classes, classes] by class of the mask (rows) and of the output."""
    known = truth >= 0
    flat = truth[known].long() * classes + ids[known].long().clamp(0, classes - 1)
    return torch.bincount(flat, minlength=classes * classes).reshape(classes, classes)


def outline(mask: Tensor, width: int | None = None) -> Tensor:
    """Return the places of a mask [H, W] within `width` of its edge; the picture's border is an edge.

    Without a width, that of boundary IoU: 2 % of the picture's diagonal.
    """
    if width is None:
        width = max(1, round(BOUNDARY * math.hypot(*mask.shape)))
    outside = 1 - F.pad(mask[None, None].float(), (width,) * 4)
    near = F.max_pool2d(F.max_pool2d(outside, (2 * width + 1, 1), stride=1), (1, 2 * width + 1), stride=1)
    return mask & (near[0, 0] > 0)


def overlap(square: Tensor) -> tuple[Tensor, Tensor]:
    """Return (Dice, IoU) of each class of a confusion; NaN where it is in neither."""
    both = square.diagonal().double()
    added = square.sum(0).double() + square.sum(1).double()
    nothing = torch.where(added > 0, torch.zeros_like(added), torch.full_like(added, math.nan))
    return 2 * both / added.clamp_min(1) + nothing, both / (added - both).clamp_min(1) + nothing


def class_scores(counts: Counts, labels: tuple[str, ...]) -> tuple[ClassScore, ...]:
    """Return the scores of every class."""
    dice, iou = overlap(counts.confusion)
    pixels, drawn = counts.confusion.sum(1).tolist(), counts.confusion.sum(0).tolist()
    found = []
    for number, label in enumerate(labels):
        either = float(counts.band_either[number])
        band = float(counts.band_both[number]) / either if either else math.nan
        found.append(
            ClassScore(
                number, label, dice[number].item(), iou[number].item(), band, int(pixels[number]), int(drawn[number])
            )
        )
    return tuple(found)


def mean_over(values: list[float]) -> float:
    """Return the mean of what is a number; NaN where nothing is."""
    known = [x for x in values if not math.isnan(x)]
    return sum(known) / len(known) if known else math.nan


def mean_dice(square: Tensor) -> float:
    """Return the mean Dice over the classes but the background that are in masks or output."""
    return mean_over(overlap(square)[0][1:].tolist())


def best_order(square: Tensor) -> Order:
    """Return which class of the masks each class of the output fits best, each taken once: the largest sum of Dice."""
    both = square.double().T  # rows: output
    added = square.sum(0).double()[:, None] + square.sum(1).double()[None, :]
    gain = torch.where(added > 0, 2 * both / added.clamp_min(1), torch.zeros_like(both))
    gain += 1e-9 * torch.eye(len(gain), dtype=gain.dtype)  # what makes no difference stays where it is
    classes = assigned(gain.tolist())
    moved = torch.zeros_like(square)
    for source, target in enumerate(classes):
        moved[:, target] += square[:, source]
    return Order(tuple(classes), mean_dice(square), mean_dice(moved))


def best_threshold(values: Tensor, truth: Tensor, used: float) -> Threshold | None:
    """Return what a threshold on values [M] is worth beside a mask [M] of 0 and 1 (below 0: ignored).

    Dice at each of 2048 levels between the smallest and the largest value. None without a finite value.
    """
    known = (truth >= 0) & torch.isfinite(values)
    values, wanted = values[known].double(), truth[known] > 0
    if not values.numel():
        return None
    low, high = values.min().item(), values.max().item()
    step = (high - low) / _BINS or 1.0
    index = ((values - low) / step).long().clamp(0, _BINS - 1)
    hits = torch.bincount(index[wanted], minlength=_BINS).double()
    misses = torch.bincount(index[~wanted], minlength=_BINS).double()
    above_hits, above = hits.flip(0).cumsum(0).flip(0), (hits + misses).flip(0).cumsum(0).flip(0)
    total = hits.sum()
    dice = 2 * above_hits / (above + total).clamp_min(1)
    now = values > used
    at_used = 2 * (now & wanted).sum().item() / max(now.sum().item() + total.item(), 1)
    best = _middle(dice)
    levels = low + step * torch.arange(_BINS, dtype=torch.float64)
    picked = torch.linspace(0, _BINS - 1, _POINTS).long()
    others = misses.sum()
    auc = math.nan
    if total > 0 and others > 0:
        below = misses.cumsum(0) - misses
        auc = ((hits * (below + misses / 2)).sum() / (total * others)).item()
    return Threshold(
        used=used,
        best=levels[best].item(),
        dice=at_used if total or now.any() else math.nan,
        best_dice=dice.max().item() if total else math.nan,
        auc=auc,
        curve=tuple((levels[i].item(), dice[i].item()) for i in picked.tolist()),
    )


def _middle(dice: Tensor) -> int:
    """Return the middle of the levels that are as good as the best: the one that stands furthest from a fall."""
    good = torch.nonzero(dice >= dice.max() - 1e-3).flatten()
    around = good[(good - int(dice.argmax())).abs().argsort()]
    run = {int(dice.argmax())}
    for level in around.tolist():
        if level - 1 in run or level + 1 in run:
            run.add(level)
    return sorted(run)[len(run) // 2]
