"""Remedies of skip connections: the tensor that was meant is joined, or the weights that read it are drawn anew."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from unetdoctor.engine.bench import Bench, NotApplicableError
from unetdoctor.engine.crossing import exchange_skips
from unetdoctor.engine.evaluation import Change, isolated_random_state
from unetdoctor.engine.operands import keeping, with_operand
from unetdoctor.engine.passing import arranged, behind
from unetdoctor.engine.skips import Join, consumer, find_joins
from unetdoctor.engine.tape import Leaf, Ref
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
    """Join what was drawn before the branch was cut, in the place of what arrives at the join."""
    join = _named(bench, remedy)
    part = join.deep if remedy.parameters.get("branch") == "deep" else join.skip
    at = int(str(remedy.parameters.get("at", -1)))
    if isinstance(part.ref, Ref) and 0 <= at < len(bench.tape.entries) and at != part.ref.op:
        return _uncut(bench, at)
    drawn = behind(bench.tape, part.ref.op) if isinstance(part.ref, Ref) else None
    source = drawn.op if drawn is not None else join.source
    if source < 0 or bench.tape.entries[source].shape != part.shape:
        raise NotApplicableError("what was drawn where it parts has another shape")
    kept: dict[int, Tensor] = {}
    joined = with_operand(part.position, lambda _: kept[source])
    return Change(interventions={source: keeping(kept, source), part.op: joined})


def _uncut(bench: Bench, at: int) -> Change:
    """Hand on what was drawn before the operation at which a branch is cut, to the layers behind it."""
    drawn = behind(bench.tape, at)
    if drawn is None:
        raise NotApplicableError("this pass does not cut the branch there")
    kept: dict[int, Tensor] = {}

    def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return kept[drawn.op].clone()

    return Change(interventions={drawn.op: keeping(kept, drawn.op), at: act})


def leave_joined(bench: Bench, remedy: Remedy) -> Change:
    """Let the next layer read what was joined: what overwrites part of it on the way is undone."""
    join = _named(bench, remedy)
    base, undone = arranged(bench.tape, join.op)
    if not undone:
        raise NotApplicableError("nothing overwrites what was joined")
    kept: dict[int, Tensor] = {}

    def put_back(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return kept[base].clone()

    def unwritten(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return args[0]

    writes = {op: unwritten if bench.tape.entries[op].traits.mutated else put_back for op in undone}
    return Change(interventions={base: keeping(kept, base), **writes})


def fresh_branch(bench: Bench, remedy: Remedy) -> Change:
    """Draw the weights anew of the layer that draws the deep branch."""
    name = f"{remedy.place.layer}.weight"
    weight = next((x.tensor for x in bench.tape.leaves if x.name == name), None)
    if weight is None:
        raise NotApplicableError("the layer has no weight of its own")
    with isolated_random_state(bench.seed):
        new = nn.init.kaiming_uniform_(torch.empty(weight.shape), a=math.sqrt(5))
    return Change(leaves={name: new.to(weight)})


def exchange_joined(bench: Bench, remedy: Remedy) -> Change:
    """Concatenate two branches in the other order, wherever that is named."""
    ops = [int(op) for op in remedy.parameters["joins"]]
    entries = bench.tape.entries
    if any(op >= len(entries) or entries[op].name != "cat" or len(entries[op].args[0]) != 2 for op in ops):
        raise NotApplicableError("this pass concatenates no two branches there")

    def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return func(list(reversed(args[0])), *args[1:], **kwargs)

    return Change(interventions=dict.fromkeys(ops, act))


ACTIONS: dict[str, Callable[[Bench, Remedy], Change]] = {
    "fresh_slice": fresh_slice,
    "reconnect_skip": reconnect_skip,
    "leave_joined": leave_joined,
    "fresh_branch": fresh_branch,
    "exchange_skips": exchange_skips,
    "exchange_joined": exchange_joined,
}
"""Every remedy of a skip connection that a tape can be evaluated under."""
