import json
import re

import pytest

from unetdoctor.facts import Card, Kind
from unetdoctor.reporters.look import Look
from unetdoctor.reporters.rules import sections, to_json, to_markdown, to_page, to_table

PAGE = """The picture is flat | grey.

Running text at the margin that goes on
in a second line.

Symptom
    One even tone
    everywhere.

    A second paragraph:

        model.train()
        model(x)
Remedy:
    - this
    - that
What follows stands at the margin again.
"""
CARD = Card("UD203", "flat-picture", Kind.SYMPTOM, "The picture is\nflat | grey.", PAGE)


def test_sections() -> None:
    found = sections(PAGE)
    assert [heading for heading, _ in found] == ["", "Symptom", "Remedy", ""]
    assert found[1][1] == ["One even tone\neverywhere.", "A second paragraph:", "    model.train()\n    model(x)"]
    assert found[3][1] == ["What follows stands at the margin again."]


def test_page() -> None:
    text = to_page(CARD, Look(width=60))
    assert text.startswith("UD203 flat-picture  symptom\n\nThe picture is flat | grey.\n")
    assert "\nSymptom\n  One even tone everywhere.\n" in text
    assert "      model.train()\n      model(x)\n" in text
    assert "  - this\n  - that\n" in text
    assert max(map(len, text.split("\n"))) <= 60


def test_catalogue() -> None:
    assert (
        to_table([CARD], Look(width=80)).split("\n")[1] == "UD203  flat-picture  symptom  The picture is flat | grey."
    )
    assert to_markdown([CARD]).split("\n")[2] == "| UD203 | `flat-picture` | symptom | The picture is flat \\| grey. |"
    assert json.loads(to_json([CARD]))[0]["summary"] == "The picture is flat | grey."


def test_colour_says_nothing_of_its_own() -> None:
    for make in (lambda look: to_page(CARD, look), lambda look: to_table([CARD], look)):
        colored = make(Look(width=60, colors="standard"))
        assert "\x1b[33m" in colored or "\x1b[1;33m" in colored
        assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == make(Look(width=60))
        assert not re.search(r"3[0-7]m", make(Look(width=60, colors="standard", no_color=True)))


def test_long_summaries_hang_below_their_column() -> None:
    rows = to_table([CARD], Look(width=50)).split("\n")
    assert rows[2].startswith(" " * 30)
    assert max(map(len, rows)) <= 50


@pytest.mark.parametrize("width", [60, 100])
def test_every_page_of_ours_fits(width: int) -> None:
    from unetdoctor.checks import cards

    for card in cards():
        text = to_page(card, Look(width=width, ascii_only=True))
        assert text.isascii()
        assert max(map(len, text.split("\n"))) <= width
