"""SARIF, JUnit, GitHub, GitLab, Markdown and JSON of every kind of run, read back by those who read them."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jsonschema
import pytest
from junitparser import Error, Failure, JUnitXml, Skipped
from sarif_pydantic import Sarif

from tests.reporters import build
from tests.reporters.sarif_schema import RELEASE_5, errata_01
from unetdoctor.checks import cards
from unetdoctor.facts import Finding, Kind, Place, Report, Severity, Suppression
from unetdoctor.reporters.formats import FORMATS
from unetdoctor.reporters.github import SHOWN
from unetdoctor.reporters.look import Look
from unetdoctor.reporters.markdown import escape
from unetdoctor.reporters.results import results

NASTY = (
    *build.HOSTILE,
    "100%\r\n::error::x",
    "a:b,c[d]{e}",
    "<script>alert(1)</script>",
    "y" * 300,
    "`a|b`",
    "C:\\a\\b.py",
)
STATES = {**build.STATES, "suppressed": lambda: suppressed(), "long": lambda: many(30)}
MERGING = [name for name, known in FORMATS.items() if known.several]


def suppressed() -> Report:
    report = build.ill()
    why = (
        Suppression("comment", "known, 50 % of it", Place(file="generator_same.py", line=31)),
        Suppression("baseline", place=Place(file="unetdoctor-baseline.json")),
    )
    found = (replace(f, suppression=w) for f, w in zip(report.findings, why, strict=False))
    return replace(report, findings=tuple(found), diagnoses=(), exit_code=0)


def held(report: Report) -> Report:
    """Return the report of a machine on which every limit holds."""
    return replace(report, environment=replace(report.environment, not_enforced=()))


def many(count: int) -> Report:
    """Return a report with as many errors and warnings, each at a layer of its own."""
    made = [
        Finding(f"UD{300 + number}", "made", Kind.CAUSE, severity, Place(f"layer.{number}", "m.py", number + 1), "Bad.")
        for number in range(count)
        for severity in (Severity.WARNING, Severity.ERROR)
    ]
    return replace(build.ill(), findings=tuple(made), diagnoses=())


def made(kind: str, *reports: Report) -> str:
    return FORMATS[kind].render(reports, Look(), cards)


def each() -> list[Any]:
    hostile = [pytest.param(lambda name=name: build.hostile(name), id=f"hostile-{i}") for i, name in enumerate(NASTY)]
    return [*(pytest.param(make, id=name) for name, make in STATES.items()), *hostile]


every_report = pytest.mark.parametrize("make", each())
Make = Callable[[], Report]


@pytest.mark.parametrize("kind", FORMATS)
@every_report
def test_every_format_takes_every_report_and_knows_its_own_file(make: Make, kind: str) -> None:
    data = made(kind, make()).encode("utf-8", "backslashreplace")
    assert not data or FORMATS[kind].mark.match(data)
    assert not any(byte < 32 and byte not in b"\n" for byte in data)
    others = [name for name, known in FORMATS.items() if name != kind and data and known.mark.match(data)]
    assert not others


@pytest.mark.parametrize("kind", MERGING)
def test_several_reports_make_one_file(kind: str) -> None:
    text = made(kind, build.ill(), build.healthy(), build.not_diagnosable(), build.crashed())
    assert FORMATS[kind].mark.match(text.encode())


@every_report
def test_sarif_is_valid_and_complete(make: Make) -> None:
    report = make()
    text = made("sarif", report)
    values = json.loads(text)
    for schema in (RELEASE_5, errata_01()):
        jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker()).validate(values)
    run = Sarif.model_validate(values).runs[0]
    assert run.tool.driver.rules is not None
    assert [rule.id for rule in run.tool.driver.rules] == [card.code for card in cards()]
    assert run.results is not None
    assert len(run.results) == sum(f.ill for f in report.findings)
    for result in run.results:
        assert result.rule_id is not None
        assert result.locations is not None
        place = result.locations[0].physical_location
        assert place is not None
        assert place.artifact_location is not None
        assert place.artifact_location.uri
        assert place.region is not None
        assert place.region.start_line is not None
        assert place.region.start_line >= 1
        assert result.locations[0].logical_locations
        if result.rule_index is not None:
            assert run.tool.driver.rules[result.rule_index].id == result.rule_id
    prints = [r.partial_fingerprints["primaryLocationLineHash"] for r in run.results if r.partial_fingerprints]
    assert len(set(prints)) == len(run.results)


def test_errata_01_demands_more() -> None:
    log = json.loads(made("sarif", build.ill()))
    run = log["runs"][0]
    validator = jsonschema.Draft4Validator(errata_01())
    assert validator.is_valid(log)
    run["language"] = "english"
    assert jsonschema.Draft4Validator(RELEASE_5).is_valid(log)
    assert not validator.is_valid(log)
    run["language"] = "en-US"
    assert validator.is_valid(log)
    run["results"][0]["locations"][0]["physicalLocation"]["region"] = {"endLine": 3}
    assert jsonschema.Draft4Validator(RELEASE_5).is_valid(log)
    assert not validator.is_valid(log)


def test_a_clean_run_has_an_empty_list_and_a_failed_one_says_why() -> None:
    clean, failed = (json.loads(made("sarif", r))["runs"][0] for r in (build.healthy(), build.not_diagnosable()))
    assert clean["results"] == []
    assert clean["invocations"][0]["executionSuccessful"] is True
    assert failed["invocations"][0]["executionSuccessful"] is False
    assert "lightning" in failed["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]


def test_sarif_lists_what_is_suppressed_with_the_reason() -> None:
    found = json.loads(made("sarif", suppressed()))["runs"][0]["results"]
    assert [s["kind"] for r in found for s in r["suppressions"]] == ["external", "inSource"]
    assert "known, 50 % of it" in found[1]["suppressions"][0]["justification"]


def test_a_fingerprint_stays_when_numbers_and_lines_move() -> None:
    report = build.ill()
    moved = tuple(replace(f, message="Other.", place=replace(f.place, line=99), readings=()) for f in report.findings)
    before, after = (results([r]) for r in (report, replace(report, findings=moved)))
    assert [r.fingerprint for r in before] == [r.fingerprint for r in after]
    assert len({r.fingerprint for r in before}) == len(before)


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("models/my net#1.py", "models/my%20net%231.py"),
        ("/abs/größe.py", "file:///abs/gr%C3%B6%C3%9Fe.py"),
        ("C:\\work\\a b.py", "file:///C:/work/a%20b.py"),
        ("sub\\net.py", "sub/net.py"),
    ],
)
def test_paths_become_addresses(file: str, uri: str) -> None:
    place = Place("a", file, 3)
    report = replace(build.ill(), findings=(replace(build.FLAT_PICTURE, place=place),))
    location = json.loads(made("sarif", report))["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == uri
    assert ("uriBaseId" in location["artifactLocation"]) is not uri.startswith("file:")


@every_report
def test_junit_is_read_and_names_are_unique(make: Make) -> None:
    report = make()
    document = JUnitXml.fromstring(made("junit", report).encode())
    (suite,) = document
    names = [case.name for case in suite]
    assert len(set(names)) == len(names)
    assert {case.classname for case in suite} == {suite.name}
    codes = {f.code for f in report.findings} | {s.code for s in report.skipped}
    assert len(names) >= len(codes)
    failing = {f.code for f in report.findings if f.counts and f.severity is Severity.ERROR}
    assert suite.failures == len(failing)
    assert suite.errors == (report.state.value == "not_diagnosable")
    assert suite.tests == len(names)


def test_junit_passes_skips_and_fails() -> None:
    document = JUnitXml.fromstring(
        made("junit", build.ill(), build.ill(), build.not_diagnosable(), suppressed()).encode()
    )
    suites = list(document)
    assert len({suite.name for suite in suites}) == 4
    cases = {case.name: case for case in suites[0]}
    assert isinstance(cases["UD301 identical-final-filters"].result[0], Failure)
    assert "Remedy: " in cases["UD301 identical-final-filters"].result[0].message
    assert cases["UD206 non-finite-output"].result == []
    assert isinstance(cases["UD207 one-class-everywhere"].result[0], Skipped)
    assert isinstance(next(iter(suites[2])).result[0], Error)
    known = {case.name: case for case in suites[3]}["UD301 identical-final-filters"].result[0]
    assert isinstance(known, Skipped)
    assert "suppressed by the baseline" in known.message


def test_junit_fails_from_the_limit_of_the_run_on() -> None:
    for level, failures in (("error", 0), ("warning", 2), ("note", 3), ("never", 0)):
        document = JUnitXml.fromstring(made("junit", replace(build.untrained(), fail_on=level)).encode())
        assert next(iter(document)).failures == failures


@every_report
def test_github_lines_are_commands_and_nothing_escapes(make: Make) -> None:
    report = make()
    text = made("github", report)
    form = re.compile(r"::(error|warning|notice) file=([^:,\r\n]*),line=(\d+),title=([^:,\r\n]*)::[^\r\n]*")
    lines = text.splitlines()
    assert text.count("\n") == len(lines)
    assert all(form.fullmatch(line) for line in lines), lines
    assert all(re.fullmatch(r"(?:[^%]|%(25|0D|0A|3A|2C))*", line) for line in lines)
    assert all(c == "\n" or c.isprintable() for c in text)


def test_github_shows_the_worst_first_and_counts_the_rest() -> None:
    lines = made("github", many(30)).splitlines()
    levels = [line.partition(" ")[0] for line in lines]
    assert levels == ["::error"] * SHOWN + ["::warning"] * SHOWN + ["::notice"]  # what was not enforced
    assert lines[SHOWN - 1].endswith("and 21 more: " + ", ".join(f"UD{300 + n}" for n in range(9, 30)))
    exact = made("github", many(SHOWN)).splitlines()
    assert len(exact) == 2 * SHOWN + 1
    assert not any("more" in line for line in exact)


def test_github_escapes_by_value() -> None:
    place = Place("a:b,c%", "d,e:f%.py", 3)
    report = replace(build.ill(), findings=(replace(build.FLAT_PICTURE, place=place, message="50% a,b: c\nd"),))
    line, _ = made("github", report).splitlines()
    assert line == (
        "::warning file=d%2Ce%3Af%25.py,line=3,title=UD203 flat-picture at a%3Ab%2Cc%25::50%25 a,b: c\\x0ad"
    )


def test_notes_are_annotated_only_where_they_fail_the_run() -> None:
    assert "UD003" not in made("github", build.untrained())
    assert "::notice" in made("github", replace(build.untrained(), fail_on="note"))
    assert made("github", held(build.healthy())) == ""
    assert made("gitlab", held(build.healthy())) == "[]\n"


@every_report
def test_gitlab_has_its_fields(make: Make) -> None:
    report = make()
    issues = json.loads(made("gitlab", report))
    assert isinstance(issues, list)
    for issue in issues:
        assert isinstance(issue["description"], str)
        assert issue["check_name"]
        assert issue["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert issue["location"]["path"]
        assert not issue["location"]["path"].startswith("./")
        assert isinstance(issue["location"]["lines"]["begin"], int)
    prints = [issue["fingerprint"] for issue in issues]
    assert len(set(prints)) == len(prints)
    told = sum(f.counts for f in report.findings) + (report.state.value == "not_diagnosable")
    assert len(issues) == told + len(report.environment.not_enforced)


@pytest.mark.parametrize("name", [n for n in NASTY if len(n) < 200])
def test_markdown_shows_foreign_names_as_text(name: str) -> None:
    shown = escape(name)
    assert not re.search(r"(?<![\\&])[`*_\[\]|#~<>]", shown)
    assert "<" not in shown
    assert "://" not in shown
    assert "\n" not in shown


@every_report
def test_markdown_tables_keep_their_columns(make: Make) -> None:
    text = made("markdown", make())
    outside = re.sub(r"(`{3,})python\n.*?\n\1", "", text, flags=re.DOTALL)
    rows = [line for line in outside.splitlines() if line.startswith("|")]
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 5 for row in rows)
    assert not re.search(r"<(?!/?sub>)", outside)


def test_a_fence_is_longer_than_any_in_the_lines_to_paste() -> None:
    report = build.ill()
    first = report.diagnoses[0]
    assert first.remedy is not None
    remedy = replace(first.remedy, patch="x = '''\n```` \n'''")
    text = made("markdown", replace(report, diagnoses=(replace(first, remedy=remedy),)))
    assert text.count("`````") == 2


def test_text_counts_what_is_suppressed() -> None:
    text = made("text", suppressed())
    assert "2 suppressed" in text
    assert "suppressed by the comment in generator_same.py:31 (known, 50 % of it): UD202 at main.9" in text
    assert "nothing new" in text


@every_report
def test_json_of_several_is_a_list_of_reports(make: Make) -> None:
    first, second = json.loads(made("json", make(), build.healthy()))
    assert first["schema_version"] == second["schema_version"]
    assert json.loads(made("json", make())) == first
