"""Thresholds inside a network: what they compare, how far that reaches, and how many places lie on either side."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from unetdoctor.engine.bench import Bench, NotApplicableError
from unetdoctor.engine.by_value import WHOLE, ramp_like, scores_of, stands_for_function
from unetdoctor.engine.drawing import plain, trace
from unetdoctor.engine.evaluation import Change
from unetdoctor.engine.observation import place_of
from unetdoctor.engine.painting import instead
from unetdoctor.engine.postprocessing import PostprocessError
from unetdoctor.engine.tail import alike, tail, usable
from unetdoctor.engine.tape import Entry, Ref, tensors
from unetdoctor.facts import Cutoff, Remedy

if TYPE_CHECKING:
    from unetdoctor.engine.examination import Examination

_ORDERING = {"gt", "ge", "lt", "le"}
_MAP = 4
"""Axes of what a function reads: [N, C, H, W]."""


def cutoff(examination: Examination, remedies: tuple[Remedy, ...] = ()) -> Cutoff | None:
    """Return the last comparison with a number that the output comes from, perhaps under remedies; None without one."""
    main = examination.main
    if main.drawing is None:
        return None
    if stands_for_function(main.tape, main.drawing):
        return _of_function(examination, remedies)
    found = [op for op in tail(main.tape, main.drawing) if _compares(main.tape.entries[op])]
    if not found:
        return None
    op, entry = found[-1], main.tape.entries[found[-1]]
    drawing = trace(main.tape, entry.args[0])
    moved = [r.parameters["threshold"] for r in remedies if r.action == "cut_at" and r.parameters["op"] == op]
    shares = []
    for seen in alike(examination):
        change = examination.change(seen, remedies) if remedies else Change()
        share = _share(examination, seen, change, op)
        if share is not None:
            shares.append(min(share, 1 - share))
    if not shares:
        return None
    return Cutoff(
        op=op,
        place=place_of(entry, examination.setting),
        name=plain(entry.name),
        threshold=float(str(moved[-1])) if moved else float(entry.args[1]),
        low=drawing.low,
        high=drawing.high,
        activation=drawing.activation,
        split=max(shares),
        moved=bool(moved),
    )


def _of_function(examination: Examination, remedies: tuple[Remedy, ...]) -> Cutoff | None:
    """Return where a function turns from one level to another as probabilities of one channel rise."""
    main = examination.main
    assert main.drawing is not None
    read, op = scores_of(main.tape, main.drawing), main.drawing.output.op
    if read is None or main.tape.entries[read.op].shape[1] != 1 or not usable(examination, main):
        return None
    drawing = trace(main.tape, read)
    if drawing.activation != "sigmoid" or (drawing.low, drawing.high) != (0.0, 1.0):
        return None
    change = examination.change(main, remedies) if remedies else Change()
    rising = instead(read.slot, lambda x: ramp_like(x, (0.0, 1.0)))
    try:
        picture, _ = examination.evaluate(
            main, replace(change, interventions={**change.interventions, read.op: rising})
        )
    except PostprocessError:  # the person's own function, on values that it was not written for
        return None
    row = picture[0].flatten()
    turns = torch.nonzero(row[1:] != row[:-1]).flatten() + 1
    small = row.dtype in WHOLE and int(row.max()) <= 1  # a conversion's, or ids
    if row.numel() != math.prod(main.tape.entries[read.op].shape[1:]) or len(turns) != 1 or small:
        return None
    turn, last = int(turns[0]), row.numel() - 1
    within = (turn - 0.5) / last
    return Cutoff(
        op=op,
        place=place_of(main.tape.entries[op], examination.setting),
        name="ge",
        threshold={1: 0.0, last: 1.0}.get(turn, within),
        low=0.0,
        high=1.0,
        activation=drawing.activation,
        split=min(turn - 1, last - turn) / last,
        moved=any(r.action == "cut_at" and r.parameters["op"] == op for r in remedies),
        levels=(float(row[0]), float(row[-1])),
    )


def _compares(entry: Entry) -> bool:
    ordered = plain(entry.name) in _ORDERING and len(entry.args) > 1 and isinstance(entry.args[0], Ref)
    return ordered and isinstance(entry.args[1], (int, float))


def _share(examination: Examination, seen: Any, change: Change, op: int) -> float | None:
    """Return the share of places where the comparison holds in one pass."""
    held: list[float] = []

    def watch(index: int, _entry: Entry, result: Any) -> None:
        if index == op:
            held.extend(x.float().mean().item() for x in tensors(result) if x.numel())

    act = change.interventions.get(op, _as_it_is)
    whole = Change(interventions={**change.interventions, op: act}, leaves=change.leaves, inputs=change.inputs)
    examination.evaluate(seen, whole, observe=watch)
    return held[-1] if held else None


def _as_it_is(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return func(*args, **kwargs)


def cut_at(bench: Bench, remedy: Remedy) -> Change:
    """Compare with another number."""
    op, threshold = int(str(remedy.parameters["op"])), float(str(remedy.parameters["threshold"]))
    if op == bench.drawing.output.op and stands_for_function(bench.tape, bench.drawing):
        return Change(interventions={op: partial(_decided, threshold, remedy.parameters["levels"])})
    if op >= len(bench.tape.entries) or not _compares(bench.tape.entries[op]):
        raise NotApplicableError("this pass has no such comparison")

    def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return func(args[0], threshold, *args[2:], **kwargs)

    return Change(interventions={op: act})


def _decided(
    threshold: float, levels: tuple[float, float], func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Tensor:
    """Stand in for a function through NumPy or Pillow: its two levels, on either side of another number."""
    out: Tensor = func(*args, **kwargs)
    x = next(x for x in args[0] if x.dim() == _MAP)[: out.shape[0]]
    if x.numel() != out.numel():
        raise NotApplicableError("the picture has another size than what the function reads")
    return torch.where(x > threshold, levels[1], levels[0]).reshape(out.shape).to(out)
