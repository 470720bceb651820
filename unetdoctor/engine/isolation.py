"""The first sample of a batch, fed alone as well: whether what it becomes depends on the others."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from unetdoctor.engine.evaluation import Change, Intervening
from unetdoctor.engine.observation import Observed
from unetdoctor.engine.recorder import Recorder
from unetdoctor.engine.returned import find_tensors
from unetdoctor.engine.setting import Setting
from unetdoctor.engine.shape_pass import preserved
from unetdoctor.engine.tape import Entry, tensors
from unetdoctor.engine.weights import normalisations
from unetdoctor.facts import Isolation

_ROUNDING = 50
"""Rounding errors by which a pass over other samples may differ before anything is looked for."""
_TF32 = 2.0**-11
_MOST_IDS = 32
"""Largest class id of bytes that are taken for ids, whose last level is no rounding. 1-20: masks, classes of VOC.
60-255: pictures in bytes. Of more classes, ids beside the right ones by one are lost."""


def isolate(setting: Setting, seen: Observed, change: Change | None = None) -> Isolation | None:
    """Feed the first sample of a pass alone, in one plain pass, and compare.

    A network that refuses a batch of one is fed copies of the sample. None where that says nothing: one sample, a
    network that draws random numbers, or returns something else for it. Where the two differ, the pass is repeated to
    find out whether it repeats itself, and watched twice more to find the first operation that mixes. Under a change,
    the batch is fed anew as well.
    """
    whole = seen.output if change is None else called(setting, seen, seen.args, seen.kwargs, change)
    count = seen.inputs[0].shape[0] if seen.inputs and seen.inputs[0].dim() else 0
    if whole is None or not whole.dim() or count < 2 or (seen.tape.random and change is None) or whole.shape[0] % count:
        return None
    rows = whole.shape[0] // count
    args, kwargs = (_first(value, count) for value in (seen.args, seen.kwargs))
    alone, copies = called(setting, seen, args, kwargs, change), 1
    if alone is None:
        copies = count
        args, kwargs = (_first(value, count, copies) for value in (seen.args, seen.kwargs))
        alone = called(setting, seen, args, kwargs, change)
    if alone is None or tuple(alone.shape) != (rows * copies, *whole.shape[1:]):
        return None
    x, y = whole[:rows].detach().double(), alone[:rows].detach().double()
    scale = (x - x.mean()).square().mean().sqrt().item()
    gap = (x - y).abs()
    if whole.dtype is torch.uint8 and float(x.max()) > _MOST_IDS:
        gap = torch.where(gap > 1, gap, 0.0)  # a picture in bytes: the last level is rounding
    difference = gap.square().mean().sqrt().item()
    if not difference < float("inf") or not scale:
        return None
    precision = _precision(whole, setting.device)
    size = x.square().mean().sqrt().item()  # numbers far from 0 are rounded to their own size
    found = Isolation(count, difference / scale, precision * size / scale)
    if found.relative <= _ROUNDING * found.precision or change is not None:
        return found
    again = called(replace(setting, seed=setting.seed + 1), seen, seen.args, seen.kwargs)
    if again is None or not torch.equal(again, whole):
        return None
    return replace(found, origin=_origin(setting, seen, (args, kwargs), copies, _ROUNDING * precision))


def beside_another(setting: Setting, seen: Observed, others: Sequence[Observed]) -> Observed:
    """Return a pass over one sample as one over two, where a normalisation takes statistics of the batch.

    The second is that of another pass over one of the same shape; the pass itself is returned where there is none.
    """
    mixing = any(seen.tape.entries[op].training for op in normalisations(seen.tape))
    if not mixing or not seen.inputs or seen.inputs[0].shape[:1] != (1,):
        return seen
    shapes = [x.shape for x in seen.inputs]
    other = next((x for x in others if x is not seen and [y.shape for y in x.inputs] == shapes), None)
    if other is None:
        return seen
    args, kwargs = _both(seen.args, other.args), _both(seen.kwargs, other.kwargs)
    return replace(seen, args=args, kwargs=kwargs, output=called(setting, seen, args, kwargs))


def _both(value: Any, other: Any) -> Any:
    """Return the arguments of two passes over one sample as those of one pass over both."""
    if isinstance(value, Tensor):
        return torch.cat([value, other]) if value.dim() and value.shape[0] == 1 else value
    if isinstance(value, (list, tuple)):
        return type(value)([_both(x, y) for x, y in zip(value, other, strict=True)])
    if isinstance(value, dict):
        return {key: _both(item, other[key]) for key, item in value.items()}
    return value


def _first(value: Any, count: int, copies: int = 1) -> Any:
    """Return arguments with the first sample alone, or with copies of it."""
    if isinstance(value, Tensor):
        return torch.cat([value[:1]] * copies) if value.dim() and value.shape[0] == count else value
    if isinstance(value, (list, tuple)):
        return type(value)([_first(item, count, copies) for item in value])
    if isinstance(value, dict):
        return {key: _first(item, count, copies) for key, item in value.items()}
    return value


def called(setting: Setting, seen: Observed, args: Any, kwargs: Any, change: Change | None = None) -> Tensor | None:
    """Return what the model itself draws, under a change where there is one; None where it raises."""
    under = nullcontext() if change is None else Intervening(seen.tape, change)
    try:
        with seen.tape.leaves_kept(), preserved(setting.model), under:
            found: Tensor | None = dict(find_tensors(setting.call(args, kwargs))).get(seen.path)
    except Exception:  # noqa: BLE001 - user code: a network that refuses one sample says nothing of mixing
        return None
    return found


def _precision(tensor: Tensor, device: str) -> float:
    """Return the relative rounding error of one operation: convolutions on CUDA round to TF32."""
    own = torch.finfo(tensor.dtype).eps if tensor.is_floating_point() else 2.0**-24
    return max(own, _TF32) if device.startswith("cuda") else own


def _origin(setting: Setting, seen: Observed, alone: tuple[Any, Any], copies: int, tolerance: float) -> int | None:
    """Return the first operation of the pass whose result for the first sample depends on the others."""
    marks: dict[int, tuple[Any, tuple[int, ...], float, float]] = {}
    found: list[int] = []

    def keep(op: int, entry: Entry, result: Any) -> None:
        tensor = next(tensors(result), None)
        if tensor is not None and tensor.is_floating_point() and tensor.dim():
            part = tensor[: max(tensor.shape[0] // copies, 1)]
            marks[op] = (entry.func, tuple(part.shape), *_mark(part))

    def compare(op: int, entry: Entry, result: Any) -> None:
        tensor, mark = next(tensors(result), None), marks.get(op)
        if found or tensor is None or mark is None or mark[0] is not entry.func:
            return
        rows = mark[1][0]
        if tensor.shape[0] <= rows or tuple(tensor.shape[1:]) != mark[1][1:]:
            return
        dot, size = _mark(tensor[:rows])
        if abs(dot - mark[2]) > tolerance * max(size, mark[3]):
            found.append(op)

    for inputs, watch in ((alone, keep), ((seen.args, seen.kwargs), compare)):
        recorder = Recorder(setting.model, tuple(t for _, t in find_tensors(inputs)), watch, setting.source_root)
        with seen.tape.leaves_kept(), preserved(setting.model), recorder:
            setting.call(*inputs)
        recorder.restore()
    return found[0] if found else None


def _mark(tensor: Tensor) -> tuple[float, float]:
    """Return a number that any change of a tensor moves, and its length: what a change is measured against."""
    x = tensor.detach().reshape(-1).double()
    weights = torch.arange(x.numel(), device=x.device, dtype=torch.float64).cos()
    return x.dot(weights).item(), x.norm().item()
