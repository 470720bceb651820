"""The sizes for a person."""

from dataclasses import replace

import pytest
from rich.cells import cell_len

from tests.reporters.answers import REFUSAL, axis, sizes
from tests.reporters.build import HOSTILE
from unetdoctor.facts import AskedSize, Place, SizeLaw, Sizes
from unetdoctor.reporters.look import Look
from unetdoctor.reporters.sizes import to_text


def said(found: Sizes, width: int = 100, **look: object) -> str:
    """The text without the line ends and the indentation of what was wrapped."""
    return " ".join(to_text(found, Look(width=width, **look)).split())  # type: ignore[arg-type]


@pytest.mark.parametrize("width", [60, 80, 200])
def test_fits(width: int) -> None:
    lines = to_text(sizes(pad=()), Look(width=width)).split("\n")
    assert max(map(cell_len, lines)) <= width


def test_says_what_was_asked_first() -> None:
    text = said(sizes())
    assert text.startswith(
        "✗ 100x100 does not pass: `max_pool2d` at pool (model.py:47) rounds 25 to 12; the nearest that pass: 96x96 and "
        "112x112 ✓ 64x80 passes: 2x1x64x80 comes out"
    )
    assert "height multiples of 16 16 no end found same as the input" in text
    assert "Why 100x100 is refused `cat` at ups.1 (model.py:50): [2, 256, 24, 24] and [2, 256, 25, 25]" in text
    assert "Pad height and width to multiples of 16, and crop the output back" in text
    assert text.endswith("35 sizes asked in passes over shapes, without arithmetic")


def test_the_lines_to_paste_are_never_wrapped() -> None:
    assert "\n    x = F.pad(x, (0, -width % 16, 0, -height % 16))\n" in to_text(sizes(), Look(width=40))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"multiple": 1}, "height any"),
        ({"multiple": None, "remainders": (48,), "law": None, "examples": ((48, 24),)}, "height 48 alone 16"),
        ({"remainders": (12,)}, "height 16*n + 12"),
        ({"remainders": (0, 15)}, "height 16*n, 16*n + 15"),
        ({"remainders": (0, 1, 2, 3, 4)}, "16*n + 3 ..."),
        ({"largest": 512}, "16 512 same"),
        ({"law": SizeLaw(1, 4)}, "in/4"),
        ({"law": None}, "no simple law"),
        ({"law": None, "examples": ((48, None),)}, "no such axis"),
    ],
)
def test_an_axis(fields: dict[str, object], words: str) -> None:
    assert words in said(sizes(axes=(axis("height", **fields),), smallest=None))


def test_where_no_law_fits_a_table_stands() -> None:
    text = said(sizes(axes=(axis("height", law=None), axis("width"))))
    assert "height 48 64 65 output 48 64 refused" in text
    assert "width 48 64 65" not in text
    assert "width 48 64 65" in said(sizes(), verbose=True)


def test_equal_sides() -> None:
    assert "multiples of 16, all sides equal" in said(sizes(square=True))


@pytest.mark.parametrize(
    ("batches", "words"),
    [
        (((1, True), (2, True)), "any (1, 2 samples pass)"),
        (((1, False), (2, True)), "2 passes; 1 refused"),
        (((1, False),), "none of 1 samples passes"),
    ],
)
def test_batches(batches: tuple[tuple[int, bool], ...], words: str) -> None:
    assert words in said(sizes(batches=batches))


def test_refusals_of_other_kinds() -> None:
    plain = replace(REFUSAL, rounding=(), operands=())
    raised = replace(plain, op="", place=Place("", "model.py", 9))
    unknown = replace(raised, place=Place())

    def answer(refusal: object) -> str:
        asked = AskedSize((9, 9), False, (), refusal)  # type: ignore[arg-type]
        return said(sizes(asked=(asked,), refusal=refusal, pad=()))

    assert "✗ 9x9 does not pass: `cat` at ups.1 (model.py:50) refuses it target" in answer(plain)
    assert "raised at model.py:9" in answer(raised)
    assert "✗ 9x9 does not pass: the model refuses it" in answer(unknown)
    assert said(sizes(asked=(AskedSize((9, 9), None, ()),), real=True)).startswith(
        "? 9x9 could not be asked in the time"
    )
    assert "✗ 9x9 does not pass target" in said(sizes(asked=(AskedSize((9, 9), False, ()),)))
    other = replace(REFUSAL, rounding=(("", "", "convolution", 9, 4),))
    assert "`convolution` at the model rounds 9 to 4" in answer(other)


def test_nothing_to_say() -> None:
    text = said(sizes(axes=(), asked=(), refusal=None, pad=(), batches=(), start=(), passes=0, note="No height."))
    assert text.startswith("• No height.")
    assert "asked in" not in text
    refused = said(sizes(axes=(), asked=(), output=(), pad=(), batches=(), note="No size passes."), ascii_only=True)
    assert refused.startswith("x No size passes.")
    assert sizes(asked=(), output=()).exit_code == 3
    assert sizes(asked=()).exit_code == 0
    assert sizes().exit_code == 1


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_inert(name: str) -> None:
    refusal = replace(REFUSAL, message=name, place=Place(name, name, 1), rounding=((name, name, name, 3, 1),))
    text = to_text(sizes(refusal=refusal), Look(width=100))
    assert not set(text) & {"\x1b", "\x9b", "\x07", "\x00", "\r", "\u202e"}
