"""The trace for a person and for a spreadsheet."""

import csv
import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.reporters.answers import crashed, op, trace
from tests.reporters.build import HOSTILE
from unetdoctor.facts import Place
from unetdoctor.reporters.look import Look
from unetdoctor.reporters.trace import rows, to_text
from unetdoctor.reporters.trace_csv import COLUMNS, HEADER, inert, to_csv


@pytest.mark.parametrize("depth", [0, 1, 2])
@pytest.mark.parametrize("width", [60, 80, 200])
def test_fits(width: int, depth: int) -> None:
    for found in (trace(), crashed()):
        lines = to_text(found, Look(width=width), depth).split("\n")
        assert max(map(cell_len, lines)) <= width


def test_every_operation_has_a_row() -> None:
    lines = to_text(trace(), Look(width=200)).split("\n")
    assert lines[2].split() == ["#", "layer", "op", "shape", "min", "max", "mean", "std", "signal", "source"]
    assert lines[3].split()[:4] == ["0", "down.0.conv", "convolution", "2x16x64x64"]
    assert lines[3].split()[-1] == "model.py:40"
    assert lines[5].split() == ["2", "down.1", "view", "2x16x64x64", "model.py:42"]
    assert lines[6].startswith("✗")
    assert lines[4].startswith("!")
    assert "NaN" in lines[6]


def test_a_narrow_terminal_leaves_columns_out() -> None:
    header = to_text(trace(), Look(width=80)).split("\n")[2].split()
    assert header == ["#", "layer", "op", "shape", "min", "max", "std"]


def test_marks_are_explained() -> None:
    text = " ".join(to_text(trace(), Look(width=100)).split())
    assert "✗ operation 3, `log` at up.0 (model.py:43), is the first whose result is not finite" in text
    assert "it reads the network's input, operation 2" in text
    assert "! from operation 1 on, `relu` at down.0.act (model.py:41), the signal is gone: 0.5" in text
    first = replace(trace().ops[0], inputs=(-1,))
    assert "it reads the network's input" in " ".join(
        to_text(trace(ops=(first,), non_finite=0, collapse=None), Look(width=100)).split()
    )


def test_the_failing_operation_is_shown_with_its_operands() -> None:
    text = " ".join(to_text(crashed(), Look(width=100)).split())
    assert "forward() raised RuntimeError in cat along dimension 1" in text
    assert "operand 0 2x8x24x24 drawn by up operand 1 8 parameter up.bias" in text
    assert (crashed().exit_code, trace().exit_code, trace(non_finite=None).exit_code) == (1, 1, 0)


def test_depth_groups_by_module() -> None:
    grouped = rows(trace().ops, 1)
    assert [(row.layer, row.index, row.name) for row in grouped] == [
        ("down", "0-2", "3 operations"),
        ("up", "3-4", "2 operations"),
    ]
    assert grouped[0].last.index == 1
    assert [row.layer for row in rows(trace().ops, 2)] == ["down.0", "down.1", "up.0"]
    assert next(row.name for row in rows(trace().ops, 9)) == "convolution"


def test_colour() -> None:
    plain, colored = to_text(trace(), Look(width=100)), to_text(trace(), Look(width=100, colors="standard"))
    assert "\x1b" not in plain
    assert "\x1b[31m" in colored


def test_the_table_is_read_again_as_it_was() -> None:
    table = list(csv.DictReader(io.StringIO(to_csv(trace()))))
    assert tuple(table[0]) == COLUMNS
    assert [row["index"] for row in table] == ["0", "1", "2", "3", "4"]
    assert (table[0]["min"], table[0]["finite"], table[3]["finite"], table[3]["min"]) == ("-1.25", "yes", "no", "NaN")
    assert (table[4]["min"], table[4]["max"]) == ("'-Inf", "Inf")
    assert table[3]["inputs"] == "input 2"
    assert table[2]["min"] == ""
    assert to_csv(trace()).startswith(HEADER)


def test_the_failing_operation_is_the_last_row() -> None:
    last = list(csv.DictReader(io.StringIO(to_csv(crashed()))))[-1]
    assert (last["index"], last["op"], last["layer"]) == ("failed", "cat", "'=up")
    assert last["inputs"] == "2x8x24x24 8"
    assert last["parameters"] == "'=Sizes of tensors must match\\x0amore"
    assert (last["file"], last["line"]) == ("model.py", "50")


@given(st.text())
def test_no_cell_begins_a_formula(text: str) -> None:
    cell = inert(text)
    assert not cell.lstrip().startswith(("=", "+", "@", "|", "%"))
    assert not cell.lstrip().startswith("-") or cell.lstrip("-")[:1].isdigit()
    assert not set(cell) & {"\t", "\r", "\n", "\x1b"}


@pytest.mark.parametrize("name", [*HOSTILE, "=cmd|' /C calc'!A0", "@SUM(1)", "\t=1", " =1"])
def test_names_are_inert(name: str) -> None:
    found = trace(ops=(op(0, name, name, place=Place(name, name, 3)),), non_finite=None, collapse=None)
    for text in (to_text(found, Look(width=100)), to_csv(found)):
        assert not set(text) & {"\x1b", "\x9b", "\x07", "\x00", "\r", "\u202e", "\t"}
    row = next(csv.DictReader(io.StringIO(to_csv(found))))
    assert row["layer"][:1] not in ("=", "@", "+", "-")
