"""`unetdoctor rules`: the catalogue."""

from typing import Annotated

import typer

from unetdoctor.cli.errors import choice

FORMATS = ("text", "json", "markdown")


def rules(
    format_: Annotated[str, typer.Option("--format", metavar="FORMAT", help="text, json or markdown.")] = "text",
) -> None:
    """List every check: code, name, kind and what it finds."""
    from unetdoctor.cli.pages import show_catalogue

    show_catalogue(choice("--format", format_, FORMATS))
