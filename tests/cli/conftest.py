import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from unetdoctor.cli import examination, main


@dataclass
class Ran:
    code: int
    out: str
    err: str


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Run a command line in an empty folder with a `model.py`, the worker answering with an entry of `entries`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", None)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)
    Path("model.py").write_text("x = 1\n")

    def run(*arguments: str, entry: str = "untrained") -> Ran:
        monkeypatch.setattr(examination, "ENTRY", f"tests.cli.entries:{entry}")
        capsys.readouterr()
        code = main(arguments)
        out, err = capsys.readouterr()
        return Ran(code, out, err)

    return run
