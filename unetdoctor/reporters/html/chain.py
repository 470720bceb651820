"""The stages of a network without skip connections, one behind the other."""

from dataclasses import dataclass
from itertools import groupby

from unetdoctor.facts import Report
from unetdoctor.reporters.html.stages import Health, health_of_points, spatial, worst
from unetdoctor.reporters.numbers import count, number
from unetdoctor.reporters.skips import size_text

STAGES_SHOWN = 24


@dataclass(frozen=True)
class Stage:
    """A run of operations at one resolution, or of one layer."""

    size: str
    """Resolution, or the layer where there is only one resolution."""
    words: str
    """Channels, and number of operations or the resolution."""
    signal: str
    """Spread of the signal at its end."""
    health: Health
    """What was found at its layers."""


def chain(report: Report) -> tuple[list[Stage], int]:
    """Return the stages, and how many there are beyond those; of a network of one resolution, its layers."""
    points = report.signal
    by_size = _runs(report, [size_text(spatial(point)) if spatial(point) else "vector" for point in points])
    if len(by_size) > 1:
        stages = [_stage(report, name, places, "") for name, places in by_size]
    else:
        by_layer = _runs(report, [point.layer or point.op for point in points])
        stages = [_stage(report, name, places, by_size[0][0]) for name, places in by_layer]
    return stages[:STAGES_SHOWN], max(len(stages) - STAGES_SHOWN, 0)


def _runs(report: Report, names: list[str]) -> list[tuple[str, list[int]]]:
    """Return (name, places) of the points of one name in a row."""
    return [(name, list(places)) for name, places in groupby(range(len(report.signal)), key=lambda p: names[p])]


def _stage(report: Report, name: str, places: list[int], size: str) -> Stage:
    last = report.signal[places[-1]]
    wide = last.shape[1] if len(last.shape) > 1 else 1
    said = health_of_points(report)
    return Stage(
        size=name,
        words=", ".join(
            [*([size] if size else []), f"{wide} ch", *([] if size else [count(len(places), "operation")])]
        ),
        signal=number(last.signal),
        health=worst([pair for place in places for pair in said[place]]),
    )
