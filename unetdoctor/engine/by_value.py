"""A function through NumPy or Pillow, known by what it makes of values: it has no operations that could be read."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from unetdoctor.engine.drawing import Drawing
from unetdoctor.engine.postprocessing import NAME, PostprocessError
from unetdoctor.engine.tape import Ref, Tape, references
from unetdoctor.facts import Cast

WHOLE = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)
_WIDE = 20.0
"""Logits between which sigmoid reaches both of its ends: of 17 and more it is level 255, of 15 still 254, of 5 253."""
STEP = 0.1
"""Share of a ramp on either side of a threshold. .1-.5: thresholds from .1 to .9 of probabilities, up to 16 of logits.
Level 1 of conversions that decide nothing: .025 of logits, .08 of a sigmoid of them, one value of probabilities."""
SURE = 1e4
"""Factor of scores by which no conversion of values can draw black: they pass every range."""
_JUMP = 128.0
"""Levels by which a picture falls back where a byte wraps around: 254-255. Dithered by 8 levels: 41; where half of it
follows from something else: 125."""
_MOST_JUMPS = 8
"""Falls beyond which levels follow from more than the value. 1-7: logits, tanh, standardised pictures that wrap, also
times 255. 253: bytes times 255 once more. 513: levels that have nothing to do with the value. Where these are few, as
of a picture of even areas whose red and blue change places, some fall by less than a wrapped byte does."""
_LEVELS = 2
"""Levels of a mask: that of what is small falls back once, and wraps nothing."""
_BINS = 4096

Call = tuple[Any, list[Tensor], Tensor]
"""(the operator, what it was given, the picture)."""


def stands_for_function(tape: Tape, drawing: Drawing) -> bool:
    """Whether the output is drawn by a function that has no operations on the tape."""
    return tape.entries[drawing.output.op].name == NAME


def scores_of(tape: Tape, drawing: Drawing) -> Ref | None:
    """Return the scores of classes, or of one, that such a function reads."""
    if not stands_for_function(tape, drawing):
        return None
    entry = tape.entries[drawing.output.op]
    refs = [ref for ref in references(entry.args) if isinstance(ref, Ref)]
    read = next((ref for ref in refs if len(tape.entries[ref.op].shape) == 4), None)
    return read if read is not None and tape.entries[read.op].floating else None


def ends_of(finite: Tensor) -> tuple[float, float]:
    """Return values between which a function shows all that it does: 0 and 1 for what lies there, else logits."""
    low, high = finite.min().item(), finite.max().item()
    return (0.0, 1.0) if low >= 0 and high <= 1 else (min(low, -_WIDE), max(high, _WIDE))


def ramp_like(read: Tensor, ends: tuple[float, float]) -> Tensor:
    """Return values that go up from place to place, alike in every channel and sample."""
    return torch.linspace(*ends, read[0, 0].numel()).reshape(read.shape[2:]).to(read).expand_as(read).contiguous()


def cast_of(op: int, calls: list[Call], wide: bool) -> Cast | None:
    """Return what a function loses, by what it gives in the passes and (`wide`) of a ramp; None for floats."""
    given = [_read(tensors) for _, tensors, _ in calls]
    pictures = [picture for _, _, picture in calls]
    if pictures[0].dtype not in WHOLE or any(not x.is_floating_point() for x in given):
        return None
    values = torch.cat([x.flatten().double() for x in given])
    finite = values[torch.isfinite(values)]
    ramp = _on_ramp(calls[0], ends_of(finite)) if wide and finite.numel() else None
    if ramp is not None and not any(bool(x.any()) for x in (*pictures, ramp)) and _stays_black(calls[0], finite):
        return None
    drawn = [float(x.max()) for x in (*pictures, *([ramp] if ramp is not None else []))]
    known = torch.iinfo(pictures[0].dtype)
    decides = ramp is not None and min(_share(ramp == 0), _share(ramp == 1)) >= STEP
    whole = decides or not finite.numel()
    return Cast(
        op=op,
        dtype=str(pictures[0].dtype).removeprefix("torch."),
        low=float(known.min),
        high=float(known.max),
        minimum=finite.min().item() if finite.numel() else math.nan,
        maximum=finite.max().item() if finite.numel() else math.nan,
        largest=max(drawn),
        fractional=0.0 if whole else _share(finite != finite.round()),
        wrapped=max((_wrapped(x, y) for x, y in zip(given, pictures, strict=True)), default=0.0),
        non_finite=1 - finite.numel() / max(values.numel(), 1),
        kept=True,
    )


def _read(tensors: list[Tensor]) -> Tensor:
    return next((x for x in tensors if x.dim() >= 3), tensors[0])


def _share(hit: Tensor) -> float:
    return hit.double().mean().item()


def _on_ramp(call: Call, ends: tuple[float, float]) -> Tensor | None:
    """Return what the function draws of a ramp between these ends."""
    func, tensors, _ = call
    read = _read(tensors)
    ramp = ramp_like(read, ends)
    try:
        drawn: Tensor = func([ramp if x is read else x for x in tensors])
    except PostprocessError:  # the person's own function, on values that it was not written for
        return None
    return drawn


def _stays_black(call: Call, finite: Tensor) -> bool:
    """Whether the function of one channel draws black of everything, however large: it converts nothing."""
    low, high = ends_of(finite)
    ramp = _on_ramp(call, (low * SURE, high * SURE)) if _read(call[1]).shape[1] == 1 else None
    return ramp is not None and not bool(ramp.any())


def _wrapped(x: Tensor, picture: Tensor) -> float:
    """Return the share of values whose level falls back behind that of smaller ones."""
    x = x[: picture.shape[0]]
    if x.shape != picture.shape:
        return 0.0
    order = x.flatten().double().nan_to_num().argsort().to(picture.device)
    step = max(order.numel() // _BINS, 1)
    levels = picture.flatten()[order[::step]].double()
    if levels.unique().numel() <= _LEVELS:
        return 0.0
    drops = levels[:-1] - levels[1:]
    falls = torch.nonzero(drops > _JUMP).flatten()
    if not 1 <= falls.numel() <= _MOST_JUMPS or ((drops > _JUMP / 2) & (drops <= _JUMP)).any():
        return 0.0
    return min(int(falls[0]) + 1, levels.numel() - int(falls[-1]) - 1) / levels.numel()
