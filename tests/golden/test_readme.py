"""The README is true: its blocks are fresh, its pictures exist, its commands run and end as it says."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.golden.readme import BLOCKS, README, ROOT, blocks, commands, pictures, words

TEXT = README.read_text("utf-8")


@pytest.mark.parametrize("name", BLOCKS)
def test_a_block_is_fresh(name: str) -> None:
    if name not in blocks(TEXT):
        pytest.skip(f"the README has no block {name}")
    assert words(blocks(TEXT)[name]) == words(BLOCKS[name]()), "stale: run `make golden`"


def test_every_block_has_a_generator() -> None:
    assert set(blocks(TEXT)) <= set(BLOCKS)


def test_a_stale_block_is_found() -> None:
    assert words("│ --input  TEXT │\n╰────╯") == words("--input TEXT")
    assert words("--input TEXT") != words("--image TEXT")


def test_pictures_exist() -> None:
    shown = pictures(TEXT)
    assert len(shown) >= 2
    for path in shown:
        assert (ROOT / path).stat().st_size > 1000, path


def test_the_terminal_picture_needs_no_network() -> None:
    svg = (ROOT / ".github" / "readme" / "demo.svg").read_text("utf-8")
    assert "url(http" not in svg
    assert "@import" not in svg


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in ("demo", "test", "check", "format", "golden", "bench"):
        assert f"make {target}" in TEXT
        assert f"\n{target}:" in makefile


@pytest.mark.parametrize(("folder", "command", "code"), commands(TEXT))
def test_a_command_runs_and_ends_as_said(folder: str, command: str, code: int, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "sample_models", tmp_path / "sample_models", ignore=shutil.ignore_patterns("__pycache__"))
    program, *arguments = shlex.split(command)
    assert program == "unetdoctor"
    run = subprocess.run(
        [sys.executable, "-m", "unetdoctor", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
        cwd=tmp_path / folder,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        check=False,
        timeout=300,
    )
    assert run.returncode == code, run.stdout[-3000:] + run.stderr[-3000:]
    assert run.stdout.strip()
    assert "Traceback" not in run.stderr
