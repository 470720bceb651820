import json
import math
from dataclasses import replace

import jsonschema
import pytest

from tests.reporters import build
from unetdoctor.facts.contract import dump, load_report
from unetdoctor.reporters.json_report import schema, to_json


def refuse(text: str) -> float:
    raise AssertionError(f"{text} is no JSON")


@pytest.mark.parametrize("name", build.STATES)
def test_read_back_it_is_the_same_and_valid(name: str) -> None:
    report = build.STATES[name]()
    text = to_json(report)
    values = json.loads(text, parse_constant=refuse)
    assert dump(load_report(values)) == dump(report)
    jsonschema.Draft202012Validator(json.loads(schema(), parse_constant=refuse)).validate(values)
    assert text.endswith("}\n")
    assert list(values)[:3] == ["schema_version", "state", "verdict"]


def test_non_finite_numbers_are_strings() -> None:
    trial = replace(build.CURE, after=math.nan, before=-math.inf)
    values = json.loads(to_json(replace(build.ill(), trials=(trial,))), parse_constant=refuse)
    assert (values["trials"][0]["after"], values["trials"][0]["before"]) == ("NaN", "-Infinity")


@pytest.mark.parametrize("name", build.HOSTILE)
def test_names_survive_and_are_inert(name: str) -> None:
    text = to_json(build.hostile(name))
    assert json.loads(text)["target"]["name"] == name
    assert all(character == "\n" or character.isprintable() for character in text)
    text.encode()
