"""Layers that can draw a grid, and weights under which they do not."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from unetdoctor.engine.bench import Bench, NotApplicableError
from unetdoctor.engine.drawing import CONVOLUTIONS
from unetdoctor.engine.evaluation import Change
from unetdoctor.engine.tape import Entry, Leaf, Ref, Tape, argument
from unetdoctor.engine.weights import resolve
from unetdoctor.facts import Remedy


def stride_of(entry: Entry) -> tuple[int, ...]:
    """Return the factor by which a transposed convolution enlarges; empty for other operations."""
    if entry.name not in CONVOLUTIONS or not argument(entry.args, entry.kwargs, entry.traits, "transposed"):
        return ()
    stride = tuple(argument(entry.args, entry.kwargs, entry.traits, "stride") or ())
    return stride if any(s > 1 for s in stride) else ()


def makers(tape: Tape) -> tuple[tuple[int, int], ...]:
    """Return (operation, convolution whose weights it draws with) of every layer that can draw a grid."""
    found = []
    for op, entry in enumerate(tape.entries):
        if len(entry.shape) != 4 or entry.static:
            continue
        source = next((ref.op for ref in tape.activations(op) if isinstance(ref, Ref)), None)
        if stride_of(entry):
            found.append((op, op))
        elif entry.name == "pixel_shuffle" and source is not None and tape.entries[source].name in CONVOLUTIONS:
            found.append((op, source))
    return tuple(found)


def even_kernel(bench: Bench, remedy: Remedy) -> Change:
    """Give every pixel of a cell the same sum of weights from each channel: an even input then draws no grid."""
    change = Change()
    chosen = [pair for pair in makers(bench.tape) if pair[0] in remedy.parameters["ops"]]
    for op, convolution in chosen:
        entry = bench.tape.entries[convolution]
        weight = resolve(bench.tape, entry.args[1], bench.values)
        if weight is None or argument(entry.args, entry.kwargs, entry.traits, "groups") != 1:
            continue
        if op == convolution:
            _exchange(bench, change, convolution, 1, evened(weight, stride_of(entry)))
        else:
            _shuffled(bench, change, op, convolution, weight)
    if not change.leaves and not change.interventions:
        raise NotApplicableError("this pass has no such layer")
    return change


def evened(weight: Tensor, stride: tuple[int, ...]) -> Tensor:
    """Return a transposed kernel with equal sums over the taps that fall on each pixel of a cell."""
    new = weight.detach().clone()
    rows, columns = stride
    sums = [[new[..., a::rows, b::columns].sum(dim=(-2, -1)) for b in range(columns)] for a in range(rows)]
    mean = torch.stack([x for row in sums for x in row]).mean(dim=0)
    for a in range(rows):
        for b in range(columns):
            taps = new[..., a::rows, b::columns]
            count = taps.shape[-1] * taps.shape[-2]
            if count:
                taps += ((mean - sums[a][b]) / count)[..., None, None]
    return new


def _shuffled(bench: Bench, change: Change, op: int, convolution: int, weight: Tensor) -> None:
    """Even what a pixel shuffle makes of its channels: groups of factor squared, with their biases."""
    factor = int(bench.tape.entries[op].args[1])
    count = factor * factor
    cells = weight.detach().reshape(-1, count, *weight.shape[1:])
    sums = cells.sum(dim=(-2, -1), keepdim=True)
    taps = math.prod(weight.shape[2:])
    _exchange(
        bench, change, convolution, 1, (cells + (sums.mean(dim=1, keepdim=True) - sums) / taps).reshape(weight.shape)
    )
    bias = bench.tape.entries[convolution].args[2]
    values = resolve(bench.tape, bias, bench.values) if isinstance(bias, (Ref, Leaf)) else None
    if values is not None:
        even = values.detach().reshape(-1, count).mean(dim=1, keepdim=True).expand(-1, count).reshape(values.shape)
        _exchange(bench, change, convolution, 2, even.clone())


def _exchange(bench: Bench, change: Change, op: int, position: int, new: Tensor) -> None:
    reference = bench.tape.entries[op].args[position]
    name = bench.tape.leaves[reference.index].name if isinstance(reference, Leaf) else ""
    if name:
        change.leaves[name] = new
        return
    before = change.interventions.get(op)

    def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        changed = (*args[:position], new, *args[position + 1 :])
        return func(*changed, **kwargs) if before is None else before(func, changed, kwargs)

    change.interventions[op] = act


ACTIONS: dict[str, Callable[[Bench, Remedy], Change]] = {"even_kernel": even_kernel}
"""Every remedy of a grid that a tape can be evaluated under."""
