"""Conversions to whole numbers behind the last layer: what they lose, and the scale that keeps it."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from unetdoctor.engine.bench import Bench, NotApplicableError
from unetdoctor.engine.by_value import WHOLE, Call, cast_of, stands_for_function
from unetdoctor.engine.drawing import plain
from unetdoctor.engine.evaluation import Change, Intervention
from unetdoctor.engine.observation import Observed
from unetdoctor.engine.painting import painting
from unetdoctor.engine.tail import alike, decision, source, tail
from unetdoctor.engine.tape import Tape
from unetdoctor.facts import Cast, Remedy

if TYPE_CHECKING:
    from unetdoctor.engine.examination import Examination

_KEEPING = {"clone", "cat", "stack", "mul", "div", "add", "sub", "clamp", "flip", "repeat", "squeeze", "unsqueeze"}
_KEEPING |= {"_to_copy", "contiguous", "expand", "constant_pad_nd", "upsample_nearest2d", "lift_fresh", "detach"}


def casts(examination: Examination, remedies: tuple[Remedy, ...] = ()) -> tuple[Cast, ...]:
    """Return the conversions on the way to the output, as they are or under remedies; those of class ids left out."""
    main = examination.main
    if main.drawing is None:
        return ()
    if stands_for_function(main.tape, main.drawing):
        return _by_value(examination, remedies)
    found = _conversions(main)
    if not found:
        return ()
    read: dict[int, list[Tensor]] = {op: [] for op in found}
    for seen in alike(examination):
        change = examination.change(seen, remedies) if remedies else Change()
        spied = {op: _spy(change.interventions.get(op), read[op]) for op in found}
        spying = Change({**change.interventions, **spied}, change.leaves, change.inputs)
        examination.evaluate(seen, spying)
    return tuple(_fact(main.tape, main, op, values) for op, values in read.items() if values)


def _by_value(examination: Examination, remedies: tuple[Remedy, ...]) -> tuple[Cast, ...]:
    main = examination.main
    assert main.drawing is not None
    op, calls = main.drawing.output.op, list[Call]()
    if decision(main.tape, tail(main.tape, main.drawing)) is not None:
        return ()
    colours = painting(examination) if not remedies else None
    if colours is not None and not colours.one_hot:
        return ()
    for seen in alike(examination):
        change = examination.change(seen, remedies) if remedies else Change()
        spy = _watch(change.interventions.get(op), calls)
        examination.evaluate(seen, Change({**change.interventions, op: spy}, change.leaves, change.inputs))
    cast = cast_of(op, calls, wide=not remedies) if calls else None
    return () if cast is None else (cast,)


def _watch(inner: Intervention | None, calls: list[Call]) -> Intervention:
    """Keep what a function is given and gives, under the change that stands in for it."""

    def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        out = func(*args, **kwargs) if inner is None else inner(func, args, kwargs)
        calls.append((lambda given: func(given, *args[1:], **kwargs), list(args[0]), out))
        return out

    return act


def _conversions(seen: Observed) -> tuple[int, ...]:
    assert seen.drawing is not None
    ops = tail(seen.tape, seen.drawing)
    chosen = decision(seen.tape, ops)
    decided = seen.tape.downstream({chosen.op}) if chosen is not None else set()
    entries = seen.tape.entries
    return tuple(
        op
        for op in ops
        if op not in decided
        and plain(entries[op].name) == "_to_copy"
        and entries[op].kwargs.get("dtype") in WHOLE
        and source(entries[op]) is not None
    )


def _spy(inner: Intervention | None, read: list[Tensor]) -> Intervention:
    """Keep what an operation reads, under the change that stands in for it."""

    def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        def spying(*given: Any, **named: Any) -> Any:
            read.append(given[0].detach())
            return func(*given, **named)

        return spying(*args, **kwargs) if inner is None else inner(spying, args, kwargs)

    return act


def _fact(tape: Tape, seen: Observed, op: int, read: list[Tensor]) -> Cast:
    dtype = tape.entries[op].kwargs["dtype"]
    low, high = float(torch.iinfo(dtype).min), float(torch.iinfo(dtype).max)
    values = torch.cat([x.flatten().double() for x in read])
    finite = values[torch.isfinite(values)]
    count = max(finite.numel(), 1)
    return Cast(
        op=op,
        dtype=str(dtype).removeprefix("torch."),
        low=low,
        high=high,
        minimum=finite.min().item() if finite.numel() else math.nan,
        maximum=finite.max().item() if finite.numel() else math.nan,
        largest=finite.max().item() if finite.numel() else math.nan,
        fractional=int((finite != finite.round()).sum()) / count,
        wrapped=int(((finite <= low - 1) | (finite >= high + 1)).sum()) / count,
        non_finite=1 - finite.numel() / max(values.numel(), 1),
        kept=_kept(seen, op),
    )


def _kept(seen: Observed, op: int) -> bool:
    assert seen.drawing is not None
    after = seen.tape.downstream({op}) - {op}
    entries = (seen.tape.entries[x] for x in tail(seen.tape, seen.drawing) if x in after)
    return all(entry.traits.view or plain(entry.name) in _KEEPING for entry in entries)


_SCALES: dict[str, Callable[[Tensor], Tensor]] = {
    "unit": lambda x: x * 255,
    "signed": lambda x: (x + 1) * 127.5,
    "logits": lambda x: torch.sigmoid(x) * 255,
    "as is": lambda x: x,
}


def scale_before_cast(bench: Bench, remedy: Remedy) -> Change:
    """Bring what a conversion reads to the range of its type, round it, and cut off what lies outside."""
    op, scale = int(remedy.parameters["op"]), _SCALES[str(remedy.parameters["from"])]
    entries = bench.tape.entries
    if op < len(entries) and stands_for_function(bench.tape, bench.drawing):
        return Change(interventions={op: partial(_in_its_place, scale)})
    if op >= len(entries) or plain(entries[op].name) != "_to_copy":
        raise NotApplicableError("this pass has no such conversion")
    known = torch.iinfo(entries[op].kwargs["dtype"])

    def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        x = torch.nan_to_num(scale(args[0])) if args[0].is_floating_point() else args[0]
        return func(x.round().clamp(known.min, known.max), *args[1:], **kwargs)

    return Change(interventions={op: act})


def _in_its_place(
    scale: Callable[[Tensor], Tensor], func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Tensor:
    """Stand in for a function through NumPy or Pillow: what it reads, scaled to bytes."""
    out: Tensor = func(*args, **kwargs)
    x = args[0][0][: out.shape[0]]
    if x.numel() != out.numel():
        raise NotApplicableError("the picture has another size than what the function reads")
    return torch.nan_to_num(scale(x)).round().clamp(0, 255).to(out.device, torch.uint8).reshape(out.shape)


ACTIONS: dict[str, Callable[[Bench, Remedy], Change]] = {"scale_before_cast": scale_before_cast}
"""Actions on conversions, a part of `remedies.ACTIONS`."""
