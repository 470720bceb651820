"""Remedies of skip connections: the tensor that was meant is joined, or the weights that read it are drawn anew."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from unetdoctor.engine.bench import Bench, NotApplicableError
from unetdoctor.engine.evaluation import Change, isolated_random_state
from unetdoctor.engine.skips import Join, consumer, find_joins
from unetdoctor.engine.tape import Leaf, tensors
from unetdoctor.engine.weights import resolve
from unetdoctor.facts import Remedy


def _named(bench: Bench, remedy: Remedy) -> Join:
    wanted = (remedy.parameters["join"], remedy.parameters["operand"])
    found = next((x for x in find_joins(bench.tape) if (x.op, x.skip.position) == wanted), None)
    if found is None:
        raise NotApplicableError("this pass has no such skip connection")
    return found


def fresh_slice(bench: Bench, remedy: Remedy) -> Change:
    """Draw the weights that read one branch of a concatenation anew, as large as those on the other branch."""
    join = _named(bench, remedy)
    found = consumer(bench.tape, join)
    reference = bench.tape.entries[found.op].args[1] if found is not None else None
    weight = resolve(bench.tape, reference, bench.values) if reference is not None else None
    if found is None or weight is None:
        raise NotApplicableError("no one convolution reads the join")
    own, other = (found.skip, found.deep) if remedy.parameters["branch"] == "skip" else (found.deep, found.skip)
    scale = weight.detach()[other].float().square().mean().sqrt().item() or 1 / math.sqrt(weight[0].numel())
    new = weight.detach().clone()
    with isolated_random_state(bench.seed):
        new[own] = (torch.randn(new[own].shape) * scale).to(new)
    if isinstance(reference, Leaf) and bench.tape.leaves[reference.index].name:
        return Change(leaves={bench.tape.leaves[reference.index].name: new})

    def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return func(args[0], new, *args[2:], **kwargs)

    return Change(interventions={found.op: act})


def reconnect_skip(bench: Bench, remedy: Remedy) -> Change:
    """Join what was drawn where the skip connection parts, in the place of what arrives at the join."""
    join = _named(bench, remedy)
    if join.source < 0 or bench.tape.entries[join.source].shape != join.skip.shape:
        raise NotApplicableError("what was drawn where it parts has another shape")
    drawn: list[Tensor] = []

    def keep(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        out = func(*args, **kwargs)
        drawn[:] = [next(tensors(out)).clone()]
        return out

    def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if isinstance(args[0], (list, tuple)):
            joined = list(args[0])
            joined[join.skip.position] = drawn[0]
            return func(joined, *args[1:], **kwargs)
        changed = list(args)
        changed[join.skip.position] = drawn[0]
        return func(*changed, **kwargs)

    return Change(interventions={join.source: keep, join.skip.op: act})


ACTIONS: dict[str, Callable[[Bench, Remedy], Change]] = {"fresh_slice": fresh_slice, "reconnect_skip": reconnect_skip}
"""Every remedy of a skip connection that a tape can be evaluated under."""
