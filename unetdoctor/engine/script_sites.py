"""Which module of a TorchScript program ran an operation, and at which line.

No hook sees the calls inside a program, but its graphs tell the same story: the calls of every module in order, each
with its source. The tape is laid beside it: operations that read a parameter, or have the same name, stand for one
another, in order, and what lies between two of them belongs to the one module that is at work there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import nn

from unetdoctor.engine.program import frames, own_frame
from unetdoctor.engine.script_state import nodes
from unetdoctor.engine.tape import Entry, Tape, owner, plain_name

Path = tuple[str, ...]


@dataclass(frozen=True)
class Step:
    """One call in a program."""

    token: str
    """Owner of the first parameter that it reads, else the name of the operator."""
    module: str
    """Module whose code calls it."""
    source: str
    """Its source, as torch words it."""


_steps: WeakKeyDictionary[nn.Module, tuple[Step, ...]] = WeakKeyDictionary()


def name_modules(model: nn.Module, tape: Tape) -> None:
    """Give the operations of a program's pass the module and the line that called them, where the graphs tell."""
    if not isinstance(model, torch.jit.ScriptModule):
        return
    if model not in _steps:
        try:
            _steps[model] = tuple(_calls(model._c, (), "forward", []))
        except (RuntimeError, AttributeError):  # an odd graph of foreign code: nothing is named by it
            _steps[model] = ()
    steps = _steps[model]
    entries = [entry for entry in tape.entries if not entry.static]
    tokens = [_token(entry) for entry in entries]
    matcher = SequenceMatcher(None, [step.token for step in steps], tokens, autojunk=False)
    end, after = 0, 0
    for step, op, count in matcher.get_matching_blocks():
        _fill(entries[after:op], steps[end:step], steps[max(end - 1, 0) : step + 1])
        for number in range(count):
            _name(entries[op + number], steps[step + number])
        end, after = step + count, op + count


def _token(entry: Entry) -> str:
    return f"{owner(entry.parameters[0])}." if entry.parameters else plain_name(entry.func)


def _fill(entries: Sequence[Entry], between: Sequence[Step], around: Sequence[Step]) -> None:
    """Name operations that no call stands for, such as the parts of a larger one, where one module alone is at work."""
    candidates = between or around
    alone = bool(candidates) and len({step.module for step in candidates}) == 1
    for entry in entries:
        if alone:
            _name(entry, candidates[0])
        elif entry.parameters:
            entry.module = owner(entry.parameters[0])


def _name(entry: Entry, step: Step) -> None:
    entry.module = step.module
    if not entry.parameters:
        entry.layer = step.module
    entry.file, entry.line = _line(step.source)


@lru_cache(maxsize=4096)
def _line(source: str) -> tuple[str, int]:
    return own_frame(frames(source)) or ("", 0)


def _calls(root: Any, path: Path, method: str, given: list[Path | None]) -> Iterator[Step]:
    """Yield the calls of a method in order, those of the modules that it calls in their place.

    `path` is the module's, `given` are those of the parameters and modules that the method is handed.
    """
    graph = _graph(_descend(root, path), method)
    names = [value.debugName() for value in graph.inputs()]
    paths = {name: known for name, known in zip(names, [path, *given], strict=False) if known is not None}
    yield from _in_block(graph, root, path, paths)


def _graph(module: Any, method: str) -> Any:
    """Return the graph of a method, functions put in the place of their calls where it calls no other method."""
    found = module._get_method(method)
    graph = found.graph
    called = any(node.kind() == "prim::CallMethod" for node in nodes(graph))
    return graph if called else found.inlined_graph


def _in_block(block: Any, root: Any, path: Path, paths: dict[str, Path]) -> Iterator[Step]:
    for node in block.nodes():
        kind, read = node.kind(), [value.debugName() for value in node.inputs()]
        if kind == "prim::GetAttr" and read[0] in paths:
            paths[node.output().debugName()] = (*paths[read[0]], node.s("name"))
        elif kind == "prim::CallMethod" and read[0] in paths:
            yield from _calls(root, paths[read[0]], node.s("name"), [paths.get(name) for name in read[1:]])
        elif kind == "prim::CallFunction" or (kind.startswith("aten::") and _gives_tensors(node)):
            parameters = [paths[name] for name in read if paths.get(name)]
            owned = ".".join(parameters[0][:-1]) + "." if parameters else ""
            name = kind.removeprefix("aten::").removesuffix("_")
            yield Step(owned or name, ".".join(path), node.sourceRange())
        for inner in node.blocks():
            yield from _in_block(inner, root, path, paths)


def _descend(module: Any, path: Path) -> Any:
    for name in path:
        module = module.getattr(name)
    return module


def _gives_tensors(node: Any) -> bool:
    return any("Tensor" in str(value.type()) for value in node.outputs())
