"""In which lines a sick sample and its healthy twin differ; read from their source, nothing of it is run."""

import ast
from collections.abc import Iterator, Sequence
from difflib import unified_diff
from pathlib import Path

_HALVES = (("Ill", "Healthy"), ("ill_pairs", "healthy_pairs"))
_ARGUMENTS = ("ILL_ARGUMENTS", "HEALTHY_ARGUMENTS")
_DOCUMENTED = (ast.ClassDef, ast.FunctionDef)


def difference(path: Path) -> tuple[str, ...]:
    """Return the lines: `- ` for the sick one, `+ ` for the healthy one, two spaces for what both have."""
    text = path.read_text("utf-8")
    lines = text.split("\n")
    named = dict(_named(ast.parse(text).body))
    found: list[str] = []
    command = "inspect"
    for ill, healthy in _HALVES:
        if ill in named and healthy in named:
            command = "inspect" if isinstance(named[ill], ast.ClassDef) else "audit"
            found += _between(named[ill], named[healthy], named, lines)
    first, second = (_words(named.get(name)) for name in _ARGUMENTS)
    if first != second:
        found += [f"{sign} unetdoctor {command} {' '.join(['...', *x])}" for sign, x in (("-", first), ("+", second))]
    return tuple(found)


def _named(body: Sequence[ast.stmt]) -> Iterator[tuple[str, ast.stmt]]:
    for node in body:
        if isinstance(node, _DOCUMENTED):
            yield node.name, node
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id, node
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id, node


def _between(ill: ast.stmt, healthy: ast.stmt, named: dict[str, ast.stmt], lines: Sequence[str]) -> Iterator[str]:
    """Yield the lines that differ of two functions, or of the members that two classes do not share."""
    if not (isinstance(ill, ast.ClassDef) and isinstance(healthy, ast.ClassDef)):
        yield from _compared(_source(ill, lines, whole=False), _source(healthy, lines, whole=False))
        return
    mine, twins = (dict(_named(node.body)) for node in (ill, healthy))
    for name in dict.fromkeys([*mine, *twins]):
        first, second = mine.get(name), twins.get(name)
        first = first or _inherited(name, ill, second, named)
        second = second or _inherited(name, healthy, first, named)
        yield from _compared(*(_source(node, lines) if node is not None else [] for node in (first, second)))


def _inherited(name: str, owner: ast.ClassDef, other: ast.stmt | None, named: dict[str, ast.stmt]) -> ast.stmt | None:
    """Return a member of a base class in the same file, unless the twin's own one only adds to it."""
    if other is not None and any(isinstance(x, ast.Name) and x.id == "super" for x in ast.walk(other)):
        return None
    for base in owner.bases:
        node = named.get(base.id) if isinstance(base, ast.Name) else None
        if isinstance(node, ast.ClassDef):
            return dict(_named(node.body)).get(name) or _inherited(name, node, other, named)
    return None


def _source(node: ast.stmt, lines: Sequence[str], *, whole: bool = True) -> list[str]:
    """Return a statement's lines without its docstring, at the margin; of a function that is not whole, its body."""
    body = list(node.body) if isinstance(node, _DOCUMENTED) else []
    documented = bool(body) and ast.get_docstring(node, clean=False) is not None  # type: ignore[arg-type]
    kept: list[str] = []
    if body and whole:
        kept += lines[node.lineno - 1 : body[0].lineno - 1]
    if body:
        body = body[1:] if documented else body
        kept += lines[body[0].lineno - 1 : node.end_lineno] if body else []
    else:
        kept += lines[node.lineno - 1 : node.end_lineno]
    margin = min((len(line) - len(line.lstrip()) for line in kept if line.strip()), default=0)
    return [line[margin:] for line in kept]


def _compared(ill: Sequence[str], healthy: Sequence[str]) -> Iterator[str]:
    for line in list(unified_diff(ill, healthy, n=1, lineterm=""))[3:]:
        yield "  ..." if line.startswith("@@") else f"{line[0]} {line[1:]}".rstrip()


def _words(node: ast.stmt | None) -> list[str]:
    """Return the words that stand in a tuple of arguments; what is computed is left out or stands as dots."""
    value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
    return [word for word in map(_word, getattr(value, "elts", ())) if word]


def _word(node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(_word(part) or "..." for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
