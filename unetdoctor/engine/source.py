"""Where a layer comes from: the file and line that make it, or, for TorchScript and `.pt2`, that call it."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from torch import nn

from unetdoctor.engine import statements
from unetdoctor.engine.loading.loaded import LoadedModel
from unetdoctor.engine.program import INSTALLED, frames, own_frame, place_of_layer
from unetdoctor.engine.script_state import nodes
from unetdoctor.facts import Place


def layer_place(loaded: LoadedModel, layer: str) -> Place:
    """Return the place of a layer; only its name where the source is unknown. Never raises."""
    try:
        found = _PLACES.get(loaded.kind, _eager)(loaded, layer)
    except Exception:  # noqa: BLE001 - odd classes and graphs of foreign code: no place is known then
        found = None
    if found is None:
        return Place(layer=layer)
    return Place(layer=layer, file=_shown(found[0], loaded.directory), line=found[1])


def _shown(file: str, directory: Path) -> str:
    try:
        return Path(file).relative_to(directory).as_posix()
    except ValueError:
        return file


def _eager(loaded: LoadedModel, layer: str) -> tuple[str, int] | None:
    """Look in the user's own files first, in those of installed libraries otherwise; torch's own files never count."""
    parts = layer.split(".") if layer else []
    parents = _parents(loaded.model, parts)
    for installed in (False, True):
        classes = [(depth, p, definition) for depth, p in parents for definition in _definitions(p, installed)]
        if classes and not parts:
            break
        for depth, parent, (file, node) in classes:
            line = statements.line_in_class(node, parts[depth:], parent) if depth < len(parts) else None
            if line is not None:
                return str(file), line
        origin = _origin(loaded, parts) if installed == _is_installed(loaded.source_file) else None
        if origin is not None:
            return origin
        if classes:
            break
    return (str(classes[0][2][0]), classes[0][2][1].lineno) if classes else None


def _parents(model: nn.Module, parts: Sequence[str]) -> list[tuple[int, nn.Module]]:
    """Return the modules on the way to a layer, deepest first (the layer itself), with their depth."""
    way: list[tuple[int, nn.Module]] = [(0, model)]
    for depth, part in enumerate(parts, start=1):
        child = way[-1][1]._modules.get(part)
        if child is None:
            break
        way.append((depth, child))
    return list(reversed(way))


def _definitions(module: nn.Module, installed: bool) -> Iterator[tuple[Path, Any]]:
    for cls in type(module).__mro__:
        if cls.__module__.split(".")[0] in ("torch", "builtins"):
            continue
        file = getattr(sys.modules.get(cls.__module__), "__file__", None)
        if not isinstance(file, str) or _is_installed(Path(file)) != installed:
            continue
        tree = statements.parse(Path(file))
        node = statements.find(tree, cls.__qualname__) if tree else None
        if node is not None:
            yield Path(file), node


def _is_installed(file: Path | None) -> bool:
    return file is not None and INSTALLED.search(str(file)) is not None


def _origin(loaded: LoadedModel, parts: Sequence[str]) -> tuple[str, int] | None:
    """Return the line of the instance or factory that the target names."""
    tree = statements.parse(loaded.source_file) if loaded.source_file and loaded.source_name else None
    if tree is None:
        return None
    node = statements.find(tree, loaded.source_name)
    if node is None:
        line = statements.line_at_top(tree, loaded.source_name, parts, loaded.model)
    elif isinstance(node, ast.FunctionDef):
        line = statements.line_in_function(node, parts, loaded.model)
    else:
        line = None
    return (str(loaded.source_file), line) if line is not None else None


def _scripted(loaded: LoadedModel, layer: str) -> tuple[str, int] | None:
    """Return the innermost frame outside torch that calls the layer; the user's own files before installed ones."""
    if not layer:
        return None
    modules = dict(loaded.model.named_modules())
    parts = tuple(layer.split("."))
    found: list[tuple[str, int]] = []
    for depth in range(len(parts), -1, -1):
        owner = modules.get(".".join(parts[:depth]))
        calls = sorted(_calls(owner, parts[depth:]), key=lambda call: -call[0]) if owner is not None else []
        found += [frame for _, text in calls for frame in frames(text)]
    return own_frame(found)


def _calls(owner: Any, path: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """Yield (rank, source range) of calls on the way from a module to `path` below it; of its own ops without a path.

    A container that the user calls, such as a Sequential, has only torch's own lines inside: its call is the place.
    Of a module's own ops, those that read its parameters come first.
    """
    is_leaf = next(owner.children(), None) is None
    for name in owner._c._method_names():
        graph = owner._c._get_method(name).graph
        paths: dict[str, tuple[str, ...]] = {next(iter(graph.inputs())).debugName(): ()}
        for node in nodes(graph):
            inputs = [value.debugName() for value in node.inputs()]
            if node.kind() == "prim::GetAttr" and inputs[0] in paths:
                paths[node.output().debugName()] = (*paths[inputs[0]], node.s("name"))
            elif path:
                called = paths.get(inputs[0], ()) if node.kind() == "prim::CallMethod" else ()
                if called and called == path[: len(called)]:
                    yield len(called), node.sourceRange()
            elif node.kind() != "prim::CallMethod" and any(len(paths.get(value, ())) == 1 for value in inputs):
                yield 1, node.sourceRange()
            elif is_leaf:
                yield 0, node.sourceRange()


_PLACES = {"torchscript": _scripted, "exported": lambda loaded, layer: place_of_layer(loaded.model, layer)}
