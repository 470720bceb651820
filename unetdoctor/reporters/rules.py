"""The catalogue and its pages as text, Markdown and JSON."""

import io
import re
import textwrap
from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from unetdoctor.facts import Card, Kind
from unetdoctor.reporters import safe
from unetdoctor.reporters.blocks.layout import columns, indented
from unetdoctor.reporters.look import Look

KIND_STYLE = {Kind.SYMPTOM: "yellow", Kind.CAUSE: "magenta", Kind.NOTE: "cyan"}


def to_table(cards: Sequence[Card], look: Look) -> str:
    """Return one row per check: code, name, kind and summary."""
    stream = io.StringIO()
    console = look.console(stream)
    table = columns(("code", "name", "kind", "what it finds"))
    for column in table.columns[:3]:
        column.no_wrap = True
    for card in cards:
        kind = Text(card.kind.value, style=KIND_STYLE[card.kind])
        table.add_row(
            Text(card.code, style="bold"),
            look.text(card.name, limit=safe.NAME_LIMIT),
            kind,
            look.text(_sentence(card.summary)),
        )
    console.print(table)
    return _trimmed(stream)


def to_page(card: Card, look: Look) -> str:
    """Return the page of one check with its headings set off."""
    stream = io.StringIO()
    console = look.console(stream)
    head = Text.assemble((card.code, "bold"), " ", (look.clean(card.name), f"bold {KIND_STYLE[card.kind]}"))
    console.print(Text.assemble(head, (f"  {card.kind.value}", "dim")))
    for heading, paragraphs in sections(card.page):
        console.print()
        if heading:
            console.print(look.text(heading, "bold"))
        for paragraph in paragraphs:
            console.print(_paragraph(paragraph, look, 2 if heading else 0))
    return _trimmed(stream)


def _paragraph(paragraph: str, look: Look, indent: int) -> RenderableType:
    """Return running text refilled; lists, tables and code line by line."""
    lines = paragraph.split("\n")
    if any(line.startswith(("    ", "- ", "* ", "| ", ">>> ")) for line in lines):
        return indented(Text("\n", overflow="fold").join(look.text(line) for line in lines), indent)
    return indented(look.text(" ".join(line.strip() for line in lines)), indent, look)


def sections(page: str) -> list[tuple[str, list[str]]]:
    """Return a page as (heading, paragraphs): a heading is a line at the margin with indented lines below it."""
    blocks: list[tuple[str, list[str]]] = [("", [])]
    lines = textwrap.dedent(page).strip("\n").split("\n")
    for index, line in enumerate(lines):
        below = next((other for other in lines[index + 1 :] if other.strip()), "")
        if line.strip() and not line.startswith(" ") and below.startswith("    "):
            blocks.append((line.strip().rstrip(":"), []))
        else:
            if line.strip() and not line.startswith(" ") and blocks[-1][0]:
                blocks.append(("", []))
            blocks[-1][1].append(line)
    return [(heading, _paragraphs(body)) for heading, body in blocks if heading or any(map(str.strip, body))]


def _paragraphs(lines: Sequence[str]) -> list[str]:
    text = textwrap.dedent("\n".join(lines)).strip("\n")
    return [paragraph.strip("\n") for paragraph in re.split(r"\n\s*\n", text) if paragraph.strip()]


def to_markdown(cards: Sequence[Card]) -> str:
    """Return the catalogue as a Markdown table."""
    rows = [
        f"| {c.code} | `{c.name}` | {c.kind.value} | {_sentence(c.summary).replace('|', chr(92) + '|')} |"
        for c in cards
    ]
    return "\n".join(["| code | name | kind | what it finds |", "|---|---|---|---|", *rows]) + "\n"


def to_json(cards: Sequence[Card]) -> str:
    """Return the catalogue with its pages as JSON."""
    from unetdoctor.reporters.json_text import to_text

    return to_text(
        [
            {"code": c.code, "name": c.name, "kind": c.kind.value, "summary": _sentence(c.summary), "page": c.page}
            for c in cards
        ]
    )


def _sentence(summary: str) -> str:
    return " ".join(summary.split())


def _trimmed(stream: io.StringIO) -> str:
    return "\n".join(line.rstrip(" ") for line in stream.getvalue().split("\n"))
