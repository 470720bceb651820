"""Which element of a literal container makes a layer: `nn.Sequential(a, b)`, `nn.ModuleDict({...})`, a grown list."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from torch import nn

_LISTS = ("Sequential", "ModuleList")
_DICTS = ("ModuleDict", "OrderedDict", "dict")


def descend(module: nn.Module | None, parts: Sequence[str]) -> nn.Module | None:
    """Return the module of this name below another; None where there is none."""
    for part in parts:
        module = module._modules.get(part) if module is not None else None
    return module


def _called(value: ast.expr) -> str:
    if not isinstance(value, ast.Call):
        return ""
    return value.func.attr if isinstance(value.func, ast.Attribute) else getattr(value.func, "id", "")


def makes(value: ast.expr, module: nn.Module | None) -> bool:
    """Return whether an expression calls the class of a module."""
    return module is not None and _called(value) in {cls.__name__ for cls in type(module).__mro__[:-2]}


def narrowed(
    value: ast.expr, parts: Sequence[str], module: nn.Module | None, function: ast.AST, attribute: str = ""
) -> ast.expr:
    """Follow a layer's name into literal containers, as far as the source spells them out."""
    node = value
    for index, part in enumerate(parts):
        child = descend(module, (part,))
        found = _element(node, part, module, child, function, attribute if index == 0 else "")
        if found is None:
            return node
        node, module = found, child
    return node


def _element(
    node: ast.expr,
    key: str,
    container: nn.Module | None,
    child: nn.Module | None,
    function: ast.AST,
    attribute: str,
) -> ast.expr | None:
    called = _called(node)
    if not isinstance(node, ast.Call) or called not in (*_LISTS, *_DICTS):
        return None
    keyed = _keyed(node, key)
    if keyed is not None:
        return keyed
    if not key.isdigit() or called not in _LISTS:
        return None
    items = _spread(node.args[:1] if called == "ModuleList" else node.args, function, called == "ModuleList")
    if attribute:
        items += _grown(function, attribute)
    return _item(items, int(key), len(container) if isinstance(container, nn.Sequential | nn.ModuleList) else 0, child)


def _keyed(node: ast.Call, key: str) -> ast.expr | None:
    """Return the value of a key in `ModuleDict({...})` or `Sequential(OrderedDict([(..., ...)]))`."""
    for found in ast.walk(ast.Tuple([*node.args, *[k.value for k in node.keywords if k.arg is None]])):
        if isinstance(found, ast.Dict):
            pairs: list[tuple[ast.expr | None, ast.expr]] = list(zip(found.keys, found.values, strict=True))
        elif isinstance(found, ast.Tuple | ast.List) and len(found.elts) == 2:
            pairs = [(found.elts[0], found.elts[1])]
        else:
            continue
        for name, value in pairs:
            if isinstance(name, ast.Constant) and name.value == key:
                return value
    return next((k.value for k in node.keywords if k.arg == key), None)


@dataclass(frozen=True)
class _Several:
    """A part of a list whose length the source does not tell."""

    node: ast.expr
    choices: tuple[ast.expr, ...] = ()


_Item = ast.expr | _Several


def _spread(args: Sequence[ast.expr], function: ast.AST, whole: bool) -> list[_Item]:
    """Return the elements of a container's arguments; lists that were built before in the function are followed."""
    items: list[_Item] = []
    for argument in args:
        value = argument.value if isinstance(argument, ast.Starred) else argument
        if value is argument and not whole:
            items.append(argument)
        elif isinstance(value, ast.List | ast.Tuple):
            items += _spread(value.elts, function, whole=False)
        elif isinstance(value, ast.Name):
            items += _grown(function, value.id) or [_Several(value)]
        else:
            choices = (value.elt,) if isinstance(value, ast.ListComp | ast.GeneratorExp) else ()
            items.append(_Several(choices[0] if choices else value, choices))
    return items


def _grown(function: ast.AST, name: str) -> list[_Item]:
    """Return what a list gets in a function, in order: by `= [...]`, `+= [...]`, append and extend."""
    items: list[_Item] = []
    for statement in getattr(function, "body", []):
        if isinstance(statement, ast.For | ast.While | ast.If | ast.With | ast.Try):
            inner = [item for nested in ast.walk(statement) for item in _gain(nested, name, function)]
            choices = tuple(item for item in inner if isinstance(item, ast.expr))
            items += [_Several(choices[0], choices)] if choices else []
        else:
            items += _gain(statement, name, function)
    return items


def _gain(statement: ast.AST, name: str, function: ast.AST) -> list[_Item]:
    if isinstance(statement, ast.Assign) and any(_spelled(target) == name for target in statement.targets):
        return _spread([statement.value], function, whole=True) if isinstance(statement.value, ast.List) else []
    if isinstance(statement, ast.AugAssign) and _spelled(statement.target) == name:
        return _spread([statement.value], function, whole=True)
    call = statement.value if isinstance(statement, ast.Expr) else None
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and _spelled(call.func.value) == name:
        if call.func.attr == "append":
            return list(call.args)
        if call.func.attr == "extend":
            return _spread(call.args, function, whole=True)
    return []


def _spelled(node: ast.AST) -> str:
    """Return `layers` for a name, and for `self.layers` as well."""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _item(items: list[_Item], index: int, length: int, child: nn.Module | None) -> ast.expr | None:
    """Return the element of an index, counted from the end behind a part of unknown length."""
    unknown = [position for position, item in enumerate(items) if isinstance(item, _Several)]
    found: _Item | None = None
    if not unknown or index < unknown[0]:
        found = items[index] if index < len(items) else None
    elif length - index < len(items) - unknown[-1]:
        found = items[index - length]
    elif len(unknown) == 1:
        found = items[unknown[0]]
    if isinstance(found, _Several):
        return next((choice for choice in found.choices if makes(choice, child)), found.node)
    return found
