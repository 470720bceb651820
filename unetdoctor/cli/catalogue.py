"""The pages of the catalogue, read from the source of the checks: nothing is imported, so they are there at once."""

import ast
import inspect
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import unetdoctor
from unetdoctor.facts import Card, Kind, Standing

_FOLDER = Path(unetdoctor.__file__).parent / "checks"
_HEAD = re.compile(r"^class \w+\(Check\):\n.*?(?=^    @|^    def )", re.DOTALL | re.MULTILINE)
"""A check from its first line to its first method."""
_FILE = re.compile(r"(?P<code>ud\d+)_(?P<name>\w+)\.py")


@cache
def cards() -> tuple[Card, ...]:
    """Return the pages of all checks, in the order of the codes."""
    return tuple(_card(path) for path in _files())


def card_of(text: str) -> Card:
    """Return the page of a code (`UD203`) or name (`flat-picture`); raises ValueError that names close matches."""
    wanted = text.strip().lower()
    for path in _files():
        match = _FILE.fullmatch(path.name)
        if match is not None and wanted in (match["code"], match["name"].replace("_", "-")):
            return _card(path)
    from unetdoctor.checks import by_code

    return by_code(text).card()


def whole(card: Card) -> Card:
    """Return a page with where its limits stand, and the lines in which its sick and healthy samples differ."""
    from unetdoctor.cli.shipped import sample_of
    from unetdoctor.cli.twins import difference

    return replace(card, standings=_standings().get(card.code, ()), difference=difference(sample_of(card)))


@cache
def _standings() -> dict[str, tuple[Standing, ...]]:
    """Return every limit by its check, as `make calibrate` left them."""
    found: dict[str, list[Standing]] = {}
    for row in json.loads((_FOLDER / "limits.json").read_text("utf-8")):
        found.setdefault(row.pop("code"), []).append(Standing(**row))
    return {code: tuple(listed) for code, listed in found.items()}


def _files() -> Iterator[Path]:
    yield from sorted(path for path in _FOLDER.iterdir() if _FILE.fullmatch(path.name))


def _card(path: Path) -> Card:
    """Read code, name, kind and page from the head of the one class of a file; tests keep that form."""
    match = _HEAD.search(path.read_text("utf-8"))
    if match is None:
        raise ValueError(f"{path.name} holds no check.")
    node = ast.parse(match[0]).body[0]
    assert isinstance(node, ast.ClassDef)
    values = {
        target.id: statement.value
        for statement in node.body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }
    code, name = (ast.literal_eval(values[key]) for key in ("code", "name"))
    kind = Kind[values["kind"].attr]  # type: ignore[attr-defined]
    page = inspect.cleandoc(ast.get_docstring(node, clean=False) or "")
    summary = re.split(r"(?<=\.)\s", page, maxsplit=1)[0]
    return Card(code=code, name=name, kind=kind, summary=summary, page=page)


def known() -> list[tuple[str, str]]:
    """Return (code, name) of every check, in the order of the codes."""
    found = (_FILE.fullmatch(path.name) for path in _files())
    return [(match["code"].upper(), match["name"].replace("_", "-")) for match in found if match is not None]


def is_known(text: str) -> bool:
    """Return whether a text is a code, the beginning of one, or the name of a check."""
    wanted = text.lower()
    return any(code.lower().startswith(wanted) or name == wanted for code, name in known())
