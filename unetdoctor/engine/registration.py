"""Parameters that run without being registered, and registered ones that never run: a question to the tape."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from torch import Tensor, nn, strided
from torch.nn.parameter import is_lazy

from unetdoctor.engine.tape import Leaf, Tape, references
from unetdoctor.facts import Place, Unregistered

_DEPTH = 3
_OWN = frozenset(("_parameters", "_buffers", "_modules"))
_MOST = 2000


def unregistered(model: nn.Module, tape: Tape, place: Callable[[str], Place]) -> tuple[Unregistered, ...]:
    """Return the trainable tensors that an operation read and that `model.parameters()` does not give.

    A view of a registered parameter (`self.decode = self.code.t()`) is trained, saved and moved with it.
    """
    own = {address for parameter in model.parameters() if (address := _address(parameter))}
    strange = [
        index
        for index, leaf in enumerate(tape.leaves)
        if leaf.kind == "constant" and leaf.tensor.requires_grad and _address(leaf.tensor) not in own
    ]
    if not strange:
        return ()
    holders = {id(tensor): held for *held, tensor in _held(model)}
    found = []
    for index in strange:
        tensor = tape.leaves[index].tensor
        holder, kind, name = holders.get(id(tensor), ("", "", ""))
        op, entry = _reader(tape, index)
        where = place(holder) if holder else Place()
        if not where.line and entry is not None:
            where = Place(holder or entry.layer, where.file or entry.file, entry.line or None)
        found.append(Unregistered(name, holder, kind, tuple(tensor.shape), where, op))
    return tuple(found)


def idle(model: nn.Module, tape: Tape) -> tuple[tuple[str, int], ...]:
    """Return (name, number of values) of the parameters on which nothing that a whole pass returned depends."""
    numbers = {ref.index for op in tape.upstream() for ref in tape.inputs_of(op) if isinstance(ref, Leaf)}
    numbers |= {ref.index for _, ref in tape.outputs if isinstance(ref, Leaf)}
    leaves = [leaf for index, leaf in enumerate(tape.leaves) if index in numbers and leaf.kind == "parameter"]
    read = {leaf.name for leaf in leaves}
    places = {leaf.tensor.data_ptr() for leaf in leaves}
    return tuple(
        (name, parameter.numel())
        for name, parameter in model.named_parameters()
        if name not in read and parameter.numel() and parameter.data_ptr() not in places
    )


def _address(tensor: Tensor) -> int:
    """Return where the values of a tensor, and of all its views, lie; 0 where that is nowhere."""
    return tensor.untyped_storage().data_ptr() if tensor.layout is strided and not is_lazy(tensor) else 0


def _reader(tape: Tape, leaf: int) -> tuple[int | None, Any]:
    """Return (number, entry) of the first operation that reads a leaf, the one that failed included."""
    for op, entry in enumerate(tape.entries):
        if any(isinstance(ref, Leaf) and ref.index == leaf for ref in references((entry.args, entry.kwargs))):
            return op, entry
    return None, tape.failure.entry if tape.failure is not None else None


def _held(model: nn.Module) -> Iterator[tuple[str, str, str, Tensor]]:
    """Yield (attribute, kind of its container, name, tensor) of what plain Python attributes of modules hold."""
    for path, module in model.named_modules():
        for attribute, value in vars(module).items():
            if attribute not in _OWN and isinstance(value, (list, tuple, dict)):
                full = f"{path}.{attribute}" if path else attribute
                for name, tensor in _within(value, full, 0):
                    yield full, type(value).__name__, name, tensor


def _within(value: Any, name: str, depth: int) -> Iterator[tuple[str, Tensor]]:
    if isinstance(value, Tensor):
        yield name, value
    elif isinstance(value, nn.Module):
        yield from ((f"{name}.{inner}", tensor) for inner, tensor in value.named_parameters())
    elif depth < _DEPTH and isinstance(value, (list, tuple, Mapping)):
        items = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, item in list(items)[:_MOST]:
            yield from _within(item, f"{name}[{key!r}]", depth + 1)
