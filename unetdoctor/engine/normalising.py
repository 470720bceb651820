"""Remedies that normalise what an operation returns, or that change how a normalisation does it."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from unetdoctor.engine.bench import Bench, NotApplicableError
from unetdoctor.engine.evaluation import Change
from unetdoctor.facts import Remedy


def normalise_behind(bench: Bench, remedy: Remedy) -> Change:
    """Normalise what an operation returns, sample by sample over all its values, as GroupNorm(1, channels) does."""
    op = int(remedy.parameters["op"])
    if op >= len(bench.tape.entries):
        raise NotApplicableError("this pass has no such operation")

    def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        out = func(*args, **kwargs)
        return _normalised(out) if isinstance(out, Tensor) else type(out)([_normalised(out[0]), *out[1:]])

    return Change(interventions={op: act})


def one_group(bench: Bench, remedy: Remedy) -> Change:
    """Let a group normalisation take all channels of a sample together."""
    op = int(remedy.parameters["op"])
    if op >= len(bench.tape.entries) or bench.tape.entries[op].name != "native_group_norm":
        raise NotApplicableError("this pass has no group normalisation there")
    position = bench.tape.entries[op].traits.arguments.index("group")

    def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return func(*args[:position], 1, *args[position + 1 :], **kwargs)

    return Change(interventions={op: act})


def _normalised(x: Tensor) -> Tensor:
    std, mean = torch.std_mean(x, dim=tuple(range(1, x.dim())), correction=0, keepdim=True)
    return (x - mean) / std.clamp_min(1e-12)


ACTIONS: dict[str, Callable[[Bench, Remedy], Change]] = {
    "normalise_behind": normalise_behind,
    "one_group": one_group,
}
"""Every remedy on normalisation that a tape can be evaluated under."""
