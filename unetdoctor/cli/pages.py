"""The catalogue and its pages on stdout: what `rules` and `explain` do, without waiting for a parser."""

import sys

from unetdoctor.cli import streams
from unetdoctor.cli.catalogue import card_of, cards, whole
from unetdoctor.cli.errors import RequestError
from unetdoctor.reporters import rules as pages
from unetdoctor.reporters.look import look_for


def show_page(code: str) -> int:
    """Write the page of a check; raises RequestError where there is none of that code or name."""
    try:
        card = whole(card_of(code))
    except ValueError as error:
        raise RequestError(str(error)) from None
    streams.write(pages.to_page(card, look_for(sys.stdout)))
    return 0


def show_catalogue(kind: str = "text") -> int:
    """Write the whole catalogue as text, json or markdown."""
    if kind == "json":
        streams.write(pages.to_json([whole(card) for card in cards()]))
    elif kind == "markdown":
        streams.write(pages.to_markdown(cards()))
    else:
        streams.write(pages.to_table(cards(), look_for(sys.stdout)))
    return 0
