"""The U in text: every skip connection with its level, resolution, channels and measured influence."""

import math
from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from unetdoctor.facts import Report, Skip
from unetdoctor.reporters.blocks.layout import columns, indented
from unetdoctor.reporters.blocks.u import drawn
from unetdoctor.reporters.look import Look
from unetdoctor.reporters.numbers import count
from unetdoctor.reporters.skips import bottom, influence_text, sick, sick_deep, size_text, strength

SHOWN = 10
BAR = 10
LAYER, SHORT = 22, 15
"""Letters of a layer's name, of which the last ones say most, alone and with a word behind it."""


def skip_table(report: Report, look: Look) -> Iterator[RenderableType]:
    """Yield the U, the finest skip first, or the table where it has no room; both with -v."""
    if not report.skips:
        return
    ordered = sorted(report.skips, key=lambda skip: (-math.prod(skip.join_size), skip.join, skip.level))
    deepest = bottom(report.skips)
    yield ""
    head = Text.assemble(("The U", "bold"), overflow="fold")
    below = f"{size_text(deepest.bottom_size)} with {count(deepest.bottom_channels, 'channel')} at its bottom"
    head.append_text(look.text(f"  {count(len(ordered), 'skip connection')}, {below}"))
    yield indented(head, 0, look)
    lines = drawn(report, look)
    if lines:
        yield from (indented(line, 2) for line in lines)
        if not look.verbose:
            return
        yield ""
    shown = ordered if look.verbose else ordered[:SHOWN]
    table = columns(("size", "skip", "deep", "influence", "", "of deep", "joined at"), right="skip|deep|of deep", gap=2)
    for column in table.columns:
        column.no_wrap = True
    for skip in shown:
        table.add_row(*_cells(report, skip, look))
    yield indented(table, 2)
    if len(shown) < len(ordered):
        more = count(len(ordered) - len(shown), "more skip connection")
        yield indented(look.text(f"and {more} with -v", "dim"), 2)
    if look.verbose:
        words = "influence: how far the output moves, over its own spread, with the branch replaced by its mean"
        yield indented(look.text(words, "dim"), 2, look)


def _cells(report: Report, skip: Skip, look: Look) -> list[str | Text]:
    code, deep = sick(report, skip), sick_deep(report, skip)
    style = "red" if code else "dim" if math.isnan(skip.influence) else ""
    size = size_text(skip.join_size)
    if skip.resized:
        size = f"{size_text(skip.size)} {look.sign('arrow')} {size}"
    behind = code or deep or ("gated" if skip.gated else "")
    where = _end(skip.place.layer or skip.place.text, SHORT if behind else LAYER)
    return [
        Text(size, style=style),
        str(skip.channels),
        str(skip.deep_channels),
        _bar(skip.influence, look, style or "cyan"),
        Text(influence_text(skip.influence), style=f"bold {style}".strip()),
        Text(influence_text(skip.deep_influence), style="red" if deep else ""),
        look.text(f"{where} {behind}".rstrip(), "red" if code or deep else ""),
    ]


def _bar(influence: float, look: Look, style: str) -> Text:
    share = strength(influence)
    if math.isnan(share):
        return Text("")
    full = round(share * BAR)
    full = max(full, 1) if influence > 0 else 0
    block, rest = ("#", ".") if look.ascii_only else ("█", "·")
    return Text.assemble((block * full, style), (rest * (BAR - full), "red" if style == "red" else "dim"))


def _end(name: str, letters: int) -> str:
    return name if len(name) <= letters else f"...{name[3 - letters :]}"
