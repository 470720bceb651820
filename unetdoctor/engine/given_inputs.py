"""`--inputs SOURCE`: the values that a person feeds, from a file of tensors or from a function of theirs."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from unetdoctor.engine.arguments import Specs
from unetdoctor.engine.candidates import Search
from unetdoctor.engine.chosen import ChoiceError, shown
from unetdoctor.engine.loading import checkpoints, files, importing
from unetdoctor.engine.loading.errors import Guard, RequestError
from unetdoctor.engine.loading.files import FoundFile
from unetdoctor.engine.loading.sniff import Archive, Content
from unetdoctor.engine.loading.target import parse_target, quoted
from unetdoctor.engine.returned import find_tensors, plain_path
from unetdoctor.engine.signature import Parameter
from unetdoctor.facts import InputSpec

Given = tuple[tuple[str, Tensor], ...]
"""(name, values): the name of an argument of forward(), `batch.image` for an entry of one; empty by position."""
_EXPECTED = "a tensor, an array, or a tuple, list or dict of them"


def read(source: str, directory: Path, guard: Guard) -> Given:
    """Return the values of `file.pt`, `file.npz`, `file.npy`, `file.safetensors` or `script.py:function`.

    Files are read as data and run no code; a function runs in the worker. Raises RequestError where neither holds
    tensors; what the function raises comes out as the guard makes it.
    """
    parsed = parse_target(source)
    if parsed.name and not files.absolute(source, directory).is_file():
        value = _called(source, directory, guard)
    else:
        file = files.find(source, directory)
        if file.content is Content.TEXT and file.path.suffix == ".py":
            raise RequestError(
                f"--inputs {source} is a Python file; expected the name of one of its functions behind a colon, "
                f"which returns {_EXPECTED}: --inputs {quoted(f'{source}:make_inputs')}"
            )
        value = _stored(file)
    given = _named(value)
    if not given:
        raise RequestError(f"--inputs {source} gives {_kind(value)}; expected {_EXPECTED}.")
    return given


def named(value: Any) -> Given:
    """Return the tensors of a value that a caller gives; raises RequestError where it holds none."""
    given = _named(value)
    if not given:
        raise RequestError(f"inputs is {_kind(value)}; expected {_EXPECTED}.")
    return given


def specs(given: Given, arguments: frozenset[str]) -> tuple[tuple[InputSpec, Tensor], ...]:
    """Return each value with its declaration; names that forward() does not know (`arr_0`) stand for positions."""
    named = all(name.partition(".")[0] in arguments for name, _ in given)
    return tuple(
        (InputSpec(tuple(x.shape), name if named else "", str(x.dtype).removeprefix("torch.")), x) for name, x in given
    )


def assigned(inputs: Sequence[InputSpec], leaves: Sequence[Parameter]) -> dict[str, InputSpec]:
    """Return which declaration is which tensor of forward(): by name, the others in its order, the main one first.

    Raises ChoiceError for a name that forward() does not know, and for more declarations than it takes tensors.
    """
    named = {s.name: s for s in inputs if s.name}
    known = [p.name for p in leaves]
    wrong = next((name for name in named if name not in known), None)
    if wrong is not None:
        raise ChoiceError(f"forward() has no argument {wrong}; it takes {', '.join(known)}.")
    loose = [s for s in inputs if not s.name]
    free = [p for p in leaves if p.name not in named]
    if len(loose) > len(free):
        raise ChoiceError(f"{len(inputs)} inputs are declared; forward() takes {', '.join(known)}.")
    order = sorted(free, key=lambda p: (p.role != "main", not p.required))
    if len(loose) >= sum(p.required for p in free):
        order = sorted(free, key=lambda p: not p.required)
    return named | {p.name: s for p, s in zip(order, loose, strict=False)}


def refuse_unbatched(shape: Sequence[int], specs: Specs, search: Search, source: str | None) -> None:
    """Raise ChoiceError where what is declared is refused, and passes with an axis for the batch before it."""
    alone = tuple(replace(s, shape=(1, *s.shape)) for s in specs)
    if len(shape) == 3 and not search.ask(specs).ok and search.ask(alone).ok:
        remedy = "give x[None]" if source else f"--input 1,{','.join(map(str, shape))}"
        raise ChoiceError(f"The input {shown(tuple(shape))} has no batch axis; the network wants one: {remedy}")


def _called(source: str, directory: Path, guard: Guard) -> Any:
    parsed = parse_target(source)
    file = files.find(parsed.location, directory)
    module = guard("import", lambda: importing.import_file(file.path, directory))
    function = getattr(module, parsed.name, None)
    if not callable(function):
        names = [name for name, value in vars(module).items() if callable(value) and not name.startswith("_")]
        raise RequestError(
            f"--inputs {source}: {file.shown} has no function {parsed.name}; it has {', '.join(names[:6]) or 'none'}.",
            tuple(f"--inputs {quoted(f'{parsed.location}:{name}')}" for name in names[:3]),
        )
    args, kwargs = (parsed.call.args, dict(parsed.call.kwargs)) if parsed.call else ((), {})
    return guard("import", lambda: function(*args, **kwargs))


def _stored(file: FoundFile) -> Any:
    if file.content is Content.NUMPY or (file.content is Content.ZIP and file.archive is Archive.NUMPY):
        try:
            loaded = np.load(file.path, allow_pickle=False)
            return loaded if isinstance(loaded, np.ndarray) else dict(loaded)
        except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise RequestError(f"--inputs {file.shown} cannot be read as NumPy arrays: {error}.") from None
    return checkpoints.read(file)


def _named(value: Any) -> Given:
    """Return the tensors of a value with the names of arguments and entries; those of a tuple or list by position."""
    if isinstance(value, (list, tuple)):
        found = [("", t) if path == "[]" else (path, t) for item in value for path, t in find_tensors(item, "[]")]
    elif isinstance(value, Mapping):
        found = [pair for key, item in value.items() for pair in find_tensors(item, str(key))]
    else:
        found = find_tensors(value, "")
    return tuple((plain_path(path), tensor.detach().to("cpu")) for path, tensor in found)


def _kind(value: Any) -> str:
    if isinstance(value, (Mapping, list, tuple)):
        return f"a {type(value).__name__} without tensors"
    return "None" if value is None else f"a {type(value).__name__}"
