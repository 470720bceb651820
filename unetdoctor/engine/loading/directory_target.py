"""A network from a directory: a local Hugging Face model, or an entry point of a hubconf.py; nothing is downloaded."""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from unetdoctor.engine import statements
from unetdoctor.engine.loading import files, hugging_face, python_target
from unetdoctor.engine.loading.errors import Guard, RequestError
from unetdoctor.engine.loading.loaded import LoadedModel
from unetdoctor.engine.loading.target import ParsedTarget, quoted
from unetdoctor.facts import Request
from unetdoctor.facts.target import HUGGING_FACE

HUB, PACKAGE = "hubconf.py", "__init__.py"
MAX_LISTED = 8


def is_named(target: str, path: Path, imported: bool) -> bool:
    """Return whether a target means a directory: one that could be imported is a package, without a hubconf.py."""
    return target.startswith(HUGGING_FACE) or (files.is_directory(path) and (not imported or (path / HUB).is_file()))


def load(parsed: ParsedTarget, request: Request, guard: Guard) -> LoadedModel:
    """Load the network of a directory; raises RequestError with what there is to name where it is not one network."""
    directory = Path(request.directory)
    wants_hub = request.target.startswith(HUGGING_FACE)
    shown = request.target.removeprefix(HUGGING_FACE) if wants_hub else parsed.location.rstrip("/") or "/"
    path = files.absolute(shown, directory)
    if not path.is_dir():
        raise _no_directory(request.target, shown)
    if (path / HUB).is_file() and not wants_hub:
        return _entry_point(path, shown, parsed, request, guard)
    if parsed.name and (path / PACKAGE).is_file():
        return python_target.load_file(files.find(f"{shown}/{PACKAGE}", directory), parsed, request, guard)
    if hugging_face.is_one(path):
        return hugging_face.load(path, shown, request, guard)
    if wants_hub:
        found = _commands(_python_files(path, shown))
        raise RequestError(f"{shown} is no Hugging Face model: it has no {hugging_face.CONFIG}.", found)
    raise _no_model(path, shown)


def _no_directory(target: str, shown: str) -> RequestError:
    name = shown.rstrip("/").rpartition("/")[2] or "model"
    return RequestError(
        f"{target}: there is no directory {shown}, and nothing is downloaded from the hub; download it first.",
        (
            f"hf download {quoted(shown)} --local-dir {quoted(name)}",
            f"unetdoctor inspect {quoted(HUGGING_FACE + name)}",
        ),
    )


def _no_model(path: Path, shown: str) -> RequestError:
    found = _python_files(path, shown)
    there = f"its Python files are {_listed([Path(name).name for name in found])}" if found else "it has no Python file"
    return RequestError(f"{shown} is a directory, and {there}; name the file of the model.", _commands(found))


def _python_files(path: Path, shown: str) -> list[str]:
    with suppress(OSError):
        return [f"{shown}/{name}" for name in sorted(child.name for child in path.glob("*.py"))]
    return []


def _commands(targets: list[str]) -> tuple[str, ...]:
    return tuple(f"unetdoctor inspect {quoted(target)}" for target in targets[:MAX_LISTED])


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else ""
    return ", ".join(names[:MAX_LISTED]) + more


def _entry_point(path: Path, shown: str, parsed: ParsedTarget, request: Request, guard: Guard) -> LoadedModel:
    """Build an entry point of a hubconf.py, as torch.hub.load does with a local source."""
    file = files.find(f"{shown}/{HUB}", Path(request.directory))
    tree = statements.parse(file.path)
    entries = list(_entries(tree)) if tree is not None else []
    if tree is not None:
        _refuse_missing(tree, shown)
    if not parsed.name and len(entries) != 1:
        there = f"{len(entries)} entry points: {_listed(entries)}. Name one." if entries else "no entry point."
        raise RequestError(f"{file.shown} has {there}", _commands([f"{shown}:{entry}" for entry in entries]))
    named = parsed if parsed.name else ParsedTarget(parsed.location, entries[0])
    loaded = python_target.load_file(file, named, request, guard)
    if not parsed.name:
        loaded.how = (f"called {entries[0]}(), the only entry point of {file.shown}", *loaded.how)
    loaded.target_kind = f"entry point of {HUB}"
    return loaded


def _entries(tree: ast.Module) -> Iterator[str]:
    """Yield the public functions that a hubconf.py defines or imports."""
    for statement in tree.body:
        names: list[str] = []
        if isinstance(statement, ast.FunctionDef):
            names = [statement.name]
        elif isinstance(statement, ast.ImportFrom) and statement.module not in ("torch", "torch.nn", "__future__"):
            names = [alias.asname or alias.name for alias in statement.names]
        yield from (name for name in names if not name.startswith("_") and name != "*")


def _refuse_missing(tree: ast.Module, shown: str) -> None:
    """Raise RequestError where a library of the file's `dependencies` is not installed."""
    for statement in tree.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        if not any(isinstance(t, ast.Name) and t.id == "dependencies" for t in targets):
            continue
        with suppress(ValueError, TypeError):
            wanted = [str(name) for name in ast.literal_eval(statement.value)]  # type: ignore[attr-defined]
            missing = [name for name in wanted if name not in sys.modules and importlib.util.find_spec(name) is None]
            if missing:
                raise RequestError(
                    f"{shown}/{HUB} depends on {', '.join(missing)}, not installed for this Python.",
                    (f"{quoted(sys.executable)} -m pip install {' '.join(missing)}",),
                )
