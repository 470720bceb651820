"""Where the limits of a check stand between the sound and the sick, as strips of text."""

import math
from collections.abc import Iterator, Sequence

from unetdoctor.facts import Standing
from unetdoctor.reporters.look import Look
from unetdoctor.reporters.numbers import bound_text, count, number, with_unit

STRIP = 32
"""Columns of a strip."""
MARGIN = 0.12
"""Room of a strip beyond its outermost value, as a share of what lies between."""
EXPLAINED = (
    "All readings of a check must be ill together: one value beyond its limit is no false alarm. Fresh networks are "
    "among the sound ones: for them some limits are wider, and what lies beyond is a note."
)
_SIGNS = ("█", "░", "│", "·"), ("#", "=", "|", ".")
"""Sick, sound, limit, nothing; and the same in ASCII."""


def lines(standings: Sequence[Standing], look: Look) -> Iterator[str]:
    """Yield each limit with one strip for the sick and one for the sound networks that were measured."""
    for index, standing in enumerate(standings):
        if index:
            yield ""
        yield from _strips(standing, look)


def is_explained(standings: Sequence[Standing]) -> bool:
    """Return whether `EXPLAINED` belongs below the strips."""
    return len(standings) > 1 and any(standing.sound_beyond for standing in standings)


def _strips(standing: Standing, look: Look) -> Iterator[str]:
    yield f"{standing.reading}: {'at most' if standing.upper else 'at least'} {_bound(standing)}"
    at = _positions(standing)
    sick, sound, limit, nothing = _SIGNS[look.ascii_only]
    sides = (
        ("sick", sick, standing.mildest_sick, standing.sick, not standing.upper),
        ("sound", sound, standing.worst_sound, standing.sound, standing.upper),
    )
    for name, sign, value, networks, from_left in sides:
        end = at(value) if value is not None else None
        filled = [end is not None and (place <= end if from_left else place >= end) for place in range(STRIP)]
        strip = [sign if full else nothing for full in filled]
        strip[at(standing.limit)] = limit
        yield f"  {name.ljust(5)}  {''.join(strip)}  {_words(standing, name, value, networks, from_left)}"


def _words(standing: Standing, name: str, value: float | None, networks: int, from_left: bool) -> str:
    if value is None:
        return "none measured"
    end = with_unit(number(value), standing.unit)
    said = f"{'up to' if from_left else 'from'} {end} in {count(networks, 'network')}"
    strays = standing.sick_within if name == "sick" else standing.sound_beyond
    return f"{said}, {strays} {'within' if name == 'sick' else 'beyond'}" if strays else said


def _bound(standing: Standing) -> str:
    return with_unit(bound_text(standing.limit), standing.unit)


class _Scale:
    """Values to columns: even steps near 0, then powers, so that a value a thousand times off has its place too."""

    def __init__(self, values: Sequence[float]) -> None:
        self._unit = min((abs(value) for value in values if value), default=1.0)
        ends = [self._power(value) for value in values]
        room = MARGIN * (max(ends) - min(ends)) or 1.0
        self._low, self._high = min(ends) - room, max(ends) + room

    def __call__(self, value: float) -> int:
        share = (self._power(value) - self._low) / (self._high - self._low)
        return min(max(round(share * (STRIP - 1)), 0), STRIP - 1)

    def _power(self, value: float) -> float:
        return math.copysign(math.log1p(abs(value) / self._unit), value)


def _positions(standing: Standing) -> _Scale:
    given = (standing.limit, standing.worst_sound, standing.mildest_sick)
    return _Scale([value for value in given if value is not None])
