"""The grammar of a target: `location`, `location:Name`, `location:make("x", n=3)`; no file is touched."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from unetdoctor.engine.loading.errors import RequestError

_DRIVE = re.compile(r"[A-Za-z]:(?=[\\/])")
_CALLED = re.compile(r"\s*([^\W\d]\w*(?:\.[^\W\d]\w*)*)\s*\(", re.UNICODE)


@dataclass(frozen=True)
class Call:
    """The literal arguments of a target like `file.py:make("x", n=3)`."""

    args: tuple[Any, ...] = ()
    """Positional arguments."""
    kwargs: tuple[tuple[str, Any], ...] = ()
    """Keyword arguments in their order."""


@dataclass(frozen=True)
class ParsedTarget:
    """A target in its parts."""

    location: str
    """A path or a dotted module name; which of the two, only the file system can tell."""
    name: str = ""
    """Dotted name of what to take from it; empty where none was given."""
    call: Call | None = None
    """Arguments, where the name is called."""

    @property
    def is_module_name(self) -> bool:
        """Whether the location could be a dotted module name."""
        return all(part.isidentifier() for part in self.location.split("."))


def parse_target(text: str) -> ParsedTarget:
    """Split a target at the colon between location and name; raises RequestError where it is malformed."""
    if not text.strip():
        raise RequestError(
            "The target is empty; name a Python file, package.module:Name or a TorchScript file.",
            ("unetdoctor inspect model.py",),
        )
    if text.rstrip().endswith(")"):
        called = _parse_called(text.rstrip())
        if called is not None:
            return called
    position = text.rfind(":")
    drive = _DRIVE.match(text)
    if position < 0 or (drive and position < drive.end()):
        return ParsedTarget(text)
    location, name = text[:position], text[position + 1 :].strip()
    if _is_dotted(name) and location.strip():
        return ParsedTarget(location, name)
    if "/" in name or "\\" in name:
        return ParsedTarget(text)
    if not location.strip():
        raise RequestError(
            f"The target {text} has no file or module before its colon.", (f"unetdoctor inspect model.py:{name}",)
        )
    if not name:
        raise RequestError(
            f"The target {text} has no name after its colon.", (f"unetdoctor inspect {quoted(location)}",)
        )
    if "(" in name:
        raise RequestError(
            f"{text}: the bracket of the call is not closed.", (f"unetdoctor inspect {quoted(text.rstrip() + ')')}",)
        )
    raise RequestError(
        f"{text}: {name!r} is neither a name nor a call with literal arguments.",
        (f"unetdoctor inspect {quoted(location + ':Name')}", f"unetdoctor inspect {quoted(location + ':make(n=3)')}"),
    )


def _parse_called(text: str) -> ParsedTarget | None:
    """Parse `location:name(arguments)`; None where no colon is followed by a name and a bracket, as in `a:b (1)`."""
    refusal: RequestError | None = None
    for position in _colons(text):
        match = _CALLED.match(text, position + 1)
        location = text[:position]
        if match is None or not location.strip():
            continue
        try:
            return ParsedTarget(location, match[1], _literal_call(text, location, text[match.start(1) :]))
        except RequestError as error:
            refusal = refusal or error
    if refusal is not None:
        raise refusal
    return None


def _colons(text: str) -> Iterator[int]:
    drive = _DRIVE.match(text)
    start = drive.end() if drive else 0
    return (index for index in range(start, len(text)) if text[index] == ":")


def _literal_call(text: str, location: str, source: str) -> Call:
    shape = f"unetdoctor inspect {quoted(location + ':make(3, name=value)')}"
    try:
        node = ast.parse(source.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise RequestError(f"{text}: {source!r} is not a well-formed call.", (shape,)) from None
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name | ast.Attribute):
        raise RequestError(f"{text}: {source!r} is not a single call of a name.", (shape,))
    args = tuple(_literal(text, value) for value in node.args)
    pairs: list[tuple[str, Any]] = []
    for keyword in node.keywords:
        if keyword.arg is None:
            raise RequestError(f"{text}: ** cannot be used in a target; write the arguments out.", (shape,))
        if keyword.arg in dict(pairs):
            raise RequestError(f"{text}: {keyword.arg} is given twice.", (shape,))
        pairs.append((keyword.arg, _literal(text, keyword.value)))
    return Call(args, tuple(pairs))


def _literal(text: str, node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        written = ast.unparse(node)
        raise RequestError(
            f"{text}: argument {written!r} is no literal; these are numbers, strings, True, False, None, "
            "and lists, tuples and dicts of them."
        ) from None


def _is_dotted(name: str) -> bool:
    return bool(name) and all(part.isidentifier() for part in name.split("."))


def quoted(word: str) -> str:
    """Return a word as it is typed in a POSIX shell, unquoted where that is safe."""
    if word and re.fullmatch(r"[\w@%+=:,./~-]+", word, re.ASCII):
        return word
    return "'" + word.replace("'", "'\"'\"'") + "'"
