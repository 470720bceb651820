"""One run of `unetdoctor audit` as a process of its own: what it said, how long it took, what memory it held."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

MIB = 1024**2
PERIOD_S = 0.2


@dataclass
class Run:
    """A finished run."""

    seconds: float
    """Wall time."""
    cpu_s: float
    """Processor time of parent and workers."""
    parent_mib: float
    """Peak resident memory of the parent."""
    worker_mib: float
    """Peak resident memory of the largest worker."""
    answer: dict[str, Any] | None
    """The JSON report; None where the run was ended."""


def audit(folder: Path, *options: str, python: str = sys.executable, strike: Callable[[], bool] = lambda: False) -> Run:
    """Audit the pairs of a folder; ends the run with SIGKILL as soon as `strike` says so."""
    command = [python, "-m", "unetdoctor", "audit", str(folder / "images"), str(folder / "masks"), "--classes", "4"]
    begun = time.monotonic()
    process = subprocess.Popen(
        [*command, "--format", "json", "--fail-on", "never", *options], stdout=subprocess.PIPE, text=True
    )
    watch = _Watch(process.pid)
    output = ""
    while True:
        watch.look()
        if strike():
            process.kill()
            process.wait()
            return Run(time.monotonic() - begun, watch.cpu_s, watch.parent, watch.worker, None)
        try:
            output, _ = process.communicate(timeout=PERIOD_S)
            break
        except subprocess.TimeoutExpired:
            continue
    seconds = time.monotonic() - begun
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} {' '.join(options)} ended with {process.returncode}")
    return Run(seconds, watch.cpu_s, watch.parent, watch.worker, json.loads(output))


class _Watch:
    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._times: dict[int, float] = {}
        self.parent = self.worker = 0.0

    def look(self) -> None:
        try:
            self.parent = max(self.parent, self._process.memory_info().rss / MIB)
            for child in [self._process, *self._process.children(recursive=True)]:
                times = child.cpu_times()
                self._times[child.pid] = times.user + times.system
                if child.pid != self._process.pid:
                    self.worker = max(self.worker, child.memory_info().rss / MIB)
        except psutil.Error:
            return

    @property
    def cpu_s(self) -> float:
        return sum(self._times.values())
