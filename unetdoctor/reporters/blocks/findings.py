"""One line per section of the catalogue, the ill ones opened."""

from collections import Counter
from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from unetdoctor.facts import Finding, Reading, Report, Section, Severity, State
from unetdoctor.reporters import safe
from unetdoctor.reporters.blocks.layout import columns, hanging, indented
from unetdoctor.reporters.look import SEVERITY_STYLE, Look
from unetdoctor.reporters.numbers import bounds, count, reading_value, with_unit

PLACES_SHOWN = 3
READINGS_SHOWN = 6
WORST = (Severity.ERROR, Severity.WARNING, Severity.NOTE)


def sections(report: Report, look: Look) -> Iterator[RenderableType]:
    """Yield the catalogue, section by section."""
    found = _by_section(report)
    if not found:
        return
    if report.state is State.HEALTHY and not look.verbose:
        yield from _short(found, look)
        return
    yield ""
    width = max(len(look.clean(section.title, safe.NAME_LIMIT)) for section, _ in found)
    for section, findings in found:
        yield _line(section, findings, min(width, look.width // 3), look)
        yield from _ill(findings, look, brief=report.state is State.ILL and not look.verbose)


def _by_section(report: Report) -> list[tuple[Section, list[Finding]]]:
    """Return every section with its findings; findings of a code that no section claims come last."""
    found = [(s, [f for f in report.findings if f.code in s.codes]) for s in report.sections]
    claimed = {code for section in report.sections for code in section.codes}
    rest = [f for f in report.findings if f.code not in claimed]
    if rest:
        worst = max((f.severity for f in rest), key=lambda s: s.rank)
        found.append((Section("Other", tuple(sorted({f.code for f in rest})), worst), rest))
    return found


def _line(section: Section, findings: Sequence[Finding], width: int, look: Look) -> RenderableType:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(width=0)
    table.add_column(width=1)
    table.add_column(width=width, overflow="fold")
    table.add_column(width=7)
    table.add_column(overflow="fold")
    if not findings:
        words = f"nothing to examine ({count(len(section.codes), 'check')})"
        title = look.text(section.title, "dim", safe.NAME_LIMIT)
        table.add_row("", Text(look.sign("skipped"), style="dim"), title, "", Text(words, style="dim"))
        return table
    style = SEVERITY_STYLE[section.worst]
    word = Text(section.worst.value, style=style)
    title = look.text(section.title, "" if section.worst is Severity.OK else "bold", safe.NAME_LIMIT)
    table.add_row("", look.severity(section.worst), title, word, Text(_counts(section, findings), style="dim"))
    return table


def _counts(section: Section, findings: Sequence[Finding]) -> str:
    ill = Counter(f.severity for f in findings if f.counts)
    parts = [count(len(section.codes), "check")]
    places = len(findings)
    if places > len(section.codes):
        parts.append(f"on {places} places")
    worst = ", ".join(count(ill[s], s.value) for s in WORST if ill[s])
    return " ".join(parts) + (f": {worst}" if worst else "")


def _short(found: Sequence[tuple[Section, Sequence[Finding]]], look: Look) -> Iterator[RenderableType]:
    """Yield everything well in one line, whatever is to be known in one line each."""
    names = ", ".join(f"{section.title} {len(findings)}" for section, findings in found if findings)
    yield hanging(Text(look.sign("ok"), style="green"), look.text(f"places examined: {names}"), 2, 2, look)
    ill = sorted((f for _, findings in found for f in findings if f.counts), key=lambda f: -f.severity.rank)
    for finding in ill[:PLACES_SHOWN]:
        text = Text(f"{look.clean(finding.code)} ").append_text(look.text(finding.message))
        yield hanging(look.severity(finding.severity), text, 2, 2, look)
    if len(ill) > PLACES_SHOWN:
        yield indented(look.text(f"and {len(ill) - PLACES_SHOWN} more with -v", "dim"), 2)


def _ill(findings: Sequence[Finding], look: Look, *, brief: bool) -> Iterator[RenderableType]:
    """Yield what is not well, the worst first; where there are errors, notes come without their numbers."""
    shown: Counter[str] = Counter()
    for finding in sorted((f for f in findings if f.counts), key=lambda f: (-f.severity.rank, f.code)):
        shown[finding.code] += 1
        if look.verbose or shown[finding.code] <= PLACES_SHOWN:
            yield from opened(finding, look, numbers=not (brief and finding.severity is Severity.NOTE))
    for code, number in shown.items():
        if number > PLACES_SHOWN and not look.verbose:
            yield indented(look.text(f"{code} at {count(number - PLACES_SHOWN, 'more place')} with -v", "dim"), 5)


def opened(finding: Finding, look: Look, *, numbers: bool = True) -> Iterator[RenderableType]:
    """Yield one ill finding: code, name, severity, place, message and readings."""
    style = SEVERITY_STYLE[finding.severity]
    head = look.text(f"{finding.code} ", "", safe.NAME_LIMIT)
    head.append_text(look.text(finding.name, f"bold {style}", safe.NAME_LIMIT))
    head.append(f"  {finding.severity.value} at ", "dim").append_text(look.place(finding.place, "dim"))
    yield hanging(look.severity(finding.severity), head, 5, 1, look)
    yield indented(look.text(finding.message), 7, look)
    if not numbers:
        return
    shown = finding.readings if look.verbose else finding.readings[:READINGS_SHOWN]
    if shown:
        yield indented(readings(shown, look), 7)
    if len(shown) < len(finding.readings):
        yield indented(look.text(f"and {count(len(finding.readings) - len(shown), 'more reading')} with -v", "dim"), 7)


def readings(values: Sequence[Reading], look: Look) -> Table:
    """Return numbers with their bounds and units, one row each."""
    table = Table.grid(padding=(0, 2, 0, 0))
    for justify in ("left", "left", "right", "left"):
        table.add_column(justify=justify, overflow="fold")
    for reading in values:
        bounded = reading.lower is not None or reading.upper is not None
        good = reading.holds or not bounded
        sign = Text("" if not bounded else look.sign("ok" if good else "error"), style="green" if good else "red")
        value = look.text(with_unit(reading_value(reading), reading.unit), "" if good else "red")
        table.add_row(sign, look.text(reading.name), value, look.text(bounds(reading), "dim"))
    return table


def well(report: Report, look: Look) -> Iterator[RenderableType]:
    """Yield everything that was examined and is well; with -v."""
    findings = [f for f in report.findings if not f.ill]
    if not look.verbose or not findings:
        return
    yield ""
    yield Text("Examined and well", style="bold")
    table = columns(("", "check", "place", "reading", "value", "sound"), right="value")
    for finding in findings:
        reading = finding.readings[0] if finding.readings else None
        table.add_row(
            look.severity(finding.severity),
            look.text(f"{finding.code} {finding.name}", limit=safe.NAME_LIMIT),
            look.place(finding.place),
            look.text(reading.name if reading else finding.message),
            look.text(with_unit(reading_value(reading), reading.unit) if reading else ""),
            look.text(bounds(reading) if reading else "", "dim"),
        )
    yield indented(table, 2)
