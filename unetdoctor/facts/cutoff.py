"""The threshold that a network cuts its own values at."""

from dataclasses import dataclass

from unetdoctor.facts.findings import Place


@dataclass(frozen=True)
class Cutoff:
    """A comparison with a number, behind the last weighted layer, that decides what is handed out."""

    op: int
    """Index of the comparison."""
    place: Place
    """Where it is."""
    name: str
    """`gt`, `ge`, `lt` or `le`."""
    threshold: float
    """The number."""
    low: float
    """Least of what the compared values can be; -inf where no activation bounds them."""
    high: float
    """Most of it; inf where none does."""
    activation: str
    """The activation that bounds them; empty where none does."""
    split: float
    """Share of the places on the smaller side of the threshold, most of all passes."""
    moved: bool = False
    """Whether an experiment chose the number."""
    levels: tuple[float, ...] = ()
    """What a function through NumPy or Pillow draws below and above it, of rising values; empty for an operation."""
