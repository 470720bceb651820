"""From a class or a factory to a network: arguments given, checked and guessed."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from unetdoctor.engine.loading.errors import RequestError
from unetdoctor.engine.loading.guesses import guess
from unetdoctor.engine.loading.target import Call, quoted
from unetdoctor.facts.lasting import said

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_OPEN = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


@dataclass(frozen=True)
class Offered:
    """Values for arguments that were found beside the weights, or read off their shapes."""

    values: Mapping[str, Any]
    """By name."""
    source: str
    """Where they were found, to follow `from`."""


@dataclass(frozen=True)
class Arguments:
    """How a callable is going to be called."""

    args: tuple[Any, ...]
    """Positional arguments."""
    kwargs: dict[str, Any]
    """Keyword arguments."""
    guessed: tuple[str, ...]
    """One sentence for each guess."""
    guesses: Mapping[str, Any] = field(default_factory=dict)
    """The guessed values by name."""
    others: Mapping[str, Any] = field(default_factory=dict)
    """The other values by name: given and default ones."""


def arrange(
    function: Callable[..., Any],
    name: str,
    target: str,
    call: Call | None,
    given: Mapping[str, Any],
    offered: Offered | None = None,
) -> Arguments:
    """Return the arguments of `function`; raises RequestError for one that is unknown, doubled or cannot be guessed.

    `name` is what messages call it, `target` how a command names it; `offered` are values that a checkpoint has for
    those that were not given.
    """
    args = call.args if call else ()
    kwargs = dict(call.kwargs) if call else {}
    for key, value in given.items():
        if key in kwargs:
            raise RequestError(f"{name} gets {key} twice: in the target and with -k {key}; leave one out.")
        kwargs[key] = value
    try:
        signature = inspect.signature(function)
    except (ValueError, TypeError):
        return Arguments(args, kwargs, ())
    parameters = signature.parameters
    bound = _bind(parameters, args, kwargs, name, target)
    sentences = _offer(parameters, bound, offered)
    missing = [p for key, p in parameters.items() if key not in bound and p.default is p.empty and p.kind not in _OPEN]
    kind = "constructor argument" if inspect.isclass(function) else "argument"
    unknown: list[str] = []
    guesses: dict[str, Any] = {}
    for parameter in missing:
        known, value = guess(parameter, frozenset(parameters))
        if not known:
            unknown.append(parameter.name)
            continue
        bound[parameter.name] = guesses[parameter.name] = value
        sentences.append(
            f"guessed {parameter.name}={value!r} ({kind} without a default; set it with -k {parameter.name}=...)"
        )
    if unknown:
        raise _unguessed(name, target, unknown, signature)
    sentences += _swallowed(name, kwargs, parameters)
    others = {key: p.default for key, p in parameters.items() if p.default is not p.empty} | bound
    others = {key: value for key, value in others.items() if key not in guesses}
    return replace(_in_order(parameters, bound, args, kwargs, tuple(sentences)), guesses=guesses, others=others)


def _offer(parameters: Mapping[str, inspect.Parameter], bound: dict[str, Any], offered: Offered | None) -> list[str]:
    """Bind the offered values that a parameter is there for and nothing else fills, and say so."""
    taken = [] if offered is None else [key for key in parameters if key in offered.values and key not in bound]
    taken = [key for key in taken if parameters[key].kind not in _OPEN]
    for key in taken:
        bound[key] = offered.values[key]  # type: ignore[union-attr]
    return [f"took {key}={_short(bound[key])} from {offered.source}" for key in taken if offered is not None]


def zero_argument(function: Callable[..., Any], given: Mapping[str, Any]) -> bool:
    """Return whether a function can be called with the given keyword arguments and no other."""
    try:
        parameters = inspect.signature(function).parameters
    except (ValueError, TypeError):
        return True
    return not required(parameters, given)


def required(parameters: Mapping[str, inspect.Parameter], given: Mapping[str, Any]) -> list[str]:
    """Return the names of arguments that have no default and were not given."""
    return [n for n, p in parameters.items() if p.default is p.empty and p.kind not in _OPEN and n not in given]


def _bind(
    parameters: Mapping[str, inspect.Parameter],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    name: str,
    target: str,
) -> dict[str, Any]:
    positional = [key for key, parameter in parameters.items() if parameter.kind in _POSITIONAL]
    kinds = {parameter.kind for parameter in parameters.values()}
    if len(args) > len(positional) and inspect.Parameter.VAR_POSITIONAL not in kinds:
        raise RequestError(
            f"{name} takes {_counted(len(positional), 'positional argument')} ({_listed(parameters)}), "
            f"{len(args)} were given."
        )
    bound: dict[str, Any] = dict(zip(positional, args, strict=False))
    for key, value in kwargs.items():
        if key in bound:
            raise RequestError(f"{name} gets {key} twice: by position and by name; leave one out.")
        known = key in parameters and parameters[key].kind not in _OPEN
        if not known and inspect.Parameter.VAR_KEYWORD not in kinds:
            raise _unaccepted(name, target, key, parameters)
        if known:
            bound[key] = value
    return bound


def _in_order(
    parameters: Mapping[str, inspect.Parameter],
    bound: Mapping[str, Any],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    guessed: tuple[str, ...],
) -> Arguments:
    """Pass by position what can only be passed so (and what precedes extra positional arguments), the rest by name."""
    positional = [key for key, parameter in parameters.items() if parameter.kind in _POSITIONAL]
    only = [key for key, parameter in parameters.items() if parameter.kind is inspect.Parameter.POSITIONAL_ONLY]
    by_position = args if len(args) >= len(only) else tuple(bound[key] for key in only if key in bound)
    taken = set(positional[: len(by_position)])
    extra = {key: value for key, value in kwargs.items() if key not in bound}
    return Arguments(by_position, {k: v for k, v in bound.items() if k not in taken} | extra, guessed)


def _unaccepted(name: str, target: str, key: str, parameters: Mapping[str, inspect.Parameter]) -> RequestError:
    names = [n for n, p in parameters.items() if p.kind not in _OPEN]
    close = difflib.get_close_matches(key, names, n=1)
    hint = f"; did you mean {close[0]}?" if close else "."
    commands = (f"unetdoctor inspect {quoted(target)} -k {close[0]}=...",) if close else ()
    rest = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    takes = f"{_listed(parameters)}{' and what it passes on' if rest else ''}"
    return RequestError(f"{name} has no argument {key}{hint} It takes: {takes}.", commands)


def _swallowed(name: str, kwargs: Mapping[str, Any], parameters: Mapping[str, inspect.Parameter]) -> list[str]:
    """Say which arguments went into **kwargs, where another name was probably meant."""
    names = [n for n, p in parameters.items() if p.kind not in _OPEN]
    found = []
    for key in kwargs:
        close = difflib.get_close_matches(key, names, n=1, cutoff=0.8) if key not in names else []
        if close and close[0] not in kwargs:
            found.append(
                f"passed {key} on in the ** of {name}, which has no {key} of its own; did you mean {close[0]}?"
            )
    return found


def refused(
    error: Exception, name: str, target: str, function: Callable[..., Any], given: Mapping[str, Any]
) -> RequestError | None:
    """Return what to say where a network refuses an argument that the person gave; None for another error."""
    try:
        parameters: Mapping[str, inspect.Parameter] = inspect.signature(function).parameters
    except (ValueError, TypeError):
        parameters = {}
    key = next((key for key in given if f"unexpected keyword argument '{key}'" in said(error)), None)
    if key is not None:
        return _unaccepted(name, target, key, parameters)
    for key, value in given.items():
        wanted = _type(parameters[key]) if key in parameters else None
        if wanted is not None and not isinstance(value, _ALLOWED.get(wanted, (wanted,))):
            default = parameters[key].default
            told = isinstance(default, wanted)
            usual = f"its default {default!r} is" if told else "it is declared as"
            text = (said(error).strip().splitlines() or ["no message"])[0].rstrip(".")
            option = quoted(f"{key}={default!r}")
            return RequestError(
                f"{name} does not take {key}={value!r}, of type {type(value).__name__}: {usual} of type "
                f"{wanted.__name__} ({type(error).__name__}: {text}).",
                (f"unetdoctor inspect {quoted(target)} -k {option}",) if told else (),
            )
    return None


_ALLOWED: dict[type, tuple[type, ...]] = {
    bool: (bool, int),
    int: (int,),
    float: (float, int),
    tuple: (tuple, list),
    list: (tuple, list),
}
"""Types of values that do as well as the wanted one."""
_NAMED = {kind.__name__: kind for kind in (bool, int, float, str, tuple, list, dict)}


def _type(parameter: inspect.Parameter) -> type | None:
    """Return the plain type that an argument is declared with or has by default; None where there is none."""
    if type(parameter.default) in _NAMED.values():
        return type(parameter.default)
    declared = parameter.annotation
    return _NAMED.get(declared if isinstance(declared, str) else getattr(declared, "__name__", ""))


def _unguessed(name: str, target: str, unknown: list[str], signature: inspect.Signature) -> RequestError:
    options = " ".join(f"-k {key}=..." for key in unknown)
    has_file = target.rpartition(":")[0].endswith(".py")
    return RequestError(
        f"{name}{signature_text(signature)} cannot be built: no value for {', '.join(unknown)} can be guessed. "
        f"Give {'it' if len(unknown) == 1 else 'them'} with -k"
        f"{', or add a function build_model() to the file that returns the network' if has_file else ''}.",
        (f"unetdoctor inspect {quoted(target)} {options}",),
    )


def signature_text(signature: inspect.Signature) -> str:
    """Return `(in_channels, n_classes=2)`, without annotations."""
    parts = []
    for parameter in signature.parameters.values():
        star = {"VAR_POSITIONAL": "*", "VAR_KEYWORD": "**"}.get(parameter.kind.name, "")
        default = "" if parameter.default is parameter.empty else f"={_short(parameter.default)}"
        parts.append(f"{star}{parameter.name}{default}")
    return f"({', '.join(parts)})"


def _short(value: Any) -> str:
    if isinstance(value, bool | int | float | str | type(None)) and len(str(value)) <= 40:
        return repr(value)
    return "..."


def _listed(parameters: Mapping[str, inspect.Parameter]) -> str:
    names = [name for name, parameter in parameters.items() if parameter.kind not in _OPEN]
    return ", ".join(names) or "no arguments"


def _counted(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"
