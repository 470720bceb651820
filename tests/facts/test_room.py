"""The room offers what its modules define: each name where the table says, and found when it is asked for."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from unetdoctor import facts


def test_every_name_is_defined_where_the_table_says() -> None:
    for module, names in facts._HOMES.items():
        home = import_module(f"unetdoctor.facts.{module}")
        for name in names:
            assert getattr(facts, name) is getattr(home, name)
            assert getattr(home, name).__module__ == home.__name__


def test_the_table_names_each_fact_once_and_is_the_public_list() -> None:
    listed = [name for names in facts._HOMES.values() for name in names]
    assert sorted(listed) == facts.__all__
    assert len(set(listed)) == len(listed)


def test_type_checkers_see_the_modules_of_the_table() -> None:
    text = Path(facts.__file__).read_text("utf-8")
    seen = [line.split()[1].rpartition(".")[2] for line in text.splitlines() if line.endswith(" import *")]
    assert seen == list(facts._HOMES)


def test_an_unknown_name_is_said() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Tensor'"):
        facts.Tensor  # noqa: B018


def test_a_fact_alone_makes_no_other() -> None:
    code = "import sys; from unetdoctor.facts import Card; print('unetdoctor.facts.evidence' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
