"""Argument -> Request, or argument -> the exact sentence."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from unetdoctor.cli.arguments import request_from_arguments
from unetdoctor.cli.errors import RequestError
from unetdoctor.cli.examination import as_json
from unetdoctor.facts import InputSpec, Intent, Limits, Request, Selection, Task
from unetdoctor.facts.contract import dump, load_request
from unetdoctor.reporters.formats import FORMATS


def listed(names: list[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"


ON_TERMINAL = listed([name for name, known in FORMATS.items() if known.on_terminal])
IN_FILES = listed(list(FORMATS))


def parse(*arguments: str) -> Request:
    return request_from_arguments(["inspect", "m.py", *arguments])


def refused(*arguments: str) -> str:
    with pytest.raises(RequestError) as caught:
        request_from_arguments(list(arguments))
    return caught.value.sentence


def test_defaults_are_those_of_the_facts() -> None:
    assert parse() == Request(target="m.py", directory=str(Path.cwd()))


@pytest.mark.parametrize(
    ("arguments", "fields"),
    [
        (
            ["-k", "base=32", "-k", "name=unet", "-k", "sizes=(1, 2)"],
            {"kwargs": {"base": 32, "name": "unet", "sizes": [1, 2]}},
        ),
        (["-k", "a=None", "-k", "b=True", "-k", "c='7'"], {"kwargs": {"a": None, "b": True, "c": "7"}}),
        (["-k", "a=x=y", "-k", "b="], {"kwargs": {"a": "x=y", "b": ""}}),
        (["-k", "a={'x': [1, 2.5]}", "-k", "b=03"], {"kwargs": {"a": {"x": [1, 2.5]}, "b": "03"}}),
        (["-k", "a='\\d'"], {"kwargs": {"a": "\\d"}}),
        (["-w", "w.pt"], {"weights": "w.pt"}),
        (
            ["--input", "1,3,8,8", "--input", "t:1:int64"],
            {"inputs": (InputSpec((1, 3, 8, 8)), InputSpec((1,), "t", "int64"))},
        ),
        (["--image", "a.png", "--image", "b.png"], {"images": ("a.png", "b.png")}),
        (["--batch", "4", "--seed", "7"], {"batch": 4, "seed": 7}),
        (["--task", "RGB", "--range", "-1..1"], {"intent": Intent(Task.RGB, None, (-1.0, 1.0))}),
        (["--loss", "BCE-with-logits"], {"intent": Intent(loss="bce-with-logits")}),
        (["--task", "multiclass", "--classes", "21"], {"intent": Intent(Task.MULTICLASS, 21)}),
        (["--device", "CUDA:1"], {"device": "cuda:1"}),
        (["--timeout", "30", "--budget", "0"], {"limits": Limits(30.0, 0)}),
        (
            ["--select", "ud2,flat-picture", "--select", "UD301", "--ignore", "UD204", "--fail-on", "never"],
            {"selection": Selection(("ud2", "flat-picture", "UD301"), ("UD204",), "never")},
        ),
        (["--no-pictures"], {"pictures": False}),
    ],
)
def test_arguments(arguments: list[str], fields: dict[str, Any]) -> None:
    assert parse(*arguments) == dataclasses.replace(parse(), **fields)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["-k", "base"], "-k expects NAME=VALUE, not 'base'; for example -k base_channels=32"),
        (["-k", "a b=1"], "-k expects NAME=VALUE, not 'a b=1'; for example -k base_channels=32"),
        (["-k", "a=1", "-k", "a=2"], "-k a is given twice."),
        (["-k", "a=1e999"], "-k a expects a finite number, not inf."),
        (
            ["-k", "a={1, 2}"],
            "-k a expects a number, a text, True, False, None, a list, or a dict with text as keys, not set.",
        ),
        (
            ["-k", "a={1: 2}"],
            "-k a expects a number, a text, True, False, None, a list, or a dict with text as keys, not dict.",
        ),
        (["-k", "a=" + "9" * 10_001], "-k takes at most 10,000 characters, and found 10,001."),
        (
            ["--task", "multiclas"],
            "--task must be auto, binary, multiclass, multilabel, rgb, generator or regression, not 'multiclas'. Did you mean multiclass?",  # noqa: E501
        ),
        (["--device", "gpu"], "--device must be cpu, cuda, cuda:N or mps, not 'gpu'. Did you mean cpu?"),
        (["--device", "cuda:x"], "--device must be cpu, cuda, cuda:N or mps, not 'cuda:x'. Did you mean cuda?"),
        (["--batch", "0"], "--batch must be at least 1, not 0."),
        (["--classes", "-1"], "--classes must be at least 1, not -1."),
        (["--timeout", "0.5"], "--timeout must be at least 1, not 0.5."),
        (["--timeout", "nan"], "--timeout must be at least 1, not nan."),
        (["--seed", "-1"], "--seed must be at least 0, not -1."),
        (["--seed", str(2**63)], f"--seed must be below 2**63, not {2**63}."),
        (["--fail-on", "errors"], "--fail-on must be error, warning, note or never, not 'errors'. Did you mean error?"),
        (["--format", "yaml"], f"--format must be {ON_TERMINAL}, not 'yaml'."),
        (["--color", "no"], "--color must be auto, always or never, not 'no'."),
        (["-o", "report.json"], "-o expects FORMAT=FILE, not 'report.json'; for example -o json=report.json"),
        (["-o", "jsn=a"], f"-o FORMAT must be {IN_FILES}, not 'jsn'. Did you mean json?"),
        (["-o", "json=a", "-o", "text=a"], "-o names the same file twice."),
        (["-q", "-v"], "-q and -v exclude each other."),
        (["--inptu", "1"], "There is no option --inptu. Did you mean --input? All options: unetdoctor inspect --help"),
        (["--taks", "rgb"], "There is no option --taks. Did you mean --task? All options: unetdoctor inspect --help"),
        (["--format", "svg"], "--format svg: a drawing goes to a file."),
        (["--zzzzzz"], "There is no option --zzzzzz. All options: unetdoctor inspect --help"),
    ],
)
def test_wrong_arguments(arguments: list[str], sentence: str) -> None:
    assert refused("inspect", "m.py", *arguments) == sentence


def test_wrong_selection_names_what_was_meant() -> None:
    assert "flat-picture" in refused("inspect", "m.py", "--select", "flat-pictur")
    assert refused("inspect", "m.py", "--ignore", "UD2,XX").startswith("--ignore: No check has the code")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["baselin"], "There is no command 'baselin'. Did you mean baseline? All: unetdoctor --help"),
        (["inspct", "m.py"], "There is no command 'inspct'. Did you mean inspect? All: unetdoctor --help"),
        (["zzz"], "There is no command 'zzz'. All: unetdoctor --help"),
        (["inspect"], "Missing argument 'TARGET'. All options: unetdoctor inspect --help"),
        (["rules"], "rules asks for no examination."),
    ],
)
def test_wrong_commands(arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(*arguments) == sentence


def test_a_file_without_a_command_gets_the_command() -> None:
    with pytest.raises(RequestError) as caught:
        request_from_arguments(["model.py:UNet"])
    assert caught.value.commands == ("unetdoctor inspect model.py:UNet",)


def test_not_a_number() -> None:
    assert "--batch" in refused("inspect", "m.py", "--batch", "x")


def test_the_way_to_the_worker_is_what_the_contract_says() -> None:
    request = parse(
        "-k", "a=(1, 'x')", "--input", "1,3,8,8:0..1", "--task", "rgb", "--select", "UD2", "--range", "0..1"
    )
    values = json.loads(json.dumps(as_json(request), allow_nan=False))
    assert values == dump(request)
    assert load_request(values) == request


def test_a_working_directory_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert refused("inspect", "m.py") == "The working directory no longer exists; change to one that does."
