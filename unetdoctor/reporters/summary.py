"""Several reports in a line each, for one step that examines several models."""

import textwrap
from collections.abc import Sequence
from dataclasses import replace

from unetdoctor.facts import Report, Severity
from unetdoctor.reporters.fence import told
from unetdoctor.reporters.look import Look
from unetdoctor.reporters.numbers import count
from unetdoctor.reporters.results import STALE, Result, names, results, text, title


def to_summary(reports: Sequence[Report], look: Look, *, quiet: bool = False) -> str:
    """Return the verdict of each report, and unless quiet what is wrong; one verdict alone for a single report."""
    from unetdoctor.reporters.terminal import to_line

    if len(reports) == 1:
        return to_line(reports[0], look)
    blocks = [_block(report, name, look, quiet) for report, name in zip(reports, names(reports), strict=True)]
    failing = sum(report.exit_code != 0 for report in reports)
    suppressed = sum(f.suppression is not None for report in reports for f in report.findings)
    known = f", {count(suppressed, 'finding')} suppressed" if suppressed else ""
    fences = dict.fromkeys(line for report in reports for line in told(report.environment))
    held_in = "".join(f"{row}\n" for line in fences for row in _filled(line, 0, look))
    return "\n".join([*blocks, f"{held_in}{count(len(reports), 'target')}: {failing or 'none'} failing{known}.\n"])


def _block(report: Report, name: str, look: Look, quiet: bool) -> str:
    """Return the target and its verdict; unless quiet also what is wrong, and comments that suppress nothing."""
    from unetdoctor.reporters.blocks.verdict import verdict
    from unetdoctor.reporters.terminal import printed

    shown = printed(verdict(report, look), replace(look, width=look.prose - 2))
    lines = [look.clean(name), *(f"  {line}".rstrip() for line in shown.rstrip("\n").split("\n"))]
    if quiet:
        return "\n".join(lines) + "\n"
    for result in results([report]):
        if result.finding.severity is not Severity.NOTE or report.fail_on == "note":
            place = f" ({result.file}:{result.line})" if result.finding.place.file else ""
            lines += _filled(f"{result.finding.severity.value} {title(result)}{place}", 4, look)
            lines += _filled(_unsaid(result), 6, look)
    for notice in report.notices:
        if notice.startswith(STALE):
            lines += _filled(notice, 4, look)
    return "\n".join(lines) + "\n"


def _unsaid(result: Result) -> str:
    """Return the sentence and what to do; of the finding that is the verdict above, what to do alone."""
    finding, report = result.finding, result.report
    first = next(((d.code, d.place) for d in report.diagnoses), None)
    if finding.message in report.verdict or (finding.code, finding.place) == first:
        return f"Remedy: {result.remedy}." if result.remedy else ""
    return text(result)


def _filled(words: str, indent: int, look: Look) -> list[str]:
    room = max(look.prose - indent, 20)
    return [f"{' ' * indent}{row}" for row in textwrap.wrap(look.clean(words), room, break_on_hyphens=False)]
