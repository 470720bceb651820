"""JSON values to facts without pydantic: a saved report is read in a few milliseconds.

`facts.contract` holds the contract; what it dumps is read here to equal facts, and tests keep the two together. A field
of a later version is passed over, as there.
"""

import dataclasses
import types
import typing
from collections.abc import Callable
from enum import Enum
from functools import cache
from typing import Any

from unetdoctor.facts.report import SCHEMA_VERSION, Report

_NON_FINITE = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
_Builder = Callable[[Any, str], Any]


class ForeignError(ValueError):
    """The values are no report that this version reads; the text is half a sentence that says why."""


def read_report(values: Any) -> Report:
    """Return the report that `contract.dump` wrote; raises ForeignError where it is none, or of another version."""
    if not isinstance(values, dict) or "schema_version" not in values:
        raise ForeignError("it is no report of unetdoctor")
    version = values["schema_version"]
    if not isinstance(version, str) or version.partition(".")[0] != SCHEMA_VERSION.partition(".")[0]:
        raise ForeignError(f"it has schema version {version}, and this unetdoctor reads {SCHEMA_VERSION}")
    report: Report = _builder(Report)(values, "report")
    return report


@cache
def _builder(kind: Any) -> _Builder:
    """Return the function that makes a value of a type from (JSON value, where it stands)."""
    if dataclasses.is_dataclass(kind):
        return _dataclass(typing.cast(type, kind))
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is tuple:
        return _sequence(_builder(arguments[0])) if arguments[-1] is Ellipsis else _tuple(arguments)
    if origin is dict:
        return _mapping(arguments[0], _builder(arguments[1]))
    if origin is types.UnionType:
        return _optional(_builder(next(a for a in arguments if a is not type(None))))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _enum(kind)
    return _number if kind is float else _whole if kind is int else _as_is if kind is Any else _plain(kind)


def _dataclass(kind: type) -> _Builder:
    fields = [(f.name, f.type, _is_required(f)) for f in dataclasses.fields(kind)]
    builders: dict[str, _Builder] = {}

    def build(value: Any, where: str) -> Any:
        if not isinstance(value, dict):
            raise _unexpected(where, "an object", value)
        if not builders:
            builders.update((name, _builder(typing.cast(Any, type_))) for name, type_, _ in fields)
        missing = [name for name, _, required in fields if required and name not in value]
        if missing:
            raise ForeignError(f"{where} lacks {missing[0]!r}")
        return kind(**{n: builders[n](value[n], f"{where}.{n}") for n, _, _ in fields if n in value})

    return build


def _is_required(field: "dataclasses.Field[Any]") -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _sequence(item: _Builder) -> _Builder:
    def build(value: Any, where: str) -> Any:
        if not isinstance(value, list):
            raise _unexpected(where, "a list", value)
        return tuple(item(one, f"{where}[{index}]") for index, one in enumerate(value))

    return build


def _tuple(kinds: tuple[Any, ...]) -> _Builder:
    items = [_builder(kind) for kind in kinds]

    def build(value: Any, where: str) -> Any:
        if not isinstance(value, list) or len(value) != len(items):
            raise _unexpected(where, f"a list of {len(items)}", value)
        return tuple(item(one, where) for item, one in zip(items, value, strict=True))

    return build


def _mapping(kind: Any, item: _Builder) -> _Builder:
    """Return the function that makes a mapping; JSON has texts as keys, also for whole numbers."""

    def build(value: Any, where: str) -> Any:
        if not isinstance(value, dict):
            raise _unexpected(where, "an object", value)
        return {_key(kind, key, where): item(one, f"{where}.{key}") for key, one in value.items()}

    return build


def _key(kind: Any, key: str, where: str) -> Any:
    if kind is not int:
        return key
    try:
        return int(key)
    except ValueError:
        raise _unexpected(f"a key of {where}", "a whole number", key) from None


def _optional(item: _Builder) -> _Builder:
    return lambda value, where: None if value is None else item(value, where)


def _enum(kind: type[Enum]) -> _Builder:
    values = {member.value: member for member in kind}

    def build(value: Any, where: str) -> Any:
        if not isinstance(value, str) or value not in values:
            raise _unexpected(where, f"one of {', '.join(values)}", value)
        return values[value]

    return build


def _number(value: Any, where: str) -> float:
    if isinstance(value, str) and value in _NON_FINITE:
        return _NON_FINITE[value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _unexpected(where, "a number", value)
    return float(value)


def _whole(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _unexpected(where, "a whole number", value)
    return value


def _plain(kind: Any) -> _Builder:
    word = {str: "a text", bool: "true or false"}[kind]

    def build(value: Any, where: str) -> Any:
        if not isinstance(value, kind):
            raise _unexpected(where, word, value)
        return value

    return build


def _as_is(value: Any, _where: str) -> Any:
    return value


def _unexpected(where: str, expected: str, found: Any) -> ForeignError:
    shown = repr(found)
    return ForeignError(f"{where} is {shown if len(shown) <= 40 else type(found).__name__} and must be {expected}")
