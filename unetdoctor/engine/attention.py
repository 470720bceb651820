"""Attention written out: whether the weights of a sum add up to one, and over which axis a softmax makes them.

Followed from a softmax of a product of two activations to the product that sums values with its weights; where other
arithmetic lies between, nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from unetdoctor.engine.bench import Bench, NotApplicableError
from unetdoctor.engine.drawing import plain
from unetdoctor.engine.evaluation import Change, Intervention
from unetdoctor.engine.observation import place_of
from unetdoctor.engine.tape import Leaf, Ref, Tape
from unetdoctor.facts import Attention, Remedy

if TYPE_CHECKING:
    from unetdoctor.engine.examination import Examination

_PRODUCTS = {"bmm": (0, 1), "baddbmm": (1, 2), "mm": (0, 1)}
"""Products of two matrices, and the places of these among the arguments."""
_KEEPING = {"view", "_unsafe_view", "reshape", "expand", "clone", "alias", "detach", "contiguous", "squeeze"}
_KEEPING |= {"unsqueeze", "_to_copy", "permute", "transpose", "t", "dropout", "native_dropout"}
_TURNING = {"permute", "transpose", "t"}
_ONE = 1e-2
"""Largest distance of a sum of weights from one that rounding explains."""


@dataclass(frozen=True)
class _Way:
    """From a softmax to the product that sums with its weights."""

    softmax: int
    between: tuple[int, ...]
    left: bool
    """Whether the weights are the product's first matrix."""

    def usual(self, tape: Tape) -> bool:
        """Return whether the weights can be seen to add up to one without looking at them."""
        entry = tape.entries[self.softmax]
        turned = any(plain(tape.entries[op].name) in _TURNING for op in self.between)
        return self.left and not turned and _axis(entry.args[1], entry.shape) == len(entry.shape) - 1

    def error(self, tape: Tape, weights: Tensor) -> float:
        """Return the mean distance from one of the sums that the product takes of these weights."""
        for op in self.between:
            entry = tape.entries[op]
            if plain(entry.name) not in ("dropout", "native_dropout"):
                weights = entry.func(weights, *entry.args[1:], **entry.kwargs)
        return (weights.float().sum(-1 if self.left else -2) - 1).abs().mean().item()


def attentions(examination: Examination, remedies: tuple[Remedy, ...] = ()) -> tuple[Attention, ...]:
    """Return every attention of the main pass whose weights can be followed, perhaps under remedies."""
    seen = examination.main
    tape = seen.tape
    ways = tuple(_ways(tape))
    errors: dict[int, tuple[float, int]] = {}
    unusual = [way for way in ways if not way.usual(tape)]
    if unusual:
        change = examination.change(seen, remedies) if remedies else Change()
        spies = {way.softmax: _spy(tape, way, change.interventions.get(way.softmax), errors) for way in unusual}
        examination.evaluate(seen, Change({**change.interventions, **spies}, change.leaves, change.inputs))
    found = []
    for way in ways:
        entry = tape.entries[way.softmax]
        dim = _axis(entry.args[1], entry.shape)
        error, right = errors.get(way.softmax, (0.0, dim))
        place = place_of(entry, examination.setting)
        found.append(Attention(way.softmax, place, entry.shape, dim, right, error))
    return tuple(found)


def _spy(tape: Tape, way: _Way, inner: Intervention | None, errors: dict[int, tuple[float, int]]) -> Intervention:
    def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        out = func(*args, **kwargs) if inner is None else inner(func, args, kwargs)
        dim, scores = _axis(args[1], args[0].shape), args[0]
        error = way.error(tape, out)
        others = (d for d in reversed(range(scores.dim())) if d != dim)
        right = (d for d in others if way.error(tape, torch.softmax(scores, d)) <= _ONE)
        errors[way.softmax] = error, dim if error <= _ONE else next(right, dim)
        return out

    return act


def _axis(dim: Any, shape: tuple[int, ...]) -> int:
    return int(dim) % max(len(shape), 1)


def _ways(tape: Tape) -> Iterator[_Way]:
    readers: dict[Ref, list[int]] = {}
    for op in range(len(tape.entries)):
        for ref in tape.inputs_of(op):
            if isinstance(ref, Ref):
                readers.setdefault(ref, []).append(op)
    for op, entry in enumerate(tape.entries):
        if plain(entry.name) == "_softmax" and not entry.static and _scores(tape, op):
            way = _way(tape, op, readers)
            if way is not None:
                yield way


def _scores(tape: Tape, op: int) -> bool:
    """Return whether a softmax reads a product of two activations, scaled, biased or masked at most."""
    ref: Ref | Leaf | None = Ref(op, 0)
    while isinstance(ref, Ref):
        if ref.op != op and tape.entries[ref.op].name in _PRODUCTS:
            return len(_factors(tape, ref.op)) == 2
        entry = tape.entries[ref.op]
        passes = ref.op == op or torch.Tag.pointwise in entry.func.tags or plain(entry.name) in _KEEPING
        ref = next(iter(tape.activations(ref.op)), None) if passes else None
    return False


def _factors(tape: Tape, op: int) -> list[Ref | Leaf]:
    """Return the matrices of a product that depend on the network's input."""
    entry = tape.entries[op]
    own = [entry.args[place] for place in _PRODUCTS[entry.name]]
    return [ref for ref in own if ref in tape.activations(op)]


def _way(tape: Tape, op: int, readers: dict[Ref, list[int]]) -> _Way | None:
    ref, between = Ref(op, 0), list[int]()
    while len(readers.get(ref, ())) == 1:
        reader = readers[ref][0]
        entry = tape.entries[reader]
        if entry.name in _PRODUCTS:
            left = entry.args[_PRODUCTS[entry.name][0]] == ref
            return _Way(op, tuple(between), left) if len(_factors(tape, reader)) == 2 else None
        if plain(entry.name) not in _KEEPING:
            return None
        between.append(reader)
        ref = Ref(reader, 0)
    return None


def attend_over(bench: Bench, remedy: Remedy) -> Change:
    """Let softmaxes run over other axes, each over its own."""
    axes = {int(op): int(dim) for op, dim in remedy.parameters["axes"]}
    entries = bench.tape.entries
    if any(op >= len(entries) or plain(entries[op].name) != "_softmax" for op in axes):
        raise NotApplicableError("this pass has no such softmax")

    def over(dim: int) -> Intervention:
        return lambda func, args, kwargs: func(args[0], dim, *args[2:], **kwargs)

    return Change(interventions={op: over(dim) for op, dim in axes.items()})
