"""Facts cross the process boundary as strict JSON and come back equal."""

import json
import math

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unetdoctor.facts import Finding, Kind, Place, Reading, Remedy, Request, Severity, Task
from unetdoctor.facts.contract import dump, load_report, load_request, report_schema


def test_a_request_comes_back():
    request = Request(target="a.py", kwargs={"n": 3, "name": "x", "flags": [1, 2]}, seed=4)
    assert load_request(json.loads(json.dumps(dump(request), allow_nan=False))) == request


def test_non_finite_numbers_are_strings():
    reading = Reading("x", math.nan, lower=-math.inf, upper=math.inf)
    assert dump(reading) == {"name": "x", "value": "NaN", "unit": "", "lower": "-Infinity", "upper": "Infinity"}


def test_the_schema_is_a_schema_and_strict_json():
    schema = report_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    json.dumps(schema, allow_nan=False)
    assert {"schema_version", "state", "verdict", "diagnoses", "findings", "trials", "skipped"} <= set(
        schema["properties"]
    )


@pytest.mark.parametrize("values", [{}, [], "x", {"schema_version": 1}])
def test_what_is_no_report_is_refused(values):
    with pytest.raises(ValueError, match="validation error"):
        load_report(values)


@given(
    value=st.floats(allow_nan=True),
    lower=st.none() | st.floats(-1e6, 1e6),
    upper=st.none() | st.floats(-1e6, 1e6),
)
def test_a_reading_holds_within_its_bounds(value, lower, upper):
    reading = Reading("x", value, lower=lower, upper=upper)
    within = (lower is None or value >= lower) and (upper is None or value <= upper)
    assert reading.holds == (within and not math.isnan(value))
    assert (reading.shortfall == 0) == reading.holds or (lower is not None and upper is not None and lower > upper)


def test_texts_of_places():
    assert Place("a.b", "m.py", 3).text == "a.b (m.py:3)"
    assert Place("", "m.py", 3).text == "m.py:3"
    assert Place("a").text == "a"
    assert Place(op="cat").text == "cat"
    assert Place().text == "the model"


def test_remedies_that_do_the_same_have_one_key():
    one, two = Remedy("initialise", parameters={"a": 1, "b": 2}), Remedy("initialise", parameters={"b": 2, "a": 1})
    assert one.key == two.key != Remedy("initialise", parameters={"a": 1}).key


def test_severity_and_task():
    assert [s.rank for s in (Severity.ERROR, Severity.WARNING, Severity.NOTE, Severity.OK)] == [3, 2, 1, 0]
    assert Task.RGB.is_picture
    assert not Task.RGB.is_segmentation
    assert Task.BINARY.is_segmentation
    finding = Finding("UD1", "x", Kind.NOTE, Severity.OK, Place(), "m")
    assert not finding.ill
