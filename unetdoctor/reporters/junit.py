"""JUnit XML: a suite per report, a test case per check, those that passed and those that were not run too."""

from collections.abc import Iterator, Sequence

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from unetdoctor.facts import Card, Finding, Report, Severity, State
from unetdoctor.reporters import safe
from unetdoctor.reporters.fence import told
from unetdoctor.reporters.results import Result, names, results, suppressed_by, text

DECLARATION = '<?xml version="1.0" encoding="utf-8"?>'


def to_junit(reports: Sequence[Report], cards: Sequence[Card]) -> str:
    """Return one document with a suite per report; a finding at or above `fail_on` is a failure."""
    document = JUnitXml("unetdoctor")
    labels = {card.code: f"{card.code} {card.name}" for card in cards}
    for report, name in zip(reports, names(reports), strict=True):
        suite = TestSuite(name)
        if report.timings.started:
            suite.timestamp = report.timings.started.removesuffix("+00:00").removesuffix("Z")
        suite.add_property("device", safe.clean(report.environment.device))
        for line in told(report.environment):
            kind, _, what = line.partition(": ")
            suite.add_property(kind.lower(), safe.clean(what, safe.SENTENCE_LIMIT))
        for case in _cases(report, name, labels):
            suite.add_testcase(case)
        document.add_testsuite(suite)
    document.update_statistics()  # type: ignore[no-untyped-call]
    for suite, report in zip(document, reports, strict=True):
        suite.time = round(report.timings.seconds, 3)
    document.time = round(sum(report.timings.seconds for report in reports), 3)
    text: bytes = document.tostring()  # type: ignore[no-untyped-call]
    return f"{DECLARATION}\n{text.decode('utf-8').rstrip()}\n"


def _cases(report: Report, name: str, labels: dict[str, str]) -> Iterator[TestCase]:
    if report.state is State.NOT_DIAGNOSABLE:
        case = TestCase("examination", classname=name)
        case.result = [
            Error(safe.clean(report.verdict, safe.SENTENCE_LIMIT), safe.clean(report.failure) or "not-diagnosable")
        ]
        yield case
    reasons: dict[str, list[str]] = {}
    for skipped in report.skipped:
        reasons.setdefault(skipped.code, []).append(skipped.reason)
    findings: dict[str, list[Finding]] = {}
    for finding in report.findings:
        findings.setdefault(finding.code, []).append(finding)
    told = results([report], suppressed=True)
    examined = {code for section in report.sections for code in section.codes}
    for code in sorted({*findings, *examined, *reasons}):
        found = findings.get(code, [])
        label = labels.get(code) or (f"{code} {found[0].name}" if found else code)
        case = TestCase(safe.clean(label), classname=name)
        _judge(case, report, [r for r in told if r.finding.code == code], reasons.get(code, []), bool(found))
        yield case


def _judge(case: TestCase, report: Report, told: list[Result], reasons: list[str], examined: bool) -> None:
    """Put failure, skip or remark into the case of one check."""
    failing = [r for r in told if r.finding.counts and fails(r.finding, report.fail_on)]
    suppressed = [suppressed_by(r.finding.suppression) for r in told if r.finding.suppression is not None]
    if failing:
        failure = Failure(text(failing[0]), failing[0].finding.severity.value)
        failure.text = "\n".join(f"{safe.clean(r.file, safe.LINE_LIMIT)}:{r.line}: {text(r)}" for r in failing)
        case.result = [failure]
    elif told and len(suppressed) == len(told):
        case.result = [Skipped(f"suppressed {'; '.join(dict.fromkeys(suppressed))}")]
    elif told:
        case.system_out = "\n".join(f"{r.finding.severity.value}: {text(r)}" for r in told if r.finding.counts)
    elif not examined:
        why = "; ".join(dict.fromkeys(reasons)) or "there was nothing to examine"
        case.result = [Skipped(safe.clean(why, safe.SENTENCE_LIMIT))]


def fails(finding: Finding, fail_on: str) -> bool:
    """Return whether a finding is at or above a limit."""
    return fail_on != "never" and finding.severity.rank >= Severity(fail_on).rank
