"""What an operation on meta tensors returns: by a rule of ours, elementwise, else by torch's own meta kernel."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor

from unetdoctor.engine import shape_rules, shape_spatial

RULES = shape_rules.RULES | shape_spatial.RULES
_UNTAGGED = ("leaky_relu", "hardswish", "rsub", "polar", "complex")
"""Elementwise operations that torch does not tag as such, or not in every version."""

_PLAIN = frozenset((int, float, bool, str, type(None)))
"""Types of most arguments, which hold no tensor."""


def tensors(value: Any) -> list[Tensor]:
    """Return the tensors among an operation's arguments or results, in order."""
    found: list[Tensor] = []
    _gather(value, found)
    return found


def _gather(value: Any, found: list[Tensor]) -> None:
    kind = type(value)
    if kind in _PLAIN:
        return
    if isinstance(value, Tensor):
        found.append(value)
    elif isinstance(value, (list, tuple, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            if type(item) not in _PLAIN:
                _gather(item, found)


def exchange(value: Any, function: Callable[[Tensor], Tensor]) -> Any:
    """Return arguments or results with every tensor exchanged."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if isinstance(value, Tensor):
        return function(value)
    if kind in (list, tuple):
        return kind([item if type(item) in _PLAIN else exchange(item, function) for item in value])
    if kind is dict:
        return {key: exchange(item, function) for key, item in value.items()}
    return value


_SCHEMAS: dict[Any, list[tuple[str, bool, Any]]] = {}


def bind(func: Any, args: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return an operation's arguments by their names in its schema, defaults filled in."""
    known = _SCHEMAS.get(func)
    if known is None:
        known = [(a.name, a.has_default_value(), a.default_value) for a in func._schema.arguments]
        _SCHEMAS[func] = known
    bound = {}
    for i, (name, optional, default) in enumerate(known):
        if i < len(args):
            bound[name] = args[i]
        elif name in kwargs:
            bound[name] = kwargs[name]
        elif optional:
            bound[name] = default
    return bound


def answer(func: Any, name: str, bound: dict[str, Any], args: Any, kwargs: dict[str, Any]) -> Any:
    """Return what an operation on meta tensors would return: by our rule, elementwise, else by torch's meta kernel."""
    if "out" in bound:
        return bound["out"]
    rule = RULES.get(name)
    if rule is not None:
        return rule(bound)
    if _is_elementwise(func):
        return _elementwise(func, args, kwargs)
    return func(*args, **kwargs)


@cache
def _is_elementwise(func: Any) -> bool:
    """Whether torch tags an operation, or the one that it is the in-place form of, as elementwise."""
    name = func.overloadpacket.__name__.rstrip("_")
    packet = getattr(torch.ops.aten, name, None)
    overloads = [getattr(packet, o) for o in packet.overloads()] if packet is not None else []
    return name in _UNTAGGED or any(torch.Tag.pointwise in o.tags for o in (func, *overloads))


def _elementwise(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """Broadcast the shapes; run the operation on one value of each operand for the type of the result."""
    operands = tensors((args, kwargs))
    shape = shape_rules.broadcast(operands)
    if func._schema.is_mutable:
        if shape != list(operands[0].shape):
            raise RuntimeError(f"output with shape {list(operands[0].shape)} doesn't match the broadcast shape {shape}")
        return operands[0]

    def one(x: Tensor) -> Tensor:
        return torch.ones([1] * x.dim(), dtype=x.dtype)

    tried = func(*exchange(args, one), **exchange(kwargs, one))
    model = next((x for x in operands if list(x.shape) == shape), None)
    return exchange(
        tried,
        lambda t: shape_rules.like(model, shape, t.dtype) if model is not None else shape_rules.empty(shape, t.dtype),
    )
