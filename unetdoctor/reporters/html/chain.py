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
    """A run of operations at one resolution."""

    size: str
    """Resolution."""
    words: str
    """Channels and number of operations."""
    signal: str
    """Spread of the signal at its end."""
    health: Health
    """What was found at its layers."""


def chain(report: Report) -> tuple[list[Stage], int]:
    """Return the stages, and how many there are beyond those."""
    stages = []
    said = health_of_points(report)
    for size, members in groupby(range(len(report.signal)), key=lambda place: spatial(report.signal[place])):
        places = list(members)
        last = report.signal[places[-1]]
        wide = last.shape[1] if len(last.shape) > 1 else 1
        stages.append(
            Stage(
                size=size_text(size) if size else "vector",
                words=f"{wide} ch, {count(len(places), 'operation')}",
                signal=number(last.signal),
                health=worst([pair for place in places for pair in said[place]]),
            )
        )
    return stages[:STAGES_SHOWN], max(len(stages) - STAGES_SHOWN, 0)
