"""What held the worker in, and what could not be enforced, stands in every format of a report."""

import json
from dataclasses import replace

import pytest
from junitparser import JUnitXml

from tests.reporters import answers, build
from tests.reporters.markup import parse
from unetdoctor.checks import cards
from unetdoctor.facts import Environment, Report
from unetdoctor.reporters import sizes, trace
from unetdoctor.reporters.fence import sandbox, told
from unetdoctor.reporters.formats import FORMATS
from unetdoctor.reporters.look import Look
from unetdoctor.reporters.summary import to_summary

HELD = ("a session of its own", "writes only to scratch and devices (Landlock 7)", "no TCP (Landlock)")
GAP = "core files: the kernel refused"
WORDS = "Sandbox (Landlock 7): writes only to scratch and devices, no TCP; 1 other limit"


def examined(held: tuple[str, ...] = HELD, failed: tuple[str, ...] = (GAP,)) -> Report:
    report = build.healthy()
    return replace(report, environment=replace(report.environment, enforced=held, not_enforced=failed))


def made(kind: str, report: Report) -> str:
    text = FORMATS[kind].render((report,), Look(width=300), cards)
    return parse(text).whole_text() if kind in ("html", "svg") else text


def flat(text: str) -> str:
    return " ".join(text.replace("\\", "").replace("\xa0", " ").split())


def test_words() -> None:
    environment = examined().environment
    assert told(environment) == (WORDS, f"Not enforced: {GAP}")
    assert sandbox(replace(environment, enforced=())) == "Sandbox: none"
    assert sandbox(replace(environment, enforced=HELD[:1])) == "Sandbox: none; 1 other limit"
    assert told(Environment("", "", "", "", "")) == ()
    assert told(None) == ()


@pytest.mark.parametrize("kind", ["text", "markdown", "sarif", "svg"])
def test_people_and_code_scanning_read_a_sentence_of_both(kind: str) -> None:
    text = flat(made(kind, examined()))
    assert WORDS in text
    assert f"Not enforced: {GAP}" in text


def test_the_page_lists_all_of_both() -> None:
    text = flat(made("html", examined()))
    assert all(phrase in text for phrase in (*HELD, f"not enforced: {GAP}"))


def test_json_lists_all_of_both() -> None:
    environment = json.loads(made("json", examined()))["environment"]
    assert environment["enforced"] == list(HELD)
    assert environment["not_enforced"] == [GAP]


def test_junit_has_properties() -> None:
    (suite,) = JUnitXml.fromstring(made("junit", examined()).encode())
    assert {p.name: p.value for p in suite.properties()} == {
        "device": "cpu",
        "sandbox (landlock 7)": "writes only to scratch and devices, no TCP; 1 other limit",
        "not enforced": GAP,
    }


@pytest.mark.parametrize("kind", ["github", "gitlab"])
def test_formats_of_faults_alone_hold_what_is_missing(kind: str) -> None:
    assert GAP in made(kind, examined())
    assert "Sandbox" not in made(kind, examined())
    assert made(kind, examined(failed=())).strip() in ("", "[]")


def test_the_summary_says_it_once_for_all_targets() -> None:
    text = flat(to_summary([examined(), examined()], Look(width=300)))
    assert text.count(WORDS) == text.count(f"Not enforced: {GAP}") == 1


def test_sizes_and_trace_say_it() -> None:
    environment = examined().environment
    look = Look(width=300)
    for text in (
        sizes.to_text(replace(answers.sizes(), environment=environment), look),
        trace.to_text(replace(answers.trace(), environment=environment), look),
    ):
        assert WORDS in flat(text)
        assert f"Not enforced: {GAP}" in flat(text)
