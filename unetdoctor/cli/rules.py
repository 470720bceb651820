"""`unetdoctor rules`: the catalogue."""

from typing import Annotated

import typer

from unetdoctor.cli import streams
from unetdoctor.cli.errors import choice

FORMATS = ("text", "json", "markdown")


def rules(
    format_: Annotated[str, typer.Option("--format", metavar="FORMAT", help="text, json or markdown.")] = "text",
) -> None:
    """List every check: code, name, kind and what it finds."""
    import sys

    from unetdoctor.checks import cards
    from unetdoctor.reporters import rules as pages

    kind = choice("--format", format_, FORMATS)
    if kind == "json":
        streams.write(pages.to_json(cards()))
    elif kind == "markdown":
        streams.write(pages.to_markdown(cards()))
    else:
        from unetdoctor.reporters.look import look_for

        streams.write(pages.to_table(cards(), look_for(sys.stdout)))
