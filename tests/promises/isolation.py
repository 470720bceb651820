"""What the worker costs: an `inspect` against the same work in process, turn about."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.promises.figures import Figure

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "sample_models" / "generator_grey.py"
IN_PROCESS = """
import sys
from unetdoctor.facts import Request
from unetdoctor.pipeline import examine_in_process
from unetdoctor.reporters.json_report import to_json
print(to_json(examine_in_process(Request(sys.argv[1], directory=".", pictures=False))))
"""


def measured(turns: int) -> Figure:
    """Return the median of the ratios as a figure without a count."""
    isolated = ["-m", "unetdoctor", "inspect", str(TARGET), "--no-pictures", "--format", "json"]
    inside = ["-c", IN_PROCESS, str(TARGET)]
    ratios = []
    with tempfile.TemporaryDirectory() as folder:
        _seconds(isolated, folder)
        for turn in range(turns):
            pair = [isolated, inside] if turn % 2 else [inside, isolated]
            taken = {id(command): _seconds(command, folder) for command in pair}
            ratios.append(taken[id(isolated)] / taken[id(inside)])
    cost = 100 * (statistics.median(ratios) - 1)
    spread = f"{100 * (min(ratios) - 1):+.0f} % to {100 * (max(ratios) - 1):+.0f} %"
    return Figure("isolation", 0, 0, f"{cost:+.1f} % of an inspect (median of {turns} pairs, {spread})")


def _seconds(arguments: list[str], folder: str) -> float:
    begun = time.monotonic()
    command = [sys.executable, *arguments]
    environment = {"PYTHONPATH": str(ROOT)}

    subprocess.run(command, cwd=folder, env={**os.environ, **environment}, capture_output=True, check=True)
    return time.monotonic() - begun
