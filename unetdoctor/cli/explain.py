"""`unetdoctor explain CODE|NAME`: the page of one check."""

import sys
from typing import Annotated

import typer

from unetdoctor.cli import streams
from unetdoctor.cli.errors import RequestError


def explain(
    code: Annotated[str, typer.Argument(metavar="CODE|NAME", help="UD203 or flat-picture.")],
) -> None:
    """Explain a check: its symptom, cause, remedy and source."""
    from unetdoctor.checks import by_code
    from unetdoctor.reporters.look import look_for
    from unetdoctor.reporters.rules import to_page

    try:
        card = by_code(code).card()
    except ValueError as error:
        raise RequestError(str(error)) from None
    streams.write(to_page(card, look_for(sys.stdout)))
