"""The survey of input sizes: valid ones per axis, the smallest, what comes out, what is refused, what to pad."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from torch import nn

from unetdoctor.engine.arguments import ArgumentSpec, arrange
from unetdoctor.engine.chosen import ChosenInput, has_channels_last, resized
from unetdoctor.engine.padding import padding_lines
from unetdoctor.engine.returned import choose_shape
from unetdoctor.engine.shapes import STARTS
from unetdoctor.engine.size_laws import law_along, output_size
from unetdoctor.engine.size_questions import Size, SizeQuestions, multiple_along, plus, remainders_along
from unetdoctor.facts import AskedSize, AxisSizes, Place, Refusal, Sizes, Target

AXES = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}
"""Names of the spatial axes, by their number."""
FAR = {1: 4096, 2: 2048, 3: 256}
"""Side up to which the largest valid size is looked for."""
BATCHES = (1, 2, 3, 5)
_REAL_SECONDS = 25.0
"""Time for real forward passes, where shapes alone do not decide."""
_UNASKED = (
    "Shapes alone do not decide, and real forward passes take too long to ask for other sizes: give some by --size."
)
_EXAMPLES = 9


def survey(
    model: nn.Module,
    chosen: ChosenInput,
    target: Target,
    asked: Sequence[Size] = (),
    shown_path: Callable[[str], str] = str,
    wanted: str | None = None,
) -> Sizes:
    """Find which input sizes a network takes and what comes out.

    `shown_path` is how a source file is written, `wanted` the output that a person named.
    """
    dims = len(chosen.main.shape) - 2
    known = Sizes(target, chosen.choice, (), (), "")
    last = has_channels_last(chosen.main.shape) and bool(returned(model, chosen))
    if chosen.latent or dims not in AXES or last:
        what = "a latent vector" if chosen.latent else f"an input of {len(chosen.main.shape)} axes"
        note = f"The network takes {what}, which has no height and width."
        if last:
            note = (
                "The network takes [N, H, W, C]; sizes are asked of what takes [N, C, H, W]: move its permute outside."
            )
        path, shape = choose_shape(returned(model, chosen), chosen.main.shape, wanted)
        return replace(known, note=note, path=path, output=shape)
    return _Survey(model, chosen, known, shown_path, wanted).run(asked)


def returned(model: nn.Module, chosen: ChosenInput) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Return (path, shape) of every tensor that comes out for the input as it was chosen."""
    args, kwargs = arrange(chosen.specs, ArgumentSpec.on_meta)
    return SizeQuestions(model, lambda _: args, kwargs).ask((1,)).outputs


class _Survey:
    """One survey: questions along single axes, then together."""

    def __init__(
        self,
        model: nn.Module,
        chosen: ChosenInput,
        known: Sizes,
        shown_path: Callable[[str], str],
        wanted: str | None = None,
    ) -> None:
        self.model, self.chosen, self.known, self.shown_path, self.wanted = model, chosen, known, shown_path, wanted
        self.questions = SizeQuestions(model, chosen.make, chosen.make_named, _REAL_SECONDS)
        self.start: Size = tuple(chosen.main.shape[2:])
        self.dims = len(self.start)
        self.ones = (1,) * self.dims
        self.axes: tuple[AxisSizes, ...] = ()
        self.square = False

    def run(self, asked: Sequence[Size]) -> Sizes:
        """Return everything."""
        wanted = [self._full(size) for size in asked]
        candidates = [self.start, *wanted, *(self.ones_times(n) for n in STARTS)]
        start = next((size for size in candidates if self.questions.passes(size)), None)
        if start is None:
            note = "No size that was tried passes."
            found = replace(self.known, refusal=self._refusal(self.start), note=note)
            return self._counted(replace(found, asked=tuple(self._asked(size) for size in wanted)))
        self.start = start
        path, shape = self._output(start)
        self.axes = self._axes()
        if self.questions.exhausted:
            self.axes = ()
            known = replace(self.known, start=start, output=shape, path=path, note=_UNASKED)
            return self._counted(replace(known, asked=tuple(self._asked(size) for size in wanted)))
        answers = tuple(self._asked(size) for size in wanted)
        refused = next((a.refusal for a in answers if a.refusal is not None), None)
        return self._counted(
            replace(
                self.known,
                start=start,
                output=shape,
                path=path,
                axes=self.axes,
                square=self.square,
                smallest=self._smallest_together(),
                batches=self._batches(),
                refusal=refused or self._first_refusal(),
                pad=() if self.square else padding_lines(self.axes),
                asked=answers,
            )
        )

    def ones_times(self, n: int) -> Size:
        """Return a size with equal sides."""
        return (n,) * self.dims

    def _counted(self, found: Sizes) -> Sizes:
        return replace(found, passes=len(self.questions.answers), real=self.questions.real)

    def _full(self, size: Size) -> Size:
        return self.ones_times(size[0]) if len(size) == 1 else size

    def _output(self, size: Size) -> tuple[str, tuple[int, ...]]:
        return choose_shape(self.questions.ask(size).outputs, (*self.chosen.main.shape[:2], *size), self.wanted)

    def _side(self, size: Size, axis: int) -> int | None:
        """Return the output's size along one axis; None where the size is refused or the output has no such axis."""
        shape = self._output(size)[1] if self.questions.passes(size) else ()
        return shape[axis - self.dims] if len(shape) >= self.dims + 2 else None

    def _axes(self) -> tuple[AxisSizes, ...]:
        directions = [tuple(int(a == axis) for a in range(self.dims)) for axis in range(self.dims)]
        multiples = [multiple_along(self.questions, self.start, d) for d in directions]
        if self.dims > 1 and not any(multiples):
            together = multiple_along(self.questions, self.start, self.ones)
            if together is not None:
                self.square = True
                directions = [self.ones] * self.dims
                multiples = [together] * self.dims
        found = [self._axis(n, d, m) for n, (d, m) in enumerate(zip(directions, multiples, strict=True))]
        if not self._laws_hold(found):
            found = [replace(axis, law=None) for axis in found]
        return tuple(found)

    def _axis(self, axis: int, direction: Sequence[int], multiple: int | None) -> AxisSizes:
        name, at = AXES[self.dims][axis], self.start[axis]

        def moved(n: int) -> Size:
            return plus(self.start, direction, n - at)

        if multiple is None:
            return AxisSizes(name, None, (at,), at, at, None, ((at, self._side(self.start, axis)),))
        remainders = remainders_along(self.questions, self.start, direction, multiple)
        law = law_along(lambda n: self._side(moved(n), axis), at, multiple, remainders)
        smallest = self._smallest(moved, at, multiple)
        largest = self._largest(moved, at, multiple)
        sizes = sorted(
            size[axis]
            for size, answer in self.questions.answers.items()
            if size == moved(size[axis]) and answer.passes is not None
        )
        near = sorted(sorted(sizes, key=lambda n: abs(n - at))[:_EXAMPLES])
        examples = tuple((n, self._side(moved(n), axis)) for n in near)
        return AxisSizes(name, multiple, remainders, smallest, largest, law, examples)

    def _smallest(self, moved: Callable[[int], Size], at: int, multiple: int) -> int:
        """Return the smallest size of the form that passes, by bisection below one that does."""
        low, high = 0 if at % multiple else 1, at // multiple
        while low < high:
            middle = (low + high) // 2
            if self.questions.passes(moved(at % multiple + middle * multiple)):
                high = middle
            else:
                low = middle + 1
        return at % multiple + low * multiple

    def _largest(self, moved: Callable[[int], Size], at: int, multiple: int) -> int | None:
        """Return the largest size that passes where the network ends somewhere; None where no end was found."""
        low, high = 0, (FAR[self.dims] - at) // multiple
        if self.questions.real or high < 1 or self.questions.passes(moved(at + high * multiple)):
            return None
        while high - low > 1:
            middle = (low + high) // 2
            if self.questions.passes(moved(at + middle * multiple)):
                low = middle
            else:
                high = middle
        return at + low * multiple

    def _laws_hold(self, axes: list[AxisSizes]) -> bool:
        """Return whether the laws of the single axes hold where all of them change."""
        if self.square or self.dims == 1 or not any(axis.law for axis in axes):
            return True
        for steps in ((3, 2, 1), (2, 5, 3)):
            size = tuple(
                n + (a.multiple or 0) * s for n, a, s in zip(self.start, axes, steps[: self.dims], strict=True)
            )
            for number, axis in enumerate(axes):
                out = self._side(size, number)
                if axis.law is not None and out is not None and out != output_size(axis.law, size[number]):
                    return False
        return True

    def _smallest_together(self) -> Size | None:
        """Return the smallest size on all axes at once: a map of one pixel is refused where a row of them passes."""
        alone = tuple(axis.smallest or 0 for axis in self.axes)
        if self.questions.passes(alone):
            return alone
        multiples = [axis.multiple or 0 for axis in self.axes]
        for _ in range(64):
            alone = tuple(min(n + m, s) for n, m, s in zip(alone, multiples, self.start, strict=True))
            if self.questions.passes(alone):
                return alone
        return None

    def _batches(self) -> tuple[tuple[int, bool], ...]:
        def make(batch: int) -> dict[bool, Any]:
            specs = resized(self.chosen.specs, self.start, batch)
            named = {s.name: s.on_meta() for s in specs if s.keyword}
            return {False: tuple(s.on_meta() for s in specs if not s.keyword), True: named}

        questions = SizeQuestions(self.model, lambda n: make(n)[False], lambda n: make(n)[True], _REAL_SECONDS / 5)
        return tuple((n, bool(a.passes)) for n in BATCHES if (a := questions.ask((n,))).passes is not None)

    def _first_refusal(self) -> Refusal | None:
        """Return why the size next to one that passes is refused, else why one below the smallest is."""
        beside = plus(self.start, self.ones, 1)
        below = tuple(max(axis.smallest - 1, 1) if axis.smallest else 1 for axis in self.axes)
        for size in (beside, below):
            if self.questions.ask(size).passes is False:
                return self._refusal(size)
        return None

    def _refusal(self, size: Size) -> Refusal:
        answer = self.questions.ask(size)
        rounding = self.questions.rounding(size)
        failure = answer.failure
        if failure is None:
            return Refusal(size, "", (), answer.message, Place(), rounding)
        place = Place(failure.layer, self.shown_path(failure.file), failure.line or None, failure.op)
        return Refusal(size, failure.op, failure.operands, failure.message, place, rounding)

    def _asked(self, size: Size) -> AskedSize:
        answer = self.questions.ask(size)
        if answer.passes:
            return AskedSize(size, True, self._output(size)[1])
        refusal = self._refusal(size) if answer.passes is False else None
        larger, smaller = (self._near(size, up) for up in (True, False))
        return AskedSize(size, answer.passes, (), refusal, larger, smaller)

    def _near(self, size: Size, up: bool) -> Size | None:
        """Return the valid size next to one: the smallest that holds it, or the largest within it."""
        if not self.axes:
            return None
        side = max(size) if up else min(size)
        near = []
        for n, axis in zip(self.ones_times(side) if self.square else size, self.axes, strict=True):
            at = _beside(n, axis, up)
            at = max(at, axis.smallest or 0) if up else min(at, axis.largest or at)
            if (at < n) if up else (at > n or at < (axis.smallest or 1)):
                return None
            near.append(at)
        if up and not self.questions.passes(tuple(near)) and self._smallest_together():
            least = self._smallest_together() or self.start
            near = [max(n, s) for n, s in zip(near, least, strict=True)]
        return tuple(near) if self.questions.passes(tuple(near)) else None


def _beside(n: int, axis: AxisSizes, up: bool) -> int:
    """Return the size of the axis' form next to one, itself included."""
    step = axis.multiple
    if step is None:
        return axis.remainders[0]
    if up:
        return min(n + (rest - n) % step for rest in axis.remainders)
    return max(n - (n - rest) % step for rest in axis.remainders)
