"""Interventions on what is joined: one operand is replaced, and what an operation draws is kept to stand in for it."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from unetdoctor.engine.evaluation import Intervention
from unetdoctor.engine.tape import tensors


def with_operand(position: int, other: Callable[[Any], Tensor]) -> Intervention:
    """Return the intervention that joins another tensor, made of this operand, in its place."""

    def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        listed = isinstance(args[0], (list, tuple))
        joined = list(args[0] if listed else args)
        joined[position] = other(joined[position])
        return func(joined, *args[1:], **kwargs) if listed else func(*joined, **kwargs)

    return act


def keeping(kept: dict[int, Tensor], op: int, first: Intervention | None = None) -> Intervention:
    """Return the intervention that keeps a copy of what an operation draws, perhaps under another one."""

    def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        out = func(*args, **kwargs) if first is None else first(func, args, kwargs)
        kept[op] = next(tensors(out)).clone()
        return out

    return act


def places(x: Tensor) -> list[int]:
    """Return every axis but that of the channels."""
    return [d for d in range(x.dim()) if d != 1]
