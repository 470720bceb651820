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
