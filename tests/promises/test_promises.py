"""Every promise names tests that exist, and every figure is shown."""

import ast
from pathlib import Path

import pytest

from tests.promises.figures import Figure, keep, kept, read, table
from tests.promises.promises import PROMISES

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.text[:30])
def test_a_promise_is_kept_by_tests_that_exist(promise) -> None:
    assert promise.tests
    assert promise.text.endswith(".")
    for test in promise.tests:
        file, _, name = test.partition("::")
        tree = ast.parse((ROOT / file).read_text("utf-8"))
        functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert name in functions if name else any(f.startswith("test_") for f in functions), test


def test_there_are_ten_and_every_figure_belongs_to_one() -> None:
    assert len(PROMISES) == 10
    known = {name for promise in PROMISES for name in promise.figures}
    assert set(kept()) <= known
    assert all(figure.done == figure.of for figure in kept().values())


def test_what_long_forms_write_is_read() -> None:
    assert read("x", {"name": "fuzz", "done": 5, "of": 5, "detail": "0 crashes"}) == [Figure("fuzz", 5, 5, "0 crashes")]
    assert read("m", {"models": 52, "right": 51, "run": 52, "wrong": {}}) == [Figure("m", 51, 52)]
    assert read("bad files", {"kept": 156, "cases": 157, "rows": []}) == [Figure("bad files", 156, 157)]
    assert read("kills", {"kills": 100, "whole_or_absent": 100}) == [Figure("kills", 100, 100)]
    sites = {"parent": {"points": 3, "right": 3}, "child": {"points": 4, "right": 3}, "seconds": 1.0}
    assert read("torture", sites) == [Figure("torture", 6, 7, "3 in the parent, 4 in the child")]
    assert len(read("x", [{"done": 1, "of": 1}, {"done": 2, "of": 2}])) == 2
    for wrong in ({}, 3, {"points": 3}):
        with pytest.raises(ValueError, match="no figures"):
            read("x", wrong)


def test_the_table_shows_promise_tests_and_figures(tmp_path: Path) -> None:
    figures = {
        "fuzz": Figure("fuzz inputs", 100_000, 100_000, "0 crashes"),
        "isolation": Figure("isolation", 0, 0, "+1 %"),
    }
    text = table(figures)
    rows = text.splitlines()
    assert len(rows) == 12
    assert "100,000/100,000 fuzz inputs, 0 crashes" in rows[6]
    assert "| isolation, +1 % |" in rows[4]
    keep(figures, tmp_path / "r.json")
    assert '"detail": "0 crashes"' in (tmp_path / "r.json").read_text()
