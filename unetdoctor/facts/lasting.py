"""Foreign text: what an error says, without what differs in every run (addresses, the worker's own directory)."""

import re

_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,16}\b")
_SCRATCH = re.compile(r"[^\s'\"]*[/\\]udoctor-\w+[/\\]work\b")


def lasting(text: str) -> str:
    """Return a message as another run would have it: `<Thing object at 0x...>`, `./weights.pt`."""
    return _SCRATCH.sub(".", _ADDRESS.sub("0x...", text))


MESSAGE_CHARACTERS = 8000
"""What is read of an error's text."""
MOST_ARGUMENTS = 100
"""Arguments of an error that are read where it has more."""


def said(error: BaseException) -> str:
    """Return what an error of foreign code says, at most 8,000 characters; "" where its text cannot be had."""
    try:
        plain = type(error).__str__ is BaseException.__str__ and len(error.args) > MOST_ARGUMENTS
        text = str(error.args[:MOST_ARGUMENTS]) if plain else str(error)
        return str.__getitem__(text, slice(MESSAGE_CHARACTERS))
    except BaseException:  # noqa: BLE001 - the __str__ of foreign code may raise anything, SystemExit too
        return ""
