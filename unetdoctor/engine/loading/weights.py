"""`-w`: weights into a network, as much of them as fits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch.nn.parameter import is_lazy

from unetdoctor.engine.loading import checkpoints, integrity, matching, shards, suggestions
from unetdoctor.engine.loading.errors import Guard, RequestError
from unetdoctor.engine.loading.files import FoundFile
from unetdoctor.engine.loading.loaded import LoadedModel
from unetdoctor.engine.loading.loads import Load, compare, nothing, tensors_of
from unetdoctor.engine.loading.matching import COUNTER, Fit, Tensors
from unetdoctor.engine.loading.sniff import Content

MAX_LISTED = 10


@dataclass(frozen=True)
class Weights:
    """What a weights file holds, read and not yet matched with a network."""

    shown: str
    """The file as it was asked for."""
    checkpoint: Any
    """Its content; at least one state_dict is in it."""
    remarks: tuple[str, ...] = ()
    """What was seen while reading it, a sentence each."""
    damaged: tuple[str, ...] | None = None
    """Keys whose bytes differ from their checksum; None where no checksum was recorded."""


def read(file: FoundFile) -> Weights:
    """Read a weights file, before any code of the user runs; raises RequestError where no state_dict is in it."""
    several = bool(shards.names(file))
    damaged = () if several else checkpoints.damaged(file)
    checkpoint = checkpoints.read(file, checked=not several)
    if next(matching.state_dicts(checkpoint), None) is None:
        raise RequestError(f"no state_dict found in {file.shown}: {matching.describe(checkpoint)}.")
    known = file.content is Content.ZIP and not integrity.without_checksums(file)
    return Weights(file.shown, checkpoint, checkpoints.remarks(file), damaged if known else None)


def load_into(loaded: LoadedModel, weights: Weights, guard: Guard) -> LoadedModel:
    """Copy what fits into a network; the rest stays as it was built, and `loads` says so."""
    expected = tensors_of(loaded.model)
    if not expected:
        raise RequestError(
            f"{loaded.name} has no parameters or buffers that {weights.shown} could fill: it has none, or keeps them "
            "as constants as a frozen program does; leave -w out."
        )
    fits = matching.find(weights.checkpoint, expected)
    fit = fits[0]
    better = suggestions.from_shapes(expected, fit, {**loaded.guessed, **loaded.arguments})
    base = nothing(weights.shown, better=tuple(f"{name}={value!r}" for name, (value, _) in better.items()))
    parameters = [name for name, _ in loaded.model.named_parameters(remove_duplicate=False)]
    fact = compare(base, expected, parameters, fit, fits)
    others = matching.as_good(fits)
    renamed = {fit.label: replace(fact, as_saved=fact.model, taken=nothing("").taken)}
    load = Load(
        fact,
        under=renamed | {other.label: compare(base, expected, parameters, other, fits) for other in others},
        tensors={reading.label: _fitting(reading, expected) for reading in (fit, *others)},
        damaged=_damaged(weights, fit),
    )
    guard("load", lambda: _copy(loaded.model, _fitting(fit, expected)))
    how = (_sentence(weights.shown, fit), *weights.remarks, *_remarks(expected, fit, others))
    return replace(
        loaded,
        how=(*loaded.how, *how),
        weights_given=not fact.unfilled,
        weights=weights.shown,
        loads=(load, *(own for own in loaded.loads if fact.unfilled)),
    )


def _fitting(fit: Fit, expected: Tensors) -> Tensors:
    return {
        key: value
        for key, value in fit.tensors.items()
        if key in expected and matching.same_shape(value, expected[key])
    }


def _damaged(weights: Weights, fit: Fit) -> tuple[str, ...] | None:
    """Return the network's names of the tensors that are damaged in the file."""
    if weights.damaged is None:
        return None
    found = matching.state_dicts(weights.checkpoint)
    ids = {id(tensor) for _, tensors in found for key, tensor in tensors.items() if key in weights.damaged}
    return tuple(key for key, tensor in fit.tensors.items() if id(tensor) in ids)


def _copy(model: torch.nn.Module, fitting: Tensors) -> None:
    result: Any = model.load_state_dict(dict(fitting), strict=False)
    if result is not None and result.unexpected_keys:
        message = f"load_state_dict did not take {', '.join(result.unexpected_keys[:MAX_LISTED])}"
        raise RuntimeError(message)


def _sentence(shown: str, fit: Fit) -> str:
    entry = f", entry {'.'.join(fit.entry)}" if fit.entry else ""
    if not fit.changes:
        return f"loaded {fit.matching} tensors from {shown}{entry}"
    return (
        f"loaded {fit.matching} tensors from {shown}{entry}, {' and '.join(fit.changes)} "
        f"({fit.named} keys match instead of {fit.as_saved})"
    )


def _remarks(expected: Tensors, fit: Fit, others: list[Fit]) -> list[str]:
    remarks = []
    if others:
        labels = ", ".join(other.label for other in others[:4])
        remarks.append(f"took {fit.label}; as many keys fit under {labels}")
    if fit.total > len(fit.tensors):
        rest = fit.total - len(fit.tensors)
        why = "which stand for none of the network's alone" if fit.parts else f"which have no prefix {fit.prefix!r}"
        remarks.append(f"left out {rest} of the file's {fit.total} tensors, {why}")
    late = sum(key.endswith(COUNTER) and key not in fit.tensors for key in expected)
    if late and fit.matching:
        remarks.append(f"{COUNTER} of {_layers(late)} not in the file and keeps the model's own value")
    pairs = {
        (_dtype(tensor), _dtype(expected[key]))
        for key, tensor in fit.tensors.items()
        if key in expected and not is_lazy(expected[key]) and tensor.dtype != expected[key].dtype
    }
    remarks += [f"converted weights from {stored} to {wanted}" for stored, wanted in sorted(pairs)]
    return remarks


def _layers(number: int) -> str:
    return "1 layer is" if number == 1 else f"{number} layers is"


def _dtype(tensor: torch.Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")
