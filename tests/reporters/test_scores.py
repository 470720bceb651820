"""Scores beside masks in the terminal."""

import math
from dataclasses import replace

import pytest

from tests.checks.test_masks import classes, scores
from tests.reporters.build import healthy, untrained
from unetdoctor.facts import ClassScore, MaskScores, Outcome, Trial
from unetdoctor.reporters.blocks.scores import score_table
from unetdoctor.reporters.blocks.trials import trials
from unetdoctor.reporters.blocks.verdict import badge
from unetdoctor.reporters.html import to_html
from unetdoctor.reporters.look import Look
from unetdoctor.reporters.markdown import to_markdown
from unetdoctor.reporters.terminal import printed


def text(found: MaskScores | None, **look: object) -> str:
    report = replace(untrained(), scores=found)
    shown = Look(**{"width": 80, **look})  # type: ignore[arg-type]
    return printed(score_table(report, shown), shown)


def test_nothing_is_said_without_a_mask() -> None:
    assert text(None) == ""


def test_no_tick_stands_over_an_output_that_does_not_fit() -> None:
    look, page = Look(width=80), to_html(replace(healthy(), scores=scores(dice=0.0)), {})
    doubtful = replace(healthy(), scores=scores(dice=0.0))
    assert badge(doubtful, look).plain.strip() == "! NO ERROR FOUND"
    assert to_markdown([doubtful]).startswith("### ⚠️ no error found")
    assert "no error found" in page
    assert badge(replace(healthy(), scores=scores(dice=math.nan)), look).plain.strip() == "✓ HEALTHY"
    assert badge(replace(healthy(), scores=scores()), look).plain.strip() == "✓ HEALTHY"


def test_every_class_has_its_line() -> None:
    said = text(scores())
    assert "mean Dice 0.95, IoU 0.9, boundary IoU 0.8" in said
    assert "0 background" in said
    assert "class 1" in said
    assert "threshold 0.5: Dice 0.95; best 0.52: 0.96" in said
    assert "small 2 of 3 (70% of their places)" in said
    assert max(map(len, said.splitlines())) <= 80


def test_an_output_of_another_size_says_how_it_was_resized() -> None:
    assert "resized from 8x8 (bilinear" in text(scores(drawn=(8, 8)), width=160)


def test_what_the_output_cannot_draw_is_said() -> None:
    assert "no channel draws class 3" in text(scores(beyond=(3,), ignored=1200, notes=("a.png: odd",)))


def test_no_more_than_twelve_classes_are_listed() -> None:
    many = scores(classes=classes(*[10] * 20), confusion=((1,) * 20,) * 20)
    assert "and 8 more classes with -v" in text(many)
    assert "class 19" in text(many, verbose=True)


def test_an_absent_class_has_no_line() -> None:
    absent = ClassScore(2, "class 2", float("nan"), float("nan"), float("nan"), 0, 0)
    assert "class 2" not in text(scores(classes=(*classes(900, 124), absent)))


def test_the_confusion_is_shown_with_v() -> None:
    assert "890" in text(scores(), verbose=True)


@pytest.mark.parametrize("ascii_only", [False, True])
def test_a_terminal_of_ascii_gets_ascii(ascii_only: bool) -> None:
    assert text(scores(), ascii_only=ascii_only).isascii() is ascii_only


def test_trials_show_the_score_before_and_after() -> None:
    report = untrained()
    trial = Trial(report.trials[0].remedies, "UD511", Outcome.CURED, "gain", "", 0.5, 0.0, "", 40.0, 0.1, 0.9)
    look = Look(width=100)
    said = printed(trials(replace(report, trials=(trial,)), look), look)
    assert "0.10 → 0.90" in said
    assert "Dice" in said
