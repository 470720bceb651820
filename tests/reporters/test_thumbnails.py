"""Small pictures in the terminal: only where they can be seen, and never in the way of anything."""

import hashlib
import io
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from tests.reporters import build
from unetdoctor.facts import Report
from unetdoctor.reporters import look as looks
from unetdoctor.reporters.blocks.thumbnails import COLUMNS, ROWS, UPPER, half_blocks
from unetdoctor.reporters.look import Look, look_for
from unetdoctor.reporters.terminal import to_line, to_text

SHOWN = Look(width=80, colors="truecolor", pictures=True)


class Stream(io.StringIO):
    def __init__(self, terminal: bool = True, encoding: str = "utf-8") -> None:
        super().__init__()
        self.terminal, self.name_of_encoding = terminal, encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self.name_of_encoding

    def isatty(self) -> bool:
        return self.terminal


def with_files(report: Report, folder: Path, *roles: str, size: tuple[int, int] = (64, 48)) -> Report:
    previews = []
    for number, role in enumerate(roles):
        path = folder / f"{role}.png"
        Image.new("RGB", size, (40 * number, 200, 10)).save(path)
        data = path.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        made = build.preview(role, role, mode="RGB", file=str(path), size=len(data), sha256=digest)
        previews.append(replace(made, width=size[0], height=size[1]))
    return replace(report, previews=tuple(previews))


def test_a_character_is_two_pixels() -> None:
    picture = Image.new("RGB", (2, 2))
    for place, color in {(0, 0): (255, 0, 0), (1, 0): (0, 255, 0), (0, 1): (0, 0, 255), (1, 1): (9, 8, 7)}.items():
        picture.putpixel(place, color)
    (line,) = half_blocks(picture, 2, 1)
    assert line.plain == UPPER * 2
    colors = [(s.style.color.triplet, s.style.bgcolor.triplet) for s in line.spans]  # type: ignore[union-attr]
    assert colors == [((255, 0, 0), (0, 0, 255)), ((0, 255, 0), (9, 8, 7))]


@pytest.mark.parametrize("size", [(1, 1), (64, 64), (512, 100), (100, 512), (1, 4000), (4000, 1), (7, 9)])
def test_a_picture_keeps_its_proportions_and_its_bounds(size: tuple[int, int]) -> None:
    lines = half_blocks(Image.new("L", size, 128))
    assert 1 <= len(lines) <= ROWS
    widths = {len(line.plain) for line in lines}
    assert len(widths) == 1
    assert 1 <= max(widths) <= COLUMNS
    if max(size) < 20 * min(size):
        assert abs(max(widths) / (2 * len(lines)) - size[0] / size[1]) < 0.25 * size[0] / size[1]


def test_input_output_and_cure_stand_below_the_verdict(tmp_path: Path) -> None:
    report = with_files(build.untrained(), tmp_path, "input", "picture", "trial", "displayed")
    text = to_text(report, SHOWN)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert re.search(r"input +output as displayed +cured by the remedy", plain)
    assert plain.index("UNTRAINED") < plain.index("output as displayed") < plain.index("Remedy")
    blocks = [line for line in plain.split("\n") if UPPER in line]
    assert 6 <= len(blocks) <= ROWS
    assert max(map(len, blocks)) <= 80
    assert "38;2;" in text
    assert UPPER not in to_line(report, SHOWN)


def test_two_of_three_and_none(tmp_path: Path) -> None:
    report = with_files(build.healthy(), tmp_path, "input", "classes", "trial")
    plain = to_text(report, SHOWN)
    assert "output as displayed" in plain
    assert "by the remedy" not in plain, "nothing was cured"
    assert UPPER not in to_text(replace(report, previews=()), SHOWN)
    assert UPPER not in to_text(report, replace(SHOWN, pictures=False))


def test_another_file_is_not_shown(tmp_path: Path) -> None:
    report = with_files(build.healthy(), tmp_path, "input")
    preview = report.previews[0]
    path = Path(preview.file)
    path.write_bytes(path.read_bytes() + b"x")
    assert UPPER not in to_text(report, SHOWN)
    for data in (b"\x89PNG\r\n\x1a\nrest", b"no picture"):
        path.write_bytes(data)
        lie = replace(preview, size=len(data), sha256=hashlib.sha256(data).hexdigest())
        assert UPPER not in to_text(replace(report, previews=(lie,)), SHOWN)
    other = with_files(build.healthy(), tmp_path, "input")
    wrong = replace(other.previews[0], width=3)
    assert UPPER not in to_text(replace(other, previews=(wrong,)), SHOWN)


TRUE = {"COLORTERM": "truecolor", "TERM": "xterm-256color"}


@pytest.mark.parametrize(
    ("terminal", "color", "environment", "encoding", "size", "pictures"),
    [
        (True, "auto", TRUE, "utf-8", (80, 24), True),
        (True, "always", TRUE, "utf-8", (80, 24), True),
        (True, "auto", {"COLORTERM": "24bit"}, "utf-8", (200, 60), True),
        (False, "auto", TRUE, "utf-8", (80, 24), False),
        (False, "always", TRUE, "utf-8", (80, 24), False),
        (True, "never", TRUE, "utf-8", (80, 24), False),
        (True, "auto", {**TRUE, "NO_COLOR": "1"}, "utf-8", (80, 24), False),
        (True, "auto", {**TRUE, "TERM": "dumb"}, "utf-8", (80, 24), False),
        (True, "auto", {"TERM": "xterm-256color"}, "utf-8", (80, 24), False),
        (True, "auto", TRUE, "ascii", (80, 24), False),
        (True, "auto", TRUE, "utf-8", (50, 24), False),
        (True, "auto", TRUE, "utf-8", (80, 12), False),
    ],
)
def test_only_where_they_can_be_seen(
    terminal: bool,
    color: str,
    environment: dict[str, str],
    encoding: str,
    size: tuple[int, int],
    pictures: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(looks, "_size", lambda: os.terminal_size(size))
    look = look_for(Stream(terminal, encoding), color, environment=environment)
    assert look.pictures is pictures
    assert look.colors == "truecolor" if pictures else look.pictures is False
