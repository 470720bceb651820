"""A network from the user's Python: a file, or a dotted module name."""

from __future__ import annotations

import ast
import difflib
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

from unetdoctor.engine import signature, statements
from unetdoctor.engine.loading import choosing, construct, definitions, importing, sniff
from unetdoctor.engine.loading.construct import Offered
from unetdoctor.engine.loading.errors import Guard, RequestError
from unetdoctor.engine.loading.files import FoundFile
from unetdoctor.engine.loading.loaded import LoadedModel
from unetdoctor.engine.loading.sniff import Content
from unetdoctor.engine.loading.target import Call, ParsedTarget, quoted
from unetdoctor.facts import Request
from unetdoctor.facts.target import LIBRARIES


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
        raise _unknown(parsed, directory)
    _seed(request.seed)
    module = guard("import", lambda: _import_name(parsed.location, directory))
    if isinstance(module, RequestError):
        raise module
    return _build(module, None, "import path", parsed, request, guard, offered)


def _unknown(parsed: ParsedTarget, directory: Path) -> RequestError:
    """Return what to say of a name before the colon that nothing has, with what is spelled alike."""
    own = {path.stem: path.name for path in directory.glob("*.py")}
    known = own | {name: name for name in LIBRARIES}
    close = [known[name] for name in difflib.get_close_matches(parsed.location, known, n=3)]
    hint = f"; did you mean {' or '.join(close)}?" if close else "."
    return RequestError(
        f"{parsed.location} is neither a file in {directory}, nor an installed module, nor one of "
        f"{', '.join(LIBRARIES)}{hint}",
        tuple(f"unetdoctor inspect {quoted(f'{name}:{parsed.name}')}" for name in close),
    )


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
    return build(chosen, path or _file_of(module), target_kind, parsed.call, request, guard, offered)


def build(
    chosen: choosing.Chosen,
    file: Path | None,
    target_kind: str,
    call: Call | None,
    request: Request,
    guard: Guard,
    offered: Offered | None = None,
) -> LoadedModel:
    """Return the network that was chosen, built with the arguments that were given and guessed where it needs any."""
    how = list(chosen.how)
    guesses: Mapping[str, Any] = {}
    others: Mapping[str, Any] = {}
    if isinstance(chosen.value, nn.Module):
        _refuse_arguments(chosen, call, request.kwargs, type(chosen.value).__name__)
        result: Any = chosen.value
    elif call is None and not request.kwargs and signature.takes_picture(chosen.value):
        result = _of_function(chosen.value)
        how.append(f"{chosen.name}() takes a picture and builds no network: it is examined as the network itself")
    else:
        arguments = construct.arrange(chosen.value, chosen.name, chosen.target, call, request.kwargs, offered)
        how += arguments.guessed
        guesses, others = arguments.guesses, arguments.others
        given = {**request.kwargs, **(dict(call.kwargs) if call else {})}
        result = _construct(chosen, arguments, given, request, guard)
    result, taken = _only_network(chosen, result)
    model, unwrapped = unwrap(result)
    if not isinstance(model, nn.Module):
        raise _no_network(chosen, model)

    def rebuild(values: Mapping[str, Any]) -> LoadedModel:
        better = replace(request, kwargs={**request.kwargs, **values})
        return build(chosen, file, target_kind, call, better, guard, offered)

    return LoadedModel(
        model=model,
        name=_name(model, chosen),
        kind="torchscript" if isinstance(model, torch.jit.ScriptModule) else "eager",
        target_kind=target_kind,
        how=(*how, *taken, *unwrapped),
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


def _of_function(function: Any) -> nn.Module:
    """Return a network without parameters whose forward() is a function."""
    network = nn.Module()
    network.forward = function
    return network


def _construct(
    chosen: choosing.Chosen, arguments: construct.Arguments, given: Mapping[str, Any], request: Request, guard: Guard
) -> Any:
    def run() -> Any:
        try:
            return chosen.value(*arguments.args, **arguments.kwargs)
        except FileNotFoundError as error:
            importing.explain_relative_path(error, Path(request.directory))
            raise
        except (TypeError, ValueError, AttributeError) as error:
            refused = construct.refused(error, chosen.name, chosen.target, chosen.value, given)
            if refused is None:
                raise
            return refused

    _seed(request.seed)
    try:
        built = guard("construct", run)
    except Exception as error:
        for sentence in arguments.guessed:  # a wrong guess may be what it stumbled over
            error.add_note(sentence)
        raise
    if isinstance(built, RequestError):
        raise built
    return built


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


def _refuse_arguments(chosen: choosing.Chosen, call: Call | None, kwargs: Mapping[str, Any], class_name: str) -> None:
    if call is not None:
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


def _only_network(chosen: choosing.Chosen, result: Any) -> tuple[Any, tuple[str, ...]]:
    """Take the only network out of what a function returned beside it, such as an optimiser."""
    networks = [part for part in _parts(result) if isinstance(part, nn.Module)]
    if isinstance(result, nn.Module) or len(networks) != 1:
        return result, ()
    name = type(networks[0]).__name__
    return networks[0], (f"took {name}, the only network in the {type(result).__name__} that {chosen.name}() returned",)


def _parts(result: Any) -> list[Any]:
    if isinstance(result, tuple | list | dict):
        return list(result.values() if isinstance(result, dict) else result)
    return []


def _no_network(chosen: choosing.Chosen, result: Any) -> RequestError:
    if inspect.isclass(chosen.value):
        return RequestError(f"{chosen.target} is a class that is no nn.Module; expected one that is.")
    names = [type(part).__name__ for part in _parts(result)]
    kind = type(result).__name__
    if any(isinstance(part, nn.Module) for part in _parts(result)):
        location = chosen.target.rpartition(":")[0]
        networks = dict.fromkeys(type(part).__name__ for part in _parts(result) if isinstance(part, nn.Module))
        return RequestError(
            f"{chosen.target} returned a {kind} of {', '.join(names[:8])}; expected one nn.Module: "
            "name the class that is meant, or a function that returns it alone.",
            tuple(f"unetdoctor inspect {quoted(f'{location}:{name}')}" for name in networks),
        )
    if inspect.isclass(result):
        name = result.__name__
        return RequestError(f"{chosen.target} returned the class {name}; expected an nn.Module: return {name}().")
    found = "None" if result is None else f"{'an' if kind[:1].lower() in 'aeiou' else 'a'} {kind}"
    return RequestError(f"{chosen.target} returned {found}; expected an nn.Module: let it return the network.")


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
