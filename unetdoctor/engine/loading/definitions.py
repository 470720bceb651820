"""What a Python file defines: the instances, factories and classes that could be the model."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import nn
from torch.nn.modules.loss import _Loss

FACTORIES = ("build_model", "create_model", "get_model", "make_model")
"""Functions that are called when nothing was named."""


@dataclass(frozen=True)
class Definitions:
    """Candidates of one module, in the order of the file."""

    instances: tuple[str, ...]
    """Module-level networks."""
    factories: tuple[str, ...]
    """Functions with a name of FACTORIES."""
    classes: tuple[str, ...]
    """Classes that no other class there builds."""
    built: tuple[str, ...]
    """Classes that another class there builds or inherits from."""
    losses: tuple[str, ...]
    """Loss classes, which are no networks."""
    abstract: tuple[str, ...]
    """Module classes without a forward()."""
    private: tuple[str, ...]
    """Module classes with a leading underscore."""
    imported: tuple[str, ...]
    """Module classes that come from elsewhere, torch left out."""
    others: tuple[str, ...]
    """Functions and other classes."""


def read(module: ModuleType, source: bytes) -> Definitions:
    """Sort what the module holds by the text of its file and by what its names became."""
    tree = ast.parse(source)
    space = vars(module)
    mine = [name for name in _defined(tree, ast.ClassDef) if _is_module_class(space.get(name))]
    losses = tuple(name for name in mine if _is_loss(space[name]))
    private = tuple(name for name in mine if name.startswith("_"))
    networks = [name for name in mine if name not in losses and _has_forward(space[name])]
    used = _used_by_others(tree, [name for name in networks if name not in private])
    offered = tuple(name for name in networks if name not in private and name not in used)
    if not offered:  # classes that name each other in a circle
        offered = tuple(name for name in networks if name not in private)
    imported = tuple(
        name
        for name, value in space.items()
        if _is_module_class(value) and name not in mine and not value.__module__.startswith(("torch.", "_"))
    )
    functions = _defined(tree, ast.FunctionDef)
    return Definitions(
        instances=_instances(tree, space),
        factories=tuple(name for name in FACTORIES if callable(space.get(name)) and not _is_module_class(space[name])),
        classes=offered,
        built=tuple(name for name in networks if name in used and name not in offered and name not in private),
        losses=losses,
        abstract=tuple(name for name in mine if not _has_forward(space[name])),
        private=private,
        imported=imported,
        others=tuple(functions) + tuple(name for name in _defined(tree, ast.ClassDef) if name not in mine),
    )


def source_of(module: ModuleType) -> bytes:
    """Return the text of a module's file, empty where it has none."""
    file = getattr(module, "__file__", None)
    path = Path(file) if isinstance(file, str) else None
    return path.read_bytes() if path is not None and path.suffix == ".py" and path.is_file() else b""


def _is_module_class(value: Any) -> bool:
    return inspect.isclass(value) and issubclass(value, nn.Module)


def _is_loss(cls: type) -> bool:
    return issubclass(cls, _Loss) or cls.__name__.lower().endswith(("loss", "criterion"))


def _has_forward(cls: Any) -> bool:
    return cls.forward is not nn.Module.forward


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield top-level statements, those inside if, try, with and for included."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.If | ast.Try | ast.With | ast.For | ast.While):
            for name in ("body", "orelse", "finalbody"):
                yield from _statements(getattr(statement, name, []))
            for handler in getattr(statement, "handlers", []):
                yield from _statements(handler.body)


def _defined(tree: ast.Module, kind: type[ast.ClassDef] | type[ast.FunctionDef]) -> list[str]:
    return list(dict.fromkeys(s.name for s in _statements(tree.body) if isinstance(s, kind)))


def _instances(tree: ast.Module, space: dict[str, Any]) -> tuple[str, ...]:
    names: list[str] = []
    for statement in _statements(tree.body):
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        for target in targets:
            names += [node.id for node in ast.walk(target) if isinstance(node, ast.Name)] if target else []
    found: dict[int, str] = {}
    for name in dict.fromkeys(names):
        value = space.get(name)
        if isinstance(value, nn.Module) and not name.startswith("_") and not _is_stock_part(value):
            found.setdefault(id(value), name)
    inner = {id(part) for name in found.values() for part in list(space[name].modules())[1:]}
    return tuple(name for identity, name in found.items() if identity not in inner)


def _is_stock_part(value: nn.Module) -> bool:
    """Return whether it is a loss, or a part of torch without weights such as nn.ReLU()."""
    if _is_loss(type(value)):
        return True
    return type(value).__module__.startswith("torch.nn.") and next(value.parameters(), None) is None


def _used_by_others(tree: ast.Module, classes: list[str]) -> set[str]:
    """Return the classes that another of these classes builds or inherits from, directly or through a function."""
    definitions = {
        s.name: s
        for s in _statements(tree.body)
        if isinstance(s, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    }
    names = {name: set(_names_used(node)) & definitions.keys() for name, node in definitions.items()}
    used: set[str] = set()
    for start in classes:
        pending, seen = list(names.get(start, ())), {start}
        while pending:
            name = pending.pop()
            if name not in seen:
                seen.add(name)
                pending += names[name]
        used |= seen - {start}
    return used


def _names_used(node: ast.AST) -> Iterator[str]:
    """Yield the names that a definition uses, annotations and isinstance tests left out."""
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.Call) and getattr(child.func, "id", "") in ("isinstance", "issubclass"):
                continue
            if isinstance(child, ast.Name):
                yield child.id
            elif isinstance(child, ast.AST):
                yield from _names_used(child)
