"""The U, as a picture and in the terminal."""

import itertools
from dataclasses import replace
from typing import Any

import pytest

from tests.checks.test_skips import SOUND, a_skip
from tests.reporters import build
from unetdoctor.facts import Finding, Kind, Place, Reading, Report, Severity, Skip
from unetdoctor.reporters.anatomy import FAINT, PANEL, PAPER, WIDTH, Layout, anatomy
from unetdoctor.reporters.blocks.skips import SHOWN, skip_table
from unetdoctor.reporters.look import Look
from unetdoctor.reporters.skips import sick, sick_deep, strength
from unetdoctor.reporters.terminal import printed, to_text

NAN = float("nan")


def report(*skips: Skip, findings: tuple[Finding, ...] = ()) -> Report:
    return replace(build.healthy(), skips=skips or SOUND, findings=findings)


def ill(code: str, skip: Skip, value: float = 0.0) -> Finding:
    reading = Reading("influence", value, lower=1e-5)
    return Finding(code, "name", Kind.CAUSE, Severity.ERROR, skip.place, "Said.", (reading,), op=skip.join)


def table(given: Report, **look: Any) -> list[str]:
    return printed(skip_table(given, Look(**{"width": 80, **look})), Look(**{"width": 80, **look})).splitlines()


def colored(given: Report, first: int, second: int) -> int:
    """Count the pixels that hold clearly more of one colour than of another."""
    picture = anatomy(given)
    assert picture is not None
    return sum(count for count, color in picture.getcolors(1 << 20) or () if color[first] - color[second] > 40)


def reds(given: Report) -> int:
    return colored(given, 0, 2)


class TestScale:
    @pytest.mark.parametrize(("influence", "share"), [(0.0, 0), (1e-5, 0), (1e-3, 0), (1.0, 1), (7.0, 1)])
    def test_ends(self, influence: float, share: float) -> None:
        assert strength(influence) == share

    def test_grows(self) -> None:
        found = [strength(x) for x in (0.002, 0.02, 0.2)]
        assert found == sorted(found)
        assert len(set(found)) == 3


class TestSick:
    dead = a_skip(0, influence=0.0)

    def test_the_one_that_was_found(self) -> None:
        given = report(*SOUND[:2], self.dead, findings=(ill("UD406", self.dead),))
        assert [sick(given, x) for x in given.skips] == ["", "", "UD406"]

    def test_of_two_at_one_join(self) -> None:
        other = replace(SOUND[2], operand=2)
        given = report(other, self.dead, findings=(ill("UD406", self.dead),))
        assert [sick(given, x) for x in given.skips] == ["", "UD406"]

    def test_the_deep_branch(self) -> None:
        given = report(findings=(ill("UD407", SOUND[2]),))
        assert [sick_deep(given, x) for x in given.skips] == ["", "", "UD407"]


class TestPicture:
    def test_none_without_skips(self) -> None:
        assert anatomy(build.healthy()) is None

    def test_is_light_and_as_wide_as_promised(self) -> None:
        picture = anatomy(report())
        assert picture is not None
        assert picture.width == WIDTH
        assert picture.getpixel((2, 2)) == PAPER
        assert min(sum(PAPER), sum(PANEL)) > sum(FAINT) > 600

    def test_what_is_sick_is_red(self) -> None:
        dead = a_skip(0, influence=0.0)
        assert reds(report()) == 0
        assert reds(report(*SOUND[:2], dead, findings=(ill("UD406", dead),))) > 500
        assert reds(report(findings=(ill("UD407", SOUND[2]),))) > 50

    def test_a_strong_one_takes_more_ink(self) -> None:
        few, more, most = (colored(report(a_skip(0, influence=x)), 2, 0) for x in (0.002, 0.05, 0.9))
        assert few < more < most

    def test_lines_at_one_level_lie_apart(self) -> None:
        many = [replace(SOUND[2], operand=n) for n in range(9)]
        heights = sorted(line.end[1] for line in Layout(report(*many)).lines)
        assert all(b - a >= 24 for a, b in itertools.pairwise(heights))

    @pytest.mark.parametrize("name", build.HOSTILE)
    def test_hostile_names(self, name: str) -> None:
        given = report(a_skip(0, place=Place(name), source=Place(name)))
        assert anatomy(replace(given, target=replace(given.target, name=name, target=name))) is not None

    @pytest.mark.parametrize("size", [(256,), (16, 16, 16)])
    def test_signals_and_volumes(self, size: tuple[int, ...]) -> None:
        assert (
            anatomy(report(a_skip(0, size=size, join_size=size, bottom_size=tuple(n // 4 for n in size)))) is not None
        )

    def test_a_branch_from_the_bottom_and_one_without_a_number(self) -> None:
        given = report(a_skip(0, size=(8, 8)), a_skip(1, influence=NAN, deep_influence=NAN))
        assert anatomy(given) is not None


class TestTerminal:
    def test_nothing_without_skips(self) -> None:
        assert table(build.healthy()) == []
        assert "The U" not in to_text(build.healthy(), Look(width=80))

    def test_is_in_the_report(self) -> None:
        assert "The U" in to_text(report(), Look(width=80))

    @pytest.mark.parametrize("width", [80, 100, 160])
    @pytest.mark.parametrize("ascii_only", [True, False])
    def test_fits(self, width: int, ascii_only: bool) -> None:
        long = Place("module.model.submodule.1.submodule.1.attention_block_with_a_name")
        crossed = a_skip(0, size=(256, 256), join_size=(128, 128), place=long, gated=True, deep_influence=9.6e-5)
        lines = table(report(*SOUND, crossed), width=width, ascii_only=ascii_only)
        assert max(map(len, lines)) <= width
        assert len(lines) == 7
        assert not ascii_only or all(line.isascii() for line in lines)

    def test_the_u_is_drawn_where_it_has_room(self) -> None:
        lines = table(report())[2:]
        assert [line.split()[0] for line in lines[:3]] == ["64x64", "32x32", "16x16"]
        assert all("0.4" in line and "▶" in line for line in lines[:3])
        depths = [len(line) - len(line.lstrip()) for line in lines]
        assert depths == [2, 4, 6, 8]
        assert lines[3].lstrip().startswith("╰")
        assert lines[3].endswith("╯")
        assert "8x8" in lines[3]
        assert "influence" not in " ".join(lines)
        both = table(report(), verbose=True)
        assert any("▶" in line for line in both)
        assert any("influence" in line for line in both)
        assert not any("▶" in line for line in table(report(), width=60))

    @pytest.mark.parametrize("width", [76, 80, 120, 200])
    @pytest.mark.parametrize("ascii_only", [True, False])
    def test_heavier_is_worth_more(self, width: int, ascii_only: bool) -> None:
        weak = replace(SOUND[0], influence=1e-3)
        strong = replace(SOUND[1], influence=0.9)
        unknown = replace(SOUND[2], influence=NAN)
        lines = table(report(weak, strong, unknown), width=width, ascii_only=ascii_only)
        signs = ("=", ".") if ascii_only else ("━", "╌")
        size = {"x".join(map(str, s.size)): s for s in (weak, strong, unknown)}
        for line in (x for x in lines[2:] if x.split()[0] in size):
            heavy = size[line.split()[0]] is strong
            assert signs[0] * 4 in line if heavy else signs[1] * 4 in line
        assert max(map(len, lines)) <= width

    def test_long_labels_leave_the_table(self) -> None:
        wide = replace(SOUND[0], size=(4096, 4096), join_size=(2048, 2048), channels=4096, deep_channels=4096)
        lines = table(report(wide), width=66)
        assert not any("▶" in line for line in lines)
        assert any("influence" in line for line in lines)

    def test_the_deep_branch_says_its_code(self) -> None:
        lines = table(report(findings=(ill("UD407", SOUND[2]),)))
        assert [line.split()[0] for line in lines if "UD407" in line] == ["64x64"]

    def test_finest_first_with_numbers(self) -> None:
        rows = [row for row in table(report(), width=60) if "0.4" in row]
        assert [row.split()[0] for row in rows] == ["64x64", "32x32", "16x16"]
        assert all("0.4" in row and "0.6" in row for row in rows)

    def test_the_sick_one_says_its_code(self) -> None:
        dead = a_skip(0, influence=0.0)
        lines = table(report(*SOUND[:2], dead, findings=(ill("UD406", dead),)))
        assert [("UD406" in x, "none" in x) for x in lines if "64x64" in x] == [(True, True)]

    def test_many_are_counted(self) -> None:
        many = [replace(SOUND[2], operand=n) for n in range(SHOWN + 3)]
        assert "and 3 more skip connections with -v" in table(report(*many))[-1]
        assert sum("64x64" in line for line in table(report(*many), verbose=True)) == SHOWN + 3
