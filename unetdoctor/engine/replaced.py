"""What foreign code puts in place of others' functions holds for foreign code alone.

A file may say `torch.isnan = None`, or let it answer what is not true. Its own code finds it so for as long as it
runs; ours, before, between and beneath, finds what was there when the file was loaded. Looked after are the functions
and classes of every module that one of ours holds, the built-in ones, and what Tensor and Module have. Names that are
merely added stay. What is replaced while a first forward() runs is seen when that ends.
"""

from __future__ import annotations

import builtins
import functools
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

T = TypeVar("T")

_CLASSES: tuple[type, ...] = (Tensor, nn.Module)
_PARTS = ("cuda", "fft", "jit", "linalg", "random")
"""Modules that ours reach through torch itself."""
_ABSENT: Any = object()
_callable = callable  # bound before foreign code runs; the built-in names are put back before the rest needs them


@dataclass
class _Names:
    """The names looked after, and what foreign code made of them."""

    modules: tuple[dict[str, Any], ...] = ()
    in_modules: list[tuple[dict[str, Any], str, Any, Any]] = field(default_factory=list)
    """(names of a module, name, ours, theirs)."""
    in_classes: list[tuple[type, str, Any, Any]] = field(default_factory=list)
    """(class, name, ours, theirs)."""
    theirs_hold: bool = False
    """Whether foreign code runs."""

    def forget(self, modules: tuple[dict[str, Any], ...]) -> None:
        """Start anew."""
        self.modules, self.in_modules, self.in_classes, self.theirs_hold = modules, [], [], False


_names = _Names()


def begin() -> None:
    """Look after the names from now on; what earlier foreign code replaced is forgotten."""
    package = __name__.partition(".")[0]
    own = [vars(m) for name, m in tuple(sys.modules.items()) if name.partition(".")[0] == package]
    held = [v for names in own for v in names.values() if isinstance(v, ModuleType) and v is not sys]
    every = (builtins, *held, *(vars(torch)[part] for part in _PARTS))
    _names.forget(tuple({id(m): vars(m) for m in every if m.__name__.partition(".")[0] != package}.values()))


def end() -> None:
    """Look after no names any more: a caller's own process keeps what its code replaces."""
    _names.forget(())


def foreign(function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """Call foreign code, which finds what it replaced before; what was there is there again afterwards."""
    if _names.theirs_hold or not _names.modules:
        return function(*args, **kwargs)
    modules = [(names, names.copy()) for names in _names.modules]
    classes = [(kind, dict(vars(kind))) for kind in _CLASSES]
    _put_theirs()
    _names.theirs_hold = True
    try:
        return function(*args, **kwargs)
    finally:
        _names.theirs_hold = False
        _names.in_modules = [
            (names, name, own, names.get(name, _ABSENT))
            for names, before in modules
            for name, own in before.items()
            if names.get(name, _ABSENT) is not own and _callable(own)
        ]
        _put_modules(_names.in_modules)
        _names.in_classes = [found for kind, before in classes for found in _replaced_in(kind, before)]
        _put_ours_in_classes()


def ours(method: Callable[..., Any]) -> Callable[..., Any]:
    """Let a method that torch calls while foreign code runs find what was there before."""

    @functools.wraps(method)
    def within(*args: Any, **kwargs: Any) -> Any:
        if not _names.theirs_hold or not (_names.in_modules or _names.in_classes):
            return method(*args, **kwargs)
        _put_modules(_names.in_modules)
        _put_ours_in_classes()
        _names.theirs_hold = False
        try:
            return method(*args, **kwargs)
        finally:
            _names.theirs_hold = True
            _put_theirs()

    return within


def _put_theirs() -> None:
    for kind, name, _, theirs in _names.in_classes:
        _put(kind, name, theirs)
    _put_modules([(names, name, theirs, own) for names, name, own, theirs in _names.in_modules])


def _put_modules(wanted: list[tuple[dict[str, Any], str, Any, Any]]) -> None:
    for names, name, value, _ in wanted:
        if value is _ABSENT:
            names.pop(name, None)
        else:
            names[name] = value


def _put_ours_in_classes() -> None:
    for kind, name, own, _ in _names.in_classes:
        _put(kind, name, own)


def _put(kind: type, name: str, value: Any) -> None:
    if value is not _ABSENT:
        setattr(kind, name, value)
    elif name in vars(kind):
        delattr(kind, name)


def _replaced_in(kind: type, before: dict[str, Any]) -> list[tuple[type, str, Any, Any]]:
    """Return what is another, and what now stands before an inherited name."""
    now = vars(kind)
    other = [n for n, v in before.items() if now.get(n, _ABSENT) is not v]
    hiding = [n for n in now if n not in before and any(n in vars(base) for base in kind.__mro__[1:])]
    return [(kind, n, before.get(n, _ABSENT), now.get(n, _ABSENT)) for n in (*other, *hiding)]
