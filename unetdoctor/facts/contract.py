"""Facts to JSON values and back, and the published JSON Schema of the report."""

import math
from functools import cache
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from unetdoctor.facts.dataset import Declared, Totals
from unetdoctor.facts.report import Report
from unetdoctor.facts.request import Request
from unetdoctor.facts.sizes import Sizes
from unetdoctor.facts.trace import Trace
from unetdoctor.facts.yielded import Yielded

_NON_FINITE = ["NaN", "Infinity", "-Infinity"]


class _Schema(GenerateJsonSchema):
    """JSON has no NaN: a float is a number or one of three strings."""

    def float_schema(self, schema: core_schema.FloatSchema) -> dict[str, Any]:
        return {"anyOf": [super().float_schema(schema), {"enum": _NON_FINITE}]}


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _strict(value: Any) -> Any:
    """Replace every NaN and infinity in a JSON value by its string."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {key: _strict(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_strict(item) for item in value]
    return value


def dump(fact: Any) -> Any:
    """Return a fact as JSON values; NaN and infinities become the strings `NaN`, `Infinity` and `-Infinity`."""
    kind: Any = type(fact)
    return _strict(_adapter(kind).dump_python(fact, mode="json"))


def load_report(values: Any) -> Report:
    """Return the report that `dump` wrote; raises pydantic.ValidationError (a ValueError) where it is not one."""
    report: Report = _adapter(Report).validate_python(values, strict=False)
    return report


def load_sizes(values: Any) -> Sizes:
    """Return the sizes that `dump` wrote; raises pydantic.ValidationError (a ValueError) where it is not one."""
    sizes: Sizes = _adapter(Sizes).validate_python(values, strict=False)
    return sizes


def load_trace(values: Any) -> Trace:
    """Return the trace that `dump` wrote; raises pydantic.ValidationError (a ValueError) where it is not one."""
    trace: Trace = _adapter(Trace).validate_python(values, strict=False)
    return trace


def load_totals(values: Any) -> Totals:
    """Return the totals that `dump` wrote; raises pydantic.ValidationError (a ValueError) where it is not one."""
    totals: Totals = _adapter(Totals).validate_python(values, strict=False)
    return totals


def load_declared(values: Any) -> Declared:
    """Return what was declared, as `dump` wrote it; raises pydantic.ValidationError (a ValueError) where it is not."""
    declared: Declared = _adapter(Declared).validate_python(values, strict=False)
    return declared


def load_yielded(values: Any) -> Yielded:
    """Return what a Dataset yields, as `dump` wrote it; raises pydantic.ValidationError where it is not."""
    yielded: Yielded = _adapter(Yielded).validate_python(values, strict=False)
    return yielded


def load_request(values: Any) -> Request:
    """Return the request that `dump` wrote; raises pydantic.ValidationError (a ValueError) where it is not one."""
    request: Request = _adapter(Request).validate_python(values, strict=False)
    return request


def report_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of `--format json`."""
    schema: dict[str, Any] = _strict(_adapter(Report).json_schema(schema_generator=_Schema, mode="serialization"))
    return schema
