"""Remedies for an output that fits its mask once it is decided, ordered or placed in another way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from unetdoctor.engine.bench import Bench, NotApplicableError
from unetdoctor.engine.by_value import scores_of
from unetdoctor.engine.cutoffs import cut_at
from unetdoctor.engine.drawing import COMPARING, plain
from unetdoctor.engine.evaluation import Change, Intervention
from unetdoctor.engine.shifts import moved
from unetdoctor.engine.tail import decision, tail
from unetdoctor.engine.tape import argument, tensors, traits
from unetdoctor.facts import Remedy

_TINY = 1e-7
_INTERPOLATIONS = ("upsample_bilinear2d", "upsample_bicubic2d")


def decide_at(bench: Bench, remedy: Remedy) -> Change:
    """Move the values so that the threshold in use cuts them where another one would."""
    scale = str(remedy.parameters["scale"])
    used, wanted = (float(remedy.parameters[key]) for key in ("used", "threshold"))

    def act(x: Tensor) -> Tensor:
        if not x.is_floating_point():
            raise NotApplicableError("the output holds decisions, and no values")
        if scale == "values":
            return x + (used - wanted)
        step = _logit(used) - _logit(wanted)
        if scale == "logits":
            return x + step
        return torch.sigmoid(torch.logit(x.double().clamp(_TINY, 1 - _TINY)) + step).to(x.dtype)

    return Change(interventions={bench.drawing.output.op: _after(bench, act)})


def permute_classes(bench: Bench, remedy: Remedy) -> Change:
    """Let each class of the output be another one; of one channel, exchange the mask with its background."""
    classes = [int(k) for k in remedy.parameters["classes"]]
    chosen = decision(bench.tape, tail(bench.tape, bench.drawing))
    if chosen is not None and chosen.op != bench.drawing.output.op:
        slot = chosen.slot
        return Change(interventions={chosen.op: _on_slot(slot, lambda x: _renumbered(x, classes))})
    scores = scores_of(bench.tape, bench.drawing)

    def act(x: Tensor) -> Tensor:
        if x.dim() < 3 or (not x.is_floating_point() and x.dim() == 3):
            return _renumbered(x, classes)
        if x.shape[1] == 1:
            return _inverted(x)
        return _reordered(x, classes)

    if scores is not None:
        return Change(interventions={scores.op: _on_slot(scores.slot, act)})
    return Change(interventions={bench.drawing.output.op: _after(bench, act)})


def shift_output(bench: Bench, remedy: Remedy) -> Change:
    """Put the output back, before anything is decided; the parameters are shares of the picture's side."""
    down, right = (float(remedy.parameters[key]) for key in ("down", "right"))
    op, before = _undecided(bench)

    def back(x: Tensor) -> Tensor:
        if x.dim() != 4:
            raise NotApplicableError("what is decided on is no map of places")
        height, width = x.shape[2:]
        offsets = (down * height, right * width, 0.0, 0.0)
        rows = [moved(sample.float(), offsets) for sample in x]
        return torch.stack(rows).to(x.dtype)

    if before:

        def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            return func(back(args[0]), *args[1:], **kwargs)

        return Change(interventions={op: act})
    return Change(interventions={op: _after(bench, back)})


def smooth_scores(bench: Bench, remedy: Remedy) -> Change:
    """Average the scores over 3x3 places, before anything is decided."""
    op, before = _undecided(bench)

    def even(x: Tensor) -> Tensor:
        if x.dim() != 4 or not x.is_floating_point():
            raise NotApplicableError("the output holds no scores of places")
        padded = torch.nn.functional.pad(x, (1, 1, 1, 1), mode="replicate")
        return torch.nn.functional.avg_pool2d(padded, 3, stride=1)

    if before:

        def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            return func(even(args[0]), *args[1:], **kwargs)

        return Change(interventions={op: act})
    return Change(interventions={op: _after(bench, even)})


def flip_align_corners(bench: Bench, remedy: Remedy) -> Change:
    """Enlarge with the other setting of align_corners: at the last interpolation, or at all of them."""
    found = [op for op, entry in enumerate(bench.tape.entries) if entry.name in _INTERPOLATIONS]
    found = found[-1:] if remedy.parameters["which"] == "last" else found
    if not found:
        raise NotApplicableError("nothing is interpolated")
    if remedy.parameters["which"] == "all" and len(found) < 2:
        raise NotApplicableError("there is only one interpolation")
    return Change(interventions=dict.fromkeys(found, _flipped))


def _flipped(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    names = traits(func).arguments
    place = names.index("align_corners")
    aligned = bool(argument(args, kwargs, traits(func), "align_corners"))
    if place < len(args):
        return func(*args[:place], not aligned, *args[place + 1 :], **kwargs)
    return func(*args, **{**kwargs, "align_corners": not aligned})


def _undecided(bench: Bench) -> tuple[int, bool]:
    """Return the operation that decides, whose argument is changed; else the last one, whose result is."""
    ops = tail(bench.tape, bench.drawing)
    chosen = decision(bench.tape, ops)
    if chosen is not None:
        return chosen.op, True
    deciding = [op for op in ops if plain(bench.tape.entries[op].name) in {*COMPARING, "argmax"}]
    return (deciding[0], True) if deciding else (bench.drawing.output.op, False)


def _after(bench: Bench, function: Callable[[Tensor], Tensor]) -> Intervention:
    """Change the output behind the operation that gives it."""
    return _on_slot(bench.drawing.output.slot, function)


def _on_slot(slot: int, function: Callable[[Tensor], Tensor]) -> Intervention:
    def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        out = func(*args, **kwargs)
        if isinstance(out, Tensor):
            return function(out)
        return type(out)([function(x) if i == slot else x for i, x in enumerate(tensors(out))])

    return act


def _renumbered(x: Tensor, classes: list[int]) -> Tensor:
    if x.is_floating_point():
        raise NotApplicableError("the output holds values, and no class ids")
    table = torch.tensor(classes, device=x.device)
    return table[x.long().clamp(0, len(classes) - 1)].to(x.dtype)


def _inverted(x: Tensor) -> Tensor:
    """Exchange yes and no: logits change their sign, what lies in 0..1 or in 0..255 is taken from its end."""
    low, high = float(x.min()), float(x.max())
    if low >= 0 and high <= 1:
        return 1 - x
    if low >= 0 and not x.is_floating_point():
        return 255 - x
    return -x


def _reordered(x: Tensor, classes: list[int]) -> Tensor:
    """Return channels in the order of the classes; a class that no channel draws is never the largest."""
    count = max(len(classes), x.shape[1])
    least = x.amin(dim=1, keepdim=True) - 1
    out = least.expand(x.shape[0], count, *x.shape[2:]).clone()
    for source, target in enumerate(classes[: x.shape[1]]):
        out[:, target] = x[:, source]
    return out


def _logit(probability: float) -> float:
    inside = min(max(probability, _TINY), 1 - _TINY)
    return torch.logit(torch.tensor(inside, dtype=torch.float64)).item()


ACTIONS: dict[str, Callable[[Bench, Remedy], Change]] = {
    "decide_at": decide_at,
    "cut_at": cut_at,
    "permute_classes": permute_classes,
    "shift_output": shift_output,
    "smooth_scores": smooth_scores,
    "flip_align_corners": flip_align_corners,
}
"""Actions on an output beside its mask, a part of `remedies.ACTIONS`."""
