"""The operations of one forward pass as CSV; no cell begins a formula when a spreadsheet opens it."""

import csv
import io
import math
import re

from unetdoctor.facts import Op, Trace
from unetdoctor.reporters.safe import clean

COLUMNS = (
    "index",
    "layer",
    "op",
    "shape",
    "min",
    "max",
    "mean",
    "std",
    "signal",
    "finite",
    "inputs",
    "parameters",
    "file",
    "line",
)
HEADER = ",".join(COLUMNS)
"""First line of a table: how one of ours is told."""
_FORMULA = re.compile(r"\s*[=+\-@|%]|['\t\r]")
_NUMBER = re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?")


def to_csv(trace: Trace) -> str:
    """Return one row per operation; after a crash the last one is the operation that failed, without numbers."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for op in trace.ops:
        writer.writerow([inert(value) for value in _row(op)])
    if trace.crash is not None:
        crash = trace.crash
        shapes = " ".join(_shape(x.shape) for x in crash.operands)
        place = crash.place
        numbers = ["", "", "", "", "", ""]
        end = [*numbers, shapes, crash.message, place.file, str(place.line or "")]
        writer.writerow([inert(value) for value in ("failed", place.layer, crash.op, "", *end)])
    return stream.getvalue()


def inert(value: str) -> str:
    """Return a cell that nothing interprets: a quote before what would begin a formula, controls made visible."""
    text = clean(value, 1000)
    if _NUMBER.fullmatch(text):
        return text
    return f"'{text}" if _FORMULA.match(text) else text


def _row(op: Op) -> list[str]:
    s = op.statistics
    numbers = ["", "", "", "", "", ""]
    if s is not None:
        numbers = [*map(_number, (s.minimum, s.maximum, s.mean, s.std, s.signal)), "yes" if s.finite else "no"]
    inputs = " ".join("input" if index < 0 else str(index) for index in op.inputs)
    parameters = " ".join(op.parameters)
    line = str(op.place.line or "")
    return [str(op.index), op.place.layer, op.name, _shape(op.shape), *numbers, inputs, parameters, op.place.file, line]


def _shape(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return f"{value:.9g}" if math.isfinite(value) else "Inf" if value > 0 else "-Inf"
