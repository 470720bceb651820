"""The arguments of forward() as they will be fed: flat specifications, arranged into containers where it wants some.

`batch.image` is the entry "image" of a dict that is the argument `batch`, `noises.0` the first element of a list, and
`images.*` a list of single samples.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

Shape = tuple[int, ...]
EACH = "*"
"""Entry of a list that has one element for each sample."""


@dataclass(frozen=True)
class ArgumentSpec:
    """One tensor among the arguments of forward()."""

    name: str
    """Name of the argument; `batch.image` for an entry of a dict, `noises.0` for an element of a list, `images.*` for a
    list of samples."""
    shape: Shape
    """Full shape with the batch dimension."""
    dtype: str = "float32"
    """Torch dtype name without `torch.`."""
    role: str = "main"
    """`main`, `time`, `level`, `label`, `context`, `other`."""
    keyword: bool = False
    """Whether it is given by name."""
    low: float | None = None
    """Smallest value; None for N(0, 1)."""
    high: float | None = None
    """Largest value; equal to `low` for a constant."""

    def on_meta(self) -> Tensor:
        """Return a tensor that has the shape and no values."""
        return torch.empty(self.shape, dtype=getattr(torch, self.dtype), device="meta")

    @property
    def tensors(self) -> int:
        """How many tensors forward() gets for it."""
        return self.shape[0] if self.name.endswith(f".{EACH}") else 1


Specs = tuple[ArgumentSpec, ...]


def arrange(specs: Specs, make: Callable[[ArgumentSpec], Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the positional arguments of forward() and those given by name, each tensor made by `make`."""
    tops: dict[str, list[ArgumentSpec]] = {}
    for spec in specs:
        tops.setdefault(spec.name.partition(".")[0], []).append(spec)
    args, kwargs = [], {}
    for name, parts in tops.items():
        if parts[0].name == name:
            value = make(parts[0])
        elif parts[0].name == f"{name}.{EACH}":
            value = list(make(parts[0]))
        elif all(part.name.rpartition(".")[2].isdigit() for part in parts):
            value = [make(part) for part in parts]
        else:
            value = {part.name.partition(".")[2]: make(part) for part in parts}
        if parts[0].keyword:
            kwargs[name] = value
        else:
            args.append(value)
    return tuple(args), kwargs


def sources(specs: Specs) -> dict[str, int]:
    """Return the bits of the tensors that each specification becomes, in their order among (args, kwargs)."""
    found, position = {}, 0
    for spec in sorted(specs, key=lambda s: s.keyword):
        found[spec.name] = ((1 << spec.tensors) - 1) << position
        position += spec.tensors
    return found


def followed(shape: Shape, before: Sequence[int], after: Sequence[int]) -> Shape:
    """Return the shape of a side argument once the main one has become another: its batch and its size keep step.

    Only where both are pictures of as many dimensions, and the side one's size is a multiple or a part of the other's.
    """
    if shape and before and shape[0] == before[0]:
        shape = (after[0], *shape[1:])
    if len(shape) != len(before) or len(after) != len(before) or len(shape) < 3:
        return shape
    sides = [side * new for side, new in zip(shape[2:], after[2:], strict=True)]
    if any(side % old for side, old in zip(sides, before[2:], strict=True)):
        return shape
    return (*shape[:2], *(side // old for side, old in zip(sides, before[2:], strict=True)))
