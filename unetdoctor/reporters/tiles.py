"""Pictures with their words, in rows under a heading."""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from unetdoctor.facts import Preview
from unetdoctor.reporters.canvas import INK, LINE, PANEL, SOFT, Color, Pen, fitted, leading, plain, wrapped

SIDE = 192
"""Pixels of a picture's longer side."""
GAP = 24
MARGIN = 40
PER_LINE = 6
TITLE, CAPTION, HEADING, NUMBER = 15, 13, 19, 22
LEGEND_SHOWN = 12


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
    """A word over the title: `Before`, `After`."""
    note: str = ""
    """The number that belongs to the badge, large."""
    color: Color = INK
    """Colour of badge and note."""
    width: int = SIDE
    """Pixels that the tile takes in its line."""
    framed: bool = False
    """Whether title and frame take the colour, so that it stands out of its line."""

    @property
    def head(self) -> int:
        """Pixels above the picture."""
        badge = leading(HEADING) + leading(NUMBER) + 4 if self.badge else 0
        return badge + len(self.title) * leading(TITLE) + 6

    @property
    def foot(self) -> int:
        """Pixels below the picture."""
        return 8 + (len(self.caption) + len(self.legend)) * leading(CAPTION)


@dataclass(frozen=True)
class Row:
    """Tiles under one heading."""

    heading: str
    """What they have in common."""
    tiles: list[Tile]
    """From left to right, in as many lines as it takes."""

    @property
    def lines(self) -> list[list[Tile]]:
        """The tiles, a line at a time; an even number in each, so that pairs stay together."""
        return [self.tiles[start : start + PER_LINE] for start in range(0, len(self.tiles), PER_LINE)]

    @property
    def width(self) -> int:
        """Pixels of the widest line."""
        return max((sum(t.width for t in line) + GAP * (len(line) - 1) for line in self.lines), default=0)

    @property
    def height(self) -> int:
        """Pixels from the rule above the heading to the end of the last line."""
        return 12 + leading(HEADING) + 8 + sum(line_height(line) for line in self.lines)


def make_tile(preview: Preview, picture: Image.Image, side: int = SIDE) -> Tile:
    """Return a preview as a tile."""
    legend = tuple((color, plain(label, 40)) for color, label in preview.legend[:LEGEND_SHOWN])
    left = len(preview.legend) - len(legend)
    return Tile(
        picture=fitted(picture.convert("RGB"), side),
        title=wrapped(preview.title, TITLE, side, 2),
        caption=wrapped(preview.caption, CAPTION, side, 3),
        legend=(*legend, ("", f"and {left} more")) if left > 0 else legend,
        width=side,
    )


def line_height(tiles: Sequence[Tile]) -> int:
    """Return the pixels of one line of tiles, with the space below it."""
    return max(tile.head for tile in tiles) + max(tile.picture.height + tile.foot for tile in tiles) + GAP


def draw_row(page: Image.Image, pen: Pen, row: Row, y: int) -> int:
    """Draw a heading and its tiles; return where the next row starts."""
    pen.draw.line((MARGIN, y, page.width - MARGIN, y), fill=LINE)
    pen.text(MARGIN, y + 12, row.heading, HEADING, INK)
    y += 12 + leading(HEADING) + 8
    for line in row.lines:
        top = y + max(tile.head for tile in line)
        x = MARGIN
        for tile in line:
            _draw(page, pen, tile, x, top)
            x += tile.width + GAP
        y += line_height(line)
    return y


def _draw(page: Image.Image, pen: Pen, tile: Tile, x: int, y: int) -> None:
    top = y - tile.head
    if tile.badge:
        pen.text(x, top, tile.badge, HEADING, tile.color)
        pen.text(x, top + leading(HEADING), tile.note, NUMBER, tile.color)
    head, frame, line = (tile.color, tile.color, 3) if tile.framed else (INK, LINE, 1)
    pen.lines(x, y - 6 - len(tile.title) * leading(TITLE), tile.title, TITLE, head)
    right, bottom = x + tile.picture.width, y + tile.picture.height
    pen.draw.rectangle((x - line, y - line, right + line - 1, bottom + line - 1), outline=frame, fill=PANEL, width=line)
    page.paste(tile.picture, (x, y))
    below = pen.lines(x, bottom + 8, tile.caption, CAPTION, SOFT)
    for color, label in tile.legend:
        if color:
            pen.draw.rectangle((x, below + 3, x + 11, below + 14), fill=color, outline=LINE)
        pen.text(x + 18 if color else x, below, label, CAPTION, SOFT)
        below += leading(CAPTION)
