"""A network from the user's Python: a file, or a dotted module name."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import random
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import nn

from unetdoctor.engine import statements
from unetdoctor.engine.loading import choosing, construct, definitions, importing, sniff
from unetdoctor.engine.loading.construct import Offered
from unetdoctor.engine.loading.errors import Guard, RequestError
from unetdoctor.engine.loading.files import FoundFile
from unetdoctor.engine.loading.loaded import LoadedModel
from unetdoctor.engine.loading.sniff import Content
from unetdoctor.engine.loading.target import ParsedTarget, quoted
from unetdoctor.facts import Request


def is_python(file: FoundFile) -> bool:
    """Return whether a file is to be run as Python: text that is named so, or that defines something in Python.

    Python reads other encodings than UTF-8 where the file declares them, so a named file only must not be binary.
    """
    if file.path.suffix == ".py":
        return file.content is Content.TEXT or (file.content is Content.OTHER and sniff.declares_encoding(file.head))
    return file.content is Content.TEXT and _defines(file.path)


def load_file(
    file: FoundFile, parsed: ParsedTarget, request: Request, guard: Guard, offered: Offered | None = None
) -> LoadedModel:
    """Import a Python file and build the network that it holds."""
    directory = Path(request.directory)
    _seed(request.seed)
    module = guard("import", lambda: importing.import_file(file.path, directory))
    return _build(module, file.path, "python file", parsed, request, guard, offered)


def load_import_path(
    parsed: ParsedTarget, request: Request, guard: Guard, offered: Offered | None = None
) -> LoadedModel:
    """Import `package.module` and build the network that it holds."""
    directory = Path(request.directory)
    top = parsed.location.split(".")[0]
    importing.add_folders([directory])
    try:
        known = importlib.util.find_spec(top) is not None
    except (ImportError, ValueError):
        known = True
    if not known:
        raise RequestError(f"{parsed.location} is neither a file in {directory} nor an installed module.")
    _seed(request.seed)
    module = guard("import", lambda: _import_name(parsed.location, directory))
    if isinstance(module, RequestError):
        raise module
    return _build(module, None, "import path", parsed, request, guard, offered)


def _import_name(name: str, directory: Path) -> ModuleType | RequestError:
    try:
        return importing.import_name(name, directory)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise  # a module that the user's code imports
        parent = error.name.rpartition(".")[0]
        return RequestError(f"{name} cannot be imported: {parent or 'Python'} has no module {error.name}.")


def _build(
    module: ModuleType,
    path: Path | None,
    target_kind: str,
    parsed: ParsedTarget,
    request: Request,
    guard: Guard,
    offered: Offered | None,
) -> LoadedModel:
    source = path.read_bytes() if path is not None else definitions.source_of(module)
    chosen = choosing.choose(module, source, parsed, request.kwargs)
    how = list(chosen.how)
    guesses: Mapping[str, Any] = {}
    others: Mapping[str, Any] = {}
    if isinstance(chosen.value, nn.Module):
        _refuse_arguments(chosen, parsed, request.kwargs, type(chosen.value).__name__)
        result: Any = chosen.value
    else:
        arguments = construct.arrange(chosen.value, chosen.name, chosen.target, parsed.call, request.kwargs, offered)
        how += arguments.guessed
        guesses, others = arguments.guesses, arguments.others
        result = _construct(chosen.value, arguments, request, guard)
    model, unwrapped = unwrap(result)
    if not isinstance(model, nn.Module):
        raise _no_network(chosen, model)
    file = path or _file_of(module)

    def rebuild(values: Mapping[str, Any]) -> LoadedModel:
        better = replace(request, kwargs={**request.kwargs, **values})
        return _build(module, path, target_kind, parsed, better, guard, offered)

    return LoadedModel(
        model=model,
        name=_name(model, chosen),
        kind="torchscript" if isinstance(model, torch.jit.ScriptModule) else "eager",
        target_kind=target_kind,
        how=(*how, *unwrapped),
        weights_given=False,
        weights="",
        source_root=file.parent if file else None,
        directory=Path(request.directory),
        source_file=file,
        source_name=chosen.name,
        guessed=guesses,
        arguments=others,
        rebuild=rebuild if guesses else None,
    )


def _construct(function: Any, arguments: construct.Arguments, request: Request, guard: Guard) -> Any:
    def run() -> Any:
        try:
            return function(*arguments.args, **arguments.kwargs)
        except FileNotFoundError as error:
            importing.explain_relative_path(error, Path(request.directory))
            raise

    _seed(request.seed)
    try:
        return guard("construct", run)
    except Exception as error:
        for sentence in arguments.guessed:  # a wrong guess may be what it stumbled over
            error.add_note(sentence)
        raise


def unwrap(model: Any) -> tuple[Any, tuple[str, ...]]:
    """Take a network out of DataParallel and torch.compile, and say so."""
    how: list[str] = []
    while isinstance(model, nn.Module):
        inner: Any = None
        if isinstance(model, nn.DataParallel | nn.parallel.DistributedDataParallel):
            inner = model.module
            how.append(f"took {type(inner).__name__} out of its {type(model).__name__} wrapper")
        elif "_orig_mod" in (children := dict(model.named_children())):
            inner = children["_orig_mod"]
            how.append(f"took {type(inner).__name__} out of torch.compile; it is examined uncompiled")
        if not isinstance(inner, nn.Module):
            break
        model = inner
    return model, tuple(how)


def _refuse_arguments(
    chosen: choosing.Chosen, parsed: ParsedTarget, kwargs: Mapping[str, Any], class_name: str
) -> None:
    if parsed.call is not None:
        raise RequestError(
            f"{chosen.target} is a network already, not a class or function to call; leave the brackets out.",
            (f"unetdoctor inspect {quoted(chosen.target)}",),
        )
    if kwargs:
        options = " ".join(f"-k {key}=..." for key in kwargs)
        location = chosen.target.rpartition(":")[0]
        raise RequestError(
            f"{chosen.target} is a network already, so {', '.join(f'-k {key}' for key in kwargs)} cannot change it; "
            "name its class or a function instead.",
            (f"unetdoctor inspect {quoted(f'{location}:{class_name}')} {options}",),
        )


def _no_network(chosen: choosing.Chosen, result: Any) -> RequestError:
    what = "a class that is" if inspect.isclass(chosen.value) else "a function that returned"
    kind = "None" if result is None else type(result).__name__
    found = f"{what} no nn.Module" if inspect.isclass(chosen.value) else f"{what} {kind}"
    hint = ""
    if isinstance(result, tuple | list | dict):
        parts = result.values() if isinstance(result, dict) else result
        hint = f" of {', '.join(type(part).__name__ for part in list(parts)[:4])}; return the network alone"
    return RequestError(f"{chosen.target} is {found}{hint}; expected an nn.Module.")


def _name(model: nn.Module, chosen: choosing.Chosen) -> str:
    if isinstance(model, torch.jit.ScriptModule):
        return str(getattr(model, "original_name", chosen.name))
    name = type(model).__name__
    return chosen.name if type(model).__module__.startswith("torch.nn.") else name


def _file_of(module: ModuleType) -> Path | None:
    file = getattr(module, "__file__", None)
    return Path(file) if isinstance(file, str) else None


def _defines(path: Path) -> bool:
    """Return whether text is Python that defines or imports something; a notebook or a word is an expression."""
    tree = statements.parse(path)
    return tree is not None and any(isinstance(statement, _DEFINING) for statement in tree.body)


_DEFINING = (ast.ClassDef, ast.FunctionDef, ast.Import, ast.ImportFrom, ast.Assign)


def _seed(seed: int) -> None:
    """Make fresh weights the same in every run."""
    torch.manual_seed(seed)
    random.seed(seed)
    np.random.seed(seed % 2**32)
