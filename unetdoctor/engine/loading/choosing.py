"""Which object of a module is the model: the one that was named, else the only one that it can be."""

from __future__ import annotations

import difflib
import inspect
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from torch import nn

from unetdoctor.engine.loading import construct, definitions
from unetdoctor.engine.loading.definitions import Definitions
from unetdoctor.engine.loading.errors import RequestError
from unetdoctor.engine.loading.target import ParsedTarget, quoted

MAX_LISTED = 8


@dataclass(frozen=True)
class Chosen:
    """The object that becomes the model."""

    value: Any
    """An nn.Module, a class or a function."""
    name: str
    """Its name in the module."""
    target: str
    """The target that names it, for commands to paste."""
    how: tuple[str, ...]
    """How it was chosen; empty where it was named."""


def choose(module: ModuleType, source: bytes, parsed: ParsedTarget, kwargs: dict[str, Any]) -> Chosen:
    """Return the object that a target means; raises RequestError where there is none or more than one."""
    found = definitions.read(module, source)
    if parsed.name:
        return _named(module, found, parsed)
    return _only(module, found, parsed.location, kwargs)


def _named(module: ModuleType, found: Definitions, parsed: ParsedTarget) -> Chosen:
    value: Any = module
    for part in parsed.name.split("."):
        try:
            value = getattr(value, part)
        except AttributeError:
            raise _no_such_name(module, found, parsed) from None
    target = f"{parsed.location}:{parsed.name}"
    if not isinstance(value, nn.Module) and not callable(value):
        raise RequestError(
            f"{target} is {_a(type(value).__name__)}; expected an nn.Module, a class or a function that makes one."
            f"{_offer(found)}",
            _commands(parsed.location, _offered(found)),
        )
    return Chosen(value, parsed.name, target, ())


def _no_such_name(module: ModuleType, found: Definitions, parsed: ParsedTarget) -> RequestError:
    names = [n for n, value in vars(module).items() if not n.startswith("_") and not inspect.ismodule(value)]
    close = difflib.get_close_matches(parsed.name, names, n=1)
    hint = f"; did you mean {close[0]}?" if close else "."
    first = (close[0],) if close else _offered(found)
    return RequestError(
        f"{parsed.location} has no {parsed.name}{hint}{_offer(found)}", _commands(parsed.location, first)
    )


def _only(module: ModuleType, found: Definitions, location: str, kwargs: dict[str, Any]) -> Chosen:
    factories = tuple(name for name in found.factories if construct.zero_argument(vars(module)[name], kwargs))
    for names, plural, words in (
        (found.instances, "networks", "used {}, the network that {} makes at module level"),
        (factories, "factories", "called {}(), the factory that {} defines"),
        (found.classes, "modules", "built {}, the only nn.Module class of {} that no other class there builds"),
    ):
        if len(names) > 1:
            raise _ambiguous(location, names, plural)
        if names:
            sentence = words.format(names[0], location)
            if plural == "modules" and found.losses:
                sentence += f" (losses left out: {', '.join(found.losses)})"
            if plural == "modules" and len(found.built) + len(found.losses) + len(found.private) == 0:
                sentence = f"built {names[0]}, the only nn.Module class of {location}"
            return Chosen(vars(module)[names[0]], names[0], f"{location}:{names[0]}", (sentence,))
    raise _nothing(module, found, location, kwargs)


def _ambiguous(location: str, names: tuple[str, ...], plural: str) -> RequestError:
    verb = "makes" if plural == "networks" else "defines"
    return RequestError(
        f"{location} {verb} {len(names)} {plural}: {_list(names)}. "
        f"Choose one: unetdoctor inspect {quoted(f'{location}:{names[0]}')}",
        _commands(location, names),
    )


def _nothing(module: ModuleType, found: Definitions, location: str, kwargs: dict[str, Any]) -> RequestError:
    expected = f"{location} defines no network (an nn.Module class, an instance of one, or a function build_model())"
    for name in found.factories:
        needs = construct.required(inspect.signature(vars(module)[name]).parameters, kwargs)
        arguments = ", ".join(f"{key}=..." for key in needs)
        command = f"unetdoctor inspect {quoted(f'{location}:{name}({arguments})')}"
        return RequestError(
            f"{location} has no class or instance to take, and {name}() needs {', '.join(needs)}. "
            f"Call it with literals: {command}",
            (command,),
        )
    for names, words in (
        (found.private, "only private ones: {}. Name one to take it."),
        (found.abstract, "{} has no forward()."),
        (found.losses, "only losses: {}."),
        (found.imported, "it imports {}. Name one to take it."),
        (found.others, "it has {}. A function that returns a network can be named."),
    ):
        if names:
            offered = names if names not in (found.losses, found.abstract) else ()
            return RequestError(f"{expected}; {words.format(_list(names))}", _commands(location, offered[:3]))
    return RequestError(f"{expected}; it defines no class and no function.")


def _offered(found: Definitions) -> tuple[str, ...]:
    return found.instances + found.factories + found.classes + found.built


def _offer(found: Definitions) -> str:
    names = _offered(found) or found.private or found.losses or found.imported or found.others
    return f" It has: {_list(names)}." if names else " It defines no class and no function."


def _list(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else ""
    return ", ".join(names[:MAX_LISTED]) + more


def _commands(location: str, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"unetdoctor inspect {quoted(f'{location}:{name}')}" for name in names[:MAX_LISTED])


def _a(noun: str) -> str:
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"
