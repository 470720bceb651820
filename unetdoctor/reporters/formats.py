"""Every format of a report: how it is made, and how an earlier file of ours in it begins.

To add a format: a module of its own that turns reports into text, and a row in `FORMATS`.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from unetdoctor.facts import Card, Report
from unetdoctor.reporters.look import Look

Cards = Callable[[], Sequence[Card]]
"""The catalogue, read when it is needed."""
Render = Callable[[Sequence[Report], Look, Cards], str]


@dataclass(frozen=True)
class Format:
    """One format of a report."""

    render: Render
    """From one or several reports to the text of a file."""
    mark: "re.Pattern[bytes]"
    """How a file begins that an earlier run wrote in it, and that may be replaced."""
    several: bool = True
    """Whether one file can hold the reports of several models."""
    on_terminal: bool = True
    """Whether it is of use on standard output."""


def _text(reports: Sequence[Report], look: Look, _cards: Cards) -> str:
    return "\n".join(_one_text(report, look) for report in reports)


def _one_text(report: Report, look: Look) -> str:
    if report.target.kind == "data":
        from unetdoctor.reporters import audit

        return audit.to_text(audit.saved(report), look)
    from unetdoctor.reporters.terminal import to_text

    return to_text(report, look)


def _json(reports: Sequence[Report], _look: Look, _cards: Cards) -> str:
    from unetdoctor.reporters.json_report import to_json

    return to_json(reports[0] if len(reports) == 1 else list(reports))


def _svg(reports: Sequence[Report], _look: Look, _cards: Cards) -> str:
    from unetdoctor.reporters import audit, svg

    if reports[0].target.kind == "data":
        return svg.audit_to_svg(audit.saved(reports[0]))
    return svg.to_svg(reports[0])


def _sarif(reports: Sequence[Report], _look: Look, cards: Cards) -> str:
    from unetdoctor.reporters.sarif import to_sarif

    return to_sarif(reports, cards())


def _junit(reports: Sequence[Report], _look: Look, cards: Cards) -> str:
    from unetdoctor.reporters.junit import to_junit

    return to_junit(reports, cards())


def _github(reports: Sequence[Report], _look: Look, _cards: Cards) -> str:
    from unetdoctor.reporters.github import to_github

    return to_github(reports)


def _gitlab(reports: Sequence[Report], _look: Look, _cards: Cards) -> str:
    from unetdoctor.reporters.gitlab import to_gitlab

    return to_gitlab(reports)


def _markdown(reports: Sequence[Report], _look: Look, _cards: Cards) -> str:
    from unetdoctor.reporters.markdown import to_markdown

    return to_markdown(reports)


def _html(reports: Sequence[Report], _look: Look, cards: Cards) -> str:
    from unetdoctor.reporters.html import to_html
    from unetdoctor.reporters.stored import read_pictures

    return to_html(reports[0], read_pictures(reports[0]), cards())


_STATES = rb"\S+ (healthy|no error found|untrained|ill|not diagnosable) "


FORMATS: dict[str, Format] = {
    "text": Format(_text, re.compile(_STATES.upper() + rb".*unetdoctor\s+\d", re.DOTALL)),
    "json": Format(_json, re.compile(rb'(\[\s*)?\{\s*"schema_version"')),
    "sarif": Format(_sarif, re.compile(rb'\{\s*"version": "2.1.0",.{,4000}?"name": "unetdoctor"', re.DOTALL)),
    "junit": Format(_junit, re.compile(rb'<\?xml[^>]*>\s*<testsuites name="unetdoctor"')),
    "github": Format(_github, re.compile(rb"::(error|warning|notice) file=")),
    "gitlab": Format(
        _gitlab, re.compile(rb'\[\s*(\]\s*$|\{\s*"type": "issue",.{,4000}?"categories": \[\s*"Bug Risk")', re.DOTALL)
    ),
    "markdown": Format(_markdown, re.compile(rb"### " + _STATES)),
    "html": Format(_html, re.compile(rb'<!doctype html>\s*<html lang="en" data-unetdoctor="'), several=False),
    "svg": Format(_svg, re.compile(rb'<svg class="rich-terminal"'), several=False, on_terminal=False),
}
"""Name -> format, in the order in which help lists them."""
