"""From a command line to exit code, report, files and pictures; the worker is real, its answer is a sample."""

import json
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.reporters import build
from unetdoctor.cli import delivery, examination, streams
from unetdoctor.facts.contract import dump, load_report

Command = Callable[..., "object"]
OUT = Path("unetdoctor-out") / "model"


def test_a_report_with_pictures(command: Command) -> None:
    ran = command("inspect", "model.py:Net")
    assert ran.code == 0
    assert ran.err == ""
    assert ran.out.startswith("○ UNTRAINED  The network is untrained")
    assert "unetdoctor-out/model-Net/sheet.png" in ran.out
    assert (Path("unetdoctor-out") / "model-Net" / "trial-1.png").stat().st_size > 100


def test_json_is_the_contract(command: Command) -> None:
    ran = command("inspect", "model.py", "--format", "json", "-o", "json=r.json", "-o", "text=r.txt", "-o", "svg=r.svg")
    values = json.loads(ran.out)
    report = load_report(values)
    assert dump(report) == values
    assert report.target.target == "model.py"
    assert report.timings.seconds > 0
    assert report.timings.started.endswith("+00:00")
    assert report.environment.enforced
    assert [p.role for p in report.previews[:2]] == ["sheet", "signal"]
    assert all(Path(p.file).is_file() for p in report.previews)
    assert Path("r.json").read_text() == ran.out
    assert Path("r.txt").read_text().startswith("○ UNTRAINED")
    assert Path("r.svg").read_text().startswith("<svg")
    assert command("inspect", "model.py", "-o", "json=r.json", "-o", "text=r.txt", "-o", "svg=r.svg").code == 0


def test_quiet_is_one_line(command: Command) -> None:
    ran = command("inspect", "model.py", "-q", "--no-pictures", entry="ill")
    assert ran.code == 1
    assert ran.out == f"✗ ILL  {build.ill().verdict}\n"
    assert not OUT.exists()


def test_verbose_and_colour(command: Command) -> None:
    ran = command("inspect", "model.py", "-v", "--color", "always", "--out-dir", "pics")
    assert "\x1b[1;30;46m ○ UNTRAINED \x1b[0m" in ran.out
    assert "Enforced" in ran.out
    assert Path("pics/sheet.png").exists()


def test_a_wrong_request_found_by_the_worker(command: Command) -> None:
    ran = command("inspect", "model.py", entry="wrong")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.splitlines() == [
        "error: model.py defines 2 modules: UNet, Critic. Choose one:",
        "  unetdoctor inspect model.py:UNet",
        "  unetdoctor inspect model.py:Critic",
    ]


def test_a_crash_keeps_what_was_measured(command: Command) -> None:
    ran = command("inspect", "model.py", "--format", "json", entry="partial_then_crash")
    values = json.loads(ran.out)
    assert ran.code == values["exit_code"] == 3
    assert values["state"] == "not_diagnosable"
    assert "SIGSEGV" in values["verdict"]
    assert values["verdict"].endswith("What follows was measured before that.")
    assert values["failure"] == "trial"
    assert values["findings"]


def test_what_was_found_before_a_crash_is_said(command: Command) -> None:
    ran = command("inspect", "model.py", entry="codes_then_crash")
    assert ran.code == 3
    assert "Found before that: UD203, UD308." in ran.out


def test_an_error_of_the_user(command: Command) -> None:
    ran = command("inspect", "model.py", entry="raises")
    assert ran.code == 3
    assert ran.out.startswith("? NOT DIAGNOSABLE  Stage import raised ModuleNotFoundError")
    assert "\x1b" not in ran.out
    assert "-v shows what your code printed" in ran.out
    assert "Traceback" not in ran.out
    assert "Traceback" in command("inspect", "model.py", "-v", entry="raises").out


def test_an_answer_that_is_no_report(command: Command) -> None:
    ran = command("inspect", "model.py", entry="no_report")
    assert ran.code == 101
    assert ran.err.startswith("error: unetdoctor met an error of its own: ValidationError")
    assert "Run again with -v" in ran.err
    assert ran.err.count("\n") == 1
    assert "Traceback" in command("inspect", "model.py", "-v", entry="no_report").err


def test_pictures_that_do_not_arrive_are_named(command: Command) -> None:
    ran = command("inspect", "model.py", entry="missing_pixels")
    assert ran.code == 0
    assert ran.out.count("One picture did not arrive") == 2
    assert (OUT / "latents-picture.png").exists()


def test_pictures_that_cannot_be_written_are_a_notice(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    OUT.mkdir(parents=True)
    (OUT / "trial-1.png").write_text("mine")
    ran = command("inspect", "model.py")
    assert ran.code == 0
    assert "No pictures: unetdoctor-out/model/trial-1.png was not written by unetdoctor" in ran.out
    assert (OUT / "trial-1.png").read_text() == "mine"
    assert command("inspect", "model.py", "--force").out.count("No pictures") == 0


def test_an_interrupt_gives_the_partial_report(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    progress = examination.Progress.event

    def interrupt(self: object, event: object) -> None:
        progress(self, event)
        if event.kind == "stage" and event.payload["name"] == "forward":
            threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()

    monkeypatch.setattr(examination.Progress, "event", interrupt)
    ran = command("inspect", "model.py", entry="hangs")
    assert ran.code == 130
    assert ran.out.startswith("? NOT DIAGNOSABLE  Interrupted by SIGINT in stage forward.")
    assert "UD203" in ran.out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nothing.py"], "TARGET: there is no file nothing.py."),
        (["model.py", "-w", "w.pt"], "--weights: there is no file w.pt."),
        (["model.py", "--image", "a.png"], "--image: there is no file a.png."),
        (["model.py", "--out-dir", "model.py"], "model.py is not a folder; choose another one with --out-dir."),
        (["model.py", "-o", "json=no/r.json"], "no is not a folder; make it first: mkdir -p no"),
        (["model.py", "-o", "json=/dev/null"], "/dev/null is not a regular file; choose another name."),
        (
            ["model.py", "-o", "json=model.py"],
            "-o json=model.py: this file is read by the examination; choose another name.",
        ),
        (
            ["model.py", "-o", "json=notes"],
            "-o json=notes: the file is no earlier json report; replace it with --force.",
        ),
        (
            ["model.py", "-o", "text=notes"],
            "-o text=notes: the file is no earlier text report; replace it with --force.",
        ),
    ],
)
def test_refused_before_the_worker_starts(
    command: Command, monkeypatch: pytest.MonkeyPatch, arguments: list[str], sentence: str
) -> None:
    Path("notes").write_text("mine")
    monkeypatch.setattr("unetdoctor.worker.supervise", lambda *_, **__: pytest.fail("the worker was started"))
    ran = command("inspect", *arguments)
    assert (ran.code, ran.out, ran.err) == (2, "", f"error: {sentence}\n")


def test_torch_that_is_missing(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examination, "find_spec", lambda _: None)
    ran = command("inspect", "model.py")
    assert ran.code == 2
    assert "PyTorch is not installed" in ran.err
    assert "-m pip install torch torchvision" in ran.err


def test_a_file_that_cannot_be_written_at_the_end(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, *_: object) -> None:
        raise delivery.WriteRefusedError(f"{path} cannot be written: No space left on device.")

    monkeypatch.setattr(delivery, "atomic_write", refuse)
    ran = command("inspect", "model.py", "-o", "json=r.json", "--no-pictures")
    assert ran.code == 2
    assert ran.out.startswith("○ UNTRAINED")
    assert "r.json cannot be written: No space left on device" in ran.err


def test_a_file_that_cannot_be_read_is_not_ours(tmp_path: Path) -> None:
    assert not delivery._ours(tmp_path, "json")


class Broken:
    encoding = "utf-8"

    def __init__(self, error: Exception) -> None:
        self.error = error

    def write(self, _: str) -> int:
        raise self.error

    def flush(self) -> None:
        raise self.error

    def fileno(self) -> int:
        raise OSError(9, "Bad file descriptor")

    def isatty(self) -> bool:
        return False


def test_streams_that_do_not_take_anything(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", Broken(OSError(28, "No space left on device")))
    streams.say("x")
    monkeypatch.setattr("sys.stderr", None)
    streams.say("x")
    monkeypatch.setattr("sys.stdout", Broken(BrokenPipeError(32, "Broken pipe")))
    streams.write("x")
    for error in (OSError(28, "No space left on device"), ValueError("I/O operation on closed file")):
        monkeypatch.setattr("sys.stdout", Broken(error))
        with pytest.raises(streams.OutputError, match="Standard output cannot be written"):
            streams.write("x")
    streams.flush()
    monkeypatch.setattr("sys.stdout", None)
    with pytest.raises(streams.OutputError, match="closed"):
        streams.write("x")
    streams.flush()
