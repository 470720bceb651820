"""Channels that an activation never lets through: looked for in the sample of every pass, and then counted in full."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import Tensor

from unetdoctor.engine.evaluation import Change, Intervention
from unetdoctor.engine.tape import Entry, argument, plain_name, same_program, tensors
from unetdoctor.facts import DeadActivation, PinnedActivation, Remedy

if TYPE_CHECKING:
    from unetdoctor.engine.examination import Examination

SUSPICIOUS = 0.9
"""Share of dead channels in the sample from which they are counted in full, in one more pass for each probe."""
NEAR = 0.01
"""Share of its range within which a value lies at an end of an activation."""
_FLOORS = {"relu": "", "hardtanh": "min_val", "clamp_min": "min", "threshold": "value"}


def floor_of(entry: Entry) -> float | None:
    """Return the lowest value of an activation that can die (relu and its like), None for other operations."""
    name = plain_name(entry.func)
    if name not in _FLOORS:
        return None
    known = argument(entry.args, entry.kwargs, entry.traits, _FLOORS[name])
    lowest = known if isinstance(known, (int, float)) else -1.0 if name == "hardtanh" else 0.0
    return float(lowest) if lowest == 0 else None


def ends_of(entry: Entry) -> tuple[float, float] | None:
    """Return the ends of an activation that has two, None for other operations."""
    name = plain_name(entry.func)
    if name == "tanh":
        return -1.0, 1.0
    return (0.0, 1.0) if name in ("sigmoid", "hardsigmoid") else None


def share_at_ends(places: Tensor, ends: tuple[float, float]) -> Tensor:
    """Return the share of a sample that lies within a hundredth of the range of an end."""
    low, high = ends
    near = (high - low) * NEAR
    return ((places <= low + near) | (places >= high - near)).float().mean()


def pinned_activations(examination: Examination) -> tuple[PinnedActivation, ...]:
    """Return how much of each activation in front of the last layer lies at an end, at least, on any varied probe."""
    passes = [seen for seen in examination.varied if same_program(seen.tape, examination.main.tape)]
    drawing = examination.main.drawing
    if drawing is None or drawing.drawn_by is None or not passes:
        return ()
    last = drawing.drawn_by
    return tuple(
        PinnedActivation(op, min(seen.pinned.get(op, 0.0) for seen in passes))
        for op in examination.main.pinned
        if op < last
    )


def dead_activations(examination: Examination, remedies: tuple[Remedy, ...] = ()) -> tuple[DeadActivation, ...]:
    """Return how many channels of each activation in front of the last layer are dead over all varied probes.

    Under remedies those are looked at again that let little through before.
    """
    passes = [seen for seen in examination.varied if same_program(seen.tape, examination.main.tape)]
    drawing = examination.main.drawing
    if drawing is None or drawing.drawn_by is None or examination.main not in passes:
        return ()
    sampled = {op: min(seen.quiet.get(op, 0.0) for seen in passes) for op in examination.main.quiet}
    hidden = {op: share for op, share in sampled.items() if op < drawing.drawn_by}
    alive: dict[int, Tensor] = {}
    suspicious = [op for op, share in hidden.items() if share >= SUSPICIOUS]
    for seen in passes if suspicious else ():
        change = examination.change(seen, remedies) if remedies else Change()
        watched = {op: _counting(alive, op, change.interventions.get(op)) for op in suspicious}
        examination.evaluate(seen, Change({**change.interventions, **watched}, change.leaves, change.inputs))
    found = []
    for op, share in hidden.items():
        shape = examination.main.tape.entries[op].shape
        channels = shape[_channel_axis(len(shape))]
        dead = int((~alive[op]).sum()) if op in alive else int(share * channels)
        found.append(DeadActivation(op, channels, dead))
    return tuple(found)


def _channel_axis(dimensions: int) -> int:
    return 1 if dimensions > 3 else dimensions - 1


def _counting(alive: dict[int, Tensor], op: int, first: Intervention | None) -> Intervention:
    def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        out = func(*args, **kwargs) if first is None else first(func, args, kwargs)
        result = next(tensors(out)).detach()
        axis = _channel_axis(result.dim())
        now = result.movedim(axis, 0).flatten(1).amax(dim=1) > 0
        alive[op] = now | alive[op] if op in alive else now
        return out

    return act
