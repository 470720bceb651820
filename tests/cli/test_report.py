"""`unetdoctor report RUN.json`."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.reporters import build
from unetdoctor.facts.contract import dump
from unetdoctor.judging.baseline import entries, to_text
from unetdoctor.reporters.json_report import to_json

Command = Callable[..., "object"]


@pytest.fixture
def saved(command: Command) -> Command:
    for name, make in build.STATES.items():
        Path(f"{name}.json").write_text(to_json(make()))
    return command


@pytest.mark.parametrize("name", build.STATES)
def test_it_reads_back_equal_and_returns_what_the_run_returned(saved: Command, name: str) -> None:
    ran = saved("report", f"{name}.json", "--format", "json")
    assert ran.out == Path(f"{name}.json").read_text()
    assert ran.code == build.STATES[name]().exit_code


def test_without_options_it_is_the_report(saved: Command) -> None:
    assert saved("report", "ill.json").out == saved("report", "ill.json", "--format", "text").out
    assert saved("report", "ill.json").out.startswith("✗ ILL")
    assert saved("report", "ill.json", "-q").out.count("\n") == 1
    assert "Examined and well" in saved("report", "ill.json", "-v").out


def test_several_formats_from_one_file(saved: Command) -> None:
    kinds = ("sarif", "junit", "github", "gitlab", "markdown", "text", "json", "svg")
    assert saved("report", "ill.json", *(w for k in kinds for w in ("-o", f"{k}=out.{k}"))).code == 1
    assert all(Path(f"out.{kind}").stat().st_size for kind in kinds)
    assert saved("report", "ill.json", "-o", "sarif=out.json").code == 2
    assert saved("report", "ill.json", "-o", "json=ill.json").err.startswith(
        "error: -o json=ill.json: this file is read"
    )


def test_other_rules(saved: Command) -> None:
    assert saved("report", "untrained.json").code == 0
    assert saved("report", "untrained.json", "--fail-on", "warning").code == 1
    assert saved("report", "ill.json", "--fail-on", "never").code == 0
    assert saved("report", "ill.json", "--ignore", "UD202,UD301").code == 0
    assert saved("report", "ill.json", "--select", "UD206").code == 0
    assert saved("report", "untrained.json", "--severity", "UD308=error").code == 1
    assert saved("report", "untrained.json", "--severity", "batchnorm-never-updated=error").code == 1
    assert saved("report", "healthy.json", "--limit", "UD403=0.5..", "--fail-on", "warning").code == 1
    assert (
        saved("report", "healthy.json", "--limit", "UD403:signal out over in=..0.5", "--fail-on", "warning").code == 0
    )


def test_a_baseline(saved: Command) -> None:
    Path("known.json").write_text(to_text(entries([build.ill()])))
    ran = saved("report", "ill.json", "--baseline", "known.json")
    assert ran.code == 0
    assert "suppressed by the baseline in known.json: UD202 at main.9, UD301 at main.9" in ran.out


def test_a_list_of_reports(saved: Command) -> None:
    Path("all.json").write_text(json.dumps([dump(build.ill()), dump(build.healthy())]))
    ran = saved("report", "all.json")
    assert ran.code == 1
    assert "2 targets: 1 failing." in ran.out
    ran = saved("report", "all.json", "-o", "svg=a.svg")
    assert ran.err == "error: -o svg=a.svg: a file of svg holds one report, and there are 2.\n"


def test_stdin(saved: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(Path("ill.json").read_text()))
    assert saved("report", "-").code == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty"),
        (b'{"schema_version": "1.0"', "it is no JSON: "),
        (b"[" * 100_000, "it is no JSON: "),
        (b"[]", "it is no report of unetdoctor"),
        (b'{"a": 1}', "it is no report of unetdoctor"),
        (b"\xff\xfe\x00", "it is no text"),
        (b'{"schema_version": "2.0"}', "it has schema version 2.0, and this unetdoctor reads 1.0"),
        (b'{"schema_version": "1.0"}', "report lacks 'state'"),
        (b"\x1b[31m", "it is no JSON: "),
    ],
)
def test_damaged_and_foreign_files(command: Command, content: bytes, reason: str) -> None:
    Path("bad.json").write_bytes(content)
    ran = command("report", "bad.json")
    assert ran.code == 2
    assert ran.err.startswith(f"error: RUN.json: bad.json cannot be used: {reason}")
    assert len(ran.err.splitlines()) == 2
    assert "\x1b" not in ran.err


def test_missing_files(saved: Command) -> None:
    assert saved("report", "il.json").err == "error: RUN.json: there is no file il.json. Did you mean ill.json?\n"
    assert saved("report", "nowhere/il.json").err == "error: RUN.json: there is no file nowhere/il.json.\n"
    Path("folder").mkdir()
    assert saved("report", "folder").err == "error: RUN.json: folder cannot be read: Is a directory.\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--severity", "UD203"], "--severity expects CODE=LEVEL, not 'UD203'; for example --severity UD203=warning"),
        (["--severity", "UD203=bad"], "--severity must be error, warning or note, not 'bad'."),
        (["--severity", "UD999=note"], "--severity: No check has the code"),
        (["--limit", "UD203"], "--limit expects CODE[:READING]=LOW..HIGH, not 'UD203'; for example"),
        (["--limit", "UD203=a.."], "--limit expects CODE[:READING]=LOW..HIGH, not 'UD203=a..'; for example"),
        (["--fail-on", "errors"], "--fail-on must be error, warning, note or never, not 'errors'. Did you mean error?"),
        (["--baseline", "no.json"], "--baseline: there is no file no.json."),
        (["-q", "-v"], "-q and -v exclude each other."),
    ],
)
def test_wrong_options(saved: Command, arguments: list[str], sentence: str) -> None:
    ran = saved("report", "ill.json", *arguments)
    assert ran.code == 2
    assert ran.err.startswith(f"error: {sentence}")


@pytest.mark.parametrize(
    ("content", "reason"), [(b"{}", "it is no baseline of unetdoctor"), (b"\xff", "it is no text")]
)
def test_files_that_are_no_baseline(saved: Command, content: bytes, reason: str) -> None:
    Path("known.json").write_bytes(content)
    assert saved("report", "ill.json", "--baseline", "known.json").err == (
        f"error: --baseline: known.json cannot be used: {reason}.\n"
    )
    Path("folder").mkdir()
    assert "folder cannot be read" in saved("report", "ill.json", "--baseline", "folder").err
