"""The profile: how much of the signal is left after each op, with the stored statistics and with batch statistics."""

import math
from collections.abc import Sequence

from PIL import Image, ImageDraw

from unetdoctor.facts import Report, SignalPoint
from unetdoctor.reporters.canvas import AMBER, CYAN, INK, LINE, PAPER, RED, SOFT, Color, Pen, font, plain
from unetdoctor.reporters.numbers import number

WIDTH, HEIGHT = 1200, 560
SCALE = 3
"""Everything is drawn this much larger and then reduced: smooth lines without an anti-aliasing library."""
LEFT, RIGHT, TOP, BOTTOM = 84, 40, 96, 112
LABELS = 9
"""Most labels along the x axis."""
COLLAPSE = 10.0
"""A step down by this factor is marked."""
FLOOR_DECADES = 8
"""Decades below the largest value at which the axis ends; an exact 0 lies on that floor."""

Point = tuple[float, float]


def signal_plot(report: Report) -> Image.Image | None:
    """Return the profile as a picture; None with fewer than two points."""
    points = report.signal
    values = [value for p in points for value in (p.signal, p.batch_signal) if math.isfinite(value) and value > 0]
    if len(points) < 2 or not values:
        return None
    low, high = decades(values)
    page = Image.new("RGB", (WIDTH * SCALE, HEIGHT * SCALE), PAPER)
    pen = Pen(ImageDraw.Draw(page))
    frame = _Frame(len(points), low, high)
    _axes(pen, frame)
    _collapse(pen, frame, points)
    batch = [p.batch_signal for p in points]
    has_batch = any(math.isfinite(value) for value in batch)
    if has_batch:
        _curve(pen, frame, batch, AMBER)
    _curve(pen, frame, [p.signal for p in points], CYAN)
    _labels(pen, frame, points)
    _title(pen, report, has_batch)
    return page.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)


def decades(values: Sequence[float]) -> tuple[int, int]:
    """Return the powers of ten that enclose the values, at least one and at most `FLOOR_DECADES` of them."""
    high = math.ceil(math.log10(max(values)) + 1e-9)
    low = math.floor(math.log10(min(values)))
    return max(min(low, high - 1), high - FLOOR_DECADES), high


def steepest(points: Sequence[SignalPoint]) -> int | None:
    """Return the index after the largest step down, None where no step is as large as `COLLAPSE`."""
    worst, where = COLLAPSE, None
    for index in range(1, len(points)):
        before, after = points[index - 1].signal, points[index].signal
        if before > 0 and math.isfinite(before) and math.isfinite(after):
            ratio = before / after if after > 0 else math.inf
            if ratio >= worst and (where is None or ratio > worst):
                worst, where = ratio, index
    return where


class _Frame:
    """From op index and signal to pixels of the enlarged page."""

    def __init__(self, count: int, low: int, high: int) -> None:
        self.count, self.low, self.high = count, low, high

    def x(self, index: float) -> float:
        return (LEFT + (WIDTH - LEFT - RIGHT) * index / (self.count - 1)) * SCALE

    def y(self, exponent: float) -> float:
        share = (exponent - self.low) / (self.high - self.low)
        return (HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * min(max(share, 0.0), 1.0)) * SCALE

    def value(self, value: float) -> float:
        return self.y(math.log10(value) if value > 0 else self.low)


def _text(pen: Pen, x: float, y: float, text: str, size: int, color: Color, anchor: str = "la") -> None:
    pen.text(x, y, text, size * SCALE, color, anchor)


def _axes(pen: Pen, frame: _Frame) -> None:
    right = (WIDTH - RIGHT) * SCALE
    for exponent in range(frame.low, frame.high + 1):
        y = frame.y(exponent)
        pen.draw.line((LEFT * SCALE, y, right, y), fill=LINE, width=SCALE)
        _text(pen, (LEFT - 12) * SCALE, y, number(10.0**exponent), 13, SOFT, "rm")


def _collapse(pen: Pen, frame: _Frame, points: Sequence[SignalPoint]) -> None:
    index = steepest(points)
    if index is None:
        return
    x = frame.x(index - 0.5)
    half = (frame.x(1) - frame.x(0)) / 2
    top, bottom = TOP * SCALE, (HEIGHT - BOTTOM) * SCALE
    pen.draw.rectangle((x - half, top, x + half, bottom), fill=(58, 36, 40))
    after = points[index].signal
    factor = number(points[index - 1].signal / after) if after > 0 else "Inf"
    words = f"falls {factor}x at {plain(points[index].layer or points[index].op, 40)}"
    left = x < WIDTH * SCALE / 2
    _text(pen, x + (half if left else -half) * 1.2, top + 14 * SCALE, words, 14, RED, "lm" if left else "rm")


def _curve(pen: Pen, frame: _Frame, values: Sequence[float], color: Color) -> None:
    run: list[Point] = []
    for index, value in enumerate(values):
        if math.isfinite(value):
            run.append((frame.x(index), frame.value(value)))
        else:
            _stroke(pen, run, color)
            run = []
    _stroke(pen, run, color)


def _stroke(pen: Pen, run: Sequence[Point], color: Color) -> None:
    if len(run) > 1:
        pen.draw.line(list(run), fill=color, width=round(2.5 * SCALE), joint="curve")
    radius = 3.2 * SCALE if len(run) <= 60 else 1.6 * SCALE
    for x, y in run:
        pen.draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=color)


def key_points(points: Sequence[SignalPoint], most: int = LABELS) -> list[int]:
    """Return the indices to label: first, last, the steepest step and even steps between, none close to another."""
    last = len(points) - 1
    step = steepest(points)
    wanted = [0, last, *([step] if step is not None else [])]
    wanted += [round(last * k / (most - 1)) for k in range(1, most - 1)]
    apart = last / (most + 1)
    chosen: list[int] = []
    for index in wanted:
        if all(abs(index - other) >= max(apart, 1) for other in chosen):
            chosen.append(index)
    return sorted(chosen)


def _labels(pen: Pen, frame: _Frame, points: Sequence[SignalPoint]) -> None:
    bottom = (HEIGHT - BOTTOM) * SCALE
    for index in key_points(points):
        x = frame.x(index)
        pen.draw.line((x, bottom, x, bottom + 6 * SCALE), fill=LINE, width=SCALE)
        anchor = "la" if index == 0 else "ra" if index == len(points) - 1 else "ma"
        room = (WIDTH - LEFT - RIGHT) / LABELS * 1.05
        for row, (text, color) in enumerate(((points[index].layer or "-", INK), (points[index].op, SOFT))):
            _text(pen, x, bottom + (12 + 18 * row) * SCALE, _short(text, 12, room), 12, color, anchor)
        shape = "x".join(map(str, points[index].shape))
        _text(pen, x, bottom + 48 * SCALE, _short(shape, 11, room), 11, SOFT, anchor)


def _short(text: str, size: int, room: float) -> str:
    """Return the end of a name that fits: the last parts of a dotted name say most."""
    text = plain(text, 120)
    if font(size).getlength(text) <= room:
        return text
    while text and font(size).getlength(f"...{text}") > room:
        text = text[1:]
    return f"...{text}"


def _title(pen: Pen, report: Report, has_batch: bool) -> None:
    _text(pen, LEFT * SCALE, 24 * SCALE, "Spread of the signal along the depth", 20, INK)
    target = plain(report.target.target, 80)
    _text(pen, (WIDTH - RIGHT) * SCALE, 30 * SCALE, target, 13, SOFT, "ra")
    entries: list[tuple[str, Color]] = [("as it is, with stored statistics" if has_batch else "as it is", CYAN)]
    if has_batch:
        entries.append(("with batch statistics", AMBER))
    x = float(LEFT * SCALE)
    for words, color in entries:
        y = 68 * SCALE
        pen.draw.line((x, y, x + 24 * SCALE, y), fill=color, width=3 * SCALE)
        _text(pen, x + 32 * SCALE, y, words, 13, SOFT, "lm")
        x += 64 * SCALE + font(13 * SCALE).getlength(words)
