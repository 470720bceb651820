"""Another number of output channels: the last layer keeps its own filters, and fresh ones stand beside them."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from unetdoctor.engine.bench import Bench, NotApplicableError
from unetdoctor.engine.drawing import CONVOLUTIONS, plain
from unetdoctor.engine.evaluation import Change, isolated_random_state
from unetdoctor.engine.tape import traits
from unetdoctor.facts import Remedy

_COUNTING = {"view", "_unsafe_view", "reshape", "_reshape_alias", "expand", "split", "split_with_sizes", "unbind"}
"""Operations whose constants hold the number of channels that they were recorded with."""


def draw_channels(bench: Bench, remedy: Remedy) -> Change:
    """Let the last convolution draw more channels with fresh filters, or fewer with the first of its own.

    The fresh filters have the mean and the deviation of those that are there: they draw something, but nothing that
    was ever trained.
    """
    wanted, op = int(remedy.parameters["channels"]), bench.drawing.drawn_by
    entries = bench.tape.entries
    if op is None or entries[op].name not in CONVOLUTIONS:
        raise NotApplicableError("the last layer is no convolution")
    for later in sorted(bench.tape.downstream({op}) - {op}):
        if later > bench.drawing.output.op:
            break
        if entries[later].parameters or plain(entries[later].name) in _COUNTING:
            what = entries[later].layer if entries[later].parameters else f"`{entries[later].name}`"
            raise NotApplicableError(f"{what} behind the last layer is made for the channels that it draws")
    drawn = entries[bench.drawing.output.op].shape
    if len(drawn) < 2 or entries[op].shape[1] % drawn[1]:
        raise NotApplicableError("the filters of the last layer are no multiple of the channels that are drawn")
    filters = wanted * (entries[op].shape[1] // drawn[1])

    def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        names = traits(func).arguments
        bound = dict(zip(names, args, strict=False)) | kwargs
        if bound["groups"] != 1:
            raise NotApplicableError("the last layer draws its channels in groups")
        with isolated_random_state(bench.seed):
            bound["weight"] = _resized(bound["weight"], 1 if bound.get("transposed") else 0, filters)
        if bound.get("bias") is not None:
            bound["bias"] = _lengthened(bound["bias"], filters)
        return func(*[bound[name] for name in names if name in bound])

    return Change(interventions={op: act})


def _resized(weight: Tensor, dim: int, filters: int) -> Tensor:
    own = weight.detach()
    if own.shape[dim] >= filters:
        return own.narrow(dim, 0, filters)
    shape = list(own.shape)
    shape[dim] = filters - own.shape[dim]
    fresh = torch.randn(shape) * float(own.std(correction=0)) + float(own.mean())
    return torch.cat([own, fresh.to(own)], dim)


def _lengthened(bias: Tensor, filters: int) -> Tensor:
    own = bias.detach()[:filters]
    return torch.cat([own, own.mean().expand(filters - len(own))])


ACTIONS: dict[str, Callable[[Bench, Remedy], Change]] = {"draw_channels": draw_channels}
"""Actions on the number of channels, a part of `remedies.ACTIONS`."""
