"""What the user's own code loads while it is imported and while it builds the network.

`load_state_dict(strict=False)` drops in silence whatever does not match; here every call is written down.
"""

from __future__ import annotations

import functools
import re
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from unetdoctor.engine.loading import matching
from unetdoctor.engine.loading.loaded import LoadedModel
from unetdoctor.engine.loading.loads import Load, compare, nothing
from unetdoctor.engine.loading.matching import Tensors
from unetdoctor.facts import Place

_LOAD = nn.Module.load_state_dict
_PACKAGE = str(Path(__file__).resolve().parents[2])
_INSTALLED = re.compile(r"[/\\](site|dist)-packages[/\\]")
_STANDARD = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib")})


@dataclass(frozen=True)
class Recorded:
    """One call of load_state_dict."""

    module: nn.Module
    """On which."""
    expected: Tensors
    """What the module had before the call."""
    given: Tensors
    """What was handed over, the module's own tensors left out; dropped where all of it was taken."""
    stored: int
    """How many tensors that were."""
    returned: int
    """How many of the module's own tensors were among them."""
    strict: bool
    """Whether keys had to match."""
    file: str
    """Innermost file of the user's on the stack."""
    line: int
    """Its line."""


@contextmanager
def watching() -> Iterator[list[Recorded]]:
    """Write down every load_state_dict in the block, whose behaviour stays as it is."""
    seen: list[Recorded] = []

    @functools.wraps(_LOAD)
    def load_state_dict(self: nn.Module, *args: Any, **kwargs: Any) -> Any:
        if isinstance(self, torch.jit.ScriptModule):
            return before_call(self, *args, **kwargs)
        before = _tensors(self)
        given = args[0] if args else kwargs.get("state_dict")
        try:
            result = before_call(self, *args, **kwargs)
        except RuntimeError as error:
            _explain(error, before, given)
            raise
        strict = args[1] if len(args) > 1 else kwargs.get("strict", True)
        place = _caller(sys._getframe(1))
        if isinstance(given, Mapping) and place is not None:
            seen.append(_recorded(self, before, given, strict=bool(strict), place=place))
        return result

    before_call = nn.Module.load_state_dict
    nn.Module.load_state_dict = load_state_dict  # type: ignore[method-assign]
    try:
        yield seen
    finally:
        if nn.Module.load_state_dict is load_state_dict:  # the user's code put nothing else there meanwhile
            nn.Module.load_state_dict = before_call  # type: ignore[method-assign]


def _explain(error: RuntimeError, expected: Tensors, given: Any) -> None:
    """Say in the error itself how the keys would fit."""
    fits = matching.find(given, expected) if isinstance(given, Mapping) else []
    if fits and fits[0].matching and fits[0].label != "as saved":
        error.add_note(f"{fits[0].matching} of {len(expected)} keys fit with {fits[0].label}")


def _recorded(
    module: nn.Module,
    before: dict[str, torch.Tensor],
    given: Mapping[Any, Any],
    *,
    strict: bool,
    place: tuple[str, int],
) -> Recorded:
    tensors = {k: v for k, v in given.items() if isinstance(k, str) and isinstance(v, torch.Tensor)}
    own = {address for tensor in before.values() if (address := _address(tensor))}
    handed = {key: value for key, value in tensors.items() if _address(value) not in own}
    return Recorded(module, before, handed, len(handed), len(tensors) - len(handed), strict, *place)


def _tensors(module: nn.Module) -> dict[str, torch.Tensor]:
    """Return what a module saves, without running the hooks of state_dict()."""
    found: dict[str, torch.Tensor] = {}
    for prefix, part in nn.Module.named_modules(module, remove_duplicate=False):
        front = f"{prefix}." if prefix else ""
        found.update({front + name: value for name, value in part._parameters.items() if value is not None})
        kept = ((n, b) for n, b in part._buffers.items() if n not in part._non_persistent_buffers_set)
        found.update({front + name: value for name, value in kept if value is not None})
    return found


def _address(tensor: torch.Tensor) -> int:
    return 0 if is_lazy(tensor) or not tensor.numel() else tensor.data_ptr()


def _caller(frame: FrameType | None) -> tuple[str, int] | None:
    """Return the innermost line of the user's own; None where only libraries are on the stack."""
    while frame is not None:
        file = frame.f_code.co_filename
        foreign = file.startswith(("<", _PACKAGE, *_STANDARD)) or _INSTALLED.search(file)
        if not foreign:
            return file, frame.f_lineno
        frame = frame.f_back
    return None


def judged(seen: list[Recorded], loaded: LoadedModel) -> tuple[Load, ...]:
    """Return what became of the loads that went into the network; a later one stands for those that it covers."""
    names = {id(module): name for name, module in loaded.model.named_modules()}
    kept: dict[str, Load] = {}
    for recorded in seen:
        module = names.get(id(recorded.module))
        if module is None and any(part is loaded.model for part in recorded.module.modules()):
            module = ""  # a wrapper around the network (DataParallel, torch.compile)
        if module is not None:
            for covered in [name for name in kept if name == module or name.startswith(f"{module}." if module else "")]:
                del kept[covered]
            kept[module] = _load(recorded, module, loaded, len(kept))
    return tuple(kept.values())


def _load(recorded: Recorded, module: str, loaded: LoadedModel, index: int) -> Load:
    base = nothing(
        f"load_state_dict(strict={recorded.strict})" if not recorded.strict else "load_state_dict",
        place=Place(module, _shown(recorded.file, loaded.directory), recorded.line),
        own=True,
        module=module,
        strict=recorded.strict,
        index=index,
        returned=recorded.returned,
    )
    parameters = [name for name, _ in nn.Module.named_parameters(recorded.module, remove_duplicate=False)]
    fits = matching.find(recorded.given, recorded.expected) or [_empty()]
    as_given = next((fit for fit in fits if fit.label == "as saved"), _empty())
    fact = compare(base, recorded.expected, parameters, as_given, fits)
    better = [fit for fit in fits[:1] if fit.matching > as_given.matching]
    full = {id(tensor): name for name, tensor in (*loaded.model.named_parameters(), *loaded.model.named_buffers())}
    return Load(
        fact,
        under={fit.label: compare(base, recorded.expected, parameters, fit, fits) for fit in better},
        tensors={fit.label: _named(fit.tensors, recorded.expected, full) for fit in better},
    )


def _named(tensors: Tensors, expected: Tensors, full: Mapping[int, str]) -> dict[str, torch.Tensor]:
    """Return values under the names that the whole network has for the tensors they belong to."""
    return {
        full[id(expected[key])]: value
        for key, value in tensors.items()
        if key in expected and id(expected[key]) in full and matching.same_shape(value, expected[key])
    }


def _empty() -> matching.Fit:
    return matching.Fit((), "", "", False, {}, 0, 0, 0, 0)


def _shown(file: str, directory: Path) -> str:
    path = Path(file)
    return path.relative_to(directory).as_posix() if path.is_relative_to(directory) else file
