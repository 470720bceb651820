"""The geometry of the U: boxes by resolution, skips as lines whose width and colour show what they are worth."""

import math
from dataclasses import dataclass

from unetdoctor.facts import Report, Skip
from unetdoctor.reporters.html.stages import BOTTOM, DOWN, NOTHING, UP, Health, Key, health
from unetdoctor.reporters.skips import bottom, influence_text, sick, sick_deep, size_text, strength

WIDTH = 540
"""Units; on a phone of 390 pixels a unit is 0.64 of them, so that the smallest text is 9 pixels high."""
MARGIN = 6
BOX, BOX_HEIGHT = 122, 50
SLOT = 28
"""Units between two lines at one level."""
GAP = 30
TOP = 34
INDENT, MOST_INDENT = 22, 80
THIN, THICK = 1.5, 11.0
PILL_LETTER = 8.6
"""Units of a letter in a label."""
Size = tuple[int, ...]


@dataclass(frozen=True)
class Box:
    """One stage."""

    x: float
    """Left edge."""
    y: float
    """Upper edge."""
    width: float
    """Units."""
    height: float
    """Units."""
    size: str
    """Resolution."""
    words: str
    """Channels, and what is done."""
    health: Health
    """What was found there."""


@dataclass(frozen=True)
class Line:
    """One skip connection."""

    x1: float
    """Start."""
    y1: float
    """Start."""
    x2: float
    """End."""
    y2: float
    """End."""
    width: float
    """Stroke."""
    level: int
    """0 to 4: how strong, as a class of the style sheet."""
    known: bool
    """Whether it has an influence that was measured."""
    code: str
    """Code of the check that found it ill."""
    label: str
    """Influence, channels, gate."""
    title: str
    """One sentence."""
    label_x: float
    """Middle of the label."""
    label_y: float
    """Middle of the label."""
    label_width: float
    """Units."""


@dataclass(frozen=True)
class Arrow:
    """The way between two stages."""

    path: str
    """SVG path."""
    code: str = ""
    """Code of the check that found the deep branch ill."""
    words: str = ""
    """Influence of the deep branch."""
    x: float = 0.0
    """Where the words stand."""
    y: float = 0.0
    """Where the words stand."""


@dataclass(frozen=True)
class Drawing:
    """The whole U."""

    width: int
    """Units."""
    height: float
    """Units."""
    boxes: tuple[Box, ...]
    """Stages."""
    lines: tuple[Line, ...]
    """Skip connections."""
    arrows: tuple[Arrow, ...]
    """Way down, across and up."""
    ends: tuple[tuple[float, str], tuple[float, str]]
    """(x, words) of input and output."""
    skips: tuple[Skip, ...]
    """What the lines show, for the table below them."""


def drawing(report: Report) -> Drawing | None:
    """Return the U; None for a network without skip connections."""
    return _Layout(report).drawing() if report.skips else None


class _Layout:
    """Gives every resolution a row as high as its lines need, the finest on top."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.skips = sorted(report.skips, key=lambda s: (s.join, -math.prod(s.size), s.operand))
        self.deepest = bottom(self.skips)
        self.low: Size = tuple(self.deepest.bottom_size)
        sizes = {tuple(s.size) for s in self.skips} | {tuple(s.join_size) for s in self.skips}
        self.sizes = sorted(sizes - {self.low}, key=lambda size: (-math.prod(size), size))
        self.starts = [size for size in self.sizes if any(tuple(s.size) == size for s in self.skips)] or self.sizes[:1]
        self.ends = [size for size in self.sizes if any(tuple(s.join_size) == size for s in self.skips)]
        self.tops: dict[Size, float] = {}
        self.heights: dict[Size, float] = {}
        y = float(TOP)
        for size in self.sizes:
            joins = sum(tuple(s.join_size) == size for s in self.skips)
            self.tops[size], self.heights[size] = y, max(BOX_HEIGHT, SLOT * joins + 8)
            y += self.heights[size] + GAP
        self.bottom_top = y
        self.health = health(report)

    def left(self, size: Size) -> float:
        return MARGIN + min(INDENT, MOST_INDENT / max(len(self.sizes), 1)) * self.sizes.index(size)

    def right(self, size: Size) -> float:
        return WIDTH - BOX - self.left(size)

    def drawing(self) -> Drawing:
        fed, outputs = self.report.input, self.report.outputs
        into = f"input {size_text(fed.shape[1:])}" if fed is not None else "input"
        out = f"output {size_text(outputs[0][1].shape[1:])}" if outputs else "output"
        middle = BOX / 2
        return Drawing(
            width=WIDTH,
            height=self.bottom_top + BOX_HEIGHT + MARGIN,
            boxes=tuple(self._boxes()),
            lines=tuple(self._line(skip) for skip in self.skips),
            arrows=tuple(self._arrows()),
            skips=tuple(self.skips),
            ends=((self.left(self.starts[0]) + middle, into), (self.right((self.ends or self.sizes)[0]) + middle, out)),
        )

    def _found(self, side: str, size: Size) -> Health:
        key: Key = (side, size)
        return self.health.get(key, NOTHING)

    def _boxes(self) -> list[Box]:
        boxes = []
        for size in self.sizes:
            starts = [s for s in self.skips if tuple(s.size) == size]
            ends = [s for s in self.skips if tuple(s.join_size) == size]
            y, height = self.tops[size], self.heights[size]
            if starts:
                words = f"{max(s.channels for s in starts)} ch"
                boxes.append(Box(self.left(size), y, BOX, height, size_text(size), words, self._found(DOWN, size)))
            if ends:
                kinds = "/".join(sorted({s.kind for s in ends}))
                words = f"{max(s.deep_channels for s in ends)} ch + {kinds}"
                boxes.append(Box(self.right(size), y, BOX, height, size_text(size), words, self._found(UP, size)))
        words = f"{self.deepest.bottom_channels} ch, bottom"
        x, found = WIDTH / 2 - BOX / 2, self._found(BOTTOM, self.low)
        return [*boxes, Box(x, self.bottom_top, BOX, BOX_HEIGHT, size_text(self.low), words, found)]

    def _line(self, skip: Skip) -> Line:
        start, end = tuple(skip.size), tuple(skip.join_size)
        same = [s for s in self.skips if tuple(s.join_size) == end]
        number = next(place for place, s in enumerate(same) if s is skip)
        y2 = self.tops.get(end, self.bottom_top) + self.heights.get(end, BOX_HEIGHT) / 2
        y2 += (number - (len(same) - 1) / 2) * SLOT
        straight = start == end or start not in self.tops
        y1 = y2 if straight else self.tops[start] + self.heights[start] / 2
        x1 = self.left(start) + BOX if start in self.tops else WIDTH / 2
        x2 = self.right(end) if end in self.tops else WIDTH / 2
        share = strength(skip.influence)
        known = not math.isnan(share) and skip.influence > 0
        code = sick(self.report, skip)
        label = "  ".join(
            [influence_text(skip.influence), *([code] if code else []), *(["gated"] if skip.gated else [])]
        )
        sentence = (
            f"Skip of {skip.channels} channels from {skip.source.text} at {size_text(start)}, "
            f"joined at {skip.place.text}: influence {influence_text(skip.influence)}"
        )
        part = 0.5 if y1 == y2 else 0.3
        return Line(
            x1=x1,
            y1=y1,
            x2=x2 - 8,
            y2=y2,
            width=round(THIN + (THICK - THIN) * share, 1) if known else THIN,
            level=round(4 * share) if known else 0,
            known=known,
            code=code,
            label=label,
            title=sentence,
            label_x=x1 + part * (x2 - x1),
            label_y=y1 + part * (y2 - y1),
            label_width=PILL_LETTER * len(label) + 18,
        )

    def _arrows(self) -> list[Arrow]:
        half, middle = BOX / 2, self.bottom_top + BOX_HEIGHT / 2
        arrows = []
        for upper, lower in zip(self.starts, self.starts[1:], strict=False):
            x = self.left(lower) + half
            arrows.append(Arrow(f"M{x:g} {self.tops[upper] + self.heights[upper]:g}V{self.tops[lower] - 7:g}"))
        last = self.starts[-1]
        x, y = self.left(last) + half, self.tops[last] + self.heights[last]
        arrows.append(Arrow(f"M{x:g} {y:g}V{middle:g}H{WIDTH / 2 - half - 7:g}"))
        below: Size | None = None
        for size in reversed(self.ends):
            skip = [s for s in self.skips if tuple(s.join_size) == size][-1]
            y = self.tops[size] + self.heights[size] + 7
            x = self.right(below if below is not None else size) + half
            path = (
                f"M{WIDTH / 2 + half:g} {middle:g}H{x:g}V{y:g}"
                if below is None
                else f"M{x:g} {self.tops[below]:g}V{y:g}"
            )
            code = sick_deep(self.report, skip)
            words = f"deep {influence_text(skip.deep_influence)}" if not math.isnan(skip.deep_influence) else ""
            arrows.append(Arrow(path, code, f"{words} {code}".strip(), x - 9, y + 12))
            below = size
        return arrows
