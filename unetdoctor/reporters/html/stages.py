"""The health of the stages of a network: the worst that was found at a layer of each."""

import math
from dataclasses import dataclass

from unetdoctor.facts import Report, Severity, SignalPoint

DOWN, BOTTOM, UP = "down", "bottom", "up"
Key = tuple[str, tuple[int, ...]]
"""Side of the U, and resolution."""


def spatial(point: SignalPoint) -> tuple[int, ...]:
    """Return the resolution at a point; empty for a vector."""
    return point.shape[2:]


def sides(report: Report) -> list[Key]:
    """Return for every point of the signal at which stage it is: before, at or behind the lowest resolution."""
    areas = [math.prod(spatial(point)) if len(point.shape) > 2 else 1 for point in report.signal]
    if not areas:
        return []
    low = min(areas)
    first, last = areas.index(low), len(areas) - 1 - areas[::-1].index(low)
    return [
        (DOWN if place < first else UP if place > last else BOTTOM, spatial(point))
        for place, point in enumerate(report.signal)
    ]


@dataclass(frozen=True)
class Health:
    """What was found at the layers of one stage."""

    severity: Severity | None
    """The worst; None where no check speaks of a layer of this stage alone."""
    codes: tuple[str, ...] = ()
    """Codes of what is ill there."""

    @property
    def text(self) -> str:
        """`well`, `UD403 UD308`, or nothing."""
        if self.severity is None:
            return "nothing was measured here alone"
        return ", ".join(self.codes) or "well"


NOTHING = Health(None)


def worst(found: list[tuple[Severity, str]]) -> Health:
    """Return the worst of (severity, code) pairs."""
    if not found:
        return NOTHING
    severity = max((s for s, _ in found), key=lambda s: s.rank)
    return Health(severity, tuple(dict.fromkeys(code for s, code in found if s is not Severity.OK)))


def health_of_points(report: Report) -> list[list[tuple[Severity, str]]]:
    """Return for every point of the signal what was found at its layer."""
    by_layer: dict[str, list[tuple[Severity, str]]] = {}
    for finding in report.findings:
        if finding.place.layer:
            by_layer.setdefault(finding.place.layer, []).append((finding.severity, finding.code))
    return [
        [said for layer, found in by_layer.items() if _within(layer, point.layer) for said in found]
        for point in report.signal
    ]


def _within(one: str, other: str) -> bool:
    """Whether one layer is the other, or holds it."""
    return bool(one) and bool(other) and (one == other or other.startswith(f"{one}."))


def health(report: Report) -> dict[Key, Health]:
    """Return the health of every stage of a U."""
    found: dict[Key, list[tuple[Severity, str]]] = {}
    for key, said in zip(sides(report), health_of_points(report), strict=True):
        found.setdefault(key, []).extend(said)
    return {key: worst(said) for key, said in found.items()}
