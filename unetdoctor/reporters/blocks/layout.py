"""Indentation, lines that must not wrap, and tables without lines."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.padding import Padding
from rich.segment import Segment
from rich.style import Style
from rich.table import Table
from rich.text import Text

from unetdoctor.reporters.look import Look


@dataclass(frozen=True)
class Verbatim:
    """Lines that leave as they are, longer than the terminal if need be: the terminal wraps them, a copy does not."""

    lines: tuple[str, ...]
    """Clean lines."""
    style: str = ""
    """Rich style."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Write the lines past Rich's own wrapping."""
        style = console.get_style(self.style) if self.style else Style.null()
        for line in self.lines:
            yield Segment(line, style)
            yield Segment.line()


def indented(renderable: RenderableType, by: int, look: Look | None = None) -> RenderableType:
    """Return the renderable moved right; with a look, no wider than prose."""
    if look is not None and isinstance(renderable, Text):
        table = Table.grid()
        table.add_column(max_width=max(look.prose - by, 20), overflow="fold")
        table.add_row(renderable)
        return Padding(table, (0, 0, 0, by))
    return Padding(renderable, (0, 0, 0, by))


def hanging(sign: Text, text: Text, by: int, gap: int, look: Look) -> RenderableType:
    """Return a sign with a text beside it, moved right and no wider than prose; what folds goes on below itself."""
    table = Table.grid(padding=(0, gap, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(max_width=max(look.prose - by - gap - sign.cell_len, 20), overflow="fold")
    table.add_row(sign, text)
    return Padding(table, (0, 0, 0, by))


def columns(headers: Sequence[str], right: str = "", *, gap: int = 2) -> Table:
    """Return a table without lines; `right` names the columns that are set flush right."""
    table = Table(box=None, padding=(0, gap, 0, 0), pad_edge=False, header_style="dim", show_header=any(headers))
    for header in headers:
        table.add_column(
            header, justify="right" if header in right.split("|") else "left", overflow="fold", no_wrap=False
        )
    return table
