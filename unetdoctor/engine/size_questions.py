"""Which sizes a network accepts: each is asked once, on shapes alone, by a real pass where these do not decide."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import torch
from torch import Tensor, nn

from unetdoctor.engine.evaluation import isolated_random_state
from unetdoctor.engine.replaced import foreign
from unetdoctor.engine.returned import find_tensors
from unetdoctor.engine.shape_pass import (
    ShapeFailure,
    ShapePass,
    ShapesUnknownError,
    output_shape,
    plain_execution,
    preserved,
)
from unetdoctor.facts.lasting import said

LARGEST = 8192
"""Side beyond which no size is asked."""

Size = tuple[int, ...]
Outputs = tuple[tuple[str, tuple[int, ...]], ...]
Rounding = tuple[str, str, str, int, int]
MakeInput = Callable[..., tuple[Any, ...]]


@dataclass(frozen=True)
class SizeAnswer:
    """What became of one size."""

    passes: bool | None
    """Whether it passes; None where that could not be found out."""
    outputs: Outputs = ()
    """(path, shape) of everything that came out."""
    seen: ShapePass | None = None
    """What went through; None after a real pass."""
    failure: ShapeFailure | None = None
    """The refusal, where shapes alone gave it."""
    message: str = ""
    """First line of what a real pass raised."""


class SizeQuestions:
    """Answers whether a size passes and what comes out, each size once."""

    def __init__(
        self,
        model: nn.Module,
        make_input: MakeInput,
        kwargs: dict[str, Any] | Callable[..., dict[str, Any]],
        real_seconds: float = 8.0,
    ) -> None:
        self.model, self.make_input, self.kwargs = model, make_input, kwargs
        self.answers: dict[Size, SizeAnswer] = {}
        self.real = False
        self._left_s = real_seconds

    @property
    def exhausted(self) -> bool:
        """Whether the time for real passes is up, so that further sizes are not asked."""
        return self._left_s <= 0

    def passes(self, size: Size) -> bool:
        """Whether the network accepts this size; False as well where it could not be found out."""
        return bool(self.ask(size).passes)

    def ask(self, size: Size) -> SizeAnswer:
        """Return what becomes of a size."""
        if size not in self.answers:
            within = min(size) >= 1 and max(size) <= LARGEST
            self.answers[size] = self._ask(size) if within else SizeAnswer(None)
        return self.answers[size]

    def _ask(self, size: Size) -> SizeAnswer:
        args = self.make_input(*size)
        kwargs = self.kwargs(*size) if callable(self.kwargs) else self.kwargs
        if not self.real:
            try:
                seen = output_shape(self.model, args, kwargs)
            except ShapeFailure as failure:
                return SizeAnswer(False, seen=failure.seen, failure=failure)
            except ShapesUnknownError:
                self.real = True
            else:
                return SizeAnswer(True, seen.outputs, seen)
        if self.exhausted:
            return SizeAnswer(None)
        start = time.perf_counter()
        outputs, message = run_really(self.model, args, kwargs)
        self._left_s -= time.perf_counter() - start
        return SizeAnswer(outputs is not None, outputs or (), message=message)

    def rounding(self, size: Size) -> tuple[Rounding, ...]:
        """Return (layer, place, op, size in, size out) of whatever rounded at this size, in order."""
        seen = self.ask(size).seen
        found = []
        for halving in seen.halvings if seen is not None else ():
            d = halving.rounded
            if d is not None:
                file, _, line = halving.place.rpartition(":")
                place = f"{PurePath(file).name}:{line}" if file else ""
                found.append((halving.layer, place, halving.op, halving.size_in[d], halving.size_out[d]))
        return tuple(found)


def run_really(model: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Outputs | None, str]:
    """Run a real forward pass on zeros; return (path, shape) of what came out, or None and what was raised.

    For networks whose shapes alone do not decide; random state and attributes are kept.
    """
    device = next((p.device for p in (*model.parameters(), *model.buffers())), torch.device("cpu"))

    def real(value: Any) -> Any:
        if isinstance(value, Tensor):
            return torch.zeros(value.shape, dtype=value.dtype, device=device) if value.is_meta else value
        if isinstance(value, (list, tuple)):
            return type(value)([real(item) for item in value])
        return value

    try:
        with isolated_random_state(0, device), preserved(model), torch.no_grad(), plain_execution():
            returned = foreign(model, *real(args), **{key: real(value) for key, value in kwargs.items()})
    except Exception as raised:  # noqa: BLE001 - user code: whatever it raises is a refusal
        return None, said(raised).strip().partition("\n")[0] or type(raised).__name__
    return tuple((path, tuple(tensor.shape)) for path, tensor in find_tensors(returned)), ""


def multiple_along(questions: SizeQuestions, passing: Size, direction: Sequence[int]) -> int | None:
    """Return the smallest step from a size along the axes marked 1 that passes and is confirmed; None where fixed.

    To it 1, 2, 4 ... 128 pixels are added: the first that passes is the multiple; where none does, the divisors of the
    size are added, so that 3, 12 or 14 are found as well. Two more sizes confirm it.
    """
    if not questions.passes(passing):
        return None
    moved: list[int] = [n for n, d in zip(passing, direction, strict=True) if d]
    divisors: list[int] = [d for d in range(3, max(moved) + 1) if not all(n % d for n in moved) and d & (d - 1)]
    for step in (1, 2, 4, 8, 16, 32, 64, 128, *divisors):
        if all(questions.passes(plus(passing, direction, times * step)) for times in (1, 3, 2)):
            return step
    return None


def reduced_along(questions: SizeQuestions, passing: Size, direction: Sequence[int], multiple: int) -> int | None:
    """Return the smallest divisor of a multiple that holds for all axes which holds for those marked 1 as well.

    None where not even the multiple itself passes along them alone.
    """
    step = multiple
    if not questions.passes(plus(passing, direction, step)):
        return None
    for prime in [n for n in range(2, multiple + 1) if multiple % n == 0 and all(n % d for d in range(2, n))]:
        while step % prime == 0 and questions.passes(plus(passing, direction, step // prime)):
            step //= prime
    return step


def remainders_along(
    questions: SizeQuestions, passing: Size, direction: Sequence[int], multiple: int
) -> tuple[int, ...]:
    """Return what the sizes that pass leave when divided by the multiple: a first stride that rounds takes two.

    Of the sizes between a passing one and the next, those beside either end are asked, on until one is refused.
    """
    at = next(n for n, d in zip(passing, direction, strict=True) if d)
    steps = [0]
    for side in (range(1, multiple), range(-1, -multiple, -1)):
        for step in side:
            if not questions.passes(plus(passing, direction, multiple + step)):
                break
            steps.append(step)
    return tuple(dict.fromkeys((at + step) % multiple for step in steps))


def plus(size: Size, direction: Sequence[int], step: int) -> Size:
    """Return a size moved by a step along the axes marked 1."""
    return tuple(n + d * step for n, d in zip(size, direction, strict=True))
