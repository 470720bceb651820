"""Normalisations over a sample's own places: whether what they normalise varies at all."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from unetdoctor.engine.bench import NotApplicableError
from unetdoctor.engine.drawing import NORMALISATIONS
from unetdoctor.engine.evaluation import Change, DivergedError, Intervention
from unetdoctor.engine.tape import Entry, Ref, Tape, argument, tensors
from unetdoctor.facts import PlaceNorm

if TYPE_CHECKING:
    from unetdoctor.engine.examination import Examination

QUIET = 0.1
"""Signal behind a normalisation from which on what it normalises is looked at: about 1 where that varies."""


def place_norms(examination: Examination) -> tuple[PlaceNorm, ...]:
    """Return the group and instance normalisations of the main pass, with what they are given where little is left."""
    main = examination.main
    known = {op: _signal_in(main.tape, main.statistics, op) for op in _normalising(main.tape)}
    after = {op: main.statistics[op].signal if op in main.statistics else math.nan for op in known}
    flat: dict[int, float] = {}
    quiet = {op: _looking(flat, op, main.tape.entries[op]) for op in known if after[op] < QUIET}
    if quiet and main.drawing is not None:
        try:
            examination.evaluate(main, Change(quiet))
        except (NotApplicableError, DivergedError, RuntimeError, ValueError):
            flat.clear()
    found = []
    for op, before in known.items():
        share = flat.get(op, math.nan if op in quiet else 0.0)
        entry = main.tape.entries[op]
        found.append(PlaceNorm(op, _values(entry), _epsilon(entry), share, before, after[op]))
    return tuple(found)


def _normalising(tape: Tape) -> list[int]:
    """Return the operations that normalise each sample for itself: over groups, or over places (a batch of one)."""
    return [
        op
        for op, entry in enumerate(tape.entries)
        if entry.name == "native_group_norm"
        or (
            entry.name in NORMALISATIONS
            and entry.name != "native_layer_norm"
            and bool(entry.training)
            and len(entry.shape) > 2
            and entry.shape[0] == 1
            and argument(entry.args, entry.kwargs, entry.traits, "running_mean") is None
        )
    ]


def _signal_in(tape: Tape, statistics: dict[int, Any], op: int) -> float:
    """Return the signal of what an operation reads; views have no numbers of their own."""
    source: int | None = op
    while source is not None:
        source = max((r.op for r in tape.activations(source) if isinstance(r, Ref)), default=None)
        if source in statistics:
            return float(statistics[source].signal)
    return math.nan


def _groups(entry: Entry) -> int:
    known = argument(entry.args, entry.kwargs, entry.traits, "group")
    return int(known) if entry.name == "native_group_norm" and isinstance(known, int) else entry.shape[1]


def _values(entry: Entry) -> int:
    return math.prod(entry.shape[1:]) // max(_groups(entry), 1)


def _epsilon(entry: Entry) -> float:
    for name in ("eps", "epsilon"):
        known = argument(entry.args, entry.kwargs, entry.traits, name)
        if isinstance(known, (int, float)):
            return float(known)
    return math.nan


def _looking(flat: dict[int, float], op: int, entry: Entry) -> Intervention:
    """Return an intervention that keeps the share of what is normalised together whose variance lies under eps."""

    def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        x: Tensor = next(tensors(args)).detach().float()
        together = x.reshape(x.shape[0] * _groups(entry), -1)
        variance = together.var(dim=1, correction=0)
        flat[op] = float((variance <= _epsilon(entry)).to(torch.float32).mean())
        return func(*args, **kwargs)

    return act
