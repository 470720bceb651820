"""The end of a report: pictures, counts, what was not examined, and that the model is as it was."""

import math
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePath

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from unetdoctor.facts import Environment, Outcome, Preview, Report, Severity, State
from unetdoctor.reporters import safe
from unetdoctor.reporters.blocks.layout import Verbatim, columns, indented
from unetdoctor.reporters.fence import told
from unetdoctor.reporters.look import Look
from unetdoctor.reporters.numbers import count, number, seconds
from unetdoctor.reporters.results import checks_of, suppressed_by

SKIPPED_SHOWN = 4
GIB = 1024**3
SEVERITIES = (Severity.ERROR, Severity.WARNING, Severity.NOTE)
SUMMARY_PICTURES = ("sheet", "signal", "anatomy")
"""Roles of the pictures that stand for all others."""


def pictures(report: Report, look: Look) -> Iterator[RenderableType]:
    """Yield where the pictures are: the sheet, the signal and the anatomy; every file with -v."""
    written = [preview for preview in report.previews if preview.file]
    if not written:
        return
    first = [p for p in written if p.role in SUMMARY_PICTURES] or written[:1]
    short = report.state is State.HEALTHY and not look.verbose
    shown = first[:1] if short else first
    shown = [*first, *(p for p in written if p not in first)] if look.verbose else shown
    others = len(written) - len(shown)
    yield ""
    table = Table.grid(padding=(0, 2, 0, 0))
    if short:
        table.add_row(Text("Pictures", style="bold"), look.text(shown[0].file), look.text(f"and {others} more", "dim"))
        yield table
        return
    for index, preview in enumerate(shown):
        table.add_row(Text("" if index else "Pictures", style="bold"), *_picture(preview, look))
    if others:
        folder = f"{PurePath(first[0].file).parent.as_posix()}/"
        table.add_row("", look.text(f"{folder}*.png", "dim"), look.text(f"{others} more", "dim"))
    yield table


def _picture(preview: Preview, look: Look) -> tuple[Text, Text]:
    title = " ".join(part for part in (preview.title, f"({preview.caption})" if preview.caption else "") if part)
    return look.text(preview.file), look.text(title, "dim", safe.NAME_LIMIT)


def closing(report: Report, look: Look) -> Iterator[RenderableType]:
    """Yield counts and seconds, what was skipped, what was left untouched."""
    yield ""
    yield _counts(report, look)
    yield from _suppressed(report, look)
    yield from _skipped(report, look)
    yield from _untouched(report, look)
    yield from held_in(report.environment, look)
    yield from _hint(report, look)


def _counts(report: Report, look: Look) -> Text:
    worst = Counter(finding.severity for finding in report.findings if finding.suppression is None)
    suppressed = sum(finding.suppression is not None for finding in report.findings)
    checks = checks_of(report)
    parts = []
    if checks:
        parts.append(f"{count(checks, 'check')}, {count(len(report.findings), 'place')}")
        ill = ", ".join(count(worst[s], s.value) for s in SEVERITIES if worst[s])
        parts.append(ill or ("nothing new" if suppressed else "nothing wrong"))
        parts += [f"{suppressed} suppressed"] if suppressed else []
    if report.trials:
        cost = f" for {number(report.trials_cost)} forward passes" if report.trials_cost else ""
        made = sum(trial.outcome is not Outcome.NOT_TRIED for trial in report.trials)
        parts.append((count(made, "experiment") if made else "no experiment") + cost)
    if report.skipped:
        parts.append(f"{len(report.skipped)} not examined")
    if report.timings.seconds:
        parts.append(seconds(report.timings.seconds))
    parts.append(f"unetdoctor {report.environment.unetdoctor}")
    return look.text((" · " if not look.ascii_only else "; ").join(parts))


def _skipped(report: Report, look: Look) -> Iterator[RenderableType]:
    groups: dict[str, list[str]] = {}
    for skipped in report.skipped:
        groups.setdefault(skipped.reason, []).append(skipped.code)
    if report.state is State.HEALTHY and not look.verbose and len(groups) > 1:
        codes = ", ".join(dict.fromkeys(skipped.code for skipped in report.skipped))
        yield _line(f"not examined: {codes} (why: -v)", look)
        return
    reasons = list(groups.items()) if look.verbose else list(groups.items())[:SKIPPED_SHOWN]
    for reason, listed in reasons:
        yield _line(f"not examined: {', '.join(dict.fromkeys(listed))}: {reason}", look)
    left = len(groups) - len(reasons)
    if left:
        yield _line(f"not examined: {count(left, 'more reason')} with -v", look)


def _suppressed(report: Report, look: Look) -> Iterator[RenderableType]:
    """Yield what a person has suppressed, by whom and why; all of it with -v."""
    groups: dict[str, list[str]] = {}
    for finding in report.findings:
        if finding.suppression is not None:
            where = f"{finding.code} at {finding.place.layer or 'the model'}"
            groups.setdefault(suppressed_by(finding.suppression), []).append(where)
    for why, places in groups.items():
        shown = places if look.verbose else places[:SKIPPED_SHOWN]
        more = f" and {len(places) - len(shown)} more" if len(places) > len(shown) else ""
        yield _line(f"suppressed {why}: {', '.join(shown)}{more}", look)


def _line(text: str, look: Look) -> RenderableType:
    return indented(look.text(text, "dim"), 0, look)


def _untouched(report: Report, look: Look) -> Iterator[RenderableType]:
    if not report.untouched:
        words = f"The model changed itself while it ran: {report.untouched_text}"
        yield Text.assemble((look.sign("warning"), "yellow"), " ", look.text(words, "yellow"))
    elif report.untouched_text:
        short = report.state is State.HEALTHY and not look.verbose
        yield _line("Your model was left untouched" + ("." if short else f": {report.untouched_text}"), look)


def held_in(environment: Environment | None, look: Look) -> Iterator[RenderableType]:
    """Yield what held the worker in, and every limit that could not be enforced."""
    for line in told(environment):
        yield _line(line, look)


def _hint(report: Report, look: Look) -> Iterator[RenderableType]:
    """Say where more is to be read, where a person needs more than a sentence."""
    if report.failure and report.log.strip() and not look.verbose:
        lines = count(len(report.log.strip().splitlines()), "line")
        yield _line(f"-v shows what your code printed and where it stood ({lines}).", look)


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
            "" if math.isnan(point.batch_signal) else number(point.batch_signal),
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
    if timings.memory_limit_bytes:
        yield ""
        words = f"at most {timings.memory_limit_bytes / GIB:.1f} GiB for the model and all that it starts"
        yield Text.assemble(("Memory", "bold"), "  ", look.text(words, "dim"))
    if timings.stages:
        yield ""
        yield Text("Seconds per stage", style="bold")
        listed = ", ".join(f"{name} {number(value)}" for name, value in timings.stages.items())
        yield indented(look.text(listed, "dim"), 2, look)
