"""No byte of a foreign name is interpreted: not by a terminal, a browser, a CI runner, a spreadsheet, nor a parser."""

import io

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.reporters import build, pixels
from tests.reporters.hostile import COLOURS, TABLE, report, traced
from unetdoctor.judging import baseline
from unetdoctor.reporters.formats import FORMATS
from unetdoctor.reporters.json_report import to_json
from unetdoctor.reporters.markdown import escape
from unetdoctor.reporters.pictures import write_pictures
from unetdoctor.reporters.safe import COMMAND, clean

NAMES = (
    *build.HOSTILE,
    "\x1b[2J\x1b[1;1H\x9b31m\x07",
    "\x1b]8;;http://evil\x1b\\click\x1b]8;;\x1b\\",
    "\x1bP+q544e\x1b\\",
    "</script><script>alert(1)</script><img src=x onerror=alert(1)>",
    "\"' onload='alert(1)' x=\"",
    "]]><!--<![CDATA[&amp;&#0;",
    "=cmd|'/c calc'!A0",
    "@SUM(1)",
    "\t=1+1",
    "-2+3+cmd",
    "%0A::error::x",
    "::error file=a,line=1::owned",
    "::stop-commands::token",
    "a b ::set-output name=x::y ##[error]owned ##vso[task.complete]x ##teamcity[message text='x']",
    "![x](http://evil/x.png) [y](javascript:alert(1)) <http://evil> @octocat #1 GH-2 !3 ~4 www.evil.example",
    "| a | b |\n|---|---|\n# head\n- list\n    code",
    "```\n```python",
    '"""; import os; os.system("touch owned") #',
    "'); __import__('os').system('touch owned'); ('",
    "{{ 7 * 7 }}{% raw %}",
    "\\",
    "\\N{BULLET}\\x41\\u0041",
    "trailing \\",
    'quote at the end "',
    "%s%n%(x)s {0} {name}",
    "\ufdd0\uffff\U0010ffff",
    "\u2028\u2029\x85\x0b\x0c\x1c",
    "",
    " ",
)
ANY = st.text(st.characters(codec=None, exclude_categories=()), max_size=60)
NASTY_PIECES = st.lists(
    st.sampled_from(["::", "error", " ", "##[", "]", "<", "@a", "#1", "`", "|", "\\", "\x1b[", "\n"])
)


def check(kind: str, name: str) -> None:
    make, read = TABLE[kind]
    read(make(name))


@pytest.mark.parametrize("kind", TABLE)
def test_every_format_stays_what_it_is(kind: str) -> None:
    for name in NAMES:
        try:
            check(kind, name)
        except Exception as error:
            raise AssertionError(f"{kind} with {name!r}: {type(error).__name__} {error}") from error


@pytest.mark.parametrize("kind", [kind for kind in TABLE if kind not in ("html", "svg", "text", "text in ASCII")])
@settings(max_examples=12)
@given(name=ANY | NASTY_PIECES.map("".join))
def test_every_format_stays_what_it_is_with_any_name(kind: str, name: str) -> None:
    check(kind, name)


@settings(max_examples=4)
@given(name=ANY)
def test_pages_and_drawings_stay_what_they_are_with_any_name(name: str) -> None:
    for kind in ("html", "svg", "text", "text in ASCII"):
        check(kind, name)


@given(ANY | NASTY_PIECES.map("".join))
@example("::error::")
def test_no_command_survives_however_lines_are_broken(text: str) -> None:
    shown = clean(text)
    assert not COMMAND.search(shown)
    assert clean(shown) == shown or len(shown) >= 197
    assert clean(text, ascii_only=True).isascii()


@pytest.mark.parametrize("name", ["at::native::conv2d", "std::vector", "a ## b", "##", "C:\\::x"])
def test_names_with_colons_and_hashes_stay_readable(name: str) -> None:
    assert clean(name) == name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("::error::x", "\\x3a:error::x"),
        ("##[error]x", "\\x23#[error]x"),
        ("##vso[task.complete]", "\\x23#vso[task.complete]"),
    ],
)
def test_commands_are_shown_broken(name: str, shown: str) -> None:
    assert clean(name) == shown


def test_machines_get_the_very_name_back() -> None:
    for name in NAMES:
        values = TABLE["json"][1](to_json(report(name)))
        assert values["target"]["name"] == name
        assert TABLE["trace json"][1](to_json(traced(name)))["ops"][0]["place"]["layer"] == name
        assert TABLE["audit jsonl"][1](TABLE["audit jsonl"][0](name))[0]["name"] == name
        text = baseline.to_text(baseline.entries([report(name)]))
        assert baseline.from_text(text) == frozenset(baseline.entries([report(name)]))


def test_people_see_the_letters_of_a_name() -> None:
    for name in ("conv[/][red]x[link=http://a]", ":boom: :smile:", "größe 層 [bold]"):
        assert name in TABLE["text"][0](name)
        assert name in TABLE["html"][1](TABLE["html"][0](name)).whole_text()


def test_a_mention_is_no_mention() -> None:
    assert escape("@octocat #12 !3") == "&#64;&#8203;octocat \\#&#8203;12 \\!&#8203;3"
    assert escape("100 % of 12, a # b") == "100 % of 12, a \\# b"


def test_pictures_carry_pixels_alone(tmp_path) -> None:
    previews, raw = pixels.generator()
    for number, name in enumerate(NAMES):
        named = tuple(
            type(p)(**{**vars(p), "title": name, "caption": name, "name": f"{name}{i}"}) for i, p in enumerate(previews)
        )
        made = type(report(name))(**{**vars(report(name)), "previews": named})
        written = write_pictures(made, raw, tmp_path / str(number))
        assert len(written.paths) >= len(previews)
        for path in written.paths:
            assert path.parent == tmp_path / str(number)
            data = path.read_bytes()
            with Image.open(io.BytesIO(data)) as picture:
                assert picture.format == "PNG"
                assert not picture.info
            assert b"tEXt" not in data
            assert b"iTXt" not in data


def test_colours_are_the_only_sequences() -> None:
    assert "\x1b[" in FORMATS["text"].render((report("x"),), COLOURS, tuple)
