"""Runs the command once for each point, in a fork of this process, and says what is wrong with how it ended."""

import ctypes
import io
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest import mock

import unetdoctor
from tests.reporters import build, pixels
from tests.torture.entry import PREPARED
from tests.torture.shim import Shim
from unetdoctor.cli import examination, main
from unetdoctor.facts.contract import dump

ROOT = Path(__file__).parents[2]
PACKAGE = str(Path(unetdoctor.__file__).parent) + os.sep
ARGUMENTS = [
    "inspect",
    "model.py",
    "--format",
    "json",
    "-o",
    "json=r.json",
    "-o",
    "text=r.txt",
    "-o",
    "html=r.html",
    "--out-dir",
    "pics",
]
ENTRY = "tests.torture.entry:answer"
LIMIT_S = 40.0
"""Nothing may take so long; an undisturbed run takes half a second."""
CODES = (0, 2, 3, 101)
"""What a command may end with whose undisturbed code is 0."""
PR_SET_CHILD_SUBREAPER = 36
SITES = ("parent", "worker")


@dataclass(frozen=True)
class Ended:
    """How a command ended in which one call failed."""

    code: int
    """Exit code; a negative signal."""
    failed: str
    """The call that failed and where it was made; empty where it was never reached."""
    calls: tuple[str, ...]
    """Every call that was counted: name, place, and how often it was made there."""
    wrong: tuple[str, ...]
    """What is not as it must be, a sentence each."""


@contextmanager
def workshop() -> Iterator[Path]:
    """Yield a folder with a model and what its examination answers; orphans come to this process."""
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    folder = Path(tempfile.mkdtemp(prefix="t-"))
    try:
        previews, raw = pixels.generator()
        kept = tuple(previews[:2])
        report = replace(build.untrained(), previews=kept, log="")
        prepared = {"report": dump(report), "raw": {p.file: raw[p.file].hex() for p in kept}}
        (folder / "model.py").write_text("x = 1\n")
        (folder / PREPARED).write_text(json.dumps(prepared), "utf-8")
        _warm(folder)
        yield folder
    finally:
        libc.prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
        shutil.rmtree(folder)


def _warm(folder: Path) -> None:
    """Run the command once in this process, so that a fork of it need not import anything."""
    here = Path.cwd()
    os.chdir(folder)
    try:
        with mock.patch.object(examination, "ENTRY", ENTRY), redirect_stdout(io.StringIO()):
            main(ARGUMENTS)
    finally:
        os.chdir(here)


def points(calls: tuple[str, ...], repeats: int) -> list[str]:
    """Return the points of a run: each place of each call, the first times that it is passed."""
    return [call for call in dict.fromkeys(calls) if int(call.rpartition(" ")[2]) <= repeats]


def run(folder: Path, site: str, point: str = "", *, kill: bool = False) -> Ended:
    """Run the command in a fork of this process, with one call of a site failing.

    With `kill` it ends the process there; then the command runs again in the same place, and must find its way.
    """
    place = Path(tempfile.mkdtemp(prefix="p-", dir=folder))
    try:
        for name in ("model.py", PREPARED):
            shutil.copy(folder / name, place / name)
        for name in ("temp", "site", "pics"):
            (place / name).mkdir()
        log = os.open(place / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        code = _wait(_started(place, site, point, log, kill))
        if not kill:
            os.close(log)
            return _ended(place, code)
        torn = [*_torn(place), *([] if code == -signal.SIGKILL else [f"not killed, exit code {code}"])]
        for path in place.rglob(".unetdoctor-*.tmp"):
            path.unlink()  # one that is younger than an hour is left to its owner
        again = _ended(place, _wait(_started(place, site, "", log, False)))
        os.close(log)
        return replace(again, code=code, wrong=(*torn, *again.wrong))
    finally:
        shutil.rmtree(place)


def _started(place: Path, site: str, point: str, log: int, kill: bool) -> int:
    child = os.fork()
    if child == 0:
        _command(place, site, point, log, kill)
    return child


def _command(place: Path, site: str, point: str, log: int, kill: bool) -> None:
    """Run the command in this process, which ends here."""
    code = 99
    try:
        for name, descriptor in (("out", 1), ("err", 2)):
            os.dup2(os.open(place / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), descriptor)
        sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
        os.chdir(place)
        tempfile.tempdir = str(place / "temp")
        examination.ENTRY = ENTRY
        os.environ["PYTHONPATH"] = f"{place / 'site'}{os.pathsep}{ROOT}"
        if site == "worker":
            _send_along(place, point)
        else:
            Shim(point, log, PACKAGE, kill=kill).stand()
        code = main(ARGUMENTS)
    finally:
        os._exit(code)


def _send_along(place: Path, point: str) -> None:
    """Have the worker's interpreter put the shim in place when it starts."""
    text = (
        "import os\nfrom tests.torture.shim import Shim\n"
        f"log = os.open({str(place / 'log')!r}, os.O_WRONLY | os.O_APPEND)\n"
        f"Shim({point!r}, log, {PACKAGE!r}).stand()\n"
    )
    (place / "site" / "sitecustomize.py").write_text(text, "utf-8")


def _wait(child: int) -> int:
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return 124


def _orphans() -> int:
    """End and count what came to this process since a command left it."""
    count = 0
    mine = Path(f"/proc/self/task/{os.getpid()}/children")
    for _ in range(100):
        pids = mine.read_text().split()
        if not pids:
            break
        for pid in pids:
            state = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0]
            count += state not in b"ZX"
            os.kill(int(pid), signal.SIGKILL)
            os.waitpid(int(pid), 0)
    return count


def _ended(place: Path, code: int) -> Ended:
    lines = (place / "log").read_text("utf-8").splitlines()
    failed = next((line[2:] for line in lines if line.startswith("! ")), "")
    out, err = (place / "out").read_text("utf-8"), (place / "err").read_text("utf-8")
    found = [f"exit code {code}"] if code not in CODES else []
    text = (place / "r.txt").read_text("utf-8") if (place / "r.txt").is_file() else ""
    if "Traceback" in err + text or "Exception ignored" in err:
        found.append(f"a traceback: {(err + text)[-400:]}")
    if code and not err and "NOT DIAGNOSABLE" not in out and "not_diagnosable" not in out:
        found.append("nothing says why")
    if code == 0:
        found += _incomplete(place, out)
    found += _torn(place)
    left = [path.name for path in (place / "temp").iterdir()] + [p.name for p in place.rglob(".unetdoctor-*")]
    found += [f"left behind: {name}" for name in left]
    orphans = _orphans()
    found += [f"{orphans} processes left"] if orphans else []
    return Ended(code, failed, tuple(line.removeprefix("! ") for line in lines), tuple(found))


def _incomplete(place: Path, out: str) -> list[str]:
    """Return what a run lacks that ended with 0."""
    try:
        report: Any = json.loads(out)
    except ValueError:
        return [f"exit code 0 without a report on stdout ({len(out)} characters)"]
    found = [f"exit code 0 without {name}" for name in ("r.json", "r.txt") if not (place / name).is_file()]
    if report["state"] != "untrained":
        found.append(f"state {report['state']}")
    named = all((place / preview["file"]).is_file() for preview in report["previews"])
    if not named or (not report["previews"] and not report["notices"]):
        found.append("pictures are missing and nothing says so")
    return found


ENDS = {".json": b"}\n", ".txt": b"\n", ".html": b"</html>", ".png": b"IEND\xaeB`\x82"}


def _torn(place: Path) -> list[str]:
    """Return the files that are not whole."""
    found = []
    for path in (*place.glob("r.*"), *(place / "pics").iterdir()):
        data = path.read_bytes()
        if path.suffix in ENDS and not data.rstrip().endswith(ENDS[path.suffix].rstrip()):
            found.append(f"torn: {path.name} ({len(data)} bytes)")
        if path.suffix == ".json" or path.name == ".unetdoctor.json":
            try:
                json.loads(data)
            except ValueError:
                found.append(f"torn: {path.name}")
    return found
