"""Which statement of a class or function makes a layer: found in its text, never by running it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from torch import nn

from unetdoctor.engine import containers

MAX_SOURCE_BYTES = 4 * 1024**2
_SAME_MODULE = frozenset(("to", "eval", "train", "cuda", "cpu", "float", "half", "double", "requires_grad_", "apply"))


@dataclass(frozen=True)
class Making:
    """A place in a function where something is given to a layer's name."""

    path: tuple[str, ...]
    """Names below the module, as far as the statement spells them: `self.head[4] = ...` has ("head", "4").

    Each is a regular expression, because `self.add_module(f"block{i}", ...)` spells many.
    """
    line: int
    """Line of the statement."""
    value: ast.expr
    """What is given."""
    function: ast.AST
    """The function around it."""

    def fits(self, parts: Sequence[str]) -> bool:
        """Return whether a layer of this name, or one below it, is what the statement makes."""
        return len(self.path) <= len(parts) and all(map(re.fullmatch, self.path, parts))


def parse(path: Path) -> ast.Module | None:
    """Return the syntax tree of a source file; None where it is none."""
    try:
        found = path.stat()
        return _parse(path, found.st_mtime_ns) if found.st_size <= MAX_SOURCE_BYTES else None
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
        return None


@lru_cache(maxsize=64)
def _parse(path: Path, _changed: int) -> ast.Module:
    return ast.parse(path.read_bytes())


@lru_cache(maxsize=256)
def find(tree: ast.AST, qualified: str) -> ast.ClassDef | ast.FunctionDef | None:
    """Return the last definition of this qualified name (`Outer.Inner`, `make.<locals>.Net`)."""
    node: ast.AST | None = tree
    for part in qualified.split("."):
        if part == "<locals>" or node is None:
            continue
        named = [n for n in ast.walk(node) if isinstance(n, ast.ClassDef | ast.FunctionDef) and n.name == part]
        node = named[-1] if named else None
    return node if isinstance(node, ast.ClassDef | ast.FunctionDef) else None


def line_in_class(definition: ast.ClassDef, parts: Sequence[str], module: nn.Module) -> int | None:
    """Return the line in a class that makes the layer `parts` of `module`; None where no statement spells its name."""
    makings: list[Making] = []
    for function in definition.body:
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and function.args.args:
            makings += _makings(function, function.args.args[0].arg)
            if isinstance(module, nn.Sequential | nn.ModuleList | nn.ModuleDict):
                makings += _inherited(function)
    return _best_line(makings, parts, module)


def line_in_function(definition: ast.FunctionDef, parts: Sequence[str], module: nn.Module) -> int | None:
    """Return the line in a factory that makes the layer; None where it returns nothing that can be followed."""
    returned = [n.value for n in ast.walk(definition) if isinstance(n, ast.Return) and n.value is not None]
    if not returned:
        return None
    value = _made(returned[-1])
    if not isinstance(value, ast.Name):
        return containers.narrowed(value, parts, module, definition).lineno
    makings = _makings(definition, value.id)
    return _best_line([*makings, *_makings_of_name(definition, value.id)], parts, module)


def line_at_top(tree: ast.Module, name: str, parts: Sequence[str], module: nn.Module) -> int | None:
    """Return the line at module level that makes the layer of an instance called `name`."""
    return _best_line([*_makings(tree, name), *_makings_of_name(tree, name)], parts, module)


def _best_line(makings: list[Making], parts: Sequence[str], module: nn.Module) -> int | None:
    fitting = [m for m in makings if m.fits(parts)]
    if not fitting:
        return None
    longest = max(len(m.path) for m in fitting)
    fitting = [m for m in fitting if len(m.path) == longest]
    made = containers.descend(module, parts[:longest])
    chosen = next((m for m in reversed(fitting) if containers.makes(m.value, made)), fitting[-1])
    node = containers.narrowed(chosen.value, parts[longest:], made, chosen.function, _appended_to(chosen))
    return chosen.line if node is chosen.value else node.lineno


@lru_cache(maxsize=512)
def _makings(function: ast.AST, owner: str) -> tuple[Making, ...]:
    """Return assignments to `owner.name...`, add_module, setattr and super().__init__ of a Sequential."""
    return tuple(_walked(function, owner))


def _walked(function: ast.AST, owner: str) -> Iterator[Making]:
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                yield from _assigned(target, node.value, node.lineno, owner, function)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            yield from _assigned(node.target, node.value, node.lineno, owner, function)
        elif isinstance(node, ast.Call):
            yield from _registered(node, owner, function)


def _assigned(target: ast.expr, value: ast.expr, line: int, owner: str, function: ast.AST) -> Iterator[Making]:
    if isinstance(target, ast.Tuple | ast.List):
        values = value.elts if isinstance(value, ast.Tuple | ast.List) else [value] * len(target.elts)
        for part, given in zip(target.elts, values, strict=False):
            yield from _assigned(part, given, line, owner, function)
        return
    path = _path(target, owner)
    if path and not isinstance(value, ast.Constant):
        yield Making(path, line, _made(value), function)


def _made(value: ast.expr) -> ast.expr:
    """Look through `Net().to(device).eval()` at what is made."""
    while isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr in _SAME_MODULE:
        value = value.func.value
    return value


def _path(target: ast.expr, owner: str) -> tuple[str, ...]:
    """Return ("head", "4") for `owner.head[4]`, empty for anything else."""
    names: list[str] = []
    while not isinstance(target, ast.Name):
        if isinstance(target, ast.Attribute):
            names.insert(0, target.attr)
            target = target.value
        elif isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
            names.insert(0, re.escape(str(target.slice.value)))
            target = target.value
        else:
            return ()
    return tuple(names) if target.id == owner else ()


def _registered(node: ast.Call, owner: str, function: ast.AST) -> Iterator[Making]:
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if called in ("add_module", "register_module") and isinstance(node.func, ast.Attribute) and len(node.args) == 2:
        place = _path(node.func.value, owner)
        if place or getattr(node.func.value, "id", "") == owner:
            yield from _by_pattern(node.args[0], node.args[1], node.lineno, function, place)
    elif called == "setattr" and len(node.args) == 3 and getattr(node.args[0], "id", "") == owner:
        yield from _by_pattern(node.args[1], node.args[2], node.lineno, function, ())


def _inherited(function: ast.AST) -> Iterator[Making]:
    """Yield `super().__init__(a, b)` of a class that is a container itself."""
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "__init__":
            container = ast.Call(ast.Name("Sequential"), node.args, node.keywords)
            yield Making((), node.lineno, ast.copy_location(container, node), function)


def _by_pattern(
    name: ast.expr, value: ast.expr, line: int, function: ast.AST, before: tuple[str, ...]
) -> Iterator[Making]:
    if isinstance(name, ast.Constant) and isinstance(name.value, str):
        yield Making((*before, re.escape(name.value)), line, value, function)
    elif isinstance(name, ast.JoinedStr):
        pieces = [re.escape(str(p.value)) if isinstance(p, ast.Constant) else ".+" for p in name.values]
        yield Making((*before, "".join(pieces)), line, value, function)


def _makings_of_name(function: ast.AST, name: str) -> Iterator[Making]:
    for node in ast.walk(function):
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            yield Making((), node.lineno, _made(node.value), function)


def _appended_to(making: Making) -> str:
    """Return how the source spells the list that a making starts: `self.blocks`."""
    return ".".join(making.path) if len(making.path) == 1 else ""
