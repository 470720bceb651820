"""A whole network that was pickled, as torch.save(model) does it: code, which runs with --trust and never without."""

from __future__ import annotations

import ast
import pickle
import types
import warnings
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from torch import nn

from unetdoctor.engine import statements
from unetdoctor.engine.loading import checkpoints, importing, pickle_names, python_target
from unetdoctor.engine.loading.errors import Guard, RequestError
from unetdoctor.engine.loading.files import FoundFile
from unetdoctor.engine.loading.loaded import LoadedModel
from unetdoctor.engine.loading.sniff import Archive, Content
from unetdoctor.engine.loading.target import ParsedTarget, quoted
from unetdoctor.facts import Request

MAX_NAMED = 8
MAX_SCRIPTS = 500
"""Python files of a directory that are searched for a class."""
SCRIPT = "__main__"
_HOSTILE = frozenset(("os", "posix", "nt", "subprocess", "shutil", "socket", "pty", "runpy", "webbrowser", "ctypes"))
_CALLS = frozenset(
    f"{module}.{name}" for module in ("builtins", "__builtin__") for name in ("eval", "exec", "__import__")
)


def wanted(file: FoundFile) -> list[str]:
    """Return what a pickled network wants to import; empty for any other file. Nothing of it is run."""
    is_pickle = file.content in (Content.PICKLE, Content.LEGACY_TORCH)
    if not is_pickle and not (file.content is Content.ZIP and file.archive is Archive.CHECKPOINT):
        return []
    names = pickle_names.foreign_globals(file)
    return names if any(name.startswith("torch.nn.modules.") for name in names) or _is_root(file, names) else []


def _is_root(file: FoundFile, names: Sequence[str]) -> bool:
    """Return whether the file is one object of a class, instead of a dict or list that holds some."""
    return bool(names) and pickle_names.root_name(file) in names


def load_file(file: FoundFile, parsed: ParsedTarget, names: list[str], request: Request, guard: Guard) -> LoadedModel:
    """Unpickle a network; raises RequestError before anything runs where --trust was not given."""
    if not request.trust:
        raise _untrusted(file, parsed, names)
    if request.kwargs:
        given = ", ".join(f"-k {key}" for key in request.kwargs)
        raise RequestError(f"{file.shown} holds a network that is built already, so {given} cannot change it.")
    directory = Path(request.directory)
    importing.add_folders(list(dict.fromkeys((directory, file.path.parent))))
    finder = _Classes([file.path.parent, directory])
    loaded = guard("load", lambda: _unpickle(file, finder))
    if isinstance(loaded, RequestError):
        raise loaded
    model, unwrapped = python_target.unwrap(_entry(loaded, file, parsed))
    return LoadedModel(
        model=model,
        name=type(model).__name__,
        kind="torchscript" if isinstance(model, torch.jit.ScriptModule) else "eager",
        target_kind="pickled module",
        how=(f"ran the code that {file.shown} names (--trust): {_listed(names)}", *finder.how, *unwrapped),
        weights_given=False,
        weights="",
        source_root=directory,
        directory=directory,
    )


def _untrusted(file: FoundFile, parsed: ParsedTarget, names: list[str]) -> RequestError:
    target = f"{file.shown}:{parsed.name}" if parsed.name else file.shown
    hostile = [name for name in names if name in _CALLS or name.partition(".")[0] in _HOSTILE]
    if hostile:
        return RequestError(
            f"{file.shown} is a pickled Python object, and reading it would run {_listed(hostile)}, which no model "
            "needs; do not read it."
        )
    return RequestError(
        f"{file.shown} is a pickled Python object, and reading it would run the code that it names: {_listed(names)}. "
        "If you trust the file, give --trust; otherwise save the weights alone with "
        f"{checkpoints.SAVE} and name the Python file of the model.",
        (f"unetdoctor inspect {quoted(target)} --trust", "unetdoctor inspect model.py -w weights.pth"),
    )


def _unpickle(file: FoundFile, finder: _Classes) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            if file.content is Content.PICKLE:
                with file.path.open("rb") as opened:
                    return finder.Unpickler(opened).load()
            return torch.load(file.path, map_location="cpu", weights_only=False, pickle_module=finder)
        except _MissingError as missing:
            return missing.refusal(file)


def _entry(loaded: Any, file: FoundFile, parsed: ParsedTarget) -> nn.Module:
    """Return the network, or the one of a dict that was named."""
    held = loaded if isinstance(loaded, dict) else {}
    networks = {str(key): value for key, value in held.items() if isinstance(value, nn.Module)}
    if parsed.name in networks:
        return networks[parsed.name]
    if isinstance(loaded, nn.Module) and not parsed.name:
        return loaded
    if len(networks) == 1 and not parsed.name:
        return next(iter(networks.values()))
    commands = tuple(f"unetdoctor inspect {quoted(f'{file.shown}:{name}')} --trust" for name in networks)
    if networks:
        found = f"has no entry {parsed.name}" if parsed.name else "holds several networks"
        raise RequestError(f"{file.shown} {found}; name one of: {', '.join(networks)}.", commands)
    if isinstance(loaded, nn.Module):
        raise RequestError(
            f"{file.shown} is one network, so :{parsed.name} names nothing in it.",
            (f"unetdoctor inspect {quoted(file.shown)} --trust",),
        )
    raise RequestError(f"{file.shown} holds {_a(type(loaded).__name__)}; expected an nn.Module.")


class _MissingError(Exception):
    """A class that the file wants is not to be had."""

    def __init__(self, module: str, name: str, missing: str) -> None:
        super().__init__(module, name)
        self.module, self.name, self.missing = module, name, missing

    def refusal(self, file: FoundFile) -> RequestError:
        """Return which file to put where."""
        if self.module == SCRIPT:
            return RequestError(
                f"{file.shown} needs the class {self.name} of the script that saved it; "
                f"copy the Python file that defines {self.name} into {file.path.parent}."
            )
        place = f"{self.module.replace('.', '/')}.py"
        if self.missing:
            return RequestError(
                f"{file.shown} needs {self.module}.{self.name}, and there is no module {self.missing}; "
                f"run unetdoctor in the directory from which {place} can be imported, or install the library."
            )
        return RequestError(f"{file.shown} needs {self.module}.{self.name}, and {place} defines no {self.name}.")


class _Classes(types.ModuleType):
    """Takes the place of the pickle module in torch.load: finds classes, those of a script by looking for its file."""

    def __init__(self, folders: Sequence[Path]) -> None:
        super().__init__("pickle")
        self.folders = list(dict.fromkeys(folders))
        self.how: list[str] = []
        classes = self

        class Unpickler(pickle.Unpickler):
            def find_class(self, module: str, name: str) -> Any:
                try:
                    return super().find_class(module, name)
                except ModuleNotFoundError as error:
                    if error.name is None or not f"{module}.".startswith(f"{error.name}."):
                        raise  # a module that the person's code imports
                    raise _MissingError(module, name, error.name) from None
                except AttributeError:
                    if module == SCRIPT:
                        return classes.of_script(name)
                    raise _MissingError(module, name, "") from None

        self.Unpickler = Unpickler

    def load(self, opened: Any, **options: Any) -> Any:
        """Unpickle as pickle.load does."""
        return self.Unpickler(opened, **options).load()

    def of_script(self, name: str) -> Any:
        """Return a class of the script that saved the file, from the only Python file beside it that defines it."""
        files = [path for folder in self.folders for path in sorted(folder.glob("*.py"))[:MAX_SCRIPTS]]
        defining = [path for path in files if _defines(path, name.partition(".")[0])]
        if len(defining) != 1:
            raise _MissingError(SCRIPT, name, "")
        value: Any = importing.import_file(defining[0], self.folders[-1])
        for part in name.split("."):
            value = getattr(value, part)
        self.how.append(f"took {name}, a class of the script that saved the file, from {defining[0].name}")
        return value


def _defines(path: Path, name: str) -> bool:
    with suppress(OSError, ValueError):
        tree = statements.parse(path)
        kinds = (ast.ClassDef, ast.FunctionDef)
        return tree is not None and any(isinstance(s, kinds) and s.name == name for s in tree.body)
    return False


def _listed(names: Sequence[str]) -> str:
    """Name the most telling first: what is not torch's own."""
    ordered = sorted(names, key=lambda name: name.startswith("torch."))
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return ", ".join(ordered[:MAX_NAMED]) + more


def _a(noun: str) -> str:
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"
