"""What forward() raised, and the tensors that it was raised on."""

from dataclasses import dataclass

from unetdoctor.facts.findings import Place


@dataclass(frozen=True)
class Operand:
    """One tensor argument of an op that failed."""

    shape: tuple[int, ...]
    """Its shape."""
    drawn_by: int | None
    """Index of the op that made it; None for a parameter or constant, -1 for an input."""
    place: Place
    """Layer that drew it."""
    parameter: str = ""
    """Name, where it is a parameter or buffer."""


@dataclass(frozen=True)
class Crash:
    """An exception inside forward()."""

    type: str
    """Exception class name."""
    message: str
    """First 2,000 characters of its text."""
    op: str
    """Name of the aten operation that failed; empty where plain Python raised."""
    dimension: int | None
    """The `dim` argument of a failing concatenation."""
    operands: tuple[Operand, ...]
    """Its tensor arguments."""
    place: Place
    """Innermost line of the user's own source, and the layer at work."""
    input_shape: tuple[int, ...]
    """Shape of the (first) network input of this run."""
