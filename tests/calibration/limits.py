"""For each limit of the catalogue: what its reading is on sound networks, what on sick ones, and the room between."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

SOUND = "sound"


@dataclass(frozen=True)
class Limit:
    """One bound of one reading."""

    code: str
    """Of the check."""
    reading: str
    """Name of the reading."""
    unit: str
    upper: bool
    """Whether values above it are ill; else those below."""
    limit: float
    """The bound; the median where it depends on the network."""
    sound: tuple[float, ...]
    """One value for each sound network: the one nearest to the limit, or farthest beyond it."""
    sick: tuple[float, ...]
    """One value for each case whose fault the check is to name: at the faulty layer, where the fault has one."""

    def beyond(self, value: float) -> bool:
        """Whether a value is ill."""
        return value > self.limit if self.upper else value < self.limit

    @property
    def false_alarms(self) -> int:
        """Sound networks beyond the limit."""
        return sum(map(self.beyond, self.sound))

    @property
    def misses(self) -> int:
        """Sick cases within it."""
        return sum(not self.beyond(value) for value in self.sick)

    @property
    def worst_sound(self) -> float:
        """The sound value nearest to the limit or farthest beyond it; NaN where there is none."""
        return (max if self.upper else min)(self.sound, default=math.nan)

    @property
    def mildest_sick(self) -> float:
        """The sick value nearest to the limit or farthest within it; NaN where there is none."""
        return (min if self.upper else max)(self.sick, default=math.nan)


def limits_of(rows: Iterable[Mapping[str, Any]], accepted: Mapping[tuple[str, str], frozenset[str]]) -> list[Limit]:
    """Return every limit, in the order of the codes.

    `rows` are those of the accuracy bench (`operator`, `strength`, `status`, `truth`, `readings`); `accepted` holds the
    codes that name the fault of each (operator, strength).
    """
    bounds: dict[tuple[str, str, bool], list[float]] = {}
    units: dict[tuple[str, str, bool], str] = {}
    values: dict[tuple[str, str], dict[str, list[list[float]]]] = {}
    for row in rows:
        if row["status"] != "examined":
            continue
        for reading in row["readings"]:
            for upper in (False, True):
                bound = reading["upper" if upper else "lower"]
                if bound is not None:
                    key = (reading["code"], _general(reading["name"]), upper)
                    bounds.setdefault(key, []).append(bound)
                    units[key] = reading["unit"]
        for (code, name), seen in _by_reading(row, accepted).items():
            kind = SOUND if row["operator"] == SOUND else "sick"
            values.setdefault((code, name), {}).setdefault(kind, []).append(seen)
    found = []
    for (code, name, upper), known in sorted(bounds.items()):
        worst = max if upper else min
        of = values.get((code, name), {})
        shelves = [tuple(sorted(worst(seen) for seen in of.get(kind, []))) for kind in (SOUND, "sick")]
        unit = units[code, name, upper]
        found.append(Limit(code, name, unit, upper, median(known), *shelves))
    return found


_OWN = re.compile(r"\b(?:(level|operand|at) \d[\dx]*|(from) \S+)")


def _general(name: str) -> str:
    """Return a reading's name without the level, size or layer that it belongs to."""
    return _OWN.sub(lambda found: f"{found[1] or found[2]} ...", name)


def _by_reading(
    row: Mapping[str, Any], accepted: Mapping[tuple[str, str], frozenset[str]]
) -> dict[tuple[str, str], list[float]]:
    """Return the finite values of a row: all of a sound network, of a sick one those that are about its fault."""
    codes = accepted.get((row["operator"], row["strength"]), frozenset())
    found: dict[tuple[str, str], list[float]] = {}
    placed: dict[tuple[str, str], list[float]] = {}
    for reading in row["readings"]:
        value = reading["value"]
        if value is None or not math.isfinite(value):
            continue
        if row["operator"] != SOUND and reading["code"] not in codes:
            continue
        key = (reading["code"], _general(reading["name"]))
        found.setdefault(key, []).append(value)
        if reading["layer"] in row["truth"]:
            placed.setdefault(key, []).append(value)
    return found | placed
