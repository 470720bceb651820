"""What went into a network and what did not: one load of weights, compared key by key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import nn

from unetdoctor.engine.loading.matching import COUNTER, Fit, Tensors, same_shape
from unetdoctor.facts import Place, WeightsLoad

MAX_READINGS = 6
_RUNNING = ("running_mean", "running_var")


@dataclass(frozen=True)
class Load:
    """One load of weights, with what other readings of the same weights would have put in."""

    fact: WeightsLoad
    """As it is."""
    under: Mapping[str, WeightsLoad] = field(default_factory=dict)
    """Label of another reading -> what would be said of it."""
    tensors: Mapping[str, Tensors] = field(default_factory=dict)
    """Label of another reading -> the network's full names and their values."""
    damaged: tuple[str, ...] | None = None
    """The network's names of the tensors that differ from their checksum; None where none was recorded."""


def tensors_of(model: nn.Module) -> dict[str, torch.Tensor]:
    """Return what a network saves, by name."""
    return {key: value for key, value in model.state_dict().items() if isinstance(value, torch.Tensor)}


def compare(
    base: WeightsLoad, expected: Tensors, parameters: Iterable[str], fit: Fit, fits: Sequence[Fit]
) -> WeightsLoad:
    """Return what became of a load under one reading; `expected` holds the network's tensors in their order.

    Batch counters and buffers that the network computes itself need no value, nor does a name for a tensor that another
    name fills.
    """
    needed = _needed(expected, frozenset(parameters), fit.tensors)
    missing = [key for key in needed if key not in fit.tensors]
    unexpected = [key for key in fit.tensors if key not in expected]
    reshaped = tuple(
        (key, tuple(fit.tensors[key].shape), tuple(expected[key].shape))
        for key in needed
        if key in fit.tensors and not same_shape(fit.tensors[key], expected[key])
    )
    blocks = {key.split(".")[0] for key in expected}
    return replace(
        base,
        model=len(needed),
        stored=len(fit.tensors),
        common=sum(key in fit.tensors for key in needed) - len(reshaped),
        as_saved=sum(key in needed for key in fit.tensors) if not _renamed(fit) else fit.as_saved,
        missing=tuple(missing),
        unexpected=tuple(unexpected),
        reshaped=reshaped,
        tail=_is_tail(missing, needed) and _is_tail(unexpected, list(fit.tensors)),
        foreign=not any(key.split(".")[0] in blocks for key in unexpected),
        taken=fit.reading(),
        readings=tuple(f.reading() for f in fits if f.named or f is fit or not _renamed(f))[:MAX_READINGS],
    )


def nothing(source: str, **fields: object) -> WeightsLoad:
    """Return a load that nothing is known of yet."""
    reading = Fit((), "", "", False, {}, 0, 0, 0, 0).reading()
    blank = WeightsLoad(source, Place(), False, "", False, 0, 0, 0, 0, (), (), (), False, False, reading)
    return replace(blank, **fields)  # type: ignore[arg-type]


def _renamed(fit: Fit) -> bool:
    return bool(fit.prefix or fit.added or fit.compiled or fit.parts)


def _needed(expected: Tensors, parameters: frozenset[str], given: Tensors) -> list[str]:
    filled = {expected[key].data_ptr() for key in given if key in expected and expected[key].numel()}
    return [
        key
        for key, tensor in expected.items()
        if key in given
        or (
            (key in parameters or key.endswith(_RUNNING))
            and not key.endswith(COUNTER)
            and not (tensor.numel() and tensor.data_ptr() in filled)
        )
    ]


def _is_tail(some: Sequence[str], all_keys: Sequence[str]) -> bool:
    return list(some) == list(all_keys)[len(all_keys) - len(some) :]
