"""The profile: how much of the signal is left after each op, with the stored statistics and with batch statistics."""

import math
from collections.abc import Sequence

from PIL import Image, ImageDraw

from unetdoctor.facts import Report, SignalPoint
from unetdoctor.reporters.canvas import AMBER, CYAN, INK, LINE, PAPER, RED, SOFT, Color, Pen, font, plain
from unetdoctor.reporters.numbers import number

WIDTH, HEIGHT = 1200, 560
SCALE = 3
"""Everything is drawn this much larger and then reduced: smooth lines without a drawing library."""
LEFT, RIGHT, TOP, BOTTOM = 84, 40, 96, 104
LABEL_WIDTH = 130
"""Most pixels of a label below the x axis."""
APART = 14
"""Pixels between two labels."""
COLLAPSE = 10.0
"""A step down by this factor is marked."""
FLOOR_DECADES = 8
"""Decades below the largest value at which the axis ends; an exact 0 lies on that floor."""
ROOM = 0.12
"""Decades above the largest and below the smallest value."""
BAND = (64, 38, 42)
SIGNAL_VANISHES = "UD403"

Point = tuple[float, float]


def signal_plot(report: Report) -> Image.Image | None:
    """Return the profile as a picture; None with fewer than two points or without a value above 0."""
    points = report.signal
    stored, batch = [p.signal for p in points], [p.batch_signal for p in points]
    values = [value for value in (*stored, *batch) if math.isfinite(value) and value > 0]
    if len(points) < 2 or not values:
        return None
    page = Image.new("RGB", (WIDTH * SCALE, HEIGHT * SCALE), PAPER)
    pen = Pen(ImageDraw.Draw(page))
    frame = Frame(len(points), *decades(values))
    _axes(pen, frame)
    step = collapse(report)
    if step is not None:
        _mark(pen, frame, points, step)
    curves = [("with batch statistics", batch, AMBER)] if any(map(math.isfinite, batch)) else []
    curves.append(("as it is, with stored statistics" if curves else "as it is", stored, CYAN))
    for _, curve, color in curves:
        _curve(pen, frame, curve, color)
    _labels(pen, frame, points, step)
    _title(pen, report, curves[::-1])
    return page.reduce(SCALE)


def decades(values: Sequence[float]) -> tuple[float, float]:
    """Return the exponents between which the values lie with a little room, 1 to `FLOOR_DECADES` apart."""
    high = math.log10(max(values)) + ROOM
    low = math.log10(min(values)) - ROOM
    return max(min(low, high - 1), high - FLOOR_DECADES), high


def collapse(report: Report) -> int | None:
    """Return the index at which the signal is lost: where its own check says so, else after the largest step down."""
    for finding in report.findings:
        if finding.code == SIGNAL_VANISHES and finding.ill and finding.place.layer:
            for index, point in enumerate(report.signal):
                if point.layer == finding.place.layer and index:
                    return index
    return steepest(report.signal)


def steepest(points: Sequence[SignalPoint]) -> int | None:
    """Return the index after the largest step down; None where no step is as large as `COLLAPSE`."""
    worst, where = COLLAPSE, None
    for index in range(1, len(points)):
        ratio = _ratio(points[index - 1].signal, points[index].signal)
        if ratio >= worst and (where is None or ratio > worst):
            worst, where = ratio, index
    return where


def _ratio(before: float, after: float) -> float:
    if not (math.isfinite(before) and math.isfinite(after)) or before <= 0:
        return 0.0
    return before / after if after > 0 else math.inf


class Frame:
    """From op index and signal to pixels of the enlarged page."""

    def __init__(self, count: int, low: float, high: float) -> None:
        """Lay out so many ops between two exponents of ten."""
        self.count, self.low, self.high = count, low, high

    def x(self, index: float) -> float:
        """Return where an op is."""
        return (LEFT + (WIDTH - LEFT - RIGHT) * index / (self.count - 1)) * SCALE

    def y(self, value: float) -> float:
        """Return where a value is; 0 and what lies below the axis is on the floor."""
        exponent = math.log10(value) if value > 0 else self.low
        share = min(max((exponent - self.low) / (self.high - self.low), 0.0), 1.0)
        return (HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share) * SCALE


def _text(pen: Pen, at: Point, text: str, size: int, color: Color, anchor: str = "la") -> None:
    pen.text(*at, text, size * SCALE, color, anchor)


def _axes(pen: Pen, frame: Frame) -> None:
    floor = (HEIGHT - BOTTOM) * SCALE
    pen.draw.line((LEFT * SCALE, floor, (WIDTH - RIGHT) * SCALE, floor), fill=SOFT, width=SCALE)
    for exponent in range(math.ceil(frame.low), math.floor(frame.high) + 1):
        y = frame.y(10.0**exponent)
        pen.draw.line((LEFT * SCALE, y, (WIDTH - RIGHT) * SCALE, y), fill=LINE, width=SCALE)
        _text(pen, ((LEFT - 12) * SCALE, y), number(10.0**exponent), 13, SOFT, "rm")


def _mark(pen: Pen, frame: Frame, points: Sequence[SignalPoint], step: int) -> None:
    """Shade the step at which the signal is lost, and say by how much it falls."""
    left, right = frame.x(step - 1), frame.x(step)
    top, bottom = TOP * SCALE, (HEIGHT - BOTTOM) * SCALE
    narrow = 3 * SCALE
    pen.draw.rectangle((left - narrow, top, right + narrow, bottom), fill=BAND)
    ratio = _ratio(points[step - 1].signal, points[step].signal)
    name = plain(points[step].layer or points[step].op, 40)
    words = f"{number(ratio)}x less after {name}" if ratio > 1 else f"lost at {name}"
    first_half = (left + right) / 2 < WIDTH * SCALE / 2
    x = right + 12 * SCALE if first_half else left - 12 * SCALE
    _text(pen, (x, bottom - 16 * SCALE), words, 14, RED, "lm" if first_half else "rm")


def _curve(pen: Pen, frame: Frame, values: Sequence[float], color: Color) -> None:
    """Draw a line through the finite values; a gap where there is none."""
    run: list[Point] = []
    for index, value in enumerate([*values, math.nan]):
        if math.isfinite(value):
            run.append((frame.x(index), frame.y(value)))
            continue
        if len(run) > 1:
            pen.draw.line(run, fill=color, width=round(2.5 * SCALE), joint="curve")
        radius = (3.2 if frame.count <= 60 else 1.8) * SCALE
        for x, y in run:
            pen.draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=color)
        run = []


def _words(point: SignalPoint) -> tuple[tuple[str, Color], ...]:
    """Return layer, op and shape as short lines."""
    shape = "x".join(map(str, point.shape))
    return (_short(point.layer or "-"), INK), (_short(point.op), SOFT), (_short(shape), SOFT)


def _short(text: str) -> str:
    """Return the end of a name that fits: the last parts of a dotted name say most."""
    text = plain(text, 120)
    if font(12).getlength(text) <= LABEL_WIDTH:
        return text
    while text and font(12).getlength(f"...{text}") > LABEL_WIDTH:
        text = text[1:]
    return f"...{text}"


def labelled(points: Sequence[SignalPoint], frame: Frame, step: int | None) -> list[tuple[int, str]]:
    """Return (index, anchor) of the labels that fit side by side: first, last, the collapse, then evenly between."""
    last = len(points) - 1
    even = [round(last * part / 8) for part in (4, 2, 6, 1, 3, 5, 7)]
    chosen: list[tuple[int, str, float, float]] = []
    for index in (0, last, *([step] if step is not None else []), *even):
        width = max(font(12).getlength(text) for text, _ in _words(points[index])) + APART
        x = frame.x(index) / SCALE
        anchor = "la" if index == 0 else "ra" if index == last else "ma"
        start = x if anchor == "la" else x - width if anchor == "ra" else x - width / 2
        if all(start + width <= other or start >= end for _, _, other, end in chosen):
            chosen.append((index, anchor, start, start + width))
    return sorted((index, anchor) for index, anchor, _, _ in chosen)


def _labels(pen: Pen, frame: Frame, points: Sequence[SignalPoint], step: int | None) -> None:
    bottom = (HEIGHT - BOTTOM) * SCALE
    for index, anchor in labelled(points, frame, step):
        x = frame.x(index)
        pen.draw.line((x, bottom, x, bottom + 6 * SCALE), fill=SOFT, width=SCALE)
        for row, (text, color) in enumerate(_words(points[index])):
            _text(pen, (x, bottom + (12 + 19 * row) * SCALE), text, 12, color, anchor)


def _title(pen: Pen, report: Report, curves: Sequence[tuple[str, Sequence[float], Color]]) -> None:
    _text(pen, (LEFT * SCALE, 22 * SCALE), "Spread of the signal along the depth", 20, INK)
    target = plain(report.target.target, 80)
    _text(pen, ((WIDTH - RIGHT) * SCALE, 28 * SCALE), target, 13, SOFT, "ra")
    x, y = float(LEFT * SCALE), 68 * SCALE
    for words, values, color in curves:
        finite = [value for value in values if math.isfinite(value)]
        words = f"{words}: {number(finite[0])} to {number(finite[-1])}" if finite else words
        pen.draw.line((x, y, x + 24 * SCALE, y), fill=color, width=3 * SCALE)
        _text(pen, (x + 32 * SCALE, y), words, 13, SOFT, "lm")
        x += 68 * SCALE + font(13 * SCALE).getlength(words)
