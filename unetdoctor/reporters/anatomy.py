"""The network drawn as its U: every skip connection as a line whose width and colour show its measured influence."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from unetdoctor.facts import Report, Skip
from unetdoctor.reporters.canvas import Color, Pen, font, plain
from unetdoctor.reporters.skips import bottom, influence_text, sick, sick_deep, size_text, strength

SCALE = 2
"""Drawn so many times larger and reduced: smooth lines."""
WIDTH = 1000
MARGIN = 32
TOP = 132
BOX = 132
"""Pixels of a box's width."""
BOX_HEIGHT = 52
SLOT = 30
"""Pixels between two lines at one level."""
GAP = 40
"""Pixels between two levels, for the arrows."""
INDENT = 30
"""Pixels by which each level stands further in."""
FOOT = 74
THIN, THICK = 2.0, 12.0
PAPER: Color = (252, 252, 250)
INK: Color = (32, 36, 44)
SOFT: Color = (112, 118, 130)
FAINT: Color = (206, 210, 216)
PANEL: Color = (240, 242, 245)
WEAK_COLOR: Color = (176, 203, 226)
STRONG_COLOR: Color = (14, 82, 150)
RED: Color = (204, 44, 40)
RED_PAPER: Color = (253, 235, 233)
Point = tuple[float, float]


@dataclass(frozen=True)
class Line:
    """One skip connection where it is drawn."""

    skip: Skip
    start: Point
    end: Point
    code: str
    """Check that found it ill."""


def anatomy(report: Report) -> Image.Image | None:
    """Return the picture of the U; None for a network without skip connections."""
    if not report.skips:
        return None
    layout = Layout(report)
    page = Image.new("RGB", (WIDTH * SCALE, layout.height * SCALE), PAPER)
    artist = Artist(Pen(ImageDraw.Draw(page)), report, layout)
    artist.title()
    artist.arrows()
    for line in layout.lines:
        artist.line(line)
    artist.boxes()
    for line in layout.lines:
        artist.label(line)
    artist.legend()
    return page.reduce(SCALE)


class Layout:
    """Where the levels, boxes and lines are, in pixels of the finished picture."""

    def __init__(self, report: Report) -> None:
        """Give every resolution a row as high as its lines need, the finest on top."""
        self.skips = sorted(report.skips, key=lambda skip: (skip.join, -math.prod(skip.size), skip.operand))
        deepest = bottom(self.skips)
        self.bottom_size = tuple(deepest.bottom_size)
        sizes = {tuple(s.size) for s in self.skips} | {tuple(s.join_size) for s in self.skips}
        self.sizes = sorted(sizes - {self.bottom_size}, key=lambda size: (-math.prod(size), size))
        self.tops: dict[tuple[int, ...], int] = {}
        self.heights: dict[tuple[int, ...], int] = {}
        y = TOP
        for size in self.sizes:
            count = sum(tuple(s.join_size) == size for s in self.skips)
            self.tops[size], self.heights[size] = y, max(BOX_HEIGHT, SLOT * count + 12)
            y += self.heights[size] + GAP
        self.bottom_top = y
        self.starts = [size for size in self.sizes if any(tuple(s.size) == size for s in self.skips)] or self.sizes[:1]
        self.ends = [size for size in self.sizes if any(tuple(s.join_size) == size for s in self.skips)]
        self.height = y + BOX_HEIGHT + FOOT
        self.lines = [self._line(report, skip) for skip in self.skips]

    def indent(self, size: tuple[int, ...]) -> int:
        """Return by how much a level stands further in."""
        return min(INDENT, 150 // max(len(self.sizes), 1)) * self.sizes.index(size)

    def left(self, size: tuple[int, ...]) -> int:
        """Return where the encoder's box of a level begins."""
        return MARGIN + self.indent(size)

    def right(self, size: tuple[int, ...]) -> int:
        """Return where the decoder's box of a level begins."""
        return WIDTH - MARGIN - BOX - self.indent(size)

    def _line(self, report: Report, skip: Skip) -> Line:
        start, end = tuple(skip.size), tuple(skip.join_size)
        same = [s for s in self.skips if tuple(s.join_size) == end]
        number = next(i for i, s in enumerate(same) if s is skip)
        y = self.tops[end] + self.heights[end] / 2 + (number - (len(same) - 1) / 2) * SLOT
        from_y = y if start == end else self.tops.get(start, self.bottom_top) + BOX_HEIGHT / 2
        x = self.left(start) + BOX if start in self.tops else WIDTH / 2 + BOX / 2
        return Line(skip, (x, from_y), (self.right(end), y), sick(report, skip))


class Artist:
    """Draws on the enlarged page."""

    def __init__(self, pen: Pen, report: Report, layout: Layout) -> None:
        """Take what is drawn and where."""
        self.pen, self.report, self.layout = pen, report, layout

    def _text(self, x: float, y: float, text: str, size: int, color: Color = INK, anchor: str = "la") -> None:
        self.pen.text(x * SCALE, y * SCALE, plain(text, 160), size * SCALE, color, anchor)

    def _stroke(self, points: Sequence[Point], color: Color, width: float) -> None:
        scaled = [(x * SCALE, y * SCALE) for x, y in points]
        self.pen.draw.line(scaled, fill=color, width=max(round(width * SCALE), 1), joint="curve")

    def _head(self, at: Point, color: Color, size: float, angle: float) -> None:
        """Draw the head of an arrow that points along an angle."""
        ends = [(0.0, 0.0), (-1.5 * size, 0.85 * size), (-1.5 * size, -0.85 * size)]
        cos, sin = math.cos(angle), math.sin(angle)
        points = [((at[0] + x * cos - y * sin) * SCALE, (at[1] + x * sin + y * cos) * SCALE) for x, y in ends]
        self.pen.draw.polygon(points, fill=color)

    def title(self) -> None:
        """Write what this is, what goes in and what comes out."""
        self._text(MARGIN, 22, f"The U of {self.report.target.name}", 24)
        self._text(WIDTH - MARGIN, 30, self.report.target.target, 13, SOFT, "ra")
        first, last = self.layout.starts[0], self.layout.ends[0]
        fed = self.report.input
        y = TOP - 46
        if fed is not None:
            self._text(self.layout.left(first) + BOX / 2, y, f"input {size_text(fed.shape[1:])}", 14, SOFT, "ma")
        if self.report.outputs:
            shape = self.report.outputs[0][1].shape
            self._text(self.layout.right(last) + BOX / 2, y, f"output {size_text(shape[1:])}", 14, SOFT, "ma")

    def arrows(self) -> None:
        """Draw the way down on the left, the way up on the right, and both ends."""
        layout = self.layout
        first, last = layout.starts[0], layout.starts[-1]
        x = layout.left(first) + BOX / 2
        self._arrow((x, TOP - 26), (x, layout.tops[first] - 3), FAINT)
        x = layout.right(layout.ends[0]) + BOX / 2
        self._arrow((x, layout.tops[layout.ends[0]] - 3), (x, TOP - 26), FAINT)
        middle = layout.bottom_top + BOX_HEIGHT / 2
        for upper, lower in zip(layout.starts, layout.starts[1:], strict=False):
            x = layout.left(lower) + BOX / 2
            self._arrow(
                (x, layout.tops[upper] + self._box_height(upper, left=True)), (x, layout.tops[lower] - 3), FAINT
            )
        x = layout.left(last) + BOX / 2
        start = layout.tops[last] + self._box_height(last, left=True)
        self._arrow((x, start), (x, middle), FAINT, (WIDTH / 2 - BOX / 2 - 3, middle))
        below: tuple[int, ...] | None = None
        for size in reversed(layout.ends):
            skip = [s for s in layout.skips if tuple(s.join_size) == size][-1]
            code = sick_deep(self.report, skip)
            color = RED if code else FAINT
            x = layout.right(below if below is not None else size) + BOX / 2
            y = layout.tops[size] + layout.heights[size] + 3
            if below is None:
                self._arrow((WIDTH / 2 + BOX / 2, middle), (x, middle), color, (x, y))
            else:
                self._arrow((x, layout.tops[below]), (x, y), color)
            words = f"deep {influence_text(skip.deep_influence)}" + (f", {code}" if code else "")
            if not math.isnan(skip.deep_influence):
                self._text(x - 12, y + 19, words, 13, RED if code else SOFT, "rm")
            below = size

    def _arrow(self, start: Point, corner: Point, color: Color, end: Point | None = None) -> None:
        points = [start, corner] if end is None else [start, corner, end]
        tip, before = points[-1], points[-2]
        angle = math.atan2(tip[1] - before[1], tip[0] - before[0])
        short = (tip[0] - 6 * math.cos(angle), tip[1] - 6 * math.sin(angle))
        self._stroke([*points[:-1], short], color, 4)
        self._head(tip, color, 8, angle)

    def _box_height(self, size: tuple[int, ...], *, left: bool) -> int:
        starts = [s for s in self.layout.skips if tuple(s.size) == size and s.size == s.join_size]
        return self.layout.heights[size] if starts or not left else BOX_HEIGHT

    def boxes(self) -> None:
        """Draw every stage with its resolution and channels."""
        layout = self.layout
        for size in layout.sizes:
            starts = [s for s in layout.skips if tuple(s.size) == size]
            ends = [s for s in layout.skips if tuple(s.join_size) == size]
            if starts:
                wide = max(s.channels for s in starts)
                self._box(layout.left(size), layout.tops[size], self._box_height(size, left=True), size, f"{wide} ch")
            if ends:
                wide = max(s.deep_channels for s in ends)
                kinds = " and ".join(sorted({s.kind for s in ends}))
                words = f"{kinds}, {wide} ch up"
                self._box(layout.right(size), layout.tops[size], layout.heights[size], size, words)
        deepest = bottom(layout.skips)
        words = f"{deepest.bottom_channels} ch, bottom"
        self._box(round(WIDTH / 2 - BOX / 2), layout.bottom_top, BOX_HEIGHT, layout.bottom_size, words)

    def _box(self, x: int, y: int, height: int, size: tuple[int, ...], words: str) -> None:
        corners = (x * SCALE, y * SCALE, (x + BOX) * SCALE, (y + height) * SCALE)
        self.pen.draw.rounded_rectangle(corners, 8 * SCALE, fill=PANEL, outline=FAINT, width=SCALE)
        middle = y + height / 2
        self._text(x + BOX / 2, middle - 10, size_text(size), 17, INK, "mm")
        self._text(x + BOX / 2, middle + 12, words, 13, SOFT, "mm")

    def line(self, line: Line) -> None:
        """Draw one skip connection; dashed where it was not measured, broken where it has no effect."""
        share = strength(line.skip.influence)
        known = not math.isnan(share) and line.skip.influence > 0
        width = THIN + (THICK - THIN) * share if known else THIN
        color = RED if line.code else _mixed(share) if known else SOFT
        head = 5 + 0.6 * width
        (x0, y0), (x1, y1) = line.start, line.end
        angle = math.atan2(y1 - y0, x1 - x0)
        x1, y1 = x1 - 1.4 * head * math.cos(angle), y1 - 1.4 * head * math.sin(angle)
        if known:
            self._stroke([(x0, y0), (x1, y1)], color, width)
        steps = 0 if known else max(round((x1 - x0) / 14), 1)
        for step in range(steps):
            ends = [(x0 + part * (x1 - x0), y0 + part * (y1 - y0)) for part in (step / steps, (step + 0.55) / steps)]
            self._stroke(ends, color, width)
        self._head((line.end[0] - 1, line.end[1]), color, head, angle)

    def label(self, line: Line) -> None:
        """Write channels, gate, code and influence on a line: nearer its start where it crosses others."""
        skip = line.skip
        words = [f"{skip.channels} ch"]
        words += ["gated"] if skip.gated else []
        words += [line.code] if line.code else []
        text, value = ", ".join(words), influence_text(skip.influence)
        small, large = font(13 * SCALE), font(16 * SCALE)
        width = (small.getlength(plain(text)) + large.getlength(value)) / SCALE + 10
        part = 0.5 if line.start[1] == line.end[1] else 0.28
        x = line.start[0] + part * (line.end[0] - line.start[0]) - width / 2
        y = line.start[1] + part * (line.end[1] - line.start[1])
        corners = ((x - 9) * SCALE, (y - 12) * SCALE, (x + width + 9) * SCALE, (y + 12) * SCALE)
        fill, outline = (RED_PAPER, RED) if line.code else (PAPER, FAINT)
        self.pen.draw.rounded_rectangle(corners, 12 * SCALE, fill=fill, outline=outline, width=SCALE)
        self._text(x, y, value, 16, RED if line.code else INK, "lm")
        self._text(x + width, y + 1, text, 13, RED if line.code else SOFT, "rm")

    def legend(self) -> None:
        """Explain width and colour."""
        y = self.layout.height - 34
        x = float(MARGIN)
        for influence in (0.001, 0.01, 0.1, 1.0):
            share = strength(influence)
            self._stroke([(x, y), (x + 34, y)], _mixed(share), THIN + (THICK - THIN) * share)
            self._text(x + 42, y, influence_text(influence), 13, SOFT, "lm")
            x += 98
        words = "how far the output moves, over its own spread, without the branch"
        self._text(x + 6, y, words, 13, SOFT, "lm")


def _mixed(share: float) -> Color:
    a, b = WEAK_COLOR, STRONG_COLOR
    red, green, blue = (round(p + (q - p) * share) for p, q in zip(a, b, strict=True))
    return red, green, blue
