import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unetdoctor.reporters.safe import clean, clean_lines

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("conv[/red]", "conv[/red]"),
        ("\x1b[31m", "\\x1b[31m"),
        ("a\u202eb", "a\\u202eb"),
        ("a\u200bb", "a\\u200bb"),
        ("FAIL\rPASS", "FAIL\\x0dPASS"),
        ("a\x08", "a\\x08"),
        ("\x9b2J", "\\x9b2J"),
        ("\ud800", "\\ud800"),
        ("\U000e0001", "\\U000e0001"),
        ("größe 層 :boom:", "größe 層 :boom:"),
        ("e\u0301", "e\u0301"),
        ("e\u0301\u0301\u0301", "e\u0301\u0301\\u0301"),
    ],
)
def test_shows_what_it_does_not_keep(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_ascii_spells_out() -> None:
    assert clean("4.4 → 71 ≥ 20 \u00d7 größe", ascii_only=True) == "4.4 -> 71 >= 20 x gr\\xf6\\xdfe"


@given(ANY_TEXT, st.integers(10, 300), st.booleans())
def test_inert_short_and_on_one_line(text: str, limit: int, ascii_only: bool) -> None:
    shown = clean(text, limit, ascii_only=ascii_only)
    assert len(shown) <= limit
    assert all(unicodedata.category(c)[0] in "LMNPS" or unicodedata.category(c) == "Zs" for c in shown)
    assert not ascii_only or shown.isascii()
    assert clean(shown, limit, ascii_only=ascii_only) == shown


def test_cut_tears_no_escape() -> None:
    assert clean("a" * 5 + "\u202e" * 3, 12) == "aaaaa..."
    assert clean("x" * 4000) == "x" * 197 + "..."


def test_lines() -> None:
    assert clean_lines("a\r\n\tb\rc\n") == ["a", "    b\\x0dc", ""]
