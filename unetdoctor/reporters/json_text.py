"""JSON values as text."""

import json
import re
from typing import Any

_BEYOND_ASCII = re.compile(r"[^\n -~]|#(?=#\w*\[)")
"""What is not printable ASCII, and how Azure and TeamCity tell a command anywhere in a line of a log."""


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    if character == "#":
        return "\\u0023"
    return character if character.isprintable() else json.dumps(character)[1:-1]


def to_text(values: Any) -> str:
    r"""Return JSON values as text: readable, strict (no NaN), one line feed at the end.

    What is not printable (C1, bidi, zero width, lone surrogates), or begins a command of a CI runner, stands as
    `\u202e`: such characters occur only inside strings, where JSON reads the escape as the character itself.
    """
    text = json.dumps(values, allow_nan=False, indent=2, ensure_ascii=False, sort_keys=False)
    return _BEYOND_ASCII.sub(_escape, text) + "\n"


def to_line(values: Any) -> str:
    """Return JSON values as one line of ASCII, equally strict."""
    text = json.dumps(values, allow_nan=False, ensure_ascii=True, separators=(",", ":"))
    return _BEYOND_ASCII.sub(_escape, text) + "\n"
