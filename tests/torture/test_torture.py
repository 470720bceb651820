"""A few of the points of `python -m tests.torture`; the whole of it takes minutes."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
POINTS = {
    "parent": "replace|fsync|_fork_exec|socketpair|getcwd|pidfd_open|select |mkdir worker|Thread",
    "worker": "stream.write worker|replace",
}
"""What the names of the points hold that are taken here."""


@pytest.mark.parametrize("site", POINTS)
def test_a_call_that_fails_ends_well(site: str) -> None:
    command = [sys.executable, "-m", "tests.torture", "--site", site, "--only", POINTS[site], "--repeats", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 points" not in done.stdout


def test_a_kill_while_files_are_written_leaves_them_whole_or_absent() -> None:
    command = [sys.executable, "-m", "tests.torture", "--kills", "5"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
