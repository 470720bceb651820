"""Experiments on a hidden activation: one that lets something through, and an input that it can tell apart."""

from typing import Any

import torch
from torch import nn

from unetdoctor.engine.bench import Bench, NotApplicableError
from unetdoctor.engine.evaluation import Change
from unetdoctor.engine.liveliness import ends_of, floor_of
from unetdoctor.engine.tape import traits
from unetdoctor.facts import Remedy


def leaky_slope(bench: Bench, remedy: Remedy) -> Change:
    """Let an activation pass a fifth of what is below 0."""

    def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        out = nn.functional.leaky_relu(args[0], 0.2)
        return args[0].copy_(out) if traits(func).mutated else out

    op = int(remedy.parameters["op"])
    if op >= len(bench.tape.entries) or floor_of(bench.tape.entries[op]) is None:
        raise NotApplicableError("this pass has no such activation")
    return Change(interventions={op: act})


def centre_input(bench: Bench, remedy: Remedy) -> Change:
    """Bring what an activation reads to a mean of 0 and a deviation of 1, channel by channel over the samples."""

    def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        x = args[0]
        dims = [d for d in range(x.dim()) if d != (1 if x.dim() > 3 else x.dim() - 1)]
        std, mean = torch.std_mean(x, dim=dims, keepdim=True, correction=0)
        centred = (x - mean) / std.clamp_min(1e-12)
        return func(args[0].copy_(centred) if traits(func).mutated else centred, *args[1:], **kwargs)

    op = int(remedy.parameters["op"])
    if op >= len(bench.tape.entries) or ends_of(bench.tape.entries[op]) is None:
        raise NotApplicableError("this pass has no such activation")
    return Change(interventions={op: act})
