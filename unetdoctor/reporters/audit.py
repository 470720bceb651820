"""An audit for a person: the verdict, one line for each kind of fault, then what was counted."""

import math
from collections.abc import Iterable, Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from unetdoctor.facts import Coding, Finding, Form, Report, Severity, State, Totals, Yielded
from unetdoctor.facts.audit import Audited, Listed
from unetdoctor.reporters import fence, safe
from unetdoctor.reporters.blocks.layout import Verbatim, indented
from unetdoctor.reporters.blocks.verdict import verdict
from unetdoctor.reporters.histogram import sparkline
from unetdoctor.reporters.look import Look
from unetdoctor.reporters.numbers import count, number, seconds
from unetdoctor.reporters.terminal import printed

SCALE = 65535
"""Scale of the sums."""
FEW = 4
"""Entries of a list that are shown without -v."""
CLASSES = 12
"""Classes that are shown without -v."""
BINS = 32
_UNASKED = "a contact sheet of the worst: unetdoctor audit ... --out-dir DIR"


def to_text(found: Audited, look: Look) -> str:
    """Return the whole result as text, with escape sequences where the look has colours."""
    return printed(blocks(found, look), look)


def saved(report: Report) -> Audited:
    """Return a report that was saved as if it had just been made; how its files were found is not kept."""
    seconds_, data = report.timings.seconds, report.data
    pairs = data.totals.pairs if data is not None else 0
    return Audited(report, Listed(), seconds_, pairs / seconds_ if seconds_ else 0.0)


def blocks(found: Audited, look: Look) -> Iterator[RenderableType]:
    """Yield the whole result from top to bottom."""
    report = found.report
    yield from verdict(report, look)
    yield from _faults(report, look)
    yield from _ambiguous(found.listed, look)
    yield from _patches(report.findings, look)
    if report.data is not None and report.data.yielded is not None:
        yield from _yielded(report.data.yielded, report.data.totals, look)
    elif report.data is not None and report.state is not State.NOT_DIAGNOSABLE:
        yield ""
        yield _table(_rows(found, report.data.totals, look), look)
        yield from _normalize(report.data.totals, look)
    yield from _closing(found, look)


def _faults(report: Report, look: Look) -> Iterator[RenderableType]:
    """Yield one entry for each kind of fault; with -v also what is well."""
    ill = sorted((f for f in report.findings if f.ill), key=lambda f: -f.severity.rank)
    well = [f for f in report.findings if not f.ill] if look.verbose else []
    if not ill and not well:
        return
    yield ""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", max_width=look.prose)
    for finding in (*ill, *well):
        table.add_row(
            look.severity(finding.severity), look.text(finding.code, "bold"), _line(finding, report.verdict, look)
        )
    yield table


def _ambiguous(listed: Listed, look: Look) -> Iterator[RenderableType]:
    """Yield the images of which it is not clear which mask is theirs."""
    if not listed.ambiguous:
        return
    shown = listed.ambiguous if look.verbose else listed.ambiguous[:FEW]
    yield ""
    words = f"It is not clear which mask belongs to {count(listed.ambiguous_count, 'image')}; name masks by a pattern."
    yield Text.assemble((look.sign("warning"), "yellow"), "  ", look.text(words), overflow="fold")
    for line in shown:
        yield indented(look.text(line, "dim"), 3, look)
    if len(shown) < len(listed.ambiguous):
        yield indented(look.text("and more with -v", "dim"), 3)


def _line(finding: Finding, verdict: str, look: Look) -> Text:
    """Return the name and what was found, unless the verdict above says it in the same words."""
    name = look.text(f"{finding.name}  ", "bold" if finding.ill else "dim", safe.NAME_LIMIT)
    if finding.message in verdict:
        return Text.assemble(name, ("as said above", "dim"), overflow="fold")
    return Text.assemble(name, look.text(finding.message, "" if finding.ill else "dim"), overflow="fold")


def _patches(findings: tuple[Finding, ...], look: Look) -> Iterator[RenderableType]:
    """Yield the lines to paste of the worst faults."""
    shown: dict[str, str] = {}
    for finding in sorted((f for f in findings if f.severity in (Severity.ERROR, Severity.WARNING)), key=_rank):
        for remedy in finding.remedies[:1]:
            if remedy.patch:
                shown.setdefault(remedy.patch, f"{finding.code}: {remedy.title}")
    for patch, title in list(shown.items())[: None if look.verbose else FEW]:
        yield ""
        yield Text.assemble(("Remedy", "bold"), look.text(f"  {title}"), overflow="fold")
        lines = safe.clean_lines(patch.strip("\n"), ascii_only=look.ascii_only)
        yield Verbatim(tuple(f"    {line}".rstrip() for line in lines))


def _rank(finding: Finding) -> int:
    return -finding.severity.rank


def _yielded(yielded: Yielded, totals: Totals, look: Look) -> Iterator[RenderableType]:
    """Yield what samples look like."""
    rows = [("Dataset", f"{yielded.kind}; {yielded.examined:,} examined"), ("Sample", yielded.structure)]
    for name, forms in (("Images", yielded.images), ("Masks", yielded.masks)):
        rows += [(name if not index else "", _form(form, yielded)) for index, form in enumerate(forms)]
    if not yielded.masks:
        rows.append(("Masks", "none"))
    yield ""
    yield _table([*rows, *_shares(totals, look)], look)


def _form(form: Form, yielded: Yielded) -> str:
    shape = "x".join(map(str, form.shape))
    share = f"{form.count:,} of {yielded.examined:,}, " if form.count < yielded.examined else ""
    return (
        f"{form.dtype} {shape}, {share}values {number(form.low)}..{number(form.high)}, "
        f"mean {number(form.mean)}, std {number(form.std)}"
    )


def _table(rows: Iterable[tuple[str, str]], look: Look) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    for name, words in rows:
        table.add_row(name, look.text(words))
    return table


def _rows(found: Audited, totals: Totals, look: Look) -> Iterator[tuple[str, str]]:
    yield "Pairs", _pairs(totals)
    if found.listed.masks_from:
        yield "Masks", found.listed.masks_from
    if totals.sizes:
        yield "Sizes", _most(totals.sizes, look)
    yield "Files", _most(totals.modes, look)
    if totals.pixels:
        mean, std = normalisation(totals)
        yield "Mean", ", ".join(f"{value:.4f}" for value in mean)
        yield "Std", ", ".join(f"{value:.4f}" for value in std)
    if totals.histogram:
        grey = len(set(totals.histogram)) == 1
        bars = (sparkline(row, BINS, ascii_only=look.ascii_only) for row in totals.histogram)
        for name, bar in zip(("Grey",) if grey else ("Red", "Green", "Blue"), bars, strict=False):
            yield name, f"{bar}  0..255"
    if totals.decoded:
        yield "Colour", _colour(totals)
    yield from _shares(totals, look)


def _shares(totals: Totals, look: Look) -> Iterator[tuple[str, str]]:
    several = sum(coding != Coding.COLOURS for coding in totals.values) > 1
    for coding, values in totals.values.items():
        if coding == Coding.COLOURS:
            yield "Colours", f"{len(values)} in masks"
            continue
        shares = _classes({value: held.pixels for value, held in values.items()}, look)
        yield "Ids", f"{shares} (masks of {coding})" if several else shares


def normalisation(totals: Totals) -> tuple[list[float], list[float]]:
    """Return mean and standard deviation of red, green and blue in 0..1."""
    mean = [total / totals.pixels / SCALE for total in totals.sums]
    square = [total / totals.pixels / SCALE**2 for total in totals.squares]
    return mean, [math.sqrt(max(s - m * m, 0.0)) for m, s in zip(mean, square, strict=True)]


def _normalize(totals: Totals, look: Look) -> Iterator[RenderableType]:
    if totals.pixels:
        mean, std = (", ".join(f"{value:.4f}" for value in values) for values in normalisation(totals))
        yield ""
        yield Verbatim((f"v2.Normalize(mean=[{mean}], std=[{std}])",), "cyan")


def _pairs(totals: Totals) -> str:
    both = totals.images + totals.masks - totals.pairs
    if not totals.masks:
        return f"none: {count(totals.images, 'image')} and no mask"
    lone = (("image", totals.images - both, "mask"), ("mask", totals.masks - both, "image"))
    said = [f"{count(number, what)} without {other}" for what, number, other in lone if number]
    return ", ".join([f"{both:,}", *said])


def _most(counts: dict[str, int], look: Look) -> str:
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shown = ranked if look.verbose else ranked[:FEW]
    left = len(ranked) - len(shown)
    said = [f"{number:,} {what}" for what, number in shown]
    return ", ".join([*said, *([f"and {left} more"] if left else [])])


def _colour(totals: Totals) -> str:
    kinds = {kind: totals.tallies[name].count for name, kind in _COLOURLESS.items() if name in totals.tallies}
    said = [f"{number:,} {kind}" for kind, number in kinds.items()]
    grey = sum(number for mode, number in totals.modes.items() if mode.startswith("image ") and mode.endswith(" L"))
    said += [f"{grey:,} stored as grey"] if grey else []
    return f"{', '.join(said)} of {totals.decoded:,} pictures" if said else f"in all {totals.decoded:,} pictures"


_COLOURLESS = {
    "picture: three equal channels": "with three equal channels",
    "picture: almost without colour": "almost without colour",
}


def _classes(pixels: dict[int, int], look: Look) -> str:
    """Return the share of each id, or of the most frequent ones."""
    whole = sum(pixels.values()) or 1
    ranked = sorted(pixels.items()) if len(pixels) <= CLASSES else sorted(pixels.items(), key=lambda item: -item[1])
    shown = ranked if look.verbose else ranked[:CLASSES]
    left = len(ranked) - len(shown)
    said = [f"{value}: {100 * number / whole:.3g} %" for value, number in shown]
    return ", ".join([*said, *([f"and {left} more"] if left else [])])


def _closing(found: Audited, look: Look) -> Iterator[RenderableType]:
    """Yield where results lie, what was left out, and how long it took."""
    report, listed = found.report, found.listed
    sheets = [preview.file for preview in report.previews if preview.role == "worst"]
    shown = any(finding.ill and finding.place.file for finding in report.findings)
    for sheet in sheets or ([_UNASKED] if shown else []):
        yield ""
        yield Text.assemble(("Pictures", "bold"), "  ", look.text(sheet, "" if sheets else "dim"))
    yield ""
    told = [*(f"not listed: {trouble}" for trouble in listed.troubles[: None if look.verbose else FEW])]
    left = len(listed.troubles) - len(told)
    told += [f"not listed: {left} more with -v"] if left else []
    told += [f"no picture: {_others(listed.others)}"] if listed.others else []
    told += [f"not examined: {skipped.code}: {skipped.reason}" for skipped in report.skipped]
    told += [*report.notices, *fence.told(report.environment)]
    for line in told:
        yield indented(look.text(line, "dim"), 0, look)
    checks = len({code for section in report.sections for code in section.codes})
    read, what = _read(report.data.totals) if report.data else ("", "pairs")
    parts = [f"{checks} checks", read]
    parts += [f"{found.resumed:,} kept from before" if found.resumed else ""]
    parts += [
        f"{seconds(found.seconds)}, {found.pairs_per_s:,.0f} {what}/s",
        f"unetdoctor {report.environment.unetdoctor}",
    ]
    yield look.text((" · " if not look.ascii_only else "; ").join(part for part in parts if part))


def _read(totals: Totals) -> tuple[str, str]:
    """Return (what was read, its plural): pairs, and files that have no partner."""
    both = totals.images + totals.masks - totals.pairs
    if not both:
        return count(totals.pairs, "file"), "files"
    alone = totals.pairs - both
    return count(both, "pair") + (f" and {count(alone, 'file')} alone" if alone else ""), "pairs"


def _others(others: dict[str, tuple[int, str]]) -> str:
    said = [
        f"{number:,} {suffix or 'without ending'}"
        for suffix, (number, _) in sorted(others.items(), key=lambda x: -x[1][0])
    ]
    return ", ".join(said[:FEW]) + (" ..." if len(said) > FEW else "")
