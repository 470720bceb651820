"""The report for a person: the verdict first, then what it rests on."""

import io
from collections.abc import Callable, Iterable, Iterator

from rich.console import RenderableType

from unetdoctor.facts import Report
from unetdoctor.reporters.blocks.channels import channel_table
from unetdoctor.reporters.blocks.closing import background, closing, pictures
from unetdoctor.reporters.blocks.context import context, crash
from unetdoctor.reporters.blocks.decodings import decoding_table
from unetdoctor.reporters.blocks.findings import sections, well
from unetdoctor.reporters.blocks.scores import score_table
from unetdoctor.reporters.blocks.skips import skip_table
from unetdoctor.reporters.blocks.thumbnails import thumbnails
from unetdoctor.reporters.blocks.trials import trials
from unetdoctor.reporters.blocks.verdict import diagnoses, paste, verdict, verdict_line
from unetdoctor.reporters.look import Look

Block = Callable[[Report, Look], Iterator[RenderableType]]

BLOCKS: tuple[Block, ...] = (
    verdict,
    thumbnails,
    paste,
    diagnoses,
    context,
    crash,
    sections,
    score_table,
    channel_table,
    decoding_table,
    skip_table,
    trials,
    well,
    background,
    pictures,
    closing,
)
"""From top to bottom."""


def renderables(report: Report, look: Look) -> Iterator[RenderableType]:
    """Yield the whole report from top to bottom."""
    for block in BLOCKS:
        yield from block(report, look)


def to_text(report: Report, look: Look) -> str:
    """Return the whole report as text, with escape sequences where the look has colours."""
    return printed(renderables(report, look), look)


def printed(shown: Iterable[RenderableType], look: Look) -> str:
    """Return renderables as text, one below the other."""
    stream = io.StringIO()
    console = look.console(stream)
    for renderable in shown:
        console.print(renderable, crop=False)
    return _trimmed(stream.getvalue())


def to_line(report: Report, look: Look) -> str:
    """Return the verdict alone, in one line of any length."""
    stream = io.StringIO()
    look.console(stream).print(verdict_line(report, look), soft_wrap=True)
    return _trimmed(stream.getvalue())


def _trimmed(text: str) -> str:
    """Return the text without the spaces that fill lines up."""
    return "\n".join(line.rstrip(" ") for line in text.split("\n"))
