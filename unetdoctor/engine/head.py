"""What ends a network: a walk from the output back to the layer that drew it, and the numbers of its head."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from unetdoctor.engine.drawing import (
    ACTIVATIONS,
    COMPARING,
    CONVOLUTIONS,
    Drawing,
    bounds,
    is_weighted,
    plain,
    scalar,
    shifted,
)
from unetdoctor.engine.tape import Entry, Ref, Tape
from unetdoctor.facts import Finish, HeadNumbers, Remedy

if TYPE_CHECKING:
    from unetdoctor.engine.examination import Examination

_PASSING = {"clone", "contiguous", "_to_copy", "constant_pad_nd", "pixel_shuffle", "dropout", "detach", "lift_fresh"}
_DECIDING = COMPARING | {"round"}
_RESHAPING = {"view", "_unsafe_view", "reshape", "_reshape_alias", "unsqueeze", "squeeze", "expand", "flatten"}
_LONGEST = 200


def finishes(examination: Examination) -> tuple[Finish, ...]:
    """Return the functions behind the last weighted layer of the main pass, in order."""
    seen = examination.main
    return found_in(seen.tape, seen.drawing) if seen.drawing is not None else ()


def finishes_under(examination: Examination, remedies: tuple[Remedy, ...]) -> tuple[Finish, ...]:
    """Return those that are left where remedies leave an operation out."""
    gone = {int(r.parameters["op"]) for r in remedies if r.action == "skip_operation"}
    return tuple(x for x in finishes(examination) if x.op not in gone)


def found_in(tape: Tape, drawing: Drawing) -> tuple[Finish, ...]:
    """Return the functions on the one way that everything drawn takes to the output."""
    path, start = _path(tape, drawing.output)
    if start is None and path and drawing.drawn_by is not None:  # a sum with what the same layer or another one drew
        drawn = tape.entries[drawing.drawn_by]
        start = drawing.drawn_by if drawn.shape == tape.entries[path[0].op].shape else None
    axis = _first_axis(tape.entries[start]) if start is not None else None
    shape = tape.entries[start].shape if start is not None else ()
    found: list[tuple[int, Finish]] = []
    for place, ref in enumerate(path):
        entry = tape.entries[ref.op]
        kind = _kind(entry, ref.slot)
        if kind:
            low, high = bounds(entry)
            finish = Finish(ref.op, kind, _dim(entry, len(shape)), shape, axis, False, low, high)
            found.append((place, finish))
        axis = _moved(entry, axis, shape)
        shape = entry.shape
    places = [place for place, _ in found] + [len(path)]
    done = []
    for number, (place, finish) in enumerate(found):
        behind = [tape.entries[ref.op] for ref in path[place + 1 : places[number + 1]]]
        between = [entry for entry in behind if not _passes(entry)]
        done.append(replace(finish, ends=not between, handed=_handed(finish, between)))
    return tuple(done)


def _path(tape: Tape, output: Ref) -> tuple[list[Ref], int | None]:
    """Return the references on the way to the output in order, and the weighted operation that it starts at."""
    path: list[Ref] = []
    ref = output
    for _ in range(_LONGEST):
        if is_weighted(tape.entries[ref.op]):
            return path[::-1], ref.op
        path.append(ref)
        sources = set(tape.activations(ref.op))
        only = next(iter(sources), None)
        if len(sources) != 1 or not isinstance(only, Ref):
            break
        ref = only
    return path[::-1], None


def _kind(entry: Entry, slot: int) -> str:
    name = plain(entry.name)
    if name == "argmax" or (name == "max" and slot == 1):
        return "argmax"
    return "" if entry.traits.view else ACTIVATIONS.get(name, "")


def _dim(entry: Entry, axes: int) -> int | None:
    if plain(entry.name) not in ("_softmax", "softmax", "_log_softmax", "argmax", "max") or len(entry.args) < 2:
        return None
    dim = entry.args[1]
    return dim % axes if isinstance(dim, int) and axes else None


def _first_axis(entry: Entry) -> int | None:
    if entry.name in CONVOLUTIONS:
        return 1
    return len(entry.shape) - 1 if entry.shape else None


def _moved(entry: Entry, axis: int | None, shape: tuple[int, ...]) -> int | None:
    """Return where an operation leaves the axis of the channels; None where it is lost."""
    name = plain(entry.name)
    if axis is None:
        return None
    if name == "permute":
        order = [int(d) % len(shape) for d in entry.args[1]]
        return order.index(axis)
    if name == "transpose":
        first, second = (int(d) % len(shape) for d in entry.args[1:3])
        return {first: second, second: first}.get(axis, axis)
    if name in _RESHAPING:
        before = math.prod(shape[:axis])
        new = entry.shape
        return next((i for i in range(len(new)) if math.prod(new[:i]) == before and new[i] == shape[axis]), None)
    return axis if len(entry.shape) == len(shape) else None


def _passes(entry: Entry) -> bool:
    name = plain(entry.name)
    return entry.traits.view or name in _PASSING or name in _DECIDING or name.startswith("upsample")


def _handed(finish: Finish, between: list[Entry]) -> tuple[float, float] | None:
    """Return the values that are left of a function's range behind operations with numbers; None behind others."""
    scalars = [scalar(entry) for entry in between]
    known = tuple(x for x in scalars if x is not None)
    handed = shifted(finish.low, finish.high, known)
    return handed if len(known) == len(scalars) and not any(math.isnan(x) for x in handed) else None


def numbers(clean: Tensor, before: Tensor, activation: str) -> HeadNumbers:
    """Return the numbers of a head from finite [N, C, H, W] values, and from what the final activation read."""
    sums = math.nan
    if clean.shape[1] > 1 and clean.numel():
        added = (clean.exp() if activation == "log_softmax" else clean).sum(dim=1)
        sums = (added - 1).abs().max().item()
    margin, spread, least = _margin(before, 0.0)
    return HeadNumbers(
        channel_sum_error=sums,
        zeros=1 - int(torch.count_nonzero(clean)) / clean.numel() if clean.numel() else math.nan,
        margin=margin,
        margin_spread=spread,
        margin_least=least,
        mean_drift=_drift(clean),
    )


def _margin(scores: Tensor, threshold: float) -> tuple[float, float, float]:
    """Return (mean, deviation, smallest) of the lead of the class that wins most."""
    if not scores.numel():
        return math.nan, math.nan, math.nan
    if scores.shape[1] == 1:
        lead = scores - threshold
        lead = lead if (lead > 0).float().mean() >= 0.5 else -lead
    else:
        wins = torch.bincount(scores.max(dim=1).indices.flatten(), minlength=scores.shape[1])
        best = int(wins.argmax())
        others = torch.cat([scores[:, :best], scores[:, best + 1 :]], dim=1)
        lead = scores[:, best] - others.amax(dim=1)
    return lead.mean().item(), lead.std(correction=0).item(), lead.min().item()


def _drift(clean: Tensor) -> float:
    if clean.shape[0] < 2 or not clean.numel():
        return math.nan
    places = clean.flatten(2)
    within = places.std(dim=2, correction=0).mean(dim=0)
    across = places.mean(dim=2).std(dim=0, correction=0)
    living = within > 0
    return (across[living] / within[living]).mean().item() if bool(living.any()) else math.nan
