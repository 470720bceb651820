"""One forward pass for a person: a row for every operation or module, then what went wrong."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.console import RenderableType
from rich.text import Text

from unetdoctor.facts import Op, Trace
from unetdoctor.reporters import safe
from unetdoctor.reporters.blocks.closing import held_in
from unetdoctor.reporters.blocks.context import raised
from unetdoctor.reporters.blocks.layout import columns, indented
from unetdoctor.reporters.look import Look
from unetdoctor.reporters.numbers import count, number, seconds
from unetdoctor.reporters.terminal import printed

WIDE = 120
"""Columns from which mean, signal and source line have room."""


@dataclass(frozen=True)
class Row:
    """One row of the table: an operation, or the operations of one module in a row."""

    ops: tuple[Op, ...]
    """In order."""
    layer: str
    """Layer or module."""

    @property
    def last(self) -> Op:
        """The operation whose result the row shows."""
        return next((op for op in reversed(self.ops) if op.statistics is not None), self.ops[-1])

    @property
    def index(self) -> str:
        """`7`, or `7-12`."""
        first, last = self.ops[0].index, self.ops[-1].index
        return str(first) if first == last else f"{first}-{last}"

    @property
    def name(self) -> str:
        """The operation, or how many there are."""
        return self.ops[0].name if len(self.ops) == 1 else f"{len(self.ops)} operations"

    def holds(self, index: int | None) -> bool:
        """Whether an operation is in this row."""
        return index is not None and any(op.index == index for op in self.ops)


def to_text(trace: Trace, look: Look, depth: int = 0) -> str:
    """Return the trace as text; `depth` groups operations by module, 0 shows each."""
    return printed(_blocks(trace, look, depth), look)


def rows(ops: Sequence[Op], depth: int) -> list[Row]:
    """Return the rows of a table; runs of operations below one module of this depth are one row."""
    if depth == 0:
        return [Row((op,), op.place.layer) for op in ops]
    grouped = groupby(ops, key=lambda op: ".".join(op.place.layer.split(".")[:depth]))
    return [Row(tuple(members), layer) for layer, members in grouped]


def _blocks(trace: Trace, look: Look, depth: int) -> Iterator[RenderableType]:
    yield _head(trace, look)
    yield ""
    yield _table(trace, rows(trace.ops, depth), look)
    yield from _marks(trace, look)
    if trace.crash is not None:
        yield from raised(trace.crash, look)
    yield ""
    ran = f"{count(len(trace.ops), 'operation')} in {seconds(trace.timings.worker_seconds)}"
    out = f", {trace.path} {_shape(trace.output)}" if trace.output else ""
    yield look.text(f"{ran}{out}", "dim")
    yield from held_in(trace.environment, look)


def _head(trace: Trace, look: Look) -> Text:
    target = trace.target
    name = "" if target.name in target.target else f" {target.name}"
    fed = f"  {_shape(trace.input.shape)}, {trace.probe}  {trace.input.rung}"
    return look.text(target.target, "bold").append_text(look.text(name)).append_text(look.text(fed, "dim"))


def _table(trace: Trace, shown: list[Row], look: Look) -> RenderableType:
    wide = look.width >= WIDE
    numbers = ("min", "max", "mean", "std", "signal") if wide else ("min", "max", "std")
    headers = ("", "#", "layer", "op", "shape", *numbers, *(("source",) if wide else ()))
    table = columns(headers, right="|".join(("#", *numbers)), gap=2 if wide else 1)
    for row in shown:
        sign, style = _mark(trace, row, look)
        cells = [look.text(text, style) for text in _numbers(row, wide=wide)]
        source = [look.text(_source(row.last), "dim", safe.NAME_LIMIT)] if wide else []
        table.add_row(
            sign,
            look.text(row.index, "dim"),
            look.text(row.layer, style or "", safe.NAME_LIMIT),
            look.text(row.name, style, safe.NAME_LIMIT),
            look.text(_shape(row.last.shape), style),
            *cells,
            *source,
        )
    return table


def _mark(trace: Trace, row: Row, look: Look) -> tuple[Text, str]:
    if row.holds(trace.non_finite):
        return Text(look.sign("error"), style="red"), "red"
    if row.holds(trace.collapse):
        return Text(look.sign("warning"), style="yellow"), "yellow"
    return Text(" "), ""


def _numbers(row: Row, *, wide: bool) -> list[str]:
    measured = [op.statistics for op in row.ops if op.statistics is not None]
    if not measured:
        return [""] * (5 if wide else 3)
    last = measured[-1]
    low = math.nan if any(math.isnan(s.minimum) for s in measured) else min(s.minimum for s in measured)
    high = math.nan if any(math.isnan(s.maximum) for s in measured) else max(s.maximum for s in measured)
    shown = (low, high, last.mean, last.std, last.signal) if wide else (low, high, last.std)
    return [number(value) for value in shown]


def _marks(trace: Trace, look: Look) -> Iterator[RenderableType]:
    """Yield a sentence for each operation that is marked."""
    ops = {op.index: op for op in trace.ops}
    if trace.non_finite is not None:
        op = ops[trace.non_finite]
        reads = ", ".join("the network's input" if index < 0 else f"operation {index}" for index in op.inputs)
        words = f"operation {op.index}, `{op.name}` at {op.place.text}, is the first whose result is not finite"
        yield ""
        yield indented(
            Text.assemble((look.sign("error"), "red"), " ", look.text(f"{words}; it reads {reads or 'constants'}")),
            0,
            look,
        )
    if trace.collapse is not None:
        op = ops[trace.collapse]
        signal = op.statistics.signal if op.statistics is not None else math.nan
        words = f"from operation {op.index} on, `{op.name}` at {op.place.text}, the signal is gone: {number(signal)}"
        yield ""
        yield indented(Text.assemble((look.sign("warning"), "yellow"), " ", look.text(words)), 0, look)


def _source(op: Op) -> str:
    return f"{op.place.file}:{op.place.line}" if op.place.file and op.place.line else op.place.file


def _shape(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))
