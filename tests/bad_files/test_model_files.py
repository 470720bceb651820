"""Model files that are none, or that lie, or that would run code: the exit code, the sentence, and nothing ran."""

from pathlib import Path

import pytest
import torch

from tests.bad_files.case import MARKER, Case
from tests.bad_files.model_files import CASES
from tests.functional.refusals import answer
from tests.functional.run import examine_as_typed
from unetdoctor.cli import main

HERE = [
    pytest.param(case, form, id=f"{case.id}{', as weights' if form else ''}")
    for case in CASES
    for form in case.forms
    if not (case.whole or case.long)
]


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.mark.parametrize(("case", "form"), HERE)
def test_file(tmp_path: Path, case: Case, form: tuple[str, ...]) -> None:
    case.write(tmp_path)
    arguments = (*form, case.name, *case.after)
    if case.code == 2:
        code, said = answer(tmp_path, {}, arguments)
        assert "\n\n" not in said
    else:
        report = examine_as_typed(arguments[0], arguments[1:], directory=tmp_path)
        code = report.exit_code
        said = "\n".join((*report.target.how, *(f"{f.code} {f.message}" for f in report.findings)))
    assert (code, case.says) == (case.code, case.says if case.says in said else said)
    assert not (tmp_path / MARKER).exists()


@pytest.mark.parametrize("case", [case for case in CASES if case.whole and not case.long], ids=lambda case: case.id)
def test_program(
    tmp_path: Path, case: Case, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    case.write(tmp_path)
    monkeypatch.chdir(tmp_path)
    code = main(["inspect", case.name, *case.after])
    captured = capsys.readouterr()
    said = " ".join((captured.out + captured.err).split())
    assert (code, case.says) == (case.code, case.says if case.says in said else said)
    assert len(said) < 100_000
    assert not (tmp_path / MARKER).exists()
