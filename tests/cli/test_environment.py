"""Where a command may find itself: streams, folders, limits and signals as real machines have them."""

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.children import children
from tests.reporters import build, pixels
from tests.torture.entry import PREPARED
from unetdoctor.cli import examination, main
from unetdoctor.facts.contract import dump
from unetdoctor.reporters import folder as pictures

ROOT = Path(__file__).parents[2]
LAUNCH = """
import os, sys
from unetdoctor.cli import examination, main
examination.ENTRY = "tests.torture.entry:answer"
if os.environ.get("READY"):
    os.write(int(os.environ["READY"]), b".")
sys.exit(main(sys.argv[1:]))
"""
"""The command with a worker that knows nothing of torch; it says when it begins."""
INSPECT = ("inspect", "model.py", "-o", "json=r.json", "--out-dir", "pics")
MIB = 1024**2


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """Yield a folder with a model and what its examination answers; nothing may be left of a run."""
    previews, raw = pixels.generator()
    report = dump(replace(build.untrained(), previews=previews[:2], log=""))
    prepared = {"report": report, "raw": {p.file: raw[p.file].hex() for p in previews[:2]}}
    (tmp_path / "model.py").write_text("x = 1\n")
    (tmp_path / PREPARED).write_text(json.dumps(prepared), "utf-8")
    (tmp_path / "temp").mkdir()
    yield tmp_path
    assert list((tmp_path / "temp").iterdir()) == []
    assert list(tmp_path.rglob(".unetdoctor-*.tmp")) == []
    assert children(recursive=True) == []


def start(place: Path, *arguments: str, environment: dict[str, str] | None = None, **options: Any) -> Any:
    """Start the command in a folder."""
    ours = {"PYTHONPATH": str(ROOT), "TMPDIR": str(place / "temp"), "PATH": os.environ["PATH"], "HOME": str(place)}
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": place, "text": True, **options}
    return subprocess.Popen(
        [sys.executable, "-c", LAUNCH, *(arguments or INSPECT)], env={**ours, **(environment or {})}, **options
    )


def ended(process: Any) -> tuple[int, str, str]:
    """Return exit code, stdout and stderr of a command that ends by itself."""
    out, err = process.communicate(timeout=120)
    assert "Traceback" not in (err or "")
    return process.returncode, out or "", err or ""


def whole(place: Path, file: str = "r.json") -> dict[str, Any]:
    """Return a report that must be whole."""
    values: dict[str, Any] = json.loads((place / file).read_text("utf-8"))
    return values


def limited(**limits: int) -> Callable[[], None]:
    """Return what sets limits before the command starts."""

    def apply() -> None:
        for name, value in limits.items():
            resource.setrlimit(getattr(resource, name), (value, resource.getrlimit(getattr(resource, name))[1]))

    return apply


def test_stdout_that_is_full_closed_or_left(place: Path) -> None:
    with Path("/dev/full").open("w") as full:
        code, _, err = ended(start(place, stdout=full))
    assert (code, err) == (2, "error: Standard output cannot be written: No space left on device.\n")
    assert whole(place)["state"] == "untrained"
    code, _, err = ended(start(place, stdout=None, preexec_fn=lambda: os.close(1)))
    assert (code, err) == (2, "error: Standard output is closed; the report goes nowhere.\n")
    read, write = os.pipe()
    process = start(place, stdout=write)
    os.close(write)
    os.close(read)  # as `| head -1` does, once it has its line
    assert ended(process)[::2] == (0, "")
    assert ended(start(place, stderr=None, preexec_fn=lambda: os.close(2)))[0] == 0


@pytest.mark.parametrize(
    "environment",
    [
        {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"COLUMNS": "1", "TERM": "dumb"},
        {"COLUMNS": "nonsense", "LINES": "-1", "HOME": "/nowhere", "TERM": ""},
    ],
    ids=lambda environment: next(iter(environment)),
)
def test_terminals_that_can_little(place: Path, environment: dict[str, str]) -> None:
    code, out, err = ended(start(place, environment=environment))
    assert (code, err) == (0, "")
    assert "UNTRAINED" in out
    assert environment.get("PYTHONIOENCODING") != "ascii" or out.isascii()


def test_without_a_home_and_without_an_environment(place: Path) -> None:
    command = [sys.executable, "-c", LAUNCH, *INSPECT]
    done = subprocess.run(
        command,
        env={"PYTHONPATH": str(ROOT), "TMPDIR": str(place / "temp")},
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("command", ["inspect model.py", "check", "audit images", "sizes model.py"])
def test_a_working_directory_that_is_gone(place: Path, command: str) -> None:
    (place / "gone").mkdir()
    process = start(place, *command.split(), preexec_fn=lambda: (os.chdir("gone"), Path("../gone").rmdir()))
    code, _, err = ended(process)
    assert (code, err.count("\n")) == (2, 1)
    assert "working directory" in err


def test_few_descriptors_and_little_memory(place: Path) -> None:
    assert ended(start(place, preexec_fn=limited(RLIMIT_NOFILE=64)))[::2] == (0, "")
    assert ended(start(place, preexec_fn=limited(RLIMIT_AS=256 * MIB)))[::2] == (0, "")
    code, _, err = ended(start(place, preexec_fn=limited(RLIMIT_NOFILE=12)))
    assert code in (2, 3)
    assert err.count("\n") <= 1


def test_no_room_for_files(place: Path) -> None:
    (place / "r.json").write_text('{"schema_version": "0"}')
    code, out, err = ended(start(place, preexec_fn=limited(RLIMIT_FSIZE=4096)))
    assert code == 2
    assert "No pictures" in out or "did not arrive" in out
    assert "r.json cannot be written: File too large" in err
    assert (place / "r.json").read_text() == '{"schema_version": "0"}'


@pytest.fixture
def full(place: Path) -> Iterator[Path]:
    """Yield a folder on a disk that has room for one page."""
    folder = place / "full"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("a file system may not be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_is_full(place: Path, full: Path) -> None:
    (full / "r.json").write_text('{"schema_version": "0"}')
    code, out, err = ended(start(place, "inspect", "model.py", "--no-pictures", "-o", "json=full/r.json"))
    assert (code, err) == (2, "error: full/r.json cannot be written: No space left on device.\n")
    assert "UNTRAINED" in out
    assert (full / "r.json").read_text() == '{"schema_version": "0"}'
    assert [file.name for file in full.iterdir()] == ["r.json"]
    (full / "r.json").unlink()
    code, out, err = ended(start(place, "inspect", "model.py", "--out-dir", "full/pics", "-o", "json=r.json"))
    assert (code, err) == (0, "")
    assert "No pictures: " in out
    assert "No space left on device" in out
    assert whole(place)["previews"] == []
    assert [file.name for file in full.rglob("*") if file.is_file()] == [".unetdoctor.json"]  # names what comes


def test_a_gpu_that_is_asked_for_and_not_there(place: Path) -> None:
    command = [sys.executable, "-m", "unetdoctor", "inspect", "model.py", "--device", "cuda", "-o", "json=r.json"]
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": "", "TMPDIR": str(place / "temp")}
    done = subprocess.run(command, env=surroundings, cwd=place, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--device cuda: this machine has no CUDA device" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (place / "r.json").exists()


def test_folders_that_take_nothing(place: Path) -> None:
    code, _, err = ended(start(place, "inspect", "model.py", "--out-dir", "/proc/pics"))
    assert code in (0, 2)
    assert code == 2 or not err
    code, _, err = ended(start(place, "inspect", "model.py", "--no-pictures", "-o", "json=/proc/r.json"))
    assert code == 2
    assert "/proc/r.json cannot be written" in err
    (place / "link").symlink_to("/usr")
    code, _, err = ended(start(place, "inspect", "model.py", "--out-dir", "link/pics"))
    assert (code, err) == (2, "error: link/pics leads outside the working directory through a symbolic link.\n")


def test_a_folder_that_is_removed_meanwhile(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    monkeypatch.setattr(examination, "ENTRY", "tests.torture.entry:answer")
    monkeypatch.setattr(pictures, "sweep", lambda directory: directory.rmdir())
    assert main([*INSPECT, "--format", "json"]) == 0
    assert whole(place)["previews"] == []
    assert any(notice.startswith("No pictures: ") for notice in whole(place)["notices"])
    assert not (place / "pics").exists()


def test_two_runs_into_one_folder(place: Path) -> None:
    both = [start(place), start(place)]
    assert [ended(process)[::2] for process in both] == [(0, ""), (0, "")]
    assert whole(place)["state"] == "untrained"
    for file in (place / "pics").glob("*.png"):
        assert file.read_bytes().endswith(b"IEND\xaeB`\x82")


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_at_any_moment(place: Path, name: str) -> None:
    for turn in range(6):
        for path in (*place.glob("r.json"), *place.glob("pics/*")):
            path.unlink()
        ready, write = os.pipe()
        process = start(place, environment={"READY": str(write)}, pass_fds=(write,))
        os.close(write)
        os.read(ready, 1)
        os.close(ready)
        time.sleep(turn * 0.15 + random.random() * 0.1)
        process.send_signal(getattr(signal, name))
        if turn % 2:
            time.sleep(0.01)
            process.send_signal(getattr(signal, name))
        code, _, err = ended(process)
        assert code in (0, 130, -getattr(signal, name)), err  # its own way before it begins and after its end
        if (place / "r.json").exists():
            whole(place)
        assert list((place / "temp").iterdir()) == []


def test_a_worker_that_is_killed_from_outside(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    monkeypatch.setattr(examination, "ENTRY", "tests.cli.entries:hangs")
    seen = examination.Progress.event

    def kill(self: object, event: Any) -> None:
        seen(self, event)  # type: ignore[arg-type]
        if event.kind == "stage" and event.payload["name"] == "forward":
            children()[0].kill()

    monkeypatch.setattr(examination.Progress, "event", kill)
    assert main(["inspect", "model.py", "--no-pictures", "-o", "json=r.json"]) == 3
    assert "SIGKILL" in whole(place)["verdict"]
    assert whole(place)["findings"]


def test_a_worker_that_is_stopped_from_outside(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    monkeypatch.setattr(examination, "ENTRY", "tests.cli.entries:hangs")
    seen = examination.Progress.event

    def stop(self: object, event: Any) -> None:
        seen(self, event)  # type: ignore[arg-type]
        if event.kind == "stage" and event.payload["name"] == "forward":
            children()[0].suspend()

    monkeypatch.setattr(examination.Progress, "event", stop)
    assert main(["inspect", "model.py", "--no-pictures", "--timeout", "3", "-o", "json=r.json"]) == 3
    assert "did not end within its 3 s, in stage forward" in whole(place)["verdict"]
    assert whole(place)["findings"]
