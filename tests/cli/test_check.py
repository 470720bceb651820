"""`unetdoctor check` and `baseline`, the worker answering with sample reports; `tests/functional` runs real ones."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from unetdoctor.cli import actions
from unetdoctor.reporters.results import STALE

Command = Callable[..., "object"]
TABLE = '[tool.unetdoctor]\ntargets = ["good.py", "bad.py:Ill"]\n'


@pytest.fixture
def check(command: Command) -> Command:
    for name in ("good.py", "bad.py", "generator_same.py", "no_input.py"):
        Path(name).write_text("import torch\n" * 40)
    Path("pyproject.toml").write_text(TABLE)
    return lambda *arguments: command(*arguments, entry="by_target")


def test_every_target_is_examined_and_the_worst_exit_code_counts(check: Command) -> None:
    ran = check("check", "-o", "sarif=a.sarif", "-o", "junit=a.xml", "-o", "json=a.json")
    assert ran.code == 1
    assert ran.out.endswith("2 targets: 1 failing.\n")
    assert ran.err == "1/2 good.py\n2/2 bad.py:Ill\n"
    assert len(json.loads(Path("a.sarif").read_text())["runs"]) == 2
    assert [r["target"]["target"] for r in json.loads(Path("a.json").read_text())] == ["good.py", "bad.py:Ill"]
    assert not Path("unetdoctor-out").exists()


def test_from_a_folder_below_paths_are_those_of_the_root(check: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("below").mkdir()
    monkeypatch.chdir("below")
    assert check("check", "-o", "json=a.json").code == 1
    assert Path("a.json").exists()
    assert Path.cwd().name == "below"


def test_targets_may_be_named(check: Command) -> None:
    assert check("check", "good.py").code == 0
    assert check("check", "good.py", "generator_same.py").out.endswith("2 targets: none failing.\n")


def test_options_of_the_command_line_win(check: Command) -> None:
    Path("pyproject.toml").write_text(TABLE + 'fail-on = "never"\n')
    ran = check(
        "check", "--format", "json", "--fail-on", "warning", "--select", "UD2", "--ignore", "UD203", "--timeout", "99"
    )
    assert {r["fail_on"] for r in json.loads(ran.out)} == {"warning"}
    assert {r["fail_on"] for r in json.loads(check("check", "--format", "json").out)} == {"never"}


def test_a_target_that_the_worker_refuses_does_not_stop_the_others(check: Command) -> None:
    Path("pyproject.toml").write_text('[tool.unetdoctor]\ntargets = ["no_input.py", "bad.py"]\n')
    ran = check("check")
    assert ran.code == 2
    assert "? NOT DIAGNOSABLE  model.py defines 2 modules: UNet, Critic. Choose one:" in ran.out
    assert "2 targets: 2 failing." in ran.out


def test_what_is_wrong_is_said_before_anything_is_run(check: Command) -> None:
    Path("pyproject.toml").write_text('[tool.unetdoctor]\ntargets = ["good.py", "none.py"]\n')
    ran = check("check")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: TARGET: there is no file none.py.")
    Path("pyproject.toml").write_text('[tool.unetdoctor]\nselect = "UD2"\n')
    assert "names no targets: add them under [tool.unetdoctor], or name one." in check("check").err
    Path("pyproject.toml").unlink()
    assert check("check").err.startswith("error: No pyproject.toml here or above names targets")
    assert check("check", "-o", "svg=a.svg", "good.py", "bad.py").err.endswith("there are 2.\n")


def test_pictures_go_to_a_folder_for_each_target(command: Command) -> None:
    Path("pyproject.toml").write_text('[tool.unetdoctor]\ntargets = ["model.py", "model.py:B"]\n')
    assert command("check", "--out-dir", "out").code == 0
    assert Path("out/1-model.py/sheet.png").exists()
    assert Path("out/2-model.py_B/sheet.png").exists()


def test_a_baseline_is_written_known_and_pruned(check: Command) -> None:
    ran = check("baseline", "write")
    assert ran.code == 0
    assert ran.out.endswith("unetdoctor-baseline.json: 2 findings.\n")
    assert ran.err.endswith('under [tool.unetdoctor]:\n  baseline = "unetdoctor-baseline.json"\n')
    Path("pyproject.toml").write_text(TABLE + 'baseline = "unetdoctor-baseline.json"\n')
    ran = check("check")
    assert ran.code == 0
    assert "2 targets: none failing, 2 findings suppressed." in ran.out
    assert "Nothing new: 2 findings are suppressed (UD202, UD301)." in ran.out
    assert check("check", "--no-baseline").code == 1
    assert check("check", "--baseline", "other.json").code == 2
    assert check("baseline", "prune").out.endswith("2 findings, 0 taken out.\n")
    known = json.loads(Path("unetdoctor-baseline.json").read_text())
    known["findings"].append({"target": "good.py", "code": "UD203", "layer": "gone"})
    Path("unetdoctor-baseline.json").write_text(json.dumps(known))
    assert check("baseline", "prune", "bad.py:Ill").out.endswith("3 findings, 0 taken out.\n")
    assert check("baseline", "prune").out.endswith("2 findings, 1 taken out.\n")
    again = check("baseline", "write", "good.py")
    assert again.out.endswith("2 findings.\n")
    assert "baseline =" not in again.err


def test_a_baseline_is_not_written_over_something_else_or_without_a_diagnosis(check: Command, command: Command) -> None:
    Path("unetdoctor-baseline.json").write_text('{"mine": 1}')
    assert "it is no baseline of unetdoctor" in check("baseline", "write").err
    assert check("baseline", "write", "--force").code == 0
    ran = command("baseline", "write", "--baseline", "b.json", entry="raises")
    assert ran.code == 3
    assert "No baseline was written." in ran.err
    assert not Path("b.json").exists()
    assert check("baseline", "write", "--baseline", "nowhere/b.json").code == 2
    assert check("baseline", "prune", "--baseline", "b.json").code == 2


def test_comments_suppress_and_stale_ones_are_told_once(check: Command) -> None:
    lines = ["x = 1"] * 40
    lines[30] += "  # unetdoctor: ignore[UD301] meant"
    Path("generator_same.py").write_text("\n".join(lines))
    ran = check("check")
    assert ran.code == 0
    assert "Nothing new: 2 findings are suppressed (UD202, UD301)." in ran.out
    lines[30] = "x = 1  # unetdoctor: ignore[UD206,UD2O3]"
    Path("generator_same.py").write_text("\n".join(lines))
    ran = check("check", "bad.py", "bad.py:Ill")
    assert ran.code == 1
    assert ran.out.count(STALE) == 1
    assert f"{STALE}ignore[UD206, UD2O3] in generator_same.py:31" in ran.out


def test_sources_that_cannot_be_read_suppress_nothing(check: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("generator_same.py").write_bytes(b"# -*- coding: nonsense -*-\n\xff")
    assert check("check").code == 1
    Path("generator_same.py").unlink()
    assert check("check").code == 1
    Path("generator_same.py").write_text("x = 1\n" * 99)
    monkeypatch.setattr("unetdoctor.cli.policy.LARGEST_SOURCE", 10)
    assert check("check").code == 1


def test_a_worker_that_dies_does_not_stop_the_others(command: Command) -> None:
    Path("pyproject.toml").write_text('[tool.unetdoctor]\ntargets = ["model.py", "model.py"]\n')
    ran = command("check", entry="partial_then_crash")
    assert ran.code == 3
    assert "2 targets: 2 failing." in ran.out


@pytest.fixture
def in_actions(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    return tmp_path / "summary.md"


def test_in_github_actions_annotations_and_summary_come_by_themselves(check: Command, in_actions: Path) -> None:
    ran = check("check")
    assert "::error file=generator_same.py,line=31,title=UD301 identical-final-filters at main.9::" in ran.err
    assert "::error" not in ran.out
    assert "### ❌ ill · bad.py:Ill" in in_actions.read_text("utf-8")
    before = in_actions.read_text("utf-8")
    ran = check("check", "--format", "github")
    assert "::error" in ran.out
    assert "::error" not in ran.err
    assert in_actions.read_text("utf-8") == before * 2
    json.loads(check("check", "--format", "json").out)


def test_a_summary_that_cannot_be_written_is_a_sentence(
    check: Command, in_actions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_actions.mkdir()
    assert "The job summary cannot be written: Is a directory." in check("check").err
    monkeypatch.setattr(actions, "SUMMARY_BYTES", 10)
    assert "The job summary is longer than 10 bytes and was left out." in check("check").err
    monkeypatch.delenv("GITHUB_STEP_SUMMARY")
    assert "summary" not in check("check").err


def test_inspect_takes_settings_and_a_baseline(check: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    check("baseline", "write")
    Path("pyproject.toml").write_text(TABLE + 'baseline = "unetdoctor-baseline.json"\nfail-on = "warning"\n')
    arguments = ("inspect", "bad.py:Ill", "--no-pictures", "--format", "json")
    report = json.loads(check(*arguments).out)
    assert (report["exit_code"], report["fail_on"]) == (0, "warning")
    monkeypatch.setenv("UNETDOCTOR_FAIL_ON", "note")
    assert json.loads(check(*arguments).out)["fail_on"] == "note"
    assert json.loads(check(*arguments, "--fail-on", "error").out)["fail_on"] == "error"
    Path("pyproject.toml").write_text("[tool.unetdoctor]\nx = 1\n")
    assert check(*arguments).code == 2
    assert check("inspect", "--help").code == 0
