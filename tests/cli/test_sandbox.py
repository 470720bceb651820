"""`--no-sandbox`: reaches the worker from every command that runs a model, and no settings file can give it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from unetdoctor.cli.arguments import request_from_arguments
from unetdoctor.cli.errors import RequestError
from unetdoctor.cli.settings import KEYS, load

OFF = "Landlock: switched off by --no-sandbox"


def test_the_request_says_it() -> None:
    assert request_from_arguments(["inspect", "model.py"]).sandbox
    assert not request_from_arguments(["inspect", "model.py", "--no-sandbox"]).sandbox


@pytest.mark.parametrize("name", ["inspect", "check"])
def test_the_report_says_it(name: str, command: Callable) -> None:
    options = ("--no-pictures",) if name == "inspect" else ()
    for more, expected in (((), False), (("--no-sandbox",), True)):
        ran = command(name, "model.py", *options, *more, "--format", "json")
        assert (OFF in json.loads(ran.out)["environment"]["not_enforced"]) is expected


def test_no_settings_file_takes_the_fence_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not any("sandbox" in key for key in KEYS)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool.unetdoctor]\nno-sandbox = true\n")
    with pytest.raises(RequestError, match="no key"):
        load(environment={})
