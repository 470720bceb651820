"""What a shell is offered: the values are those that the command line takes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from unetdoctor.checks import CHECKS
from unetdoctor.cli import completion, values
from unetdoctor.cli.catalogue import known
from unetdoctor.facts import Task


def test_what_is_offered_is_what_is_taken() -> None:
    assert set(completion.TASKS) == {task.value for task in Task}
    assert [values.report_format(name) for name in completion.FORMATS] == list(completion.FORMATS)
    assert completion.LEVELS == values.FAIL_ON
    assert completion.COLORS == values.COLORS
    assert known() == [(check.code, check.name) for check in CHECKS]


def test_codes_then_names_and_the_next_behind_a_comma() -> None:
    assert completion.checks("ud21")[:2] == ["UD210", "UD211"]
    assert completion.checks("flat") == ["flat-picture"]
    assert completion.checks("UD301,UD80") == ["UD301,UD801", "UD301,UD804"]
    assert completion.checks("nothing") == []
    assert completion.among(completion.LEVELS)("n") == ["note", "never"]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("unetdoctor bas", ["baseline"]),
        ("unetdoctor explain UD80", ["UD801", "UD804"]),
        ("unetdoctor inspect m.py --task mul", ["multiclass", "multilabel"]),
        ("unetdoctor check --fail-on e", ["error"]),
        ("unetdoctor report run.json --format j", ["json", "junit"]),
    ],
)
def test_bash_is_answered(words: str, offered: list[str], tmp_path: Path) -> None:
    asked = {"COMP_WORDS": words, "COMP_CWORD": str(words.count(" ")), "_UNETDOCTOR_COMPLETE": "complete_bash"}
    script = "import sys; sys.argv[0] = 'unetdoctor'; from unetdoctor.cli import main; sys.exit(main())"
    ran = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, **asked}, capture_output=True, text=True, cwd=tmp_path
    )
    assert ran.stdout.split() == offered
    assert "Traceback" not in ran.stderr
