"""The U drawn in text: a line for every skip connection, as heavy as it is worth, further in the deeper it lies."""

import math
from collections.abc import Sequence

from rich.text import Text

from unetdoctor.facts import Report, Skip
from unetdoctor.reporters.look import Look
from unetdoctor.reporters.skips import bottom, influence_text, sick, sick_deep, size_text, strength

NARROWEST = 64
"""Columns below which the table stands alone."""
MOST_LINES = 8
INDENT = 2
WIDEST = 70
"""Columns of the U itself; a longer line says no more."""
JOINED = 20
"""Columns of the layer that joins, beside the U."""
SHORTEST = 22
"""Columns of a line that can still carry its number."""
_LINES = (("╌", "."), ("─", "-"), ("━", "="))
"""Weak, middling and strong; the second is ASCII."""


def drawn(report: Report, look: Look) -> list[Text]:
    """Return the lines of the U; none where it has no room."""
    skips = sorted(report.skips, key=lambda s: (-math.prod(s.join_size), s.join, s.level))
    if look.width < NARROWEST or not skips or len(skips) > MOST_LINES:
        return []
    width = min(look.width - 4 - JOINED, WIDEST)
    depths = _depths(skips)
    lefts = [_left(skip, look) for skip in skips]
    rights = [_right(skip) for skip in skips]
    room = [width - 2 * INDENT * d - len(a) - len(b) for d, a, b in zip(depths, lefts, rights, strict=True)]
    if min(room) < SHORTEST:
        return []
    lines = [
        _line(report, skip, look, depth, (left, right), width)
        for skip, depth, left, right in zip(skips, depths, lefts, rights, strict=True)
    ]
    return [*lines, _bottom(bottom(skips), look, INDENT * (max(depths) + 1), width)]


def _depths(skips: Sequence[Skip]) -> list[int]:
    """Return how many resolutions lie above each skip connection."""
    sizes = list(dict.fromkeys(tuple(skip.join_size) for skip in skips))
    return [sizes.index(tuple(skip.join_size)) for skip in skips]


def _left(skip: Skip, look: Look) -> str:
    size = size_text(skip.join_size)
    if skip.resized:
        size = f"{size_text(skip.size)} {look.sign('arrow')} {size}"
    return f"{size}  {skip.channels} "


def _right(skip: Skip) -> str:
    return f" {skip.deep_channels}+{skip.channels} {skip.kind}" if skip.kind == "cat" else f" {skip.deep_channels} add"


def _line(report: Report, skip: Skip, look: Look, depth: int, ends: tuple[str, str], width: int) -> Text:
    code, deep = sick(report, skip), sick_deep(report, skip)
    style = "red" if code else "cyan"
    share = strength(skip.influence)
    weight = 0 if math.isnan(share) or skip.influence <= 0 else min(int(share * 3), 2)
    stroke = _LINES[weight][look.ascii_only]
    words = [influence_text(skip.influence), *([code] if code else []), *(["gated"] if skip.gated else [])]
    label = f" {' '.join(words)} "
    room = width - 2 * INDENT * depth - len(ends[0]) - len(ends[1]) - len(label) - 1
    first = max(room // 2, 1)
    text = Text(" " * (INDENT * depth), no_wrap=True, overflow="ellipsis")
    text.append(ends[0])
    text.append(stroke * first, style)
    text.append(label, f"bold {style}" if code else "bold")
    text.append(stroke * max(room - first, 1) + (">" if look.ascii_only else "▶"), style)
    text.append(ends[1])
    text.append(" " * (INDENT * depth + 2))
    joined = _end(skip.place.layer or skip.place.text, JOINED - (len(deep) + 1 if deep else 0))
    text.append_text(look.text(joined, "dim"))
    if deep:
        text.append(f" {deep}", "red")
    return text


def _bottom(deepest: Skip, look: Look, indent: int, width: int) -> Text:
    corner = ("`", "'") if look.ascii_only else ("╰", "╯")
    stroke = "-" if look.ascii_only else "─"
    label = f" {size_text(deepest.bottom_size)}  {deepest.bottom_channels} "
    room = max(width - 2 * indent - len(label) - 2, 2)
    text = Text(" " * indent, no_wrap=True, overflow="ellipsis")
    text.append(f"{corner[0]}{stroke * (room // 2)}", "dim").append(label)
    return text.append(f"{stroke * (room - room // 2)}{corner[1]}", "dim")


def _end(name: str, letters: int) -> str:
    return name if len(name) <= letters else f"...{name[3 - letters :]}"
