"""Foreign text without what differs in every run: addresses of objects, and the worker's own directory."""

import re

_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,16}\b")
_SCRATCH = re.compile(r"[^\s'\"]*[/\\]udoctor-\w+[/\\]work\b")


def lasting(text: str) -> str:
    """Return a message as another run would have it: `<Thing object at 0x...>`, `./weights.pt`."""
    return _SCRATCH.sub(".", _ADDRESS.sub("0x...", text))
