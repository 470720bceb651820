"""The weights with which attention sums."""

from dataclasses import dataclass

from unetdoctor.facts.findings import Place


@dataclass(frozen=True)
class Attention:
    """A softmax of a product of two activations, whose result is multiplied with a third."""

    op: int
    """Index of the softmax."""
    place: Place
    """Where it is."""
    shape: tuple[int, ...]
    """Shape of the weights."""
    dim: int
    """Axis that it runs over."""
    right: int
    """Axis over which the weights of every sum add up to one; `dim` where no other does."""
    error: float
    """Mean distance of these sums from one."""
