"""Which input sizes a network accepts, from about ten passes over shapes."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import PurePath
from typing import Any

import torch
from torch import Tensor, nn

from unetdoctor.engine.evaluation import isolated_random_state
from unetdoctor.engine.shape_pass import (
    ShapeFailure,
    ShapePass,
    ShapesUnknownError,
    output_shape,
    plain_execution,
    preserved,
)
from unetdoctor.facts import ShapeSweep

_STARTS = (128, 256, 224, 96, 512, 32)
_POWERS = (1, 2, 4, 8, 16, 32, 64, 128)
_REAL_SECONDS = 8.0
"""Time for real forward passes, where shapes alone do not decide."""
_LARGEST = 8192
"""Side beyond which no size is proposed."""

__all__ = ["ShapeFailure", "ShapePass", "ShapesUnknownError", "output_shape", "really_passes", "sweep"]

Size = tuple[int, int]
MakeInput = Callable[[int, int], tuple[Any, ...]]


def sweep(
    model: nn.Module,
    make_input: MakeInput,
    asked: Size | None,
    passing: Size | None = None,
    kwargs: dict[str, Any] | None = None,
) -> ShapeSweep:
    """Find the multiple that sizes must have, the smallest one, and the valid sizes around `asked`.

    `make_input(height, width)` returns the positional arguments (their tensors may lie on meta); `passing` is a size
    known to pass, looked for where none is known. To it 1, 2, 4 ... 128 pixels are added: the first that passes is the
    multiple; where none does, the divisors of the passing size are added, so that 3, 12 or 14 are found as well. Two
    more sizes confirm it.
    """
    asker = _Asker(model, make_input, kwargs or {})
    candidates = [size for size in (passing, asked, *((n, n) for n in _STARTS)) if size is not None]
    passing = next((size for size in candidates if asker.passes(size)), candidates[0])
    multiple = _multiple(asker, passing)
    smallest = _smallest(asker, passing, multiple) if multiple else None
    following = previous = None
    if asked is not None:
        if asker.passes(asked):
            following = previous = asked
        elif multiple:
            following, previous = _around(asker, asked, passing, multiple)
    return ShapeSweep(
        passing=tuple(size for size, ok in asker.answers.items() if ok),
        failing=tuple(size for size, ok in asker.answers.items() if ok is False),
        multiple=multiple,
        smallest=smallest,
        asked=asked,
        next_valid=following,
        previous_valid=previous,
        rounding=asker.rounding(asked) if asked is not None else (),
    )


class _Asker:
    """Answers whether a size passes, each size once."""

    def __init__(self, model: nn.Module, make_input: MakeInput, kwargs: dict[str, Any]) -> None:
        self.model, self.make_input, self.kwargs = model, make_input, kwargs
        self.answers: dict[Size, bool | None] = {}
        self.seen: dict[Size, ShapePass] = {}
        self.real = False
        self.spent = 0.0

    def passes(self, size: Size) -> bool:
        """Whether the network accepts this size; False as well where it could not be found out."""
        if size not in self.answers:
            self.answers[size] = None if min(size) < 1 or max(size) > _LARGEST else self._ask(size)
        return bool(self.answers[size])

    def _ask(self, size: Size) -> bool | None:
        args = self.make_input(*size)
        if not self.real:
            try:
                self.seen[size] = output_shape(self.model, args, self.kwargs)
            except ShapeFailure as failure:
                self.seen[size] = failure.seen
                return False
            except ShapesUnknownError:
                self.real = True
            else:
                return True
        if self.spent > _REAL_SECONDS:
            return None
        start = time.perf_counter()
        ok = really_passes(self.model, args, self.kwargs)
        self.spent += time.perf_counter() - start
        return ok

    def rounding(self, asked: Size) -> tuple[tuple[str, str, str, int, int], ...]:
        """Return (layer, place, op, size in, size out) of whatever rounded at this size, in order."""
        self.passes(asked)
        seen = self.seen.get(asked)
        found = []
        for halving in seen.halvings if seen is not None else ():
            d = halving.rounded
            if d is not None:
                file, _, line = halving.place.rpartition(":")
                place = f"{PurePath(file).name}:{line}" if file else ""
                found.append((halving.layer, place, halving.op, halving.size_in[d], halving.size_out[d]))
        return tuple(found)


def really_passes(model: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Run a real forward pass, for networks whose shapes alone do not decide; random state and attributes are kept."""
    device = next((p.device for p in (*model.parameters(), *model.buffers())), torch.device("cpu"))

    def real(value: Any) -> Any:
        if isinstance(value, Tensor):
            return torch.zeros(value.shape, dtype=value.dtype, device=device) if value.is_meta else value
        if isinstance(value, (list, tuple)):
            return type(value)([real(item) for item in value])
        return value

    try:
        with isolated_random_state(0, device), preserved(model), torch.no_grad(), plain_execution():
            model(*real(args), **{key: real(value) for key, value in kwargs.items()})
    except Exception:  # noqa: BLE001 - user code: whatever it raises is a refusal
        return False
    return True


def _plus(size: Size, step: int) -> Size:
    return size[0] + step, size[1] + step


def _multiple(asker: _Asker, passing: Size) -> int | None:
    """Return the smallest step from the passing size that passes and is confirmed; None where sizes are fixed."""
    if not asker.passes(passing):
        return None
    divisors = [d for d in range(3, max(passing) + 1) if not all(n % d for n in passing) and d & (d - 1)]
    for step in (*_POWERS, *divisors):
        if asker.passes(_plus(passing, step)) and _confirmed(asker, passing, step):
            return step
    return None


def _confirmed(asker: _Asker, passing: Size, step: int) -> bool:
    return asker.passes(_plus(passing, 3 * step)) and asker.passes(_plus(passing, 2 * step))


def _smallest(asker: _Asker, passing: Size, multiple: int) -> int | None:
    """Return the smallest square size that passes, by bisection over the valid ones."""
    rest = passing[0] % multiple if passing[0] % multiple == passing[1] % multiple else 0
    low, high = 0, -(-max(passing) // multiple)
    if not asker.passes((rest + high * multiple,) * 2):
        return None
    while low < high:
        middle = (low + high) // 2
        if asker.passes((rest + middle * multiple,) * 2):
            high = middle
        else:
            low = middle + 1
    return rest + low * multiple


def _around(asker: _Asker, asked: Size, passing: Size, multiple: int) -> tuple[Size | None, Size | None]:
    """Return the smallest valid size that holds `asked`, and the largest one within it."""
    above = tuple(a + (p - a) % multiple for a, p in zip(asked, passing, strict=True))
    below = tuple(a - (a - p) % multiple for a, p in zip(asked, passing, strict=True))
    for _ in range(8):  # a size may have the multiple and still be below the smallest one
        if asker.passes((above[0], above[1])):
            break
        above = tuple(n + multiple if n < max(asked) else n for n in above) if above[0] != above[1] else (
            above[0] + multiple, above[1] + multiple)  # fmt: skip
    following = (above[0], above[1])
    previous = (below[0], below[1])
    return (
        following if asker.passes(following) else None,
        previous if min(previous) > 0 and asker.passes(previous) else None,
    )
