"""The end of a report: pictures, counts, what was not examined, and that the model is as it was."""

from collections import Counter
from collections.abc import Iterator
from pathlib import PurePath

from rich.console import RenderableType
from rich.text import Text

from unetdoctor.facts import Preview, Report, Severity, State
from unetdoctor.reporters import safe
from unetdoctor.reporters.blocks.layout import Verbatim, columns, indented
from unetdoctor.reporters.look import Look
from unetdoctor.reporters.numbers import count, number, seconds

SKIPPED_SHOWN = 4
SUMMARY_PICTURES = ("sheet", "signal")
"""Roles of the pictures that stand for all others."""


def pictures(report: Report, look: Look) -> Iterator[RenderableType]:
    """Yield where the pictures are: the sheet and the signal; every file with -v."""
    written = [preview for preview in report.previews if preview.file]
    if not written:
        return
    first = [p for p in written if p.role in SUMMARY_PICTURES] or written[:1]
    shown = [*first, *(p for p in written if p not in first)] if look.verbose else first
    yield ""
    yield Text("Pictures", style="bold")
    for preview in shown:
        yield _picture(preview, look)
    others = len(written) - len(shown)
    if others:
        folder = str(PurePath(first[0].file).parent)
        yield indented(look.text(f"and {count(others, 'single picture')} in {folder}", "dim"), 2)


def _picture(preview: Preview, look: Look) -> RenderableType:
    title = " ".join(part for part in (preview.title, f"({preview.caption})" if preview.caption else "") if part)
    path = look.text(preview.file)
    return indented(Text.assemble(path, "  ", look.text(title, "dim", safe.NAME_LIMIT), overflow="fold"), 2)


def closing(report: Report, look: Look) -> Iterator[RenderableType]:
    """Yield counts and seconds, what was skipped, what was left untouched."""
    yield ""
    yield _counts(report, look)
    yield from _skipped(report, look)
    yield from _untouched(report, look)


def _counts(report: Report, look: Look) -> Text:
    worst = Counter(finding.severity for finding in report.findings)
    checks = len({finding.code for finding in report.findings})
    parts = []
    if report.findings:
        parts.append(f"{count(checks, 'check')} on {count(len(report.findings), 'place')}")
        parts.append(", ".join(count(worst[s], s.value) for s in (Severity.ERROR, Severity.WARNING, Severity.NOTE)))
    if report.trials:
        parts.append(count(len(report.trials), "experiment"))
    if report.skipped:
        parts.append(f"{len(report.skipped)} not examined")
    if report.timings.seconds:
        parts.append(seconds(report.timings.seconds))
    parts.append(f"unetdoctor {report.environment.unetdoctor}")
    return look.text(f" {look.sign('dot')} ".join(parts) if not look.ascii_only else "; ".join(parts))


def _skipped(report: Report, look: Look) -> Iterator[RenderableType]:
    groups: dict[str, list[str]] = {}
    for skipped in report.skipped:
        groups.setdefault(skipped.reason, []).append(skipped.code)
    reasons = list(groups.items()) if look.verbose else list(groups.items())[:SKIPPED_SHOWN]
    for reason, codes in reasons:
        names = ", ".join(dict.fromkeys(codes))
        yield indented(look.text(f"{look.sign('dash')} not examined: {names}: {reason}", "dim"), 0, look)
    left = len(groups) - len(reasons)
    if left:
        yield look.text(f"{look.sign('dash')} {count(left, 'more reason')} with -v", "dim")


def _untouched(report: Report, look: Look) -> Iterator[RenderableType]:
    if report.state is State.NOT_DIAGNOSABLE and not report.untouched_text:
        return
    if report.untouched:
        words = "Your model was left untouched"
        yield look.text(f"{words}: {report.untouched_text}" if report.untouched_text else f"{words}.", "dim")
    else:
        words = f"The model changed itself while it ran: {report.untouched_text}"
        yield Text.assemble((look.sign("warning"), "yellow"), " ", look.text(words, "yellow"))


def background(report: Report, look: Look) -> Iterator[RenderableType]:
    """Yield what only -v shows: profile, valid sizes, limits, times and what the code of the user printed."""
    if not look.verbose:
        return
    yield from _signal(report, look)
    yield from _sizes(report, look)
    yield from _limits(report, look)
    if report.log.strip():
        yield ""
        yield Text("What your code printed", style="bold")
        lines = safe.clean_lines(report.log.strip("\n"), ascii_only=look.ascii_only)
        yield Verbatim(tuple(f"  {line}".rstrip() for line in lines), "dim")


def _signal(report: Report, look: Look) -> Iterator[RenderableType]:
    if not report.signal:
        return
    yield ""
    yield Text("Spread of the signal along the depth", style="bold")
    table = columns(("", "op", "layer", "shape", "stored", "batch"), right="|stored|batch")
    for index, point in enumerate(report.signal):
        table.add_row(
            str(index),
            look.text(point.op, limit=safe.NAME_LIMIT),
            look.text(point.layer, limit=safe.NAME_LIMIT),
            "x".join(map(str, point.shape)),
            number(point.signal),
            number(point.batch_signal),
        )
    yield indented(table, 2)


def _sizes(report: Report, look: Look) -> Iterator[RenderableType]:
    sweep = report.shapes
    if sweep is None:
        return
    yield ""
    yield Text("Input sizes", style="bold")
    for word, sizes in (("work", sweep.passing), ("fail", sweep.failing)):
        if sizes:
            yield indented(look.text(f"{word}: {', '.join(f'{h}x{w}' for h, w in sizes)}"), 2, look)
    if sweep.multiple is not None:
        yield indented(look.text(f"sizes must be divisible by {sweep.multiple}"), 2, look)


def _limits(report: Report, look: Look) -> Iterator[RenderableType]:
    environment, timings = report.environment, report.timings
    for title, phrases in (("Enforced", environment.enforced), ("Not enforced", environment.not_enforced)):
        if phrases:
            yield ""
            yield Text(title, style="bold")
            for phrase in phrases:
                yield indented(look.text(f"{look.sign('note')} {phrase}", "dim"), 2, look)
    if timings.stages:
        yield ""
        yield Text("Seconds per stage", style="bold")
        listed = ", ".join(f"{name} {number(value)}" for name, value in timings.stages.items())
        yield indented(look.text(listed, "dim"), 2, look)
