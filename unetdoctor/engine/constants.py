"""Weights that are no parameters: kernels of a frozen program or a plain function, named by their operation."""

from __future__ import annotations

from unetdoctor.engine.drawing import CONVOLUTIONS, PRODUCTS
from unetdoctor.engine.tape import Entry, Leaf, Tape, argument

_PAIRS, _CHANNELS = 16, 4
"""Pairs of input and output channels, or channels on one side, from which a kernel is a weight; with fewer, or with one
for each group, it is a fixed filter: Sobel's, a blur of each channel, RGB to grey."""
_WEIGHTS = ("weight", "mat2", "batch2")


def name_kernels(tape: Tape) -> None:
    """Name the constant kernels of a pass in which nothing is registered: `convolution_3`, by their order.

    They are then weights like any other, so that what is known of a frozen program is what its source would tell.
    """
    number = 0
    for entry in tape.entries:
        weight = _kernel(tape, entry)
        if weight is None:
            continue
        number += 1
        layer = f"{'convolution' if entry.name in CONVOLUTIONS else 'linear'}_{number}"
        names = [_name(tape, weight, f"{layer}.weight")]
        bias = argument(entry.args, entry.kwargs, entry.traits, "bias" if entry.name in CONVOLUTIONS else "self")
        if isinstance(bias, Leaf) and tape.leaves[bias.index].tensor.dim() == 1:
            names.append(_name(tape, bias, f"{layer}.bias"))
        entry.layer, entry.parameters = names[0].rpartition(".")[0], tuple(names)


def _name(tape: Tape, leaf: Leaf, name: str) -> str:
    """Name a constant, unless an earlier operation has; return its name."""
    stored = tape.leaves[leaf.index]
    if not stored.name:
        stored.kind, stored.name = "parameter", name
    return stored.name


def _kernel(tape: Tape, entry: Entry) -> Leaf | None:
    """Return the constant that an operation applies as its kernel or matrix."""
    if entry.parameters or (entry.name not in CONVOLUTIONS and entry.name not in PRODUCTS):
        return None
    found = (argument(entry.args, entry.kwargs, entry.traits, name) for name in _WEIGHTS)
    weight = next((value for value in found if isinstance(value, Leaf)), None)
    if weight is None or tape.leaves[weight.index].kind == "input":
        return None
    shape = tape.leaves[weight.index].tensor.shape
    groups = argument(entry.args, entry.kwargs, entry.traits, "groups") or 1
    if len(shape) < 2 or (groups > 1 and 1 in shape[:2]):
        return None
    return weight if shape[0] * shape[1] >= _PAIRS or max(shape[:2]) >= _CHANNELS else None
