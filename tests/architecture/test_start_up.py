"""What a person waits for before anything happens: the commands that need no model load nothing heavy."""

import re
import subprocess
import sys

import pytest

HEAVY = {"torch", "torchvision", "numpy", "PIL"}


def imported(*arguments: str) -> set[str]:
    """Return the top-level names of everything that a fresh interpreter imported, however it ended."""
    run = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    lines = re.findall(r"^import time:[^|]*\|[^|]*\|\s*(\S+)$", run.stderr, re.MULTILINE)
    return {line.partition(".")[0] for line in lines}


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["inspect", "--help"],
        ["audit", "--help"],
        ["rules"],
        ["rules", "--format", "markdown"],
        ["explain", "UD203"],
        ["schema"],
    ],
    ids=" ".join,
)
def test_starts_without_anything_heavy(arguments: list[str]) -> None:
    loaded = imported("-m", "unetdoctor", *arguments)
    assert "unetdoctor" in loaded
    assert not loaded & HEAVY


def test_a_heavy_import_is_seen() -> None:
    assert "numpy" in imported("-c", "import numpy")
