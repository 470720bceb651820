"""`unetdoctor explain CODE|NAME`: the page of one check."""

from typing import Annotated

import typer

from unetdoctor.cli import completion

HELP = """Explain a check: its symptom, cause, remedy and source.

\b
Examples:
  unetdoctor explain UD203
  unetdoctor explain flat-picture
"""


def explain(
    code: Annotated[
        str, typer.Argument(metavar="CODE|NAME", help="UD203 or flat-picture.", autocompletion=completion.checks)
    ],
) -> None:
    """Explain a check."""
    from unetdoctor.cli.pages import show_page

    show_page(code)
