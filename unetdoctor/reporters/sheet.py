"""The contact sheet: input, channels, decoded picture, classes, and the experiment that cured, on one page."""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from unetdoctor.facts import Diagnosis, Outcome, Preview, Report, State, Trial
from unetdoctor.reporters.canvas import (
    AMBER,
    CYAN,
    GREEN,
    INK,
    LINE,
    MAGENTA,
    PANEL,
    PAPER,
    RED,
    SOFT,
    Color,
    Pen,
    fitted,
    leading,
    plain,
    width_of,
    wrapped,
)
from unetdoctor.reporters.numbers import number

SIDE = 192
"""Pixels of a picture's longer side."""
GAP = 24
MARGIN = 40
PER_ROW = 6
CHANNELS_SHOWN = 12
TITLE, CAPTION, HEADING, VERDICT = 15, 13, 19, 21
STATE_COLOR: dict[State, Color] = {
    State.HEALTHY: GREEN,
    State.UNTRAINED: CYAN,
    State.ILL: RED,
    State.NOT_DIAGNOSABLE: MAGENTA,
}


@dataclass(frozen=True)
class Tile:
    """One picture with its words."""

    picture: Image.Image
    """Already in its final size."""
    title: list[str]
    """Lines above."""
    caption: list[str]
    """Lines below."""
    legend: tuple[tuple[str, str], ...] = ()
    """(colour, label) below the caption."""
    badge: str = ""
    """A word over the picture's title: `before`, `after`."""
    color: Color = INK
    """Colour of the badge."""
    note: str = ""
    """The number that belongs to the badge, large."""
    width: int = SIDE
    """Pixels that the tile takes in its row."""

    @property
    def head(self) -> int:
        """Pixels above the picture."""
        badge = leading(HEADING) + leading(VERDICT) if self.badge else 0
        return badge + len(self.title) * leading(TITLE) + 6

    @property
    def foot(self) -> int:
        """Pixels below the picture."""
        return 8 + len(self.caption) * leading(CAPTION) + len(self.legend) * leading(CAPTION)


@dataclass(frozen=True)
class Row:
    """Tiles under one heading."""

    heading: str
    """What they have in common."""
    tiles: list[Tile]
    """From left to right, as many lines as it takes."""


def sheet(report: Report, pictures: dict[str, Image.Image]) -> Image.Image:
    """Return the contact sheet of the previews whose picture is given by name."""
    shown = [preview for preview in report.previews if preview.name in pictures]
    rows = [row for row in _rows(report, shown, pictures) if row.tiles]
    widest = max((_line_width(line) for row in rows for line in _lines(row.tiles)), default=0)
    width = max(widest, 3 * SIDE + 2 * GAP) + 2 * MARGIN
    header = _header_lines(report, width)
    height = MARGIN + _header_height(header) + sum(_row_height(row) for row in rows) + MARGIN // 2
    page = Image.new("RGB", (width, height), PAPER)
    pen = Pen(ImageDraw.Draw(page))
    y = _draw_header(pen, report, header, MARGIN)
    for row in rows:
        y = _draw_row(page, pen, row, y)
    return page


def _rows(report: Report, shown: Sequence[Preview], pictures: dict[str, Image.Image]) -> list[Row]:
    by_role: dict[str, list[Preview]] = {}
    for preview in shown:
        by_role.setdefault(preview.role, []).append(preview)

    def tiles(*roles: str) -> list[Tile]:
        return [tile(preview, pictures[preview.name]) for role in roles for preview in by_role.get(role, [])]

    channels, hidden = channel_pairs(by_role.get("displayed", []), by_role.get("stretched", []))
    heading = "Output channels: as displayed, then stretched to their own range"
    more = f"  (first {CHANNELS_SHOWN} of {CHANNELS_SHOWN + hidden})" if hidden else ""
    return [
        Row("Input", tiles("input")),
        Row(heading + more, [tile(preview, pictures[preview.name]) for preview in channels]),
        Row("What the output shows", tiles("picture", "classes", "overlay")),
        Row("Experiment", _comparison(report, by_role, pictures)),
    ]


def channel_pairs(displayed: Sequence[Preview], stretched: Sequence[Preview]) -> tuple[list[Preview], int]:
    """Return each displayed channel followed by its stretched one, and how many channels are left out.

    Two belong together where their names do (`noise-channel-0`, `noise-channel-0-stretched`), else by their order.
    """
    rest = list(stretched)
    pairs: list[list[Preview]] = []
    for preview in displayed:
        stem = preview.name.removesuffix("-displayed")
        partner = next((other for other in rest if other.name.removesuffix("-stretched") == stem), None)
        pairs.append([preview])
        if partner is not None:
            rest.remove(partner)
            pairs[-1].append(partner)
    for pair in pairs:
        if len(pair) == 1 and rest and len(rest) == sum(len(other) == 1 for other in pairs):
            pair.append(rest.pop(0))
    pairs.extend([other] for other in rest)
    return [preview for pair in pairs[:CHANNELS_SHOWN] for preview in pair], max(len(pairs) - CHANNELS_SHOWN, 0)


def tile(preview: Preview, picture: Image.Image, side: int = SIDE, **changes: object) -> Tile:
    """Return a preview as a tile."""
    legend = tuple((color, plain(label, 40)) for color, label in preview.legend[:10])
    left = len(preview.legend) - len(legend)
    legend = (*legend, ("", f"and {left} more")) if left > 0 else legend
    image = fitted(picture.convert("RGB"), side)
    title, caption = wrapped(preview.title, TITLE, side, 2), wrapped(preview.caption, CAPTION, side, 3)
    return Tile(image, title, caption, legend, width=side, **changes)  # type: ignore[arg-type]


def best_trial(report: Report) -> Trial | None:
    """Return the experiment that the first diagnosis rests on, else the best one of all."""
    first: Diagnosis | None = report.diagnoses[0] if report.diagnoses else None
    if first is not None and first.trial is not None:
        return first.trial
    for outcome in (Outcome.CURED, Outcome.BETTER):
        for trial in report.trials:
            if trial.outcome is outcome:
                return trial
    return None


def _comparison(report: Report, by_role: dict[str, list[Preview]], pictures: dict[str, Image.Image]) -> list[Tile]:
    """Return the present picture beside the picture under the best remedy, with the number that changed."""
    after = by_role.get("trial", [])[:1]
    before = (by_role.get("picture") or by_role.get("classes") or by_role.get("displayed") or [])[:1]
    trial = best_trial(report)
    if not after or not before:
        return []
    side = 2 * SIDE
    numbers = ("", "") if trial is None else (number(trial.before), number(trial.after))
    said = ["", ""] if trial is None else [plain(f"{trial.reading} {n} {trial.unit}", 60) for n in numbers]
    color = GREEN if trial is None or trial.outcome is Outcome.CURED else AMBER
    return [
        tile(before[0], pictures[before[0].name], side, badge="Before", color=SOFT, note=said[0]),
        tile(after[0], pictures[after[0].name], side, badge="After", color=color, note=said[1]),
    ]


def _lines(tiles: Sequence[Tile]) -> list[list[Tile]]:
    """Return the tiles in lines; pairs of channels are not torn apart because a line holds an even number."""
    return [list(tiles[start : start + PER_ROW]) for start in range(0, len(tiles), PER_ROW)]


def _line_width(tiles: Sequence[Tile]) -> int:
    return sum(tile.width for tile in tiles) + GAP * (len(tiles) - 1)


def _line_height(tiles: Sequence[Tile]) -> int:
    head = max(tile.head for tile in tiles)
    return head + max(tile.picture.height + tile.foot for tile in tiles) + GAP


def _row_height(row: Row) -> int:
    return leading(HEADING) + 14 + sum(_line_height(line) for line in _lines(row.tiles)) + 8


def _header_lines(report: Report, width: int) -> list[str]:
    return wrapped(report.verdict, VERDICT, width - 2 * MARGIN, 5)


def _header_height(lines: Sequence[str]) -> int:
    return 38 + len(lines) * leading(VERDICT) + leading(TITLE) + 26


def _draw_header(pen: Pen, report: Report, lines: list[str], y: int) -> int:
    word = report.state.value.replace("_", " ").upper()
    color = STATE_COLOR[report.state]
    width = width_of(word, TITLE) + 24
    pen.draw.rounded_rectangle((MARGIN, y, MARGIN + width, y + 26), 13, fill=color)
    pen.text(MARGIN + width // 2, y + 13, word, TITLE, PAPER, "mm")
    pen.text(MARGIN + width + 16, y + 13, plain(report.target.target, 90), TITLE, SOFT, "lm")
    y = pen.lines(MARGIN, y + 38, lines, VERDICT)
    return y + leading(TITLE) // 2 + 12


def _draw_row(page: Image.Image, pen: Pen, row: Row, y: int) -> int:
    pen.draw.line((MARGIN, y, page.width - MARGIN, y), fill=LINE)
    pen.text(MARGIN, y + 12, row.heading, HEADING, INK)
    y += leading(HEADING) + 20
    for line in _lines(row.tiles):
        head = max(tile.head for tile in line)
        x = MARGIN
        for tile_ in line:
            _draw_tile(page, pen, tile_, x, y + head)
            x += tile_.width + GAP
        y += _line_height(line)
    return y + 2


def _draw_tile(page: Image.Image, pen: Pen, tile: Tile, x: int, y: int) -> None:
    top = y - tile.head
    if tile.badge:
        pen.text(x, top, tile.badge, HEADING, tile.color)
        pen.text(x, top + leading(HEADING), tile.note, VERDICT, tile.color)
        top += leading(HEADING) + leading(VERDICT)
    else:
        top = y - len(tile.title) * leading(TITLE) - 6
    pen.lines(x, top, tile.title, TITLE)
    right, bottom = x + tile.picture.width, y + tile.picture.height
    pen.draw.rectangle((x - 1, y - 1, right, bottom), outline=LINE, fill=PANEL)
    page.paste(tile.picture, (x, y))
    below = pen.lines(x, bottom + 8, tile.caption, CAPTION, SOFT)
    for color, label in tile.legend:
        if color:
            pen.draw.rectangle((x, below + 3, x + 11, below + 14), fill=color, outline=LINE)
        pen.text(x + 18 if color else x, below, label, CAPTION, SOFT)
        below += leading(CAPTION)
