"""Runs a network on shapes alone: every tensor lies on the meta device, nothing is computed and nothing is written.

Torch's own FakeTensorMode imports torch._dynamo and sympy for seconds. Here a dispatch mode stands in: real tensors
among the arguments (parameters, buffers, constants) are exchanged for twins on meta, rules (shape_rules.py) give the
shape of the result. Small constants that no input flows into are computed truly, so that `.item()` on them works.
A function mode around it gives composite functions, which look at devices before anything is dispatched, one device.
"""

from __future__ import annotations

import sys
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from unetdoctor.engine.mode import Mode, with_numbers
from unetdoctor.engine.replaced import ours
from unetdoctor.engine.shape_answers import RULES, answer, bind, exchange, tensors
from unetdoctor.engine.shape_log import Halving, Weighted

_SMALL = 4096
"""Values of a constant up to which it is computed truly."""
_ITEM = torch.ops.aten._local_scalar_dense.default
_UNKNOWABLE = tuple(
    tag for name in ("data_dependent_output", "dynamic_output_shape") if (tag := getattr(torch.Tag, name, None))
)
_WEIGHT = {"convolution": "weight", "_convolution": "weight", "addmm": "mat2", "mm": "mat2", "embedding": "weight",
           "bmm": "mat2", "baddbmm": "batch2"}  # fmt: skip
_READ = {"convolution": "input", "_convolution": "input", "addmm": "mat1", "mm": "self", "embedding": "indices",
         "bmm": "self", "baddbmm": "batch1"}  # fmt: skip
_COMPOSITE = ("conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "linear")


class DataDependentError(Exception):
    """The network reads a value into Python (`.item()`, `nonzero`, a mask as index): shapes alone do not decide."""


class Shapes:
    """What one pass over shapes knows and has seen; `modes()` gives the two modes to enter, outermost first."""

    def __init__(self, model: nn.Module) -> None:
        self.names: dict[int, str] = {}
        """id of a parameter, buffer or what was made of it -> its full name."""
        self.weighted: list[Weighted] = []
        self.halvings: list[Halving] = []
        self.ops = 0
        self.cause: Exception | None = None
        """What the last operation raised; None once another one went through."""
        self.failing = ""
        self.operands: tuple[tuple[int, ...], ...] = ()
        self.operand_sources: tuple[int, ...] = ()
        self.layer = ""
        self._twins: dict[int, tuple[Tensor, Tensor]] = {}
        self._sources: dict[int, tuple[Tensor, int]] = {}
        self._owned: dict[int, Tensor] = {}
        self._keep: list[Tensor] = []
        self.layers = {id(module): name for name, module in model.named_modules() if name}
        self.scripted = isinstance(model, torch.jit.ScriptModule)
        for name, tensor in (*model.named_parameters(), *model.named_buffers()):
            self.names[id(tensor)] = name
            self._keep.append(tensor)
            if tensor.layout is torch.strided:
                self.twin(tensor)  # made here, since it costs ten times as much inside the modes

    def twin(self, x: Tensor) -> Tensor:
        """Return the tensor on meta that stands for a real one."""
        if x.is_meta:
            return x
        if id(x) not in self._twins:
            twin = torch.empty_strided(x.shape, x.stride(), dtype=x.dtype, device="meta")
            self._twins[id(x)] = (x, twin)
            if id(x) in self.names:
                self.names[id(twin)] = self.names[id(x)]
        return self._twins[id(x)][1]

    def mark(self, x: Tensor, sources: int) -> None:
        """Remember which inputs flow into a tensor."""
        self._sources[id(x)] = (x, sources)

    def sources(self, value: Any) -> int:
        """Return the bits of the inputs that flow into any tensor of `value`."""
        bits = 0
        for x in tensors(value):
            known = self._sources.get(id(x))
            bits |= known[1] if known and known[0] is x else 0
        return bits

    def own(self, x: Tensor) -> None:
        """Remember a real constant that this pass made itself, so that it may be written in place."""
        self._owned[x.untyped_storage().data_ptr()] = x

    def owns(self, x: Tensor) -> bool:
        """Whether this pass made the memory of a real tensor."""
        return x.untyped_storage().data_ptr() in self._owned

    def failed(self, op: str, value: Any, error: Exception) -> None:
        """Keep the operation that raised, unless an inner one already stands for it."""
        if self.cause is None:
            self.cause, self.failing = error, op
            self.operands = tuple(tuple(x.shape) for x in tensors(value))
            self.operand_sources = tuple(self.sources(x) for x in tensors(value))

    def __enter__(self) -> Self:
        self._modes = (_OneDevice(self), _OnMeta(self))
        for mode in self._modes:
            mode.__enter__()
        return self

    def __exit__(self, *raised: Any) -> None:
        for mode in reversed(self._modes):
            mode.__exit__(*raised)


class _OneDevice(TorchFunctionMode):
    """Gives a function that reads real and meta tensors at once twins for the real ones."""

    def __init__(self, shapes: Shapes) -> None:
        super().__init__()
        self.shapes = shapes

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        places = {x.is_meta for x in tensors((args, kwargs))}
        if len(places) == 2:
            args, kwargs = exchange(args, self.shapes.twin), exchange(kwargs, self.shapes.twin)
        try:
            return func(*args, **kwargs)
        except Exception as error:
            name = getattr(func, "__name__", "")
            if self.shapes.cause is None and name in _COMPOSITE:
                self._refused(name, args, kwargs)
            if True in places:
                self.shapes.failed(name, (args, kwargs), error)
            raise

    def _refused(self, name: str, args: Any, kwargs: Any) -> None:
        """Keep what a convolution wanted whose number of dimensions did not fit, before anything was dispatched."""
        operands = tensors((args, kwargs))
        if len(operands) < 2:
            return
        x, weight, shapes = operands[0], operands[1], self.shapes
        groups = kwargs.get("groups", next((v for v in args[6:7] if isinstance(v, int)), 1))
        transposed = "transpose" in name
        channels = weight.shape[0] if transposed else weight.shape[1] * (1 if name == "linear" else groups)
        op = "linear" if name == "linear" else "transposed convolution" if transposed else "convolution"
        layer = shapes.names.get(id(weight), "").rpartition(".")[0]
        shapes.weighted.append(Weighted(op, layer, tuple(weight.shape), tuple(x.shape), channels, shapes.sources(x)))


class _OnMeta(Mode):
    """Answers every operation with a shape."""

    def __init__(self, shapes: Shapes) -> None:
        super().__init__()
        self.shapes = shapes

    @ours
    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        shapes, kwargs = self.shapes, dict(kwargs or {})
        if shapes.scripted:
            args = with_numbers(args)
        shapes.ops += 1
        name = func.overloadpacket.__name__
        try:
            out = self._answer(func, name, args, kwargs)
        except Exception as error:
            shapes.failed(name, (args, kwargs), error)
            raise
        shapes.cause = None
        return out

    def _answer(self, func: Any, name: str, args: Any, kwargs: dict[str, Any]) -> Any:
        shapes = self.shapes
        operands = tensors((args, kwargs))
        asked = kwargs.get("device")
        constant = not any(x.is_meta for x in operands) and (asked is None or torch.device(asked).type != "meta")
        if constant and _repeatable(func) and self._may_write(func, operands) and self._small(func, args, kwargs):
            out = func(*args, **kwargs)
            for x in tensors(out):
                if not any(x.untyped_storage().data_ptr() == t.untyped_storage().data_ptr() for t in operands):
                    shapes.own(x)
                self._name(x, operands)
            return out
        return self._on_meta(func, name, args, kwargs)

    def _on_meta(self, func: Any, name: str, args: Any, kwargs: dict[str, Any]) -> Any:
        shapes = self.shapes
        bits = shapes.sources((args, kwargs))
        before = tensors((args, kwargs))
        args, kwargs = self._twins(args, kwargs)
        if func is _ITEM or _reads_values(func, args):
            raise DataDependentError(f"{name} reads values")
        bound = bind(func, args, kwargs)
        self._watch(name, bound, bits)
        out = answer(func, name, bound, args, kwargs)
        for x in tensors(out):
            if bits:
                shapes.mark(x, bits)
            else:
                self._name(x, before)
        self._watch_size(name, bound, out)
        return out

    def _small(self, func: Any, args: Any, kwargs: dict[str, Any]) -> bool:
        """Whether an operation on constants reads and returns few values; what it returns is found on meta first."""
        if func is _ITEM:
            return True
        operands = tensors((args, kwargs))
        if sum(x.numel() for x in operands) > _SMALL:
            return False
        if func._schema.is_mutable or any(tag in func.tags for tag in _UNKNOWABLE):
            return True
        if operands and func.overloadpacket.__name__ not in RULES:
            return True  # a meta kernel in Python would cost more than the operation
        args, kwargs = self._twins(args, kwargs)
        out = answer(func, func.overloadpacket.__name__, bind(func, args, kwargs), args, kwargs)
        return sum(x.numel() for x in tensors(out)) <= _SMALL

    def _twins(self, args: Any, kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Return arguments with twins for tensors, and meta as the device where one is named or nothing else tells."""
        twin = self.shapes.twin
        args, kwargs = exchange(args, twin), exchange(kwargs, twin)
        if "device" in kwargs or not tensors((args, kwargs)):
            kwargs["device"] = torch.device("meta")
            kwargs.pop("pin_memory", None)
        return args, kwargs

    def _may_write(self, func: Any, operands: list[Tensor]) -> bool:
        return not func._schema.is_mutable or all(self.shapes.owns(x) for x in operands)

    def _name(self, x: Tensor, made_of: list[Tensor]) -> None:
        """Give what was made of one parameter (normalised, cast, transposed) the name of it."""
        names = self.shapes.names
        name = next((names[id(t)] for t in made_of if id(t) in names), "")
        if name and x.dim() > 1:
            names[id(x)] = name
            self.shapes._keep.append(x)

    def _watch(self, name: str, bound: dict[str, Any], bits: int) -> None:
        """Remember an operation with a weight before it is answered: a refusal tells what it wanted."""
        key = _WEIGHT.get(name)
        if key is None:
            return
        shapes, weight, x = self.shapes, bound[key], bound[_READ[name]]
        full = shapes.names.get(id(weight), "")
        if not full and (shapes.sources(weight) or name in ("bmm", "baddbmm")):
            return
        if full:
            shapes.layer = full.rpartition(".")[0]
        shape = tuple(weight.shape)
        if "convolution" in name:
            op = "transposed convolution" if bound["transposed"] else "convolution"
            channels = shape[0] if bound["transposed"] else shape[1] * bound["groups"]
        elif name == "embedding":
            op, channels = name, shape[0]
        else:
            op, channels, shape = "linear", shape[-2], (shape[-1], shape[-2])
        shapes.weighted.append(Weighted(op, shapes.layer, shape, tuple(x.shape), channels, bits))

    def _watch_size(self, name: str, bound: dict[str, Any], out: Any) -> None:
        """Remember a stride above one, in order."""
        pool = "max_pool" in name or "avg_pool" in name
        if (not pool and name not in ("convolution", "_convolution")) or "adaptive" in name or bound.get("transposed"):
            return
        given = bound["stride"] or bound.get("kernel_size", 1)
        stride = max([given] if isinstance(given, int) else given)
        result = tensors(out)[0]
        x = tensors(bound)[0]
        count = 2 if pool and "3d" not in name else 3 if pool else x.dim() - 2
        if stride > 1:
            sizes = tuple(x.shape[-count:]), tuple(result.shape[-count:])
            plain = name.replace("_with_indices", "")
            layer, place = ("", "") if self.shapes.scripted else _caller(self.shapes.layers)
            self.shapes.halvings.append(Halving(plain, layer or self.shapes.layer, place, stride, *sizes))


def _repeatable(func: Any) -> bool:
    return torch.Tag.nondeterministic_seeded not in func.tags


def _reads_values(func: Any, args: Any) -> bool:
    if func.overloadpacket.__name__ in ("index", "_unsafe_index"):
        return any(x.dtype in (torch.bool, torch.uint8) for x in tensors(args[1]))
    return any(tag in func.tags for tag in _UNKNOWABLE)


def _caller(layers: dict[int, str]) -> tuple[str, str]:
    """Return (innermost layer at work, `file.py:line` of the innermost frame outside torch)."""
    layer, frame = "", sys._getframe(2)
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        layer = layer or layers.get(id(frame.f_locals.get("self")), "")
        if module != "torch" and not module.startswith(("torch.", "unetdoctor.engine.")):
            return layer, f"{frame.f_code.co_filename}:{frame.f_lineno}"
        frame = frame.f_back  # type: ignore[assignment]
    return layer, ""
