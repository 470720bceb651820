"""Limits from made rows: which values count, and on which side they lie."""

import json
import re
from typing import Any

from tests.calibration.__main__ import FOLDER, STANDINGS
from tests.calibration.drawing import plot, standings, table, to_json
from tests.calibration.limits import SOUND, limits_of

ACCEPTED = {("M01", "small"): frozenset({"UD901"})}


def reading(value: float | None, layer: str = "", code: str = "UD901", **bounds: float) -> dict[str, Any]:
    return {
        "code": code,
        "name": "spread",
        "unit": "x",
        "value": value,
        "layer": layer,
        "lower": None,
        "upper": None,
    } | bounds


def row(*readings: dict[str, Any], operator: str = SOUND, truth: tuple[str, ...] = (), status: str = "examined"):
    return {"operator": operator, "strength": "small", "status": status, "truth": truth, "readings": list(readings)}


def test_sound_values_are_the_nearest_and_sick_ones_stand_at_the_fault():
    rows = [
        row(reading(2.0, lower=1.0), reading(5.0, lower=1.0)),
        row(reading(3.0, lower=1.0), reading(None, lower=1.0)),
        row(reading(0.5, "head", lower=1.0), reading(0.1, "stem", lower=1.0), operator="M01", truth=("head",)),
        row(reading(0.9, "stem", lower=1.0), operator="M01"),
        row(reading(0.0, "head", lower=1.0), operator="M02"),
        row(reading(9.0, lower=1.0), operator="M01", status="dropped"),
    ]
    (limit,) = limits_of(rows, ACCEPTED)
    assert (limit.sound, limit.sick, limit.limit, limit.upper) == ((2.0, 3.0), (0.5, 0.9), 1.0, False)
    assert (limit.worst_sound, limit.mildest_sick, limit.false_alarms, limit.misses) == (2.0, 0.9, 0, 0)


def test_a_value_on_the_wrong_side_is_counted():
    rows = [row(reading(4.0, upper=3.0)), row(reading(2.0, "a", upper=3.0), operator="M01", truth=("a",))]
    (limit,) = limits_of(rows, ACCEPTED)
    assert (limit.false_alarms, limit.misses) == (1, 1)
    assert "| UD901 | spread | 1, 4 | at most 3 x | 1, 2 | 1 | 1 |" in table(standings([limit]), 1, 1)


def test_the_picture_is_drawn(tmp_path):
    rows = [row(reading(4.0, upper=3.0)), row(reading(200.0, upper=3.0), operator="M01")]
    (file,) = plot(limits_of(rows, ACCEPTED), tmp_path)
    assert file.read_bytes().startswith(b"\x89PNG")


def test_the_package_ships_what_the_table_says():
    shown = (FOLDER / "LIMITS.md").read_text("utf-8")
    kept = json.loads(STANDINGS.read_text("utf-8"))
    sound, sick = map(int, re.search(r"from (\d+) examinations of sound networks and (\d+) of", shown).groups())
    assert table(kept, sick, sound) == shown
    assert to_json(kept) == STANDINGS.read_text("utf-8")
