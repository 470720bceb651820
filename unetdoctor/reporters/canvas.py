"""Paper, ink and letters of our pictures: one palette, one font, text that wraps."""

from dataclasses import dataclass
from functools import cache

from PIL import Image, ImageDraw, ImageFont

from unetdoctor.reporters.safe import SENTENCE_LIMIT, clean

PAPER = (24, 26, 31)
PANEL = (33, 36, 43)
LINE = (66, 71, 82)
INK = (232, 234, 238)
SOFT = (152, 159, 172)
GREEN = (94, 201, 128)
RED = (240, 104, 98)
CYAN = (90, 190, 222)
AMBER = (240, 180, 84)
MAGENTA = (200, 130, 220)

Color = tuple[int, int, int]
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@cache
def font(size: int) -> Font:
    """Return Pillow's own font in a size; it holds the letters of ASCII and little else."""
    return ImageFont.load_default(size=size)


def plain(text: object, limit: int = SENTENCE_LIMIT) -> str:
    """Return foreign text in the letters that the font has."""
    return clean(text, limit, ascii_only=True)


def width_of(text: str, size: int) -> int:
    """Return the pixels that a line takes."""
    return round(font(size).getlength(text))


def wrapped(text: str, size: int, width: int, lines: int) -> list[str]:
    """Return the text in at most so many lines of at most so many pixels; words that are too long are broken."""
    rows: list[str] = []
    row = ""
    for word in plain(text).split():
        while True:
            joined = f"{row} {word}" if row else word
            if width_of(joined, size) <= width:
                row = joined
                break
            if row:
                rows.append(row)
                row = ""
                continue
            fits = max(next((n for n in range(len(word), 0, -1) if width_of(word[:n], size) <= width), 1), 1)
            rows.append(word[:fits])
            word = word[fits:]
            if not word:
                break
    if row:
        rows.append(row)
    if len(rows) <= lines:
        return rows
    last = rows[lines - 1]
    while last and width_of(f"{last}...", size) > width:
        last = last[:-1]
    return [*rows[: lines - 1], f"{last.rstrip()}..."]


def leading(size: int) -> int:
    """Return the distance between two lines."""
    return round(size * 1.35)


@dataclass(frozen=True)
class Pen:
    """Where text goes."""

    draw: ImageDraw.ImageDraw
    """Pillow's drawing context."""

    def text(self, x: float, y: float, text: str, size: int, color: Color = INK, anchor: str = "la") -> None:
        """Write one line."""
        self.draw.text((x, y), text, fill=color, font=font(size), anchor=anchor)

    def lines(self, x: int, y: int, rows: list[str], size: int, color: Color = INK) -> int:
        """Write lines and return where the next one starts."""
        for row in rows:
            self.text(x, y, row, size, color)
            y += leading(size)
        return y


def fitted(picture: Image.Image, side: int) -> Image.Image:
    """Return the picture within a square: enlarged by a whole factor without smoothing, or reduced."""
    longest = max(picture.size)
    if longest > side:
        scale = side / longest
        size = (max(round(picture.width * scale), 1), max(round(picture.height * scale), 1))
        return picture.resize(size, Image.Resampling.LANCZOS)
    factor = max(side // longest, 1)
    return picture.resize((picture.width * factor, picture.height * factor), Image.Resampling.NEAREST)
