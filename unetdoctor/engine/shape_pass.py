"""Questions about shapes: what comes out for this input, which sizes work, where a size is rounded. No arithmetic."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from traceback import walk_tb
from typing import Any

import torch
from torch import Tensor, nn

from unetdoctor.engine.replaced import foreign
from unetdoctor.engine.returned import find_tensors
from unetdoctor.engine.script_state import attributes
from unetdoctor.engine.shape_log import Halving, Weighted
from unetdoctor.engine.shape_mode import DataDependentError, Shapes
from unetdoctor.facts.lasting import lasting, said


class ShapeFailure(Exception):  # noqa: N818 - it is what was found, and no fault of ours
    """The network refused these shapes."""

    def __init__(
        self,
        op: str,
        operands: tuple[tuple[int, ...], ...],
        message: str,
        seen: ShapePass,
        where: tuple[str, str, int] = ("", "", 0),
    ) -> None:
        super().__init__(message)
        self.layer, self.file, self.line = where
        self.op = op
        """Name of the operation that refused; empty where plain Python raised."""
        self.operands = operands
        """Shapes of its tensor arguments."""
        self.message = message
        """First line of what was raised."""
        self.seen = seen
        """What went through before."""
        self.sources: tuple[int, ...] = ()
        """Bits of the network's inputs that flow into each operand."""
        self.missing: str | None = None
        """Key that a dict among the arguments lacks, or index that a list does."""


class ShapesUnknownError(Exception):
    """Shapes alone do not decide: the network reads values into Python, or an operation has no rule."""

    def __init__(self, message: str, seen: ShapePass) -> None:
        super().__init__(message)
        self.seen = seen
        """What went through before."""


@dataclass(frozen=True)
class ShapePass:
    """One forward pass on shapes."""

    outputs: tuple[tuple[str, tuple[int, ...]], ...]
    """(path, shape) of every tensor that came out: `output`, `output['out']`."""
    weighted: tuple[Weighted, ...]
    """Operations with weights, in order; the last one may be the one that refused."""
    halvings: tuple[Halving, ...]
    """Pools and strided convolutions, in order."""
    ops: int
    """Number of operations."""
    made: bool = False
    """Whether the pass gave the network parameters that it did not have: layers made in the first forward()."""

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Shapes of what came out, without paths."""
        return tuple(shape for _, shape in self.outputs)

    @property
    def deepest(self) -> int | None:
        """Smallest side that a pool or a strided convolution returned; None without any."""
        return min((min(h.size_out) for h in self.halvings), default=None)


def output_shape(model: nn.Module, inputs: tuple[Any, ...], kwargs: dict[str, Any] | None = None) -> ShapePass:
    """Run the model on the shapes of its arguments; neither the model nor any random state is touched.

    Raises ShapeFailure where the network refuses them, ShapesUnknownError where shapes alone do not decide.
    """
    kwargs = kwargs or {}
    known = Shapes(model)
    flat = [t for _, t in find_tensors((inputs, kwargs))]
    for position, tensor in enumerate(flat):
        known.mark(known.twin(tensor), 1 << position)
    args = _on_meta(inputs, known), _on_meta(kwargs, known)
    returned: Any = None
    had, made = _parameters(model), False
    try:
        with preserved(model), torch.no_grad(), plain_execution(), known:
            returned = foreign(model, *args[0], **args[1])
            made = _parameters(model) != had
    except Exception as raised:  # noqa: BLE001 - user code: what it raises is the answer
        error: Exception | None = raised
    else:
        error = None
    outputs = tuple((path, tuple(tensor.shape)) for path, tensor in find_tensors(returned))
    seen = ShapePass(outputs, tuple(known.weighted), tuple(known.halvings), known.ops, made)
    if error is not None:
        raise _read(error, known, seen) from None
    return seen


def _parameters(model: nn.Module) -> int:
    return sum(len(module._parameters) for module in model.modules() if not isinstance(module, torch.jit.ScriptModule))


def plain_execution() -> AbstractContextManager[Any]:
    """Run TorchScript as it is written: no profiling, no fusing."""
    return torch.jit.optimized_execution(False)  # type: ignore[attr-defined]


def _on_meta(value: Any, known: Shapes) -> Any:
    if isinstance(value, Tensor):
        return known.twin(value)
    if isinstance(value, (list, tuple)):
        return type(value)([_on_meta(item, known) for item in value])
    if isinstance(value, dict):
        return {key: _on_meta(item, known) for key, item in value.items()}
    return value


def _read(error: Exception, known: Shapes, seen: ShapePass) -> Exception:
    """Turn what came out of the model into a refusal, or into the admission that shapes do not decide."""
    cause = known.cause or error
    text = lasting(said(cause).strip().partition("\n")[0]) or type(cause).__name__
    if isinstance(cause, DataDependentError) or _about_meta(said(cause)) or _about_meta(said(error)):
        return ShapesUnknownError(text, seen)
    if known.cause is not None and isinstance(cause, (NotImplementedError, ImportError, AttributeError, KeyError)):
        return ShapesUnknownError(f"{known.failing}: {text}", seen)
    if known.cause is None:
        failure = ShapeFailure("", (), text, seen, _where(error, known))
        failure.missing = _missing(error)
        return failure
    failure = ShapeFailure(known.failing, known.operands, text, seen, _where(error, known))
    failure.sources = known.operand_sources
    return failure


_SHORT = re.compile(r"list index out of range|not enough values to unpack|zip\(\) argument \d+ is shorter")
_NO_KEY = re.compile(r"KeyError: '?([^'\n]+)'?")


def _missing(error: Exception) -> str | None:
    """Return the key that was looked up in vain; "" where a sequence was too short."""
    if isinstance(error, KeyError) and error.args and isinstance(error.args[0], str):
        return str(error.args[0])
    told = _NO_KEY.search(said(error)) if isinstance(error, RuntimeError) else None
    if told:
        return told[1]
    return "" if _SHORT.search(said(error)) else None


def _where(error: Exception, known: Shapes) -> tuple[str, str, int]:
    """Return (innermost layer at work, file, line) of the innermost frame outside torch and of us."""
    layer, file, line = "", "", 0
    for frame, number in walk_tb(error.__traceback__):
        layer = known.layers.get(id(frame.f_locals.get("self")), layer)
        name = frame.f_globals.get("__name__", "")
        if name != "torch" and not name.startswith(("torch.", "unetdoctor.engine.")):
            file, line = frame.f_code.co_filename, number
    return layer or known.layer, "" if known.scripted else file, 0 if known.scripted else line


def _about_meta(text: str) -> bool:
    return any(words in text for words in ("meta tensor", "Meta tensor", "device meta", "meta device", "'meta'"))


@contextmanager
def preserved(model: nn.Module) -> Iterator[None]:
    """Give every attribute of every module back afterwards: what a forward pass caches must not stay on meta."""
    scripted = attributes(model)
    before: list[tuple[nn.Module, dict[str, Any], dict[str, Any]]] = []
    for module in model.modules():
        if isinstance(module, torch.jit.ScriptModule):
            tensors = dict(module.named_buffers(recurse=False))
            before.append((module, tensors, {}))
        else:
            state = dict(module.__dict__)
            inner = {k: v.copy() for k, v in state.items() if type(v) in (dict, list, set, OrderedDict)}
            before.append((module, state, inner))
    try:
        yield
    finally:
        for owner, name, value in scripted:
            owner.setattr(name, value)
        for module, state, inner in before:
            if isinstance(module, torch.jit.ScriptModule):
                for name, tensor in state.items():
                    if getattr(module, name) is not tensor:
                        setattr(module, name, tensor)
                continue
            now = module.__dict__
            if now.keys() != state.keys() or any(now[key] is not value for key, value in state.items()):
                now.clear()
                now.update(state)
            for name, value in inner.items():
                _refill(state[name], value)


def _refill(container: Any, value: Any) -> None:
    container.clear()
    container.extend(value) if isinstance(container, list) else container.update(value)
