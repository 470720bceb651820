"""Small pictures in the terminal: what goes in, what comes out, and what comes out under the best remedy.

Every character is two pixels: the upper half block in the colour of the upper one, on the colour of the lower one.
Pillow is imported when there is a picture to draw: other reports do without it.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.color import Color
from rich.console import RenderableType
from rich.style import Style
from rich.table import Table
from rich.text import Text

from unetdoctor.facts import Outcome, Preview, Report
from unetdoctor.reporters.blocks.layout import indented
from unetdoctor.reporters.look import Look
from unetdoctor.reporters.stored import read_picture

if TYPE_CHECKING:
    from PIL import Image

UPPER = "▀"
COLUMNS, ROWS = 32, 12
"""Most characters of a picture, across and down; 24 pixels high, so that three of them leave room for the verdict."""
GAP = 3
MOST_PIXELS = 4_000_000
"""A PNG file of ours is far smaller; another one is not decoded."""


@dataclass(frozen=True)
class Thumbnail:
    """One picture with its heading."""

    heading: str
    """`input`, `output as displayed`, `cured`."""
    picture: "Image.Image"
    """In colour, of its own size."""


def thumbnails(report: Report, look: Look) -> Iterator[RenderableType]:
    """Yield the pictures beside each other; nothing where the terminal cannot show them or there are none."""
    if not look.pictures:
        return
    found = list(_found(report))
    if not found:
        return
    across = min(COLUMNS, (look.width - 2 - GAP * (len(found) - 1)) // len(found))
    table = Table.grid(padding=(0, GAP, 0, 0))
    drawn = [half_blocks(thumbnail.picture, across) for thumbnail in found]
    for lines in drawn:
        table.add_column(width=max(len(lines[0].plain), 14), no_wrap=True)
    table.add_row(*(look.text(thumbnail.heading, "dim") for thumbnail in found))
    for row in range(max(map(len, drawn))):
        table.add_row(*(lines[row] if row < len(lines) else "" for lines in drawn))
    yield ""
    yield indented(table, 2)


def half_blocks(picture: "Image.Image", columns: int = COLUMNS, rows: int = ROWS) -> list[Text]:
    """Return a picture as lines of half blocks, at most so many across and down, in its own proportions."""
    from PIL import Image

    width, height = _fitted(picture.width, picture.height, columns, 2 * rows)
    kind = Image.Resampling.BOX if width < picture.width else Image.Resampling.NEAREST
    pixels = picture.convert("RGB").resize((width, height), kind).load()
    assert pixels is not None
    lines = []
    for y in range(0, height, 2):
        line = Text(no_wrap=True, end="")
        for x in range(width):
            upper, lower = (Color.from_rgb(*_rgb(pixels[x, y + below])) for below in (0, 1))
            line.append(UPPER, Style(color=upper, bgcolor=lower))
        lines.append(line)
    return lines


def _rgb(pixel: object) -> tuple[int, int, int]:
    assert isinstance(pixel, tuple)
    return pixel[0], pixel[1], pixel[2]


def _fitted(width: int, height: int, most_wide: int, most_high: int) -> tuple[int, int]:
    """Return width and height in pixels, the height even."""
    scale = min(most_wide / width, most_high / height)
    return max(round(width * scale), 1), max(2 * round(height * scale / 2), 2)


def _found(report: Report) -> Iterator[Thumbnail]:
    from unetdoctor.reporters.sheet import best_trial

    best = best_trial(report)
    word = best.outcome.value if best is not None and best.outcome in (Outcome.CURED, Outcome.BETTER) else ""
    by_role: dict[str, Preview] = {}
    for preview in report.previews:
        by_role.setdefault(preview.role, preview)
    wanted = (
        (("input",), "input"),
        (("picture", "classes", "displayed"), "output as displayed"),
        (("trial",), f"{word} by the remedy" if word else ""),
    )
    for roles, heading in wanted:
        preview_of_role = next((by_role[role] for role in roles if role in by_role), None)
        picture = _decoded(preview_of_role) if preview_of_role is not None and heading else None
        if picture is not None:
            yield Thumbnail(heading, picture)


def _decoded(preview: Preview) -> "Image.Image | None":
    from PIL import Image

    data = read_picture(preview)
    if not data:
        return None
    try:
        picture = Image.open(io.BytesIO(data), formats=("PNG",))
        if picture.size != (preview.width, preview.height) or picture.width * picture.height > MOST_PIXELS:
            return None
        picture.load()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    return picture
