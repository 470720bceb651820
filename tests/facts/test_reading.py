"""The quick reader of saved reports and the contract say the same of every report."""

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.reporters import build
from unetdoctor.facts import Count, Dataset, Declared, Form, Totals, Yielded
from unetdoctor.facts.contract import dump, load_report
from unetdoctor.facts.reading import ForeignError, read_report


def values(name: str = "ill") -> Any:
    return json.loads(json.dumps(dump(build.STATES[name]())))


@pytest.mark.parametrize("name", build.STATES)
def test_it_reads_what_the_contract_reads(name: str) -> None:
    saved = values(name)
    assert repr(read_report(saved)) == repr(load_report(saved))
    assert dump(read_report(saved)) == saved


def test_it_reads_the_totals_of_an_audit() -> None:
    totals = Totals(pairs=2, masks=2, values={"grey levels": {0: Count(2, 90), 255: Count(1, 10)}}, foreground={3: 2})
    form = Form("uint8", (3, 8, 8), 2, 0.0, 255.0, 90.0, 20.0)
    data = Dataset(Declared(classes=2), totals, yielded=Yielded("map-style, 2 samples", 2, "(a, b)", (form,), ()))
    report = replace(build.ill(), data=data)
    saved = json.loads(json.dumps(dump(report)))
    assert read_report(saved).data == data
    assert dump(read_report(saved)) == saved
    saved["data"]["totals"]["foreground"]["x"] = 1
    with pytest.raises(
        ForeignError, match=r"a key of report\.data\.totals\.foreground is 'x' and must be a whole number"
    ):
        read_report(saved)


def test_fields_of_a_later_version_are_passed_over_and_missing_ones_have_their_default() -> None:
    saved = values()
    saved["invented"] = 1
    del saved["fail_on"]
    saved["findings"][0].pop("suppression")
    saved["schema_version"] = "1.7"
    report = read_report(saved)
    assert report.fail_on == "error"
    assert report.findings[0].suppression is None


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda v: v.pop("target"), "report lacks 'target'"),
        (lambda v: v.update(state="well"), "report.state is 'well' and must be one of healthy, untrained, ill"),
        (lambda v: v.update(findings={}), "report.findings is {} and must be a list"),
        (lambda v: v["findings"][0].update(op="x"), "report.findings[0].op is 'x' and must be a whole number"),
        (lambda v: v["findings"][0].update(message=3), "report.findings[0].message is 3 and must be a text"),
        (lambda v: v["findings"][0].update(place=None), "report.findings[0].place is None and must be an object"),
        (lambda v: v["timings"].update(seconds="long"), "report.timings.seconds is 'long' and must be a number"),
        (lambda v: v["timings"].update(seconds=True), "report.timings.seconds is True and must be a number"),
        (lambda v: v["timings"].update(stages=[]), "report.timings.stages is [] and must be an object"),
        (lambda v: v.update(untouched=1), "report.untouched is 1 and must be true or false"),
        (lambda v: v.update(outputs=[["a"]]), "report.outputs[0] is ['a'] and must be a list of 2"),
        (lambda v: v.update(log=["x" * 99]), "report.log is list and must be a text"),
        (lambda v: v.update(schema_version="2.0"), "it has schema version 2.0, and this unetdoctor reads 1.0"),
        (lambda v: v.update(schema_version=1), "it has schema version 1, and this unetdoctor reads 1.0"),
        (lambda v: v.pop("schema_version"), "it is no report of unetdoctor"),
    ],
)
def test_what_is_no_report_is_half_a_sentence(change: Any, sentence: str) -> None:
    saved = values()
    change(saved)
    with pytest.raises(ForeignError) as caught:
        read_report(saved)
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize("other", [None, 3, "x", [], {}, {"version": "2.1.0"}])
def test_foreign_values(other: Any) -> None:
    with pytest.raises(ForeignError, match="it is no report of unetdoctor"):
        read_report(other)
