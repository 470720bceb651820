"""The geometry of the signal profile: two curves on a logarithmic scale, and the step at which the signal is lost."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from unetdoctor.facts import Report
from unetdoctor.reporters.numbers import number
from unetdoctor.reporters.safe import clean
from unetdoctor.reporters.signal import collapse, decades

WIDTH, HEIGHT = 540, 270
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 14, 32
NAME_LETTERS = 24
"""Letters of a name in the drawing."""
DOTS_UP_TO = 80
"""Points up to which each has its dot with a tooltip."""


@dataclass(frozen=True)
class Dot:
    """One operation on the curve as it is."""

    x: float
    """Place."""
    y: float
    """Place."""
    text: str
    """What a pointer that rests on it reads."""


@dataclass(frozen=True)
class Curve:
    """The whole drawing."""

    width: int
    """Units."""
    height: int
    """Units."""
    frame: tuple[int, int, int, int]
    """Left, top, right and bottom of the plotted field."""
    ticks: tuple[tuple[float, str], ...]
    """(y, power of ten)."""
    stored: tuple[str, ...]
    """Paths of the curve as it is; more than one where values are missing."""
    batch: tuple[str, ...]
    """The same with batch statistics."""
    dots: tuple[Dot, ...]
    """Operations."""
    mark: tuple[float, float, float, str, str] | None
    """(left, width, x of the words, anchor, words) of the step at which the signal is lost."""
    ends: tuple[str, str]
    """From and to: first and last layer."""
    said: tuple[str, str]
    """First and last value of the two curves, in words."""


def profile(report: Report) -> Curve | None:
    """Return the drawing; None with fewer than two points or without a value above 0."""
    points = report.signal
    stored, batch = [p.signal for p in points], [p.batch_signal for p in points]
    values = [value for value in (*stored, *batch) if math.isfinite(value) and value > 0]
    if len(points) < 2 or not values:
        return None
    low, high = decades(values)
    xs = [LEFT + (WIDTH - LEFT - RIGHT) * place / (len(points) - 1) for place in range(len(points))]

    def y(value: float) -> float:
        exponent = math.log10(value) if value > 0 else low
        share = min(max((exponent - low) / (high - low), 0.0), 1.0)
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share, 1)

    dots = [
        Dot(round(x, 1), y(point.signal), f"{point.layer or point.op}, {point.op}: {number(point.signal)}")
        for x, point in zip(xs, points, strict=True)
        if math.isfinite(point.signal)
    ]
    powers = range(math.ceil(low), math.floor(high) + 1)
    return Curve(
        width=WIDTH,
        height=HEIGHT,
        frame=(LEFT, TOP, WIDTH - RIGHT, HEIGHT - BOTTOM),
        ticks=tuple((y(10.0**power), number(10.0**power)) for power in powers),
        stored=_paths(xs, [y(v) if math.isfinite(v) else math.nan for v in stored]),
        batch=_paths(xs, [y(v) if math.isfinite(v) else math.nan for v in batch]) if batch != stored else (),
        dots=tuple(dots) if len(points) <= DOTS_UP_TO else (),
        mark=_mark(report, xs),
        ends=(
            clean(points[0].layer or points[0].op, NAME_LETTERS),
            clean(points[-1].layer or points[-1].op, NAME_LETTERS),
        ),
        said=(_said(stored), _said(batch)),
    )


def _paths(xs: Sequence[float], ys: Sequence[float]) -> tuple[str, ...]:
    """Return one path for every run of finite values."""
    runs: list[list[str]] = [[]]
    for x, y in zip(xs, ys, strict=True):
        if math.isfinite(y):
            runs[-1].append(f"{x:.1f} {y:.1f}")
        elif runs[-1]:
            runs.append([])
    return tuple("M" + "L".join(run) for run in runs if len(run) > 1)


def _said(values: Sequence[float]) -> str:
    finite = [value for value in values if math.isfinite(value)]
    return f"{number(finite[0])} to {number(finite[-1])}" if finite else ""


def _mark(report: Report, xs: Sequence[float]) -> tuple[float, float, float, str, str] | None:
    step = collapse(report)
    if step is None:
        return None
    before, after = report.signal[step - 1].signal, report.signal[step].signal
    name = clean(report.signal[step].layer or report.signal[step].op, NAME_LETTERS)
    less = before > 0 and after > 0 and before > after
    words = f"{number(before / after)}x less after {name}" if less else f"lost at {name}"
    left, right = xs[step - 1] - 2, xs[step] + 2
    early = (left + right) / 2 < WIDTH / 2
    return left, right - left, right + 8 if early else left - 8, "start" if early else "end", words
