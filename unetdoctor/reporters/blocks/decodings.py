"""The output under every usual reading, and the one that the evidence supports."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from unetdoctor.facts import Decoding, Report, State
from unetdoctor.reporters.blocks.layout import columns, indented
from unetdoctor.reporters.look import Look
from unetdoctor.reporters.numbers import count, number

ABOUT_READING = ("UD205", "UD206", "UD207", "UD208", "UD213", "UD411")
"""Codes of findings that often come from reading the output in another way than it was meant."""


def decoding_table(report: Report, look: Look) -> Iterator[RenderableType]:
    """Yield the table where something was found that a reading can bring about, and always with -v."""
    concerned = report.state is State.ILL and any(f.code in ABOUT_READING and f.ill for f in report.findings)
    if not report.decodings or not (concerned or look.verbose):
        return
    yield ""
    yield Text("How the output can be read", "bold")
    table = columns(("", "reading", "computed as", "contrast", "cut off", "evidence"), right="contrast|cut off")
    for reading in report.decodings:
        mark = look.text("v" if look.ascii_only else "✓", "green") if reading.supported else Text("")
        style = "bold" if reading.supported else ""
        cells = (reading.name, reading.formula, *_numbers(reading))
        table.add_row(mark, *(look.text(cell, style) for cell in cells), look.text(reading.why, "dim"))
    yield indented(table, 2)


def _numbers(reading: Decoding) -> tuple[str, str]:
    if reading.classes:
        return count(reading.classes, "class", "classes"), ""
    verb = " wraps" if reading.name == "as is" and reading.clipped else ""
    levels = number(reading.spread_8bit)
    return f"{levels} {'level' if levels == '1' else 'levels'}", f"{number(reading.clipped)}%{verb}"
