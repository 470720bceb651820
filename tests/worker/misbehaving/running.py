"""Runs one misbehaving model through `unetdoctor inspect` in this process, and compares with what is expected."""

import io
import json
import os
import random
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import psutil

from tests.children import children
from tests.reporters import build
from tests.worker.misbehaving.case import Case, line_of
from unetdoctor.cli import examination, main
from unetdoctor.facts.contract import dump
from unetdoctor.worker import Budget

ENTRY = "tests.worker.misbehaving.entry:examine"
KEPT = "Found before that: UD301."
"""What the light entry had told before the model ran."""
LEAST_S = 8.0
"""A stage of a network takes so long on a busy machine, whatever the model does."""
TORCH_BYTES = 600 * 1024**2
"""What torch and the examination take before the model does."""


@dataclass(frozen=True)
class Ran:
    """One run of the command."""

    code: int
    """Exit code."""
    out: str
    """Standard output: a report in JSON."""
    err: str
    """Standard error."""
    left: tuple[str, ...]
    """What is there that was not there before."""
    source: str
    """The file that was examined."""


def run(case: Case, folder: Path, *, real: bool) -> Ran:
    """Write the model into an empty folder and examine it there."""
    sleep = str(random.randint(10**6, 10**7))
    source = case.source(real=real, sleep=sleep)
    for name, text in (("model.py", source), *case.files):
        (folder / name).write_text(text, "utf-8")
    if not real:
        (folder / "report.json").write_text(json.dumps(dump(build.healthy())), "utf-8")
    out, err = io.StringIO(), io.StringIO()
    with ExitStack() as stack:
        left = stack.enter_context(_watched(folder, sleep))
        for context in (_limits(case, real), _inside(folder), redirect_stdout(out), redirect_stderr(err)):
            stack.enter_context(context)
        code = main(["inspect", "model.py", "--no-pictures", "--format", "json"])
    return Ran(code, out.getvalue(), err.getvalue(), tuple(left), source)


@contextmanager
def _limits(case: Case, real: bool) -> Iterator[None]:
    seconds = max(case.seconds, LEAST_S) if real else case.seconds
    stages = dict.fromkeys(("import", "construct", "probe", "input", "forward"), seconds)

    def budget(total_s: float, memory_bytes: int | None) -> Budget:
        if case.memory_bytes is not None and real:
            return Budget(total_s, stages, case.memory_bytes + TORCH_BYTES)
        return Budget(total_s, stages, case.memory_bytes or memory_bytes)

    with mock.patch("unetdoctor.worker.Budget", budget):
        if real:
            yield
        else:
            with mock.patch.object(examination, "ENTRY", ENTRY):
                yield


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@contextmanager
def _watched(folder: Path, sleep: str) -> Iterator[list[str]]:
    """Yield a list that afterwards names the processes, descriptors and files that were left."""
    left: list[str] = []
    temporary = Path(tempfile.mkdtemp(prefix="t-"))  # short: sockets lie below it
    files, descriptors = _files(folder), _descriptors()
    threads = {t.id for t in psutil.Process().threads()}
    with mock.patch.object(tempfile, "tempdir", str(temporary)):
        yield left
    left += [f"process {p.pid} {p.name()}" for p in children(recursive=True)]
    left += [f"process {p.pid} sleeps on" for p in psutil.process_iter(["cmdline"]) if _mentions(p, sleep)]
    left += [f"descriptor {n}" for n in range(max(_descriptors() - descriptors, 0))]
    left += [f"thread {t.id}" for t in psutil.Process().threads() if t.id not in threads]
    left += [f"temporary file {path.name}" for path in temporary.iterdir()]
    left += [f"file {name}" for name, value in _files(folder).items() if files.get(name) != value]
    if not any(temporary.iterdir()):
        temporary.rmdir()


def _mentions(process: psutil.Process, word: str) -> bool:
    return any(word in part for part in process.info["cmdline"] or ())


def _descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def wrong(case: Case, ran: Ran, *, real: bool) -> list[str]:
    """Return what is not as expected, a sentence each; nothing where all is well."""
    found = list(ran.left)
    if ran.code != case.code:
        found.append(f"exit code {ran.code}, not {case.code}")
    if "Traceback" in ran.err:
        found.append(f"a traceback: {ran.err[-300:]}")
    try:
        report = json.loads(ran.out, parse_constant=lambda name: found.append(f"{name} in the JSON"))
    except ValueError:
        return [*found, f"no JSON: {ran.out[:200]!r} {ran.err[:300]!r}"]
    verdict = report["verdict"]
    if report["exit_code"] != ran.code:
        found.append(f"the report says exit code {report['exit_code']}")
    if case.words not in verdict:
        found.append(f"the verdict lacks {case.words!r}: {verdict}")
    line = line_of(ran.source)
    if case.words and line and f"model.py:{line}" not in verdict:
        found.append(f"the verdict lacks line {line}: {verdict}")
    if case.words and not real:
        if report["failure"] != case.stage:
            found.append(f"stage {report['failure']}, not {case.stage}")
        if (KEPT in report["notices"]) != (case.where == "forward"):
            found.append(f"of what was found before there is {report['notices']}")
    if case.code == 0 and report["state"] not in ("healthy", "untrained"):
        found.append(f"state {report['state']}: {verdict}")
    return found
