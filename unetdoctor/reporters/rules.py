"""The catalogue and its pages as text, Markdown and JSON; without Rich, so that they are there at once."""

import re
import textwrap
from collections.abc import Sequence
from dataclasses import asdict

from unetdoctor.facts import Card, Kind
from unetdoctor.reporters import standings
from unetdoctor.reporters.json_text import to_text
from unetdoctor.reporters.look import Look
from unetdoctor.reporters.safe import LINE_LIMIT

KIND_COLOR = {Kind.SYMPTOM: 33, Kind.CAUSE: 35, Kind.NOTE: 36}
"""SGR numbers: yellow, magenta, cyan."""
BOLD, DIM, RED, GREEN = 1, 2, 31, 32
_GAP = "  "


def _paint(text: str, look: Look, *numbers: int) -> str:
    """Return the text in a style, where the look has any."""
    kept = [str(n) for n in numbers if look.colors is not None and not (look.no_color and n >= 30)]
    return f"\x1b[{';'.join(kept)}m{text}\x1b[0m" if kept else text


def to_table(cards: Sequence[Card], look: Look) -> str:
    """Return one row per check: code, name, kind and summary."""
    names = [look.clean(card.name) for card in cards]
    widths = (5, max([4, *map(len, names)]), max(len(kind.value) for kind in Kind))
    head = _GAP.join(word.ljust(width) for word, width in zip(("code", "name", "kind"), widths, strict=True))
    lines = [_paint(f"{head}{_GAP}what it finds", look, DIM)]
    for card, name in zip(cards, names, strict=True):
        cells = (
            _paint(card.code.ljust(widths[0]), look, BOLD),
            name.ljust(widths[1]),
            _paint(card.kind.value.ljust(widths[2]), look, KIND_COLOR[card.kind]),
        )
        left = sum(widths) + len(_GAP) * len(widths)
        rows = _filled(_sentence(card.summary), look, max(look.width - left, 20))
        lines.append(_GAP.join([*cells, rows[0]]))
        lines += [" " * left + row for row in rows[1:]]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def to_page(card: Card, look: Look) -> str:
    """Return the page of one check with its headings set off."""
    color = KIND_COLOR[card.kind]
    name, kind = _paint(look.clean(card.name), look, BOLD, color), _paint(card.kind.value, look, DIM)
    lines = [f"{_paint(card.code, look, BOLD)} {name}{_GAP}{kind}"]
    for heading, paragraphs in sections(card.page):
        lines.append("")
        if heading:
            lines.append(_paint(look.clean(heading), look, BOLD))
        for number, paragraph in enumerate(paragraphs):
            lines += [""] * bool(number)
            lines += [f"{'  ' if heading else ''}{row}".rstrip() for row in _rows(paragraph, look)]
    if card.standings:
        lines += ["", _paint("Limits", look, BOLD)]
        rows = (look.clean(row, LINE_LIMIT) for row in standings.lines(card.standings, look))
        lines += [f"  {row}".rstrip() for row in rows]
        if standings.is_explained(card.standings):
            lines += ["", *(f"  {row}" for row in _filled(standings.EXPLAINED, look, look.prose - 2))]
    if card.difference:
        ill, healthy = (_paint(text, look, color) for text, color in (("- sick", RED), ("+ healthy", GREEN)))
        lines += ["", f"{_paint('In code', look, BOLD)}{_GAP}{ill}, {healthy}"]
        lines += [f"  {_changed(line, look)}" for line in card.difference]
        lines += [f"  {_paint(f'unetdoctor demo {card.code}', look, DIM)}"]
    return "\n".join(lines) + "\n"


def _changed(line: str, look: Look) -> str:
    numbers = {"-": (RED,), "+": (GREEN,)}.get(line[:1], (DIM,))
    return _paint(look.clean(line, LINE_LIMIT), look, *numbers)


def _rows(paragraph: str, look: Look) -> list[str]:
    """Return running text refilled; lists, tables and code line by line."""
    lines = paragraph.split("\n")
    if any(line.startswith(("    ", "- ", "* ", "| ", ">>> ")) for line in lines):
        return [look.clean(line, LINE_LIMIT) for line in lines]
    return _filled(" ".join(line.strip() for line in lines), look, look.prose - 2)


def _filled(text: str, look: Look, width: int) -> list[str]:
    return textwrap.wrap(look.clean(text, LINE_LIMIT), width, break_on_hyphens=False) or [""]


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
    return to_text(
        [
            {
                "code": c.code,
                "name": c.name,
                "kind": c.kind.value,
                "summary": _sentence(c.summary),
                "page": c.page,
                "limits": [asdict(standing) for standing in c.standings],
                "difference": list(c.difference),
            }
            for c in cards
        ]
    )


def _sentence(summary: str) -> str:
    return " ".join(summary.split())
