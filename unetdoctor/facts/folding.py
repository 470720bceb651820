"""How the last layer's values are laid out as pixels."""

from dataclasses import dataclass

from unetdoctor.facts.findings import Place


@dataclass(frozen=True)
class Folding:
    """The last layout of values as rows, columns and channels, beside the order in which the picture is smoothest."""

    first: int
    """Index of the operation at which it begins."""
    last: int
    """Index of the operation that hands the picture on."""
    place: Place
    """Where that is."""
    shape: tuple[int, ...]
    """Shape of what is laid out."""
    picture: tuple[int, ...]
    """Shape of the picture."""
    order: str
    """Axes of what is laid out in the smoothest order: samples n, channels c, rows of cells h and within one p, columns
    of cells w and within one q."""
    sizes: dict[str, int]
    """Size of each of them."""
    rougher: float
    """Mean difference between neighbours as they are, over that in the smoothest order. 1: nothing is smoother."""
