"""`sizes` and `trace`: from the arguments to the exit code, the worker answering with sample facts."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import unetdoctor.cli.sizes
import unetdoctor.cli.trace
from unetdoctor.facts import Request
from unetdoctor.facts.contract import load_sizes, load_trace

Command = Callable[..., Any]


@pytest.fixture
def answered(command: Command, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run a command line whose worker answers with an entry of `entries`."""

    def run(*arguments: str, entry: str) -> Any:
        module = {"sizes": unetdoctor.cli.sizes, "trace": unetdoctor.cli.trace}[arguments[0]]
        monkeypatch.setattr(module, "ENTRY", f"tests.cli.entries:{entry}")
        return command(*arguments)

    return run


def test_sizes(answered: Command) -> None:
    ran = answered("sizes", "model.py", "--size", "100", "--size", "64,80", entry="sizes")
    assert ran.code == 1
    assert "100x100 does not pass" in ran.out
    assert ran.err == ""


def test_sizes_as_json(answered: Command) -> None:
    ran = answered("sizes", "model.py", "--format", "json", "--size", "512x384", entry="sizes")
    found = load_sizes(json.loads(ran.out))
    assert found.asked[0].size == (512, 384)  # the entry hands back what was asked
    assert found.target.target == "model.py"


@pytest.mark.parametrize("text", ["", "64,", "a", "1,2,3,4", "0", "64,-1", "9999", "1" * 30])
def test_a_size_that_is_none(answered: Command, text: str) -> None:
    ran = answered("sizes", "model.py", "--size", text, entry="sizes")
    assert ran.code == 2
    assert "for example --size 512,384" in ran.err


def test_trace(answered: Command) -> None:
    ran = answered("trace", "model.py", "--depth", "1", entry="trace")
    assert ran.code == 1
    assert "3 operations" in ran.out
    assert answered("trace", "model.py", "--depth", "-1", entry="trace").code == 2


def test_trace_for_machines(answered: Command) -> None:
    ran = answered("trace", "model.py", "--format", "json", entry="trace")
    assert len(load_trace(json.loads(ran.out)).ops) == 5
    for arguments in (("--format", "csv"), ("--csv", "-")):
        ran = answered("trace", "model.py", *arguments, entry="trace")
        assert len(list(csv.reader(io.StringIO(ran.out)))) == 6


def test_trace_into_a_file(answered: Command) -> None:
    assert answered("trace", "model.py", "--csv", "ops.csv", entry="trace").code == 1
    assert Path("ops.csv").read_text().count("\n") == 6
    assert answered("trace", "model.py", "--csv", "ops.csv", entry="trace").code == 1  # our own file is replaced
    Path("mine.csv").write_text("precious\n")
    ran = answered("trace", "model.py", "--csv", "mine.csv", entry="trace")
    assert ran.code == 2
    assert "replace it with --force" in ran.err
    assert Path("mine.csv").read_text() == "precious\n"
    assert answered("trace", "model.py", "--csv", "mine.csv", "--force", entry="trace").code == 1


@pytest.mark.parametrize("name", ["model.py", "no/such/ops.csv", "."])
def test_trace_into_a_place_that_must_not_be_written(answered: Command, name: str) -> None:
    ran = answered("trace", "model.py", "--csv", name, "--force", entry="trace")
    assert ran.code == 2
    assert Path("model.py").read_text() == "x = 1\n"


def test_a_file_that_cannot_be_read_is_not_ours(answered: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("ops.csv").write_text("index\n")

    def refuse(_: Path) -> bytes:
        raise PermissionError

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert "replace it with --force" in answered("trace", "model.py", "--csv", "ops.csv", entry="trace").err


def test_a_full_disk_is_said(answered: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    from unetdoctor.reporters import atomic

    def refuse(*_: object, **__: object) -> None:
        raise atomic.WriteRefusedError("ops.csv cannot be written: No space left on device.")

    monkeypatch.setattr(atomic, "atomic_write", refuse)
    ran = answered("trace", "model.py", "--csv", "ops.csv", entry="trace")
    assert ran.code == 2
    assert "No space left" in ran.err
    assert "convolution" in ran.out


@pytest.mark.parametrize("name", ["sizes", "trace"])
def test_the_worker_refuses(answered: Command, name: str) -> None:
    ran = answered(name, "model.py", entry="wrong")
    assert ran.code == 2
    assert "unetdoctor inspect model.py:UNet" in ran.err


@pytest.mark.parametrize("name", ["sizes", "trace"])
def test_no_answer_is_no_green(answered: Command, name: str) -> None:
    ran = answered(name, "model.py", entry="raises")
    assert ran.code == 3
    assert "No module named 'lightning'" in ran.err
    assert "\x1b" not in ran.err
    verbose = answered(name, "model.py", "-v", entry="raises")
    assert "Run again with -v" in ran.err
    assert "Run again with -v" not in verbose.err
    assert len(verbose.err.splitlines()) > 1


@pytest.mark.parametrize("name", ["sizes", "trace"])
def test_the_options_reach_the_worker(name: str, monkeypatch: pytest.MonkeyPatch, command: Command) -> None:
    from unetdoctor.cli import examination

    asked: list[Request] = []

    def answer(request: Request, entry: str, *, verbose: bool) -> dict[str, Any]:
        asked.append(request)
        from tests.cli import entries
        from unetdoctor.facts.contract import dump

        made: dict[str, Any] = getattr(entries, name)(dump(request), None)
        return made

    monkeypatch.setattr(examination, "answer", answer)
    command(name, "model.py", "-k", "base=8", "--input", "1,3,32,32", "--batch", "2", "--trust", "--arch", "model.py:A")
    assert asked[0].kwargs == {"base": 8}
    assert asked[0].inputs[0].shape == (1, 3, 32, 32)
    assert (asked[0].batch, asked[0].trust, asked[0].arch) == (2, True, "model.py:A")
