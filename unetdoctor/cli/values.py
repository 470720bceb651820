"""The values of options: each from text to a fact, or a sentence that says what was expected."""

import ast
import math
import re
import warnings
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from unetdoctor.cli.errors import RequestError, choice, did_you_mean

if TYPE_CHECKING:
    from unetdoctor.facts import Severity

FAIL_ON = ("error", "warning", "note", "never")
LOSSES = ("bce", "bce-with-logits", "cross-entropy", "nll", "dice", "focal", "l1", "mse", "adversarial")
FORMATS = ("text", "json")
"""Of commands that do not answer with a report."""
COLORS = ("auto", "always", "never")
_DEVICE = re.compile(r"cpu|mps|cuda(:\d{1,3})?")
_LONGEST_LITERAL = 10_000


def keyword(text: str) -> tuple[str, Any]:
    """Return `NAME=VALUE` with the value as a Python literal where it is one, else as the text itself."""
    name, equals, value = text.partition("=")
    name = name.strip()
    if not equals or not name.isidentifier():
        raise RequestError(f"-k expects NAME=VALUE, not {text!r}; for example -k base_channels=32")
    return name, _json_value(name, _literal(value))


def keywords(texts: Iterable[str]) -> dict[str, Any]:
    """Return all `-k`; a name that is given twice is an error."""
    found: dict[str, Any] = {}
    for text in texts:
        name, value = keyword(text)
        if name in found:
            raise RequestError(f"-k {name} is given twice.")
        found[name] = value
    return found


def _literal(text: str) -> Any:
    if len(text) > _LONGEST_LITERAL:
        raise RequestError(f"-k takes at most {_LONGEST_LITERAL:,} characters, and found {len(text):,}.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.literal_eval(text.strip())
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            return text


def _json_value(name: str, value: Any) -> Any:
    """Return the value where it survives the way to the worker: numbers, text, True, False, None, lists and dicts."""
    if isinstance(value, float) and not math.isfinite(value):
        raise RequestError(f"-k {name} expects a finite number, not {value}.")
    if isinstance(value, tuple | list):
        return [_json_value(name, item) for item in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: _json_value(name, item) for key, item in value.items()}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise RequestError(
        f"-k {name} expects a number, a text, True, False, None, a list, or a dict with text as keys, "
        f"not {type(value).__name__}."
    )


def device(text: str) -> str:
    """Return `cpu`, `cuda`, `cuda:1` or `mps`."""
    if _DEVICE.fullmatch(text.lower()):
        return text.lower()
    meant = did_you_mean(text, ("cpu", "cuda", "mps"))
    raise RequestError(f"--device must be cpu, cuda, cuda:N or mps, not {text!r}.{meant}")


def at_least(option: str, value: float, least: float) -> None:
    """Raise RequestError for a number below its least value, infinite or no number."""
    if not math.isfinite(value) or value < least:
        raise RequestError(f"{option} must be at least {least:g}, not {value:g}.")


def selection(option: str, texts: Sequence[str]) -> tuple[str, ...]:
    """Return codes, prefixes of codes and names; raises RequestError for one that no check has."""
    tokens = tuple(token.strip() for text in texts for token in text.split(",") if token.strip())
    if tokens:
        from unetdoctor.checks import selected
        from unetdoctor.facts import Selection

        try:
            selected(Selection(select=tokens))
        except ValueError as error:
            raise RequestError(f"{option}: {error}") from None
    return tokens


def code(option: str, text: str) -> str:
    """Return the code of a check that is named by its code or name."""
    from unetdoctor.cli.catalogue import card_of

    try:
        return card_of(text).code
    except ValueError as error:
        raise RequestError(f"{option}: {error}") from None


def severity(text: str) -> "tuple[str, Severity]":
    """Return `CODE=LEVEL` as (code, severity)."""
    from unetdoctor.facts import Severity

    name, equals, level = text.partition("=")
    if not equals:
        raise RequestError(f"--severity expects CODE=LEVEL, not {text!r}; for example --severity UD203=warning")
    levels = tuple(s.value for s in Severity if s is not Severity.OK)
    return code("--severity", name), Severity(choice("--severity", level, levels))


def exclude(quiet: bool, verbose: bool) -> None:
    """Raise RequestError where both were asked for."""
    if quiet and verbose:
        raise RequestError("-q and -v exclude each other.")


def report_format(text: str) -> str:
    """Return the format of a report on standard output."""
    from unetdoctor.reporters import formats

    return on_terminal(text, tuple(name for name, format_ in formats.FORMATS.items() if format_.on_terminal))


def on_terminal(text: str, known: Sequence[str]) -> str:
    """Return one of the formats for standard output; a drawing goes to a file."""
    if text.lower() == "svg":
        raise RequestError("--format svg: a drawing goes to a file.", ["-o svg=report.svg"])
    return choice("--format", text, known)


def file_outputs(texts: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return every `-o FORMAT=FILE` as (format, file)."""
    from unetdoctor.reporters import formats

    found = []
    for text in texts:
        kind, equals, file = text.partition("=")
        if not equals or not file:
            raise RequestError(f"-o expects FORMAT=FILE, not {text!r}; for example -o json=report.json")
        found.append((choice("-o FORMAT", kind, tuple(formats.FORMATS)), file))
    if len({file for _, file in found}) < len(found):
        raise RequestError("-o names the same file twice.")
    return tuple(found)
