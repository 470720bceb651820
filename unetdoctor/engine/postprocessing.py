"""`--postprocess script.py:fn`: the person's own function that turns what forward() returns into the picture.

Where it keeps to torch, its operations stand on the tape behind the network's own. Where it goes through NumPy or
Pillow it is one operation of the tape, `postprocess`, which a counterfactual runs again as a whole.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils import _pytree as containers
from torch.utils._python_dispatch import _disable_current_modes

from unetdoctor.engine.loading import files, importing
from unetdoctor.engine.loading.errors import RequestError
from unetdoctor.engine.loading.target import parse_target, quoted
from unetdoctor.engine.recorder import Recorder
from unetdoctor.engine.replaced import foreign
from unetdoctor.engine.tape import Ref, Tape
from unetdoctor.facts.lasting import said

NAME = "postprocess"
"""Name of the operation that stands for a function through NumPy or Pillow."""
_PICTURE = (3, 4)
"""Channels of a picture in colour."""
_NO_FILES = "The function writes files, which is not possible here; name one that returns the picture."
_LIBRARY = torch.library.Library("unetdoctor", "DEF")
_LIBRARY.define(f"{NAME}(Tensor[] given, int number) -> Tensor")
_functions: list[Callable[[Sequence[Tensor]], Tensor]] = []


def _run(given: Sequence[Tensor], number: int) -> Tensor:
    return _functions[number](given)


_LIBRARY.impl(NAME, _run, "CompositeExplicitAutograd")


class PostprocessError(RequestError):
    """The person's function raised, or returned no picture; the sentence says where."""


class Postprocess:
    """A function behind forward(); called with what forward() returned, it gives the picture as a tensor."""

    def __init__(self, source: str, function: Callable[[Any], Any]) -> None:
        self.source = source
        code = getattr(function, "__code__", None)
        self.file = code.co_filename if code is not None else ""
        self.line = code.co_firstlineno if code is not None else 0
        self._function = function
        self._recorded: bool | None = None
        self._numbers: dict[tuple[str, tuple[int, ...]], int] = {}

    def __call__(self, returned: Any) -> Any:
        """Return the picture: what a torch function gives, else the result of the one operation that runs it."""
        if self._recorded is None:
            self._recorded = self._keeps_to_torch(returned)
        leaves, structure = containers.tree_flatten(returned)
        if self._recorded:
            return _in_batch(self._called(returned), leaves)
        places = tuple(i for i, leaf in enumerate(leaves) if isinstance(leaf, Tensor))
        key = (str(structure), places)
        if key not in self._numbers:
            rest = [None if isinstance(leaf, Tensor) else leaf for leaf in leaves]
            self._numbers[key] = len(_functions)
            _functions.append(lambda given: self._drawn(_filled(rest, places, given), structure))
        return torch.ops.unetdoctor.postprocess([leaves[i] for i in places], self._numbers[key])

    def place(self, tape: Tape) -> None:
        """Note where the function stands beside the operation that runs it."""
        for entry in tape.entries:
            if entry.name == NAME:
                entry.file, entry.line = self.file, self.line

    def _drawn(self, leaves: list[Any], structure: Any) -> Tensor:
        """Run the function on what forward() returned, taken apart; the result is a new tensor."""
        return picture(self._called(containers.tree_unflatten(leaves, structure)), self.source).clone()

    def _called(self, returned: Any) -> Any:
        return attempted(lambda: self._function(returned), f"--postprocess {self.source}", self.file)

    def _keeps_to_torch(self, returned: Any) -> bool:
        """Whether the result comes from the given tensors by recorded operations alone."""
        with _disable_current_modes():
            leaves, structure = containers.tree_flatten(returned)
            copies = [leaf.clone() if isinstance(leaf, Tensor) else leaf for leaf in leaves]
            found = tuple(leaf for leaf in copies if isinstance(leaf, Tensor))
            if not found:  # an object of the person's own: it is handed on as it is
                return True
            recorder = Recorder(nn.Identity(), found)
            with recorder:
                result = self._called(containers.tree_unflatten(copies, structure))
            if not isinstance(result, Tensor):
                picture(result, self.source)
                return False
            origin = recorder.origin(result)
            reached = recorder.tape.downstream(set(), inputs=True)
            return origin is not None and (not isinstance(origin, Ref) or origin.op in reached)


def _in_batch(result: Any, given: list[Any]) -> Any:
    """Return one sample's picture, [H, W], [H, W, C] or [C, H, W], in a batch; what the batch drew as it is."""
    if not isinstance(result, Tensor) or result.dim() not in (2, 3):
        return result
    batches = {leaf.shape[0] for leaf in given if isinstance(leaf, Tensor) and leaf.dim() == 4}
    whole = result.dim() == 3 and result.shape[0] in batches and result.shape[2] not in _PICTURE
    return _batched(result) if batches and not whole else result


def _filled(rest: list[Any], places: tuple[int, ...], given: Sequence[Tensor]) -> list[Any]:
    tensors = dict(zip(places, given, strict=True))
    return [tensors.get(i, leaf) for i, leaf in enumerate(rest)]


def attempted(function: Callable[[], Any], what: str, file: str) -> Any:
    """Run code of the person's; what it raises becomes one sentence with its line in this file."""
    try:
        return foreign(function)
    except RequestError:
        raise
    except Exception as error:  # noqa: BLE001 - the person's own code: its error is the answer
        told = f"{what} raised {_told(error, file)}"
        raise PostprocessError(f"{told} {_NO_FILES}" if _writes(error) else told) from None


def _writes(error: Exception) -> bool:
    """Return whether a file could not be written, and none that is there could not be read."""
    if not isinstance(error, PermissionError):
        return False
    name = error.filename if isinstance(error.filename, str) else ""
    return not Path(name).is_file() or os.access(name, os.R_OK)


def load(source: str | None, directory: Path) -> Postprocess | None:
    """Return the function of `script.py:fn`; raises RequestError where there is none."""
    if source is None:
        return None
    parsed = parse_target(source)
    expected = f"--postprocess {source}: expected a Python file and the name of one of its functions"
    if not parsed.name or parsed.call is not None:
        raise RequestError(f"{expected}: --postprocess {quoted('script.py:show')}")
    file = files.find(parsed.location, directory)
    what = f"--postprocess {source}: importing it"
    module = attempted(lambda: importing.import_file(file.path, directory), what, str(file.path))
    function = getattr(module, parsed.name, None)
    if not callable(function):
        names = [name for name, value in vars(module).items() if callable(value) and not name.startswith("_")]
        raise RequestError(
            f"--postprocess {source}: {file.shown} has no function {parsed.name}; it has "
            f"{', '.join(names[:6]) or 'none'}.",
            tuple(f"--postprocess {quoted(f'{parsed.location}:{name}')}" for name in names[:3]),
        )
    return Postprocess(source, function)


def _told(error: Exception, file: str) -> str:
    """Return what was raised, and where in this file."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    where = f" ({Path(file).name}, line {lines[-1]})" if lines else ""
    text = " ".join(said(error).split())[:300]
    return f"{type(error).__name__}{': ' if text else ''}{text}{where}."


def picture(result: Any, source: str = "") -> Tensor:
    """Return tensors, arrays and Pillow pictures, one or several of one size, as a tensor [N, C, H, W]."""
    if isinstance(result, (list, tuple)) and result:
        return torch.cat([picture(item, source) for item in result])
    if isinstance(result, Image.Image):
        result = np.array(result.convert("RGB") if result.mode == "P" else result)
    if isinstance(result, np.ndarray) and result.dtype.kind in "biuf":
        result = torch.from_numpy(np.ascontiguousarray(result))
    if not isinstance(result, Tensor):
        raise PostprocessError(
            f"--postprocess {source} returned {type(result).__name__}; expected a tensor, an array or a Pillow picture."
        )
    return _batched(result.detach())


def _batched(x: Tensor) -> Tensor:
    colours = (1, *_PICTURE)
    if x.dim() == 2:
        return x[None, None]
    if x.dim() == 3:
        if x.shape[2] in colours:
            return x.permute(2, 0, 1)[None].contiguous()
        return x[None] if x.shape[0] in colours else x[:, None]
    if x.dim() == 4 and x.shape[3] in colours and x.shape[1] not in colours:
        return x.permute(0, 3, 1, 2).contiguous()
    return x
