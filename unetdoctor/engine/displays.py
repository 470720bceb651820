"""The two output values that a viewer shows as black and white."""

import math

import torch
from torch import Tensor

from unetdoctor.engine.by_value import WHOLE
from unetdoctor.engine.casting import ACTIONS as SCALING
from unetdoctor.engine.drawing import CHOOSING, COMPARING, Drawing, shifted
from unetdoctor.engine.repainting import ACTIONS as PAINTING
from unetdoctor.engine.statistics import range_of
from unetdoctor.facts import DisplayRange, Intent, Remedy, Task

_BRIGHTEST = 255
_WIDE = 2.0
"""End of a clamp from which it keeps logits finite; -1..1 is a picture's range."""
_MOST, _DIFFER = 200_000, 0.05
"""Values of a quantity that are looked at, and the part of the largest by which they differ within a picture."""
_UNPAINTED = {"_to_copy", "clone", "contiguous", "bitwise_or", "bitwise_and", "logical_not", "constant_pad_nd"}


def display_range(tensor: Tensor, drawing: Drawing | None, intent: Intent) -> DisplayRange:
    """Return how the output is shown: declared, else what the final activation reaches, else what the values say."""
    task = intent.effective
    if intent.display_range is not None:
        return DisplayRange(*intent.display_range, "as is", "declared")
    alone = tensor.dim() < 4 or tensor.shape[1] == 1  # a level for each of three colours is a picture
    if tensor.dtype in WHOLE and tensor.numel() and alone and drawing is not None and _holds_choices(drawing):
        return DisplayRange(0.0, 1.0, "as is", "class ids")
    if tensor.dtype in (*WHOLE, torch.bool) and tensor.numel() and (drawing is None or not _holds_choices(drawing)):
        low, high = int(tensor.min()), int(tensor.max())
        if low >= 0 and 1 < high <= _BRIGHTEST:
            return DisplayRange(0.0, float(_BRIGHTEST), "as is", "bytes")
        if low >= 0 and high <= 1:
            return DisplayRange(0.0, 1.0, "as is", "0 and 1")
    if drawing is not None and drawing.curve and task is Task.REGRESSION and (ends := _own_ends(tensor)) is not None:
        return DisplayRange(*ends, "as is", "the values themselves")
    if drawing is not None and drawing.activation == "softmax" and task.is_segmentation:
        return DisplayRange(0.0, 1.0, "as is", "softmax")
    if (
        drawing is not None
        and math.isfinite(drawing.low)
        and math.isfinite(drawing.high)
        and drawing.low < drawing.high
        and not (task.is_segmentation and _kept_finite(drawing))
    ):
        return DisplayRange(drawing.low, drawing.high, "as is", drawing.activation)
    if task is Task.MULTICLASS:
        return DisplayRange(0.0, 1.0, "softmax", "logits")
    if task in (Task.BINARY, Task.MULTILABEL):
        return DisplayRange(0.0, 1.0, "sigmoid", "logits")
    return range_of(tensor)


def _own_ends(tensor: Tensor) -> tuple[float, float] | None:
    """Return between what a quantity's own values lie, a few aside; None where they hardly differ."""
    values = tensor.detach().flatten().float()
    values = values[torch.isfinite(values)][:: max(values.numel() // _MOST, 1)]
    if not values.numel():
        return None
    low, high = torch.quantile(values, values.new_tensor([0.005, 0.995])).tolist()
    return (low, high) if high - low >= _DIFFER * max(abs(low), abs(high)) > 0 else None


def _kept_finite(drawing: Drawing) -> bool:
    """Return whether logits are clamped so that no loss of theirs is infinite: evenly around 0, and wide."""
    return drawing.activation in ("clamp", "hardtanh") and drawing.low == -drawing.high and drawing.high >= _WIDE


def _holds_choices(drawing: Drawing) -> bool:
    """Return whether the output is what was decided, class ids or 0 and 1, as it is: neither scaled nor painted."""
    last = max((i for i, name in enumerate(drawing.chain) if name in CHOOSING | COMPARING), default=None)
    return last is not None and set(drawing.chain[last + 1 :]) <= _UNPAINTED


def after_activation(display: DisplayRange, drawing: Drawing, kind: str) -> DisplayRange:
    """Return how the output is shown once its final activation is `identity`, `sigmoid`, `tanh` or another one."""
    if kind not in ("sigmoid", "tanh"):
        return display
    low, high = shifted(*((0.0, 1.0) if kind == "sigmoid" else (-1.0, 1.0)), drawing.affine)
    return DisplayRange(low, high, "as is", kind)


def display_under(
    known: DisplayRange | None, tensor: Tensor, drawing: Drawing | None, intent: Intent, remedies: tuple[Remedy, ...]
) -> DisplayRange | None:
    """Return how the output is shown under remedies: as before, but for those that change its range."""
    if any(r.action in SCALING or r.action in PAINTING for r in remedies):
        return display_range(tensor, drawing, intent)
    kind = next((str(r.parameters["kind"]) for r in remedies if r.action == "final_activation"), "")
    return after_activation(known, drawing, kind) if kind and known is not None and drawing is not None else known
