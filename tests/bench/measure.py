"""Times side by side, and reads the memory of a process tree; figures are medians, and ratios within one run."""

import atexit
import gc
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median

import psutil

POLL_S = 0.02


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    """What over what."""
    goal: float | None
    """Largest sound value; None where there is no goal and the figure stands for comparison."""
    measured: float
    """The figure."""
    unit: str = "x"
    """`x` for a ratio, `s` for seconds."""
    remark: str = ""
    """The figures behind it."""

    @property
    def result(self) -> str:
        """`met`, `missed by N %`, or nothing where there is no goal."""
        if self.goal is None:
            return ""
        if self.measured != self.measured:
            return "not measured"
        return "met" if self.measured <= self.goal else f"missed by {100 * (self.measured / self.goal - 1):.0f} %"


def interleaved(functions: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return the median seconds of each function, run A B C A B C ... after one unmeasured round."""
    seconds: dict[str, list[float]] = {name: [] for name in functions}
    for number in range(rounds + 1):
        for name, function in functions.items():
            gc.collect()
            start = time.perf_counter()
            function()
            if number:
                seconds[name].append(time.perf_counter() - start)
    return {name: median(values) for name, values in seconds.items()}


@dataclass(frozen=True)
class Process:
    """One finished process tree."""

    seconds: float
    """Wall time."""
    cpu_s: float
    """Seconds of processor time, its own and the system's: what remains where others work on the same machine."""
    largest_bytes: int
    """High-water mark of resident memory of its largest process, where it was watched."""
    tree_bytes: int
    """Largest sum of resident memory over its processes, as polled."""
    exit_code: int
    """As it ended."""


def run(command: Sequence[str], directory: Path, *, watched: bool = False) -> Process:
    """Run a command to its end; its bytecode is kept, as it is where a package is installed.

    Its memory is 0 unless it is `watched`: looking through all processes of the machine takes time from the command.
    """
    start, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    child = subprocess.Popen(
        [sys.executable, *command],
        cwd=directory,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "NO_COLOR": "1", "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(_bytecode())},
    )
    largest, tree = _memory_of(child) if watched else (0, 0)
    child.wait()
    seconds, now = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
    return Process(seconds, cpu_s, largest, tree, child.returncode)


def _memory_of(child: "subprocess.Popen[bytes]") -> tuple[int, int]:
    """Return (high-water mark of the largest process, largest sum over all) in bytes, when the child has ended."""
    root, peaks, tree = psutil.Process(child.pid), dict[int, int](), 0
    while child.poll() is None:
        resident = 0
        try:
            for process in (root, *root.children(recursive=True)):
                peaks[process.pid] = max(peaks.get(process.pid, 0), _high_water(process))
                resident += process.memory_info().rss
        except psutil.Error:
            continue
        tree = max(tree, resident)
        time.sleep(POLL_S)
    return max(peaks.values(), default=0), tree


@cache
def _bytecode() -> Path:
    folder = tempfile.mkdtemp(prefix="unetdoctor-bench-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def _high_water(process: psutil.Process) -> int:
    """Return the kernel's own high-water mark, else what is resident now."""
    try:
        status = Path(f"/proc/{process.pid}/status").read_text("utf-8")
    except OSError:
        return int(process.memory_info().rss)
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:")), 0)


def processes(commands: Mapping[str, Sequence[str]], directory: Path, rounds: int) -> dict[str, Process]:
    """Return the medians of each command, run A B A B ... and then once more each for their memory.

    A first round, which warms the file cache, is not measured.
    """
    runs: dict[str, list[Process]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, command in commands.items():
            finished = run(command, directory)
            if number:
                runs[name].append(finished)
    found = {}
    for name, command in commands.items():
        memory = run(command, directory, watched=True)
        found[name] = Process(
            median(p.seconds for p in runs[name]),
            median(p.cpu_s for p in runs[name]),
            memory.largest_bytes,
            memory.tree_bytes,
            memory.exit_code,
        )
    return found


def table(rows: Sequence[Row]) -> str:
    """Return the rows as text, a column each for what, goal, measured and met or missed."""
    lines = [("what", "goal", "measured", "", "behind it")]
    for row in rows:
        digits = ".3f" if row.measured < 0.2 else ".2f"
        goal = "" if row.goal is None else f"{row.goal:g} {row.unit}"
        lines.append((row.what, goal, f"{row.measured:{digits}} {row.unit}", row.result, row.remark))
    widths = [max(len(line[column]) for line in lines) for column in range(5)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
