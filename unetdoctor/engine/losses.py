"""What a loss makes of an output: the best that its head can reach, and what gradient is left there."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from unetdoctor.facts import LossNumbers

_FAR = 50.0
"""A logit as far as it is usual to go: its probability is 1 to the last digit."""
_ROUNDING = 1e-3
_INNER = 1e-6, 1 - 1e-6
"""Probabilities between which BCELoss has a gradient."""
_PICTURE = 4
_LARGEST = 1_000_000


def loss_numbers(output: Tensor, activation: str, loss: str) -> LossNumbers | None:
    """Return the numbers of an output [N, C, H, W] under a loss; None for a loss that takes any range, or no scores."""
    if loss not in _LOSSES or not output.is_floating_point() or output.dim() < _PICTURE or not output.numel():
        return None
    x = output.detach()[:, :, :: _step(output), ...].to("cpu", torch.float32)
    if not bool(torch.isfinite(x).all()):
        return None
    low, high = _bounds(x, activation)
    classes = loss in ("cross-entropy", "nll")
    function = _LOSSES[loss]
    target, wrong = _targets(x, classes, (low + high) / 2 if math.isfinite(low + high) else 0.0)
    best = _ideal(target, x, loss, low, high)
    least, left = _with_gradient(function, best, target)
    _, pull = _with_gradient(function, _ideal(wrong, x, loss, low, high), target)
    return LossNumbers(
        loss=loss,
        least=least,
        outside=((x < -_ROUNDING) | (x > 1 + _ROUNDING)).float().mean().item() if loss == "bce" else 0.0,
        gradient_left=left,
        gradient_wrong=pull,
    )


def _step(output: Tensor) -> int:
    """Return every how manieth row is looked at: losses look at each place by itself."""
    return math.ceil(output.numel() / _LARGEST)


def _bounds(x: Tensor, activation: str) -> tuple[float, float]:
    """Return between what the head that drew these values can draw: infinite ends without an activation.

    What the values say counts as well, since an experiment may have taken the activation away.
    """
    low, high = x.min().item(), x.max().item()
    if x.shape[1] > 1 and bool(((x.exp().sum(dim=1) - 1).abs() < _ROUNDING).all()):
        return -math.inf, 0.0
    if activation in ("sigmoid", "softmax") and low >= -_ROUNDING and high <= 1 + _ROUNDING:
        return 0.0, 1.0
    if activation == "tanh" and low >= -1 - _ROUNDING and high <= 1 + _ROUNDING:
        return -1.0, 1.0
    return -math.inf, math.inf


def _targets(x: Tensor, classes: bool, middle: float) -> tuple[Tensor, Tensor]:
    """Return what the output itself predicts, as a target, and the opposite of it."""
    if classes:
        winners = x.argmax(dim=1)
        return winners, (winners + 1) % x.shape[1]
    above = (x > middle).float()
    return above, 1 - above


def _ideal(target: Tensor, x: Tensor, loss: str, low: float, high: float) -> Tensor:
    """Return the output that says this target as clearly as the head can, and BCELoss takes."""
    ends = max(low, -_FAR), min(high, _FAR)
    ends = (0.0, 1.0) if loss == "bce" else ends
    chosen = torch.zeros_like(x).scatter_(1, target[:, None], 1.0) if target.dim() < x.dim() else target
    return ends[0] + chosen * (ends[1] - ends[0])


def _with_gradient(function: Callable[[Tensor, Tensor], Tensor], x: Tensor, target: Tensor) -> tuple[float, float]:
    """Return (loss, mean absolute gradient of one value's own loss)."""
    with torch.enable_grad():
        leaf = x.clone().requires_grad_()
        loss = function(leaf, target)
        (gradient,) = torch.autograd.grad(loss, leaf)
    places = target.numel()
    return loss.item(), (gradient.abs().sum() * places / x.numel()).item()


def _bce(x: Tensor, target: Tensor) -> Tensor:
    return functional.binary_cross_entropy(_INNER[0] + x * (_INNER[1] - _INNER[0]), target)


_LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "bce": _bce,
    "bce-with-logits": functional.binary_cross_entropy_with_logits,
    "cross-entropy": functional.cross_entropy,
    "nll": functional.nll_loss,
}
"""The losses that need a certain range."""
