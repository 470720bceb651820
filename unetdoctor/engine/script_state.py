"""Attributes that a TorchScript program writes into itself: found in its graphs, which alone know their names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import nn

_written: WeakKeyDictionary[nn.Module, frozenset[str]] = WeakKeyDictionary()


def attributes(model: nn.Module) -> list[tuple[Any, str, Any]]:
    """Return (module, name, value) of every attribute that some method of the program assigns, lists copied."""
    if not isinstance(model, torch.jit.ScriptModule):
        return []
    if model not in _written:
        _written[model] = frozenset(_assigned(model))
    found = []
    for module in _modules(model):
        for name in _written[model]:
            if module._c.hasattr(name):
                with suppress(RuntimeError):  # an object of a class of the program, which Python cannot hold
                    found.append((module._c, name, module._c.getattr(name)))
    return found


def nodes(block: Any) -> Iterator[Any]:
    """Yield the nodes of a graph, those of inner blocks included."""
    for node in block.nodes():
        yield node
        for inner in node.blocks():
            yield from nodes(inner)


def _modules(model: nn.Module) -> list[Any]:
    return [m for m in model.modules() if isinstance(m, torch.jit.ScriptModule)]


def _assigned(model: nn.Module) -> Iterator[str]:
    for module in _modules(model):
        for method in module._c._method_names():
            for node in nodes(module._c._get_method(method).graph):
                if node.kind() == "prim::SetAttr":
                    yield node.s("name")
