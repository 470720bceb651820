"""Several reports in a line each, for one step that examines several models."""

import textwrap
from collections.abc import Sequence

from unetdoctor.facts import Report, Severity
from unetdoctor.reporters.look import Look
from unetdoctor.reporters.numbers import count
from unetdoctor.reporters.results import names, results, text, title


def to_summary(reports: Sequence[Report], look: Look) -> str:
    """Return the verdict of each report, with what is wrong there; one verdict alone for a single report."""
    from unetdoctor.reporters.terminal import to_line

    if len(reports) == 1:
        return to_line(reports[0], look)
    lines: list[str] = []

    def add(indent: int, words: str) -> None:
        room = max(look.prose - indent, 20)
        lines.extend(f"{' ' * indent}{row}" for row in textwrap.wrap(words, room, break_on_hyphens=False))

    for report, name in zip(reports, names(reports), strict=True):
        lines.append(look.clean(name))
        lines.append(f"  {to_line(report, look).rstrip()}")
        for result in results([report]):
            if result.finding.severity is not Severity.NOTE or report.fail_on == "note":
                place = f"{result.file}:{result.line}" if result.finding.place.file else ""
                head = f"{result.finding.severity.value} {title(result)}" + (f" ({place})" if place else "")
                add(4, look.clean(head))
                add(6, look.clean(text(result)))
        for notice in filter(_is_of_suppressions, report.notices):
            add(4, look.clean(notice))
        lines.append("")
    failing = sum(report.exit_code != 0 for report in reports)
    suppressed = sum(f.suppression is not None for report in reports for f in report.findings)
    known = f", {count(suppressed, 'finding')} suppressed" if suppressed else ""
    lines.append(f"{count(len(reports), 'target')}: {failing or 'none'} failing{known}.")
    return "\n".join(lines) + "\n"


def _is_of_suppressions(notice: str) -> bool:
    return notice.startswith("Stale: ")
