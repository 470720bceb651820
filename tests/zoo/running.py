"""Runs the command line tool on a file, as a person would, and reads what it said."""

import json
import os
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_LIMIT_S = 600


@dataclass(frozen=True)
class Inspected:
    """One run of `unetdoctor inspect`."""

    exit_code: int
    seconds: float
    report: dict[str, Any] = field(default_factory=dict)
    """The JSON report; empty where there is none."""
    said: str = ""
    """What stood on stderr."""
    flags: tuple[str, ...] = ()
    """The flags that the first run's message gave, and that were typed then."""

    @property
    def passed(self) -> bool:
        """Whether the network was examined: it ran, and something came out."""
        return bool(self.report.get("outputs")) and self.exit_code in (0, 1)

    @property
    def errors(self) -> list[str]:
        """Codes of the findings of level error."""
        return sorted({f["code"] for f in self.report.get("findings", ()) if f["severity"] == "error"})

    @property
    def findings(self) -> set[tuple[str, str]]:
        """(code, severity) of every finding that is more than a number in order."""
        return {(f["code"], f["severity"]) for f in self.report.get("findings", ()) if f["severity"] != "ok"}

    @property
    def examined(self) -> set[str]:
        """Codes of the checks that found something to judge."""
        return {f["code"] for f in self.report.get("findings", ())}


def inspect(file: Path, *flags: str) -> Inspected:
    """Run `unetdoctor inspect FILE` in a process of its own."""
    command = [sys.executable, "-m", "unetdoctor", "inspect", file.name, *flags, "--format", "json", "--no-pictures"]
    threads = {"OMP_NUM_THREADS": "1"}  # several networks at a time would fight for the cores
    paths = [str(Path(__file__).resolve().parents[2]), os.environ.get("PYTHONPATH", "")]
    environment = {**threads, **os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    start = time.perf_counter()
    try:
        ran = subprocess.run(
            command, cwd=file.parent, env=environment, capture_output=True, text=True, timeout=_LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return Inspected(-1, time.perf_counter() - start, said=f"did not end within {_LIMIT_S} s", flags=flags)
    seconds = time.perf_counter() - start
    try:
        report = json.loads(ran.stdout)
    except ValueError:
        report = {}
    return Inspected(ran.returncode, seconds, report, ran.stderr.strip(), flags)


def inspect_as_told(file: Path) -> Inspected:
    """Run the tool without a flag; where it refuses and gives a command, type that command."""
    first = inspect(file)
    if first.exit_code != 2:
        return first
    flags = advised(first.said)
    return inspect(file, *flags) if flags else first


def advised(said: str) -> tuple[str, ...]:
    """Return the flags of the last command that a message gives to paste."""
    lines = [line.strip() for line in said.splitlines() if line.startswith("  ")]
    words = shlex.split(lines[-1]) if lines else []
    return tuple(words[3:]) if words[:2] == ["unetdoctor", "inspect"] else ()
