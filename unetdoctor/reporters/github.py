"""Workflow commands of GitHub Actions: annotations on the lines of the model's file."""

from collections.abc import Sequence

from unetdoctor.facts import Report, Severity
from unetdoctor.reporters import safe
from unetdoctor.reporters.fence import gaps
from unetdoctor.reporters.results import Result, model_file, results, text, title, without_diagnosis

SHOWN = 10
"""Annotations of one level that a step may make; GitHub drops the others without a word."""
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def to_github(reports: Sequence[Report]) -> str:
    """Return one line per annotation, worst first; notes only where they fail the run, and what was not enforced."""
    lines = [
        _command("error", model_file(report), 1, "No diagnosis", report.verdict)
        for report in without_diagnosis(reports)
    ]
    found = results(reports)
    limits = [(report, gap) for report in reports for gap in gaps(report.environment)]
    told = [_command("notice", model_file(report), 1, "unetdoctor", gap) for report, gap in limits]
    for severity, level in _LEVELS.items():
        of_level = [
            r
            for r in found
            if r.finding.severity is severity and (severity is not Severity.NOTE or r.report.fail_on == "note")
        ]
        taken = {Severity.ERROR: len(lines), Severity.NOTE: len(told)}
        room = SHOWN - taken.get(severity, 0)
        shown = of_level if len(of_level) <= room else of_level[: max(room - 1, 0)]
        lines += [_command(level, r.file, r.line, title(r), text(r)) for r in shown]
        left = of_level[len(shown) :]
        if left:
            lines.append(_rest(level, left))
    lines += told[:SHOWN]
    return "".join(f"{line}\n" for line in lines)


def _rest(level: str, left: list[Result]) -> str:
    codes = ", ".join(dict.fromkeys(r.finding.code for r in left))
    return _command(level, left[0].file, left[0].line, "unetdoctor", f"and {len(left)} more: {codes}")


def _command(level: str, file: str, line: int, title: str, message: str) -> str:
    place = f"file={_property(file)},line={line},title={_property(title)}"
    return f"::{level} {place}::{_data(safe.clean(message, safe.LINE_LIMIT))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(safe.clean(text, safe.SENTENCE_LIMIT)).replace(":", "%3A").replace(",", "%2C")
