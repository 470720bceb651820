"""Limits as strips of text: which side is filled, up to where, and what is said of it."""

from dataclasses import replace

from unetdoctor.facts import Standing
from unetdoctor.reporters.look import Look
from unetdoctor.reporters.standings import STRIP, is_explained, lines

LOWER = Standing("spread", "%", False, 1.0, 20, 40.0, 0, 5, 0.1, 0)


def strips(standing: Standing, **look: bool) -> dict[str, str]:
    return {line.split()[0]: line[9 : 9 + STRIP] for line in list(lines([standing], Look(**look)))[1:]}


def test_a_limit_between_the_two() -> None:
    title, sick, sound = lines([LOWER], Look())
    assert title == "spread: at least 1%"
    assert sick.endswith("up to 0.1% in 5 networks")
    assert sound.endswith("from 40% in 20 networks")
    drawn = strips(LOWER)
    limit = drawn["sick"].index("│")
    assert drawn["sound"].index("│") == limit
    assert drawn["sick"].startswith("█")
    assert drawn["sick"].rindex("█") < limit < drawn["sound"].index("░")
    assert drawn["sound"].endswith("░")


def test_an_upper_limit_is_the_other_way_round() -> None:
    drawn = strips(replace(LOWER, upper=True, worst_sound=0.1, mildest_sick=40.0))
    assert drawn["sound"].startswith("░")
    assert drawn["sick"].endswith("█")


def test_strays_are_counted_and_nothing_measured_is_said() -> None:
    found = "\n".join(lines([replace(LOWER, worst_sound=0.5, sound_beyond=3, sick=0, mildest_sick=None)], Look()))
    assert "from 0.5% in 20 networks, 3 beyond" in found
    assert "none measured" in found
    assert "█" not in found


def test_equal_values_and_ascii() -> None:
    drawn = strips(Standing("keys", "", True, 0.0, 2, 0.0, 0, 2, 0.0, 2), ascii_only=True)
    assert all(set(strip) <= set("#=|.") and len(strip) == STRIP for strip in drawn.values())


def test_the_footnote_is_for_several_readings() -> None:
    stray = replace(LOWER, sound_beyond=1)
    assert is_explained([stray, LOWER])
    assert not is_explained([stray])
    assert not is_explained([LOWER, LOWER])
