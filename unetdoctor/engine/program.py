"""What a program that torch compiled remembers of its source: frames of a trace, sites of an exported operation."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType
from typing import Any

from torch import nn

INSTALLED = re.compile(r"[/\\](site|dist)-packages[/\\]")
_TORCH = re.compile(r"[/\\]torch[/\\](nn|jit|_\w+|utils|ao|functional|overrides|autograd|fx|export)\b")
_TRACER = re.compile(r"[/\\]torch[/\\]jit[/\\]_trace\.py$")
_SCRIPTED = re.compile(r'^\s*File "(.*)", line (\d+)', re.MULTILINE)
_TRACED = re.compile(r"^(.+)\((\d+)\): \S+$", re.MULTILINE)
_ASSIGNED = re.compile(r"\s+(\w+)\b[^=]* = ")
_CALL_NUMBER = re.compile(r"@\d+$")


@dataclass(frozen=True)
class Site:
    """Where an operation of an exported program comes from."""

    module: str
    """Name of the module that called it when the program was exported."""
    file: str
    """The innermost source file outside torch, the user's own before an installed one; empty where unknown."""
    line: int
    """Its line."""


def frames(text: str) -> list[tuple[str, int]]:
    """Return the frames of a trace outside torch, innermost first; what called the tracer is no part of it."""
    text = text.partition("Serialized ")[0]
    found = [(m[1], int(m[2])) for m in _SCRIPTED.finditer(text)] or [(m[1], int(m[2])) for m in _TRACED.finditer(text)]
    inside: list[tuple[str, int]] = []
    for file, line in found:
        if _TRACER.search(file):
            break
        if not _TORCH.search(file):
            inside.append((file, line))
    return inside


def own_frame(found: list[tuple[str, int]]) -> tuple[str, int] | None:
    """Return the first frame of the user's own files, else of an installed one."""
    return next(iter([frame for frame in found if not INSTALLED.search(frame[0])] or found), None)


def is_exported(model: nn.Module) -> bool:
    """Return whether a model is the program of a `.pt2` file."""
    fx = sys.modules.get("torch.fx")
    return fx is not None and isinstance(model, fx.GraphModule)


def sites(model: nn.Module) -> dict[CodeType, dict[int, Site]]:
    """Return, for the code that torch generated from an exported program, line -> site; empty for other models."""
    if not is_exported(model):
        return {}
    nodes = {node.name: node for node in _nodes(model)}
    found: dict[int, Site] = {}
    source: Any = model.code
    for number, line in enumerate(str(source).splitlines(), start=1):
        match = _ASSIGNED.match(line)
        if match and match[1] in nodes:
            found[number] = _site(nodes[match[1]])
    return {type(model).forward.__code__: found}


def _nodes(model: Any) -> Iterator[Any]:
    return (node for node in model.graph.nodes if node.op == "call_function")


def _site(node: Any) -> Site:
    file, line = own_frame(_node_frames(node)) or ("", 0)
    stack = list((node.meta.get("nn_module_stack") or {}).values())
    return Site(_CALL_NUMBER.sub("", str(stack[-1][0])) if stack else "", file, line)


def _node_frames(node: Any) -> list[tuple[str, int]]:
    """Return the frames of a node, innermost first; its trace stands the other way round."""
    return frames(str(node.meta.get("stack_trace") or ""))[::-1]


def place_of_layer(model: nn.Module, layer: str) -> tuple[str, int] | None:
    """Return the line that calls a layer of an exported program: where its parameters are read, else its first one."""
    inside = f"{layer}." if layer else ""
    calls = [(node, _site(node).module) for node in _nodes(model)]
    owners = [node for node, _ in calls if any(_reads(value, inside) for value in node.all_input_nodes)]
    owners += [node for node, module in calls if f"{module}.".startswith(inside)]
    return next((place for node in owners if (place := own_frame(_node_frames(node))) is not None), None)


def _reads(value: Any, inside: str) -> bool:
    return value.op == "get_attr" and str(value.target).startswith(inside)


def class_name(model: Any) -> str:
    """Return the name of the class that an exported program was made from; empty where it is not told."""
    for node in _nodes(model):
        for path, kind in (node.meta.get("nn_module_stack") or {}).values():
            if not path:
                return str(kind if isinstance(kind, str) else kind.__name__).rpartition(".")[2]
    return ""
