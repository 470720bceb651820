"""Which input sizes a network takes and what comes out: the answer of `unetdoctor sizes`."""

from dataclasses import dataclass

from unetdoctor.facts.findings import Place
from unetdoctor.facts.report import Environment, InputChoice, Target
from unetdoctor.facts.size_law import SizeLaw


@dataclass(frozen=True)
class AxisSizes:
    """What holds along one spatial axis, the others held at a size that passes."""

    name: str
    """`height`, `width`, `depth`, `length`."""
    multiple: int | None
    """Distance between sizes that pass (1: any); None where the size is fixed."""
    remainders: tuple[int, ...]
    """What sizes that pass leave when they are divided by `multiple`; the one size itself where it is fixed."""
    smallest: int | None
    """Smallest size that passes; None where it was not found."""
    largest: int | None
    """Largest size that passes; None where no end was found."""
    law: SizeLaw | None
    """Size of the output; None where no simple law fits, or the output has no such axis."""
    examples: tuple[tuple[int, int | None], ...] = ()
    """(input, output) sizes that were asked along this axis; None where the size was refused."""


@dataclass(frozen=True)
class Refusal:
    """Why one size does not pass."""

    size: tuple[int, ...]
    """The size."""
    op: str
    """Operation that refused; empty where plain Python raised."""
    operands: tuple[tuple[int, ...], ...]
    """Shapes of its tensor arguments."""
    message: str
    """First line of what was raised."""
    place: Place
    """Layer and source line."""
    rounding: tuple[tuple[str, str, str, int, int], ...] = ()
    """(layer, place text, op name, size in, size out) of the pools and strides that rounded at this size, in order."""


@dataclass(frozen=True)
class AskedSize:
    """What became of one size that a person asked for."""

    size: tuple[int, ...]
    """As asked, one number per spatial axis."""
    passes: bool | None
    """Whether it passes; None where that could not be found out."""
    output: tuple[int, ...]
    """Full shape of what comes out; empty where it does not pass."""
    refusal: Refusal | None = None
    """Why it does not pass."""
    larger: tuple[int, ...] | None = None
    """Smallest size that passes and holds it."""
    smaller: tuple[int, ...] | None = None
    """Largest size that passes within it."""


@dataclass(frozen=True)
class Sizes:
    """All that is known of the input sizes of one network."""

    target: Target
    """What was loaded."""
    input: InputChoice
    """What was fed first."""
    start: tuple[int, ...]
    """Size per spatial axis from which the others were asked; empty where the input has none."""
    output: tuple[int, ...]
    """Full shape of the output at that size; empty where no size was found that passes."""
    path: str
    """Where forward() returned it."""
    axes: tuple[AxisSizes, ...] = ()
    """One per spatial axis."""
    square: bool = False
    """Whether only sizes with equal sides pass."""
    smallest: tuple[int, ...] | None = None
    """Smallest size on all axes together; None where it was not found."""
    batches: tuple[tuple[int, bool], ...] = ()
    """(samples, whether they pass) at the first size."""
    refusal: Refusal | None = None
    """The first failure: the asked size, else the one next to a size that passes."""
    pad: tuple[str, ...] = ()
    """Lines to paste that bring any size to one that passes."""
    asked: tuple[AskedSize, ...] = ()
    """What became of the sizes that were asked for."""
    passes: int = 0
    """Forward passes that were looked at."""
    real: bool = False
    """Whether real passes were needed, since shapes alone do not decide."""
    note: str = ""
    """Why there is nothing to say of sizes; empty otherwise."""
    environment: Environment | None = None
    """What it ran on, and what held the worker in."""

    @property
    def exit_code(self) -> int:
        """1 where a size that was asked for does not pass, 3 where no size was found, else 0."""
        if any(not asked.passes for asked in self.asked):
            return 1
        return 3 if self.refusal is not None and not self.output else 0
