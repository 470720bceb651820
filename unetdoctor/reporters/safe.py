"""The one sanitiser: whatever came from a model, a file or a path is inert before a terminal or a picture shows it."""

import re
import unicodedata

NAME_LIMIT = 200
"""Characters of a name; enough for the deepest module path, too few to flood a screen."""
SENTENCE_LIMIT = 800
"""Characters of a sentence or a path."""
LINE_LIMIT = 4000
"""Characters of a line of source or of captured output."""
MARK_LIMIT = 2
"""Combining marks in a row; languages use one or two, more than that climbs over the neighbouring lines."""

_PLAIN = {
    "\u00d7": "x",
    "·": "-",
    "•": "-",
    "…": "...",
    "\u2013": "-",
    "\u2014": "-",
    "\u2212": "-",
    "→": "->",
    "←": "<-",
    "≤": "<=",
    "≥": ">=",
    "≈": "~",
    "±": "+/-",
    "∞": "Inf",
    "√": "sqrt",
    "²": "^2",
    "\u2018": "'",
    "\u2019": "'",
    "\u201c": '"',
    "\u201d": '"',
    "µ": "u",
    "✓": "+",
    "✗": "x",
    "\u00a0": " ",
}
"""Typographic signs that have an ASCII spelling."""


COMMAND = re.compile(
    r":(?=:(?:add-mask|add-matcher|add-path|debug|echo|endgroup|error|group|notice|remove-matcher|save-state|set-env"
    r"|set-output|stop-commands|warning)(?:\s|::))|#(?=#\w*\[)",
    re.IGNORECASE,
)
"""Where a runner of GitHub, Azure or TeamCity would read a command in a log: after spaces, or anywhere in a line."""


def _escape(character: str) -> str:
    number = ord(character)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _visible(character: str, ascii_only: bool) -> str:
    category = unicodedata.category(character)
    if category[0] not in "LMNPS" and category != "Zs":
        return _escape(character)
    if ascii_only and ord(character) > 0x7E:
        return _PLAIN.get(character) or _escape(character)
    return character


def clean(value: object, limit: int = NAME_LIMIT, *, ascii_only: bool = False) -> str:
    r"""Return the text with letters, marks, digits, punctuation, symbols and spaces as they are and the rest as `\x1b`.

    What a CI runner would take for a command is broken in the same way: `\x3a:error::`.
    The result has at most `limit` characters and one line. `ascii_only` also spells out what ASCII cannot show.
    """
    pieces: list[str] = []
    length = marks = 0
    text = str(value)[: limit + 1]
    commands = {match.start() for match in COMMAND.finditer(text)}
    for index, character in enumerate(text):
        is_mark = ord(character) > 0x7F and unicodedata.category(character)[0] == "M"
        marks = marks + 1 if is_mark else 0
        hidden = marks > MARK_LIMIT or index in commands
        piece = _escape(character) if hidden else _visible(character, ascii_only)
        pieces.append(piece)
        length += len(piece)
        if length > limit:
            return _cut(pieces, limit)
    return "".join(pieces)


def _cut(pieces: list[str], limit: int) -> str:
    """Return as many whole pieces as fit together with the dots: no escape is torn."""
    while pieces and sum(map(len, pieces)) > limit - 3:
        pieces.pop()
    return "".join(pieces) + "..."


def clean_lines(value: object, limit: int = LINE_LIMIT, *, ascii_only: bool = False) -> list[str]:
    """Return the lines of a text, each one clean, tabs as four spaces; for source to paste and captured output."""
    text = str(value).replace("\r\n", "\n").expandtabs(4)
    return [clean(line, limit, ascii_only=ascii_only) for line in text.split("\n")]
