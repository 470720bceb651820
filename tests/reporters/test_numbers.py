import math

import pytest

from unetdoctor.facts import Reading
from unetdoctor.reporters.histogram import merged, sparkline
from unetdoctor.reporters.numbers import against, bounds, count, large, number, reading_value, seconds, with_unit


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.8213, "0.821"),
        (71.42, "71.4"),
        (127.4, "127"),
        (255.0, "255"),
        (1230.4, "1230"),
        (-0.0213, "-0.0213"),
        (0.00042, "0.00042"),
        (0.0000312, "3.12e-5"),
        (3.1e37, "3.1e37"),
        (999.9, "1000"),
        (math.nan, "NaN"),
        (math.inf, "Inf"),
        (-math.inf, "-Inf"),
    ],
)
def test_numbers(value: float, text: str) -> None:
    assert number(value) == text


def test_a_number_differs_from_the_bound_that_it_breaks() -> None:
    assert reading_value(Reading("chroma", 0.99951, "", 1.0)) == "0.9995"
    assert reading_value(Reading("share", 1.0004, "", None, 1.0)) == "1.0004"
    assert reading_value(Reading("share", 0.5, "", None, 1.0)) == "0.5"
    assert against(1.0, 1.0) == "1"
    assert against(1.0 + 1e-13, 1.0) == repr(1.0 + 1e-13)


@pytest.mark.parametrize(
    ("lower", "upper", "text"),
    [
        (20.0, None, "at least 20"),
        (None, 4.0, "at most 4"),
        (6.0, 57.0, "6 to 57"),
        (3, 3, "exactly 3"),
        (None, 0.9999, "at most 0.9999"),
        (None, None, ""),
    ],
)
def test_bounds(lower: float | None, upper: float | None, text: str) -> None:
    assert bounds(Reading("x", 1.0, "", lower, upper)) == text


def test_words() -> None:
    assert with_unit("3", "%") == "3%"
    assert with_unit("3", "levels") == "3 levels"
    assert with_unit("3", "") == "3"
    assert with_unit("1", "8-bit levels") == "1 8-bit level"
    assert with_unit("1", "x") == "1x"
    assert with_unit("1", "passes") == "1 pass"
    assert (count(1, "error"), count(2, "error"), count(1200, "value")) == ("1 error", "2 errors", "1,200 values")
    assert [large(n) for n in (812, 54_300, 31_000_000, 1_200_000_000)] == ["812", "54.3 k", "31 M", "1.2 G"]
    assert [seconds(s) for s in (0.123, 6.42, 125.0)] == ["0.12 s", "6.4 s", "2 min 5 s"]


def test_histogram() -> None:
    assert merged([1] * 32, 16) == [2] * 16
    assert merged([], 16) == []
    assert sparkline([0, 1, 0, 80], 4) == "·▁·█"
    assert sparkline([0, 1, 0, 80], 4, ascii_only=True) == " _ #"
    assert sparkline([0] * 32, 16) == "·" * 16
    assert len(sparkline(list(range(32)), 16)) == 16
