"""The contact sheet of an audit: the worst pairs of every fault, each with its mask and its reason."""

import base64
import hashlib
import io
import math
import re
import struct
from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image, ImageDraw

from unetdoctor.facts import Finding, Preview, Report, Totals
from unetdoctor.reporters.canvas import PANEL, PAPER, SOFT, Pen, leading, plain, wrapped
from unetdoctor.reporters.tiles import CAPTION, GAP, MARGIN, TITLE, Row, Tile, draw_row

PER_FINDING = 4
"""Pairs of each fault."""
WIDTH = 304
"""Pixels of a tile: two pictures side by side."""
VERDICT = 21
EMPTY_HEIGHT = 90
"""Pixels of a tile without a picture."""
REASON_LINES = 3


def offenders(report: Report) -> list[tuple[Finding, str]]:
    """Return (finding, file) of the worst files of every fault, the worst fault first."""
    if report.data is None:
        return []
    ill = sorted((finding for finding in report.findings if finding.ill), key=lambda f: -f.severity.rank)
    return [(f, name) for f in ill for name in _files(f, report.data.totals)[:PER_FINDING]]


def _files(finding: Finding, totals: Totals) -> list[str]:
    """Return the worst files of a fault: those counted together with the file that it names, where that is clear."""
    worst = finding.place.file
    if not worst:
        return []
    share = finding.readings[0].value if finding.readings else math.nan
    wholes = {totals.pairs, totals.images, totals.masks, totals.labelled, totals.decoded, totals.aligned} - {0}
    for tally in totals.tallies.values():
        if tally.examples[:1] == (worst,) and any(math.isclose(100 * tally.count / n, share) for n in wholes):
            return list(tally.examples)
    return [worst]


def sheet(report: Report, chosen: Sequence[tuple[Finding, str]], sketches: Sequence[Mapping[str, Any]]) -> bytes:
    """Return the contact sheet as PNG, a row for each fault; `sketches` are the pairs in the order of `chosen`."""
    rows: list[tuple[Finding, Row]] = []
    for (finding, name), drawn in zip(chosen, sketches, strict=True):
        if not rows or rows[-1][0] is not finding:
            rows.append((finding, Row(f"{finding.code} {finding.name}", [])))
        rows[-1][1].tiles.append(_tile(name, drawn))
    width = max(2 * WIDTH + GAP, *(row.width for _, row in rows)) + 2 * MARGIN
    reasons = [wrapped(finding.message, TITLE, width - 2 * MARGIN, REASON_LINES) for finding, _ in rows]
    verdict = wrapped(report.verdict, VERDICT, width - 2 * MARGIN, 4)
    head = MARGIN + leading(TITLE) + 10 + len(verdict) * leading(VERDICT) + GAP
    height = head + sum(
        row.height + len(lines) * leading(TITLE) + 6 for (_, row), lines in zip(rows, reasons, strict=True)
    )
    page = Image.new("RGB", (width, height + MARGIN), PAPER)
    pen = Pen(ImageDraw.Draw(page))
    pen.text(MARGIN, MARGIN, f"{plain(report.target.target, 100)}: the worst pairs of each fault", TITLE, SOFT)
    pen.lines(MARGIN, MARGIN + leading(TITLE) + 10, verdict, VERDICT)
    y = head
    for (_, row), lines in zip(rows, reasons, strict=True):
        below = draw_row(page, pen, row, y)
        y = pen.lines(MARGIN, below - GAP + 6, lines, TITLE) + GAP
    stream = io.BytesIO()
    page.save(stream, "PNG")
    return stream.getvalue()


def _tile(name: str, drawn: Mapping[str, Any]) -> Tile:
    if "pixels" in drawn:
        size = int(drawn["width"]), int(drawn["height"])
        picture = Image.frombytes("RGB", size, base64.b64decode(drawn["pixels"]))
    else:
        picture = Image.new("RGB", (WIDTH, EMPTY_HEIGHT), PANEL)
    shown = "".join(re.split(r"([/\\])", name)[-3:])
    caption = wrapped(str(drawn.get("words", "")), CAPTION, WIDTH, 3)
    return Tile(picture, wrapped(shown, TITLE, WIDTH, 2), caption, width=WIDTH)


def preview(page: bytes, file: str) -> Preview:
    """Return the contact sheet as a picture of the report; `file` is where it lies."""
    width, height = struct.unpack(">II", page[16:24])
    return Preview(
        name="worst",
        title="The worst pairs of each fault",
        caption="images with the borders of their masks",
        width=width,
        height=height,
        mode="RGB",
        role="worst",
        file=file,
        size=len(page),
        sha256=hashlib.sha256(page).hexdigest(),
    )
