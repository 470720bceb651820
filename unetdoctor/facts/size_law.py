"""The size of an output as a function of the size of the input."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SizeLaw:
    """Output size along one axis: `factor * floor((input + shift) / step) + offset`."""

    factor: int
    """What each step adds to the output."""
    step: int
    """Input pixels of one step."""
    shift: int = 0
    """Added before the division, 0 to `step` - 1: 0 rounds down, `step` - 1 rounds up."""
    offset: int = 0
    """Added to the result."""
    exact: bool = True
    """Whether the division leaves no remainder at any size that passes."""

    def of(self, side: int) -> int:
        """Return the size of the output of a side."""
        return self.factor * ((side + self.shift) // self.step) + self.offset

    @property
    def same(self) -> bool:
        """Whether the output is as large as the input."""
        return (self.factor, self.step, self.offset) == (1, 1, 0)

    @property
    def text(self) -> str:
        """`same as the input`, `in/4`, `2*in`, `in - 8`, `floor((in - 7)/4) + 1`, `32*floor(in/32)`."""
        if self.same:
            return "same as the input"
        if not self.factor:
            return f"always {self.offset}"
        tail = f" {'+' if self.offset > 0 else '-'} {abs(self.offset)}" if self.offset else ""
        times = "" if self.factor == 1 else f"{self.factor}*"
        if self.step == 1:
            return f"{times}in{tail}"
        inside = f"(in + {self.shift})" if self.shift else "in"
        if self.exact:
            return f"{times}{inside}/{self.step}{tail}"
        if self.shift == self.step - 1:
            return f"{times}ceil(in/{self.step}){tail}"
        return f"{times}floor({inside}/{self.step}){tail}"


@dataclass(frozen=True)
class ShapeSweep:
    """Which input sizes work, found without arithmetic."""

    passing: tuple[tuple[int, int], ...]
    """(height, width) that passed."""
    failing: tuple[tuple[int, int], ...]
    """(height, width) that failed."""
    multiple: int | None
    """Sizes must be divisible by this (1: any size); None where it could not be found."""
    smallest: int | None
    """Smallest square size that passed."""
    asked: tuple[int, int] | None = None
    """The size that the person gave."""
    next_valid: tuple[int, int] | None = None
    """Smallest valid size that holds `asked`."""
    previous_valid: tuple[int, int] | None = None
    """Largest valid size within `asked`."""
    rounding: tuple[tuple[str, str, str, int, int], ...] = ()
    """(layer, place text, op name, size in, size out) of the pools and strides that rounded at `asked`, in order."""
    multiples: tuple[int, int] | None = None
    """What height and width must be divisible by, each for itself; None where that was not found."""
    laws: tuple[SizeLaw | None, ...] = ()
    """Height and width of the output as functions of the input's; empty where nobody asked, None where none fits."""
