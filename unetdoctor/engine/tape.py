"""The tape: the straight-line program of aten operations that a forward pass executed.

Every operation is kept with its arguments as references to earlier results (`Ref`), to parameters, buffers, inputs and
other tensors that existed before (`Leaf`), or as constants. The tape holds no activation: edges are found through weak
references, so memory is freed as in the unobserved pass. Eager modules and TorchScript look alike from here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

DETACH = torch.ops.aten.detach.default
"""Comes and goes with who keeps a reference to a result: an alias, never counted."""


@dataclass(frozen=True, slots=True)
class Ref:
    """The `slot`-th tensor that operation `op` returned."""

    op: int
    slot: int


@dataclass(frozen=True, slots=True)
class Leaf:
    """A tensor that existed before the pass: number in `Tape.leaves`."""

    index: int


@dataclass(slots=True)
class LeafTensor:
    """A parameter, buffer, network input or constant."""

    tensor: Tensor
    kind: str
    """`parameter`, `input` or `constant`."""
    name: str
    """Full name of a parameter or buffer, number of an input."""


@dataclass(slots=True)
class Entry:
    """One operation on the tape."""

    func: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    traits: "Traits"
    module: str
    """Name of the module at work (eager only)."""
    file: str
    line: int
    shape: tuple[int, ...] = ()
    floating: bool = False
    training: bool | None = None
    layer: str = ""
    parameters: tuple[str, ...] = ()
    input_shapes: tuple[tuple[int, ...], ...] = ()
    static: bool = False
    """Whether the result depends on parameters and constants alone (a weight under weight normalisation)."""

    @property
    def name(self) -> str:
        """Operator name without namespace and overload."""
        return self.traits.name


@dataclass(frozen=True, slots=True)
class Traits:
    """What the schema of an operator says."""

    name: str
    arguments: tuple[str, ...]
    mutated: tuple[int, ...]
    """Positions of arguments that are written to."""
    view: bool
    """Whether the result shares memory with an argument that is not written to."""
    random: bool
    reads_values: bool
    """Whether the result's shape or a Python value depends on the data."""


@lru_cache(maxsize=4096)
def traits(func: Any) -> Traits:
    """Return what the schema of this operator says."""
    schema = func._schema
    mutated = tuple(i for i, a in enumerate(schema.arguments) if a.alias_info is not None and a.alias_info.is_write)
    aliased = any(r.alias_info is not None for r in schema.returns)
    tags = set(func.tags)
    dependent = {torch.Tag.data_dependent_output, torch.Tag.dynamic_output_shape}
    return Traits(
        name=schema.name.split("::")[-1],
        arguments=tuple(a.name for a in schema.arguments),
        mutated=mutated,
        view=aliased and not mutated,
        random=torch.Tag.nondeterministic_seeded in tags,
        reads_values=bool(tags & dependent),
    )


def argument(entry_args: tuple[Any, ...], kwargs: dict[str, Any], func_traits: Traits, name: str) -> Any:
    """Return the argument of this name, None where the operator has none or it was left out."""
    if name in kwargs:
        return kwargs[name]
    if name in func_traits.arguments:
        position = func_traits.arguments.index(name)
        if position < len(entry_args):
            return entry_args[position]
    return None


def plain_name(func: Any) -> str:
    """Return an operator's name without namespace, overload and the mark of its in-place form."""
    name = traits(func).name
    return name[:-1] if name.endswith("_") and not name.startswith("__") else name


def references(value: Any) -> Iterator[Ref | Leaf]:
    """Yield every Ref and Leaf in encoded arguments, in order."""
    if isinstance(value, (Ref, Leaf)):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from references(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from references(item)


def tensors(value: Any) -> Iterator[Tensor]:
    """Yield every tensor in the result of an operation, in slot order."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from tensors(item)


@dataclass
class Failure:
    """The operation that raised."""

    entry: Entry
    operands: tuple[tuple[tuple[int, ...], Ref | Leaf], ...]
    """(shape, reference) of its tensor arguments."""
    said: str = ""
    """What it raised: TorchScript passes on that it did, and not always what."""


@dataclass
class Tape:
    """One recorded forward pass."""

    entries: list[Entry] = field(default_factory=list)
    leaves: list[LeafTensor] = field(default_factory=list)
    mutated_leaves: set[int] = field(default_factory=set)
    outputs: list[tuple[str, Ref | Leaf | None]] = field(default_factory=list)
    """(path, reference) of every tensor that forward() returned; None where its origin is unknown."""
    failure: Failure | None = None
    roots: dict[Ref, int] = field(default_factory=dict)
    """Leaf that a result is a view of, for views of leaves."""

    def activations(self, op: int) -> tuple[Ref | Leaf, ...]:
        """Return the references of an operation that depend on the network's input."""
        return tuple(
            ref
            for ref in self.inputs_of(op)
            if (isinstance(ref, Ref) and not self.entries[ref.op].static)
            or (isinstance(ref, Leaf) and self.leaves[ref.index].kind == "input")
        )

    @contextmanager
    def leaves_kept(self) -> Iterator[None]:
        """Put back, after the block, what the model writes into its own parameters, buffers and inputs."""
        saved = {index: self.leaves[index].tensor.detach().clone() for index in self.mutated_leaves}
        try:
            yield
        finally:
            with torch.no_grad():
                for index, tensor in saved.items():
                    self.leaves[index].tensor.copy_(tensor)

    @property
    def random(self) -> bool:
        """Whether any operation draws random numbers."""
        return any(e.traits.random for e in self.entries)

    def inputs_of(self, op: int) -> tuple[Ref | Leaf, ...]:
        """Return the references among the arguments of an operation."""
        entry = self.entries[op]
        return (*references(entry.args), *references(entry.kwargs))

    def producers(self, op: int) -> tuple[int, ...]:
        """Operations whose results this one reads; -1 for a network input."""
        found = []
        for ref in self.inputs_of(op):
            if isinstance(ref, Ref):
                found.append(ref.op)
            elif self.leaves[ref.index].kind == "input":
                found.append(-1)
        return tuple(found)

    def downstream(self, ops: set[int], inputs: bool = False) -> set[int]:
        """Operations that depend on any of `ops` (themselves included), or on a network input."""
        reached = set(ops)
        for op in range(min(ops, default=0) if not inputs else 0, len(self.entries)):
            sources = self.producers(op)
            if any(s in reached for s in sources if s >= 0) or (inputs and -1 in sources):
                reached.add(op)
        return reached

    def upstream(self) -> set[int]:
        """Operations on whose results depends what was returned, written in place, or read by Python."""
        if not self.outputs or any(ref is None for _, ref in self.outputs):
            return set(range(len(self.entries)))
        needed = {ref.op for _, ref in self.outputs if isinstance(ref, Ref)}
        needed |= {i for i, e in enumerate(self.entries) if e.traits.mutated or e.traits.reads_values}
        for op in reversed(range(len(self.entries))):
            if op in needed:
                needed.update(source for source in self.producers(op) if source >= 0)
        return needed

    def reads_values(self, ops: set[int]) -> bool:
        """Whether any of these operations reads a value into Python."""
        return any(self.entries[op].traits.reads_values for op in ops)


def same_program(one: Tape, other: Tape) -> bool:
    """Return whether two passes ran the same operations in the same order."""
    return [e.func for e in one.entries] == [e.func for e in other.entries]


def owner(parameter: str) -> str:
    """Return the layer of a parameter: `up.conv` for `up.conv.weight` and `up.conv.parametrizations.weight.0`."""
    head = parameter.split(".parametrizations.")[0]
    return head.rpartition(".")[0] if head == parameter else head
