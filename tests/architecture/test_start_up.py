"""What a person waits for before anything happens: the commands that need no model load nothing heavy."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.reporters import build
from unetdoctor.reporters.json_report import to_json

RUN = "run.json"
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
        ["report", RUN],
        ["report", RUN, "--format", "markdown"],
        ["report", RUN, "--format", "sarif"],
    ],
    ids=" ".join,
)
def test_starts_without_anything_heavy(arguments: list[str], tmp_path: Path) -> None:
    run = tmp_path / RUN
    run.write_text(to_json(build.untrained()), encoding="utf-8")
    loaded = imported("-m", "unetdoctor", *(str(run) if word == RUN else word for word in arguments))
    assert "unetdoctor" in loaded
    assert not loaded & HEAVY


@pytest.mark.parametrize("arguments", [["rules"], ["explain", "UD203"], ["report", RUN]], ids=" ".join)
def test_what_needs_no_parser_loads_none(arguments: list[str], tmp_path: Path) -> None:
    run = tmp_path / RUN
    run.write_text(to_json(build.untrained()), encoding="utf-8")
    loaded = imported("-m", "unetdoctor", *(str(run) if word == RUN else word for word in arguments))
    assert not loaded & {"typer", "pydantic", "jinja2", "sarif_pydantic", "junitparser"}


def test_the_package_alone_loads_nothing_of_others() -> None:
    assert not imported("-c", "import unetdoctor") & {*HEAVY, "typer", "pydantic", "rich"}


def test_a_heavy_import_is_seen() -> None:
    assert "numpy" in imported("-c", "import numpy")
