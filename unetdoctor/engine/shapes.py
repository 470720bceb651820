"""Which input sizes a network accepts, from about ten passes over shapes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import nn

from unetdoctor.engine.returned import choose_shape
from unetdoctor.engine.shape_pass import ShapeFailure, ShapePass, ShapesUnknownError, output_shape
from unetdoctor.engine.size_laws import law_along
from unetdoctor.engine.size_questions import MakeInput, SizeQuestions, multiple_along, reduced_along, run_really
from unetdoctor.facts import ShapeSweep, SizeLaw

STARTS = (128, 256, 224, 96, 512, 32, 64, 384, 192, 48, 28, 1024)
"""Sides that are tried where no size is known to pass."""

__all__ = ["ShapeFailure", "ShapePass", "ShapesUnknownError", "output_shape", "really_passes", "sweep"]

Size = tuple[int, int]


def sweep(
    model: nn.Module,
    make_input: MakeInput,
    asked: Size | None,
    passing: Size | None = None,
    kwargs: dict[str, Any] | Callable[..., dict[str, Any]] | None = None,
    laws: bool = False,
) -> ShapeSweep:
    """Find the multiple that sizes must have, the smallest one, and the valid sizes around `asked`.

    `make_input(height, width)` returns the positional arguments (their tensors may lie on meta), `kwargs` holds or like
    it returns those given by name; `passing` is a size known to pass, looked for where none is known. `laws` asks for
    the output's size as a function of the input's too.
    """
    questions = SizeQuestions(model, make_input, kwargs or {})
    candidates = [size for size in (passing, asked, *((n, n) for n in STARTS)) if size is not None]
    passing = next((size for size in candidates if questions.passes(size)), candidates[0])
    multiple = multiple_along(questions, passing, (1, 1))
    smallest = _smallest(questions, passing, multiple) if multiple else None
    following = previous = None
    if asked is not None:
        if questions.passes(asked):
            following = previous = asked
        elif multiple:
            following, previous = _around(questions, asked, passing, multiple)
    return ShapeSweep(
        passing=_of_two(questions, True),
        failing=_of_two(questions, False),
        multiple=multiple,
        multiples=_multiples(questions, passing, multiple),
        smallest=smallest,
        asked=asked,
        next_valid=following,
        previous_valid=previous,
        rounding=questions.rounding(asked) if asked is not None else (),
        laws=_laws(questions, passing, multiple) if laws else (),
    )


def really_passes(model: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Run a real forward pass, for networks whose shapes alone do not decide."""
    return run_really(model, args, kwargs)[0] is not None


def _of_two(questions: SizeQuestions, passed: bool) -> tuple[Size, ...]:
    return tuple((size[0], size[1]) for size, answer in questions.answers.items() if answer.passes is passed)


def _multiples(questions: SizeQuestions, passing: Size, multiple: int | None) -> Size | None:
    """Return what height and width must be divisible by, each for itself; None where only equal sides pass."""
    if multiple is None or multiple == 1:
        return None if multiple is None else (1, 1)
    height = reduced_along(questions, passing, (1, 0), multiple)
    width = reduced_along(questions, passing, (0, 1), multiple)
    return None if height is None or width is None else (height, width)


def _laws(questions: SizeQuestions, passing: Size, multiple: int | None) -> tuple[SizeLaw | None, ...]:
    """Return the law of height and of width, found along the diagonal."""
    if multiple is None:
        return ()

    def output(n: int, axis: int) -> int | None:
        size = (n, passing[1] - passing[0] + n)
        shape = choose_shape(questions.ask(size).outputs, (1, 1, *size))[1] if min(size) > 0 else ()
        return shape[axis - 2] if len(shape) == 4 else None

    heights = law_along(lambda n: output(n, 0), passing[0], multiple)
    shift = passing[1] - passing[0]
    widths = law_along(lambda n: output(n - shift, 1), passing[1], multiple)
    return heights, widths


def _smallest(questions: SizeQuestions, passing: Size, multiple: int) -> int | None:
    """Return the smallest square size that passes, by bisection over the valid ones."""
    rest = passing[0] % multiple if passing[0] % multiple == passing[1] % multiple else 0
    low, high = 0, -(-max(passing) // multiple)
    if not questions.passes((rest + high * multiple,) * 2):
        return None
    while low < high:
        middle = (low + high) // 2
        if questions.passes((rest + middle * multiple,) * 2):
            high = middle
        else:
            low = middle + 1
    return rest + low * multiple


def _around(questions: SizeQuestions, asked: Size, passing: Size, multiple: int) -> tuple[Size | None, Size | None]:
    """Return the smallest valid size that holds `asked`, and the largest one within it."""
    above = tuple(a + (p - a) % multiple for a, p in zip(asked, passing, strict=True))
    below = tuple(a - (a - p) % multiple for a, p in zip(asked, passing, strict=True))
    for _ in range(8):  # a size may have the multiple and still be below the smallest one
        if questions.passes((above[0], above[1])):
            break
        above = tuple(n + multiple if n < max(asked) else n for n in above) if above[0] != above[1] else (
            above[0] + multiple, above[1] + multiple)  # fmt: skip
    following = (above[0], above[1])
    previous = (below[0], below[1])
    return (
        following if questions.passes(following) else None,
        previous if min(previous) > 0 and questions.passes(previous) else None,
    )
