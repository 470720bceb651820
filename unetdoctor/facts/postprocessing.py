"""What follows the drawing inside forward(): conversions to whole numbers, and class ids that are painted."""

from dataclasses import dataclass

from unetdoctor.facts.findings import Place


@dataclass(frozen=True)
class Cast:
    """One conversion to a type of whole numbers, behind the last weighted layer and on the way to the output."""

    op: int
    """Index of its op."""
    dtype: str
    """Type that it converts to: `uint8`."""
    low: float
    """Smallest number of that type."""
    high: float
    """Largest number of that type."""
    minimum: float
    """Smallest finite value that it reads, over all passes."""
    maximum: float
    """Largest finite value that it reads, over all passes."""
    largest: float
    """Largest value that is converted: `maximum`; of a function through NumPy or Pillow, the largest that it gives."""
    fractional: float
    """Share of the finite values that are no whole numbers, 0..1."""
    wrapped: float
    """Share of the finite values that the type cannot hold, 0..1."""
    non_finite: float
    """Share of the values that are NaN or infinite, 0..1."""
    kept: bool
    """Whether what it gives is drawn as it is: only changes of shape, copies and scalars lie behind it, no table."""


@dataclass(frozen=True)
class Painting:
    """Class ids that become a picture, found by drawing every class once."""

    decision: int
    """Index of the op that chooses the classes."""
    op: int
    """Index of the op that paints: the lookup in a table, else the last one that is no view."""
    table: bool
    """Whether colours are chosen class by class, by a table or by masks; else they are computed from the id."""
    colours: tuple[tuple[float, ...], ...]
    """8-bit level in each channel of the picture, for each class; empty where the table has no entry for the class."""
    channels: int
    """Channels of the picture; 1 for grey."""
    dtype: str
    """Type of the picture: `uint8`."""
    one_hot: bool
    """Whether every class has a channel of its own: no picture."""
    declared: bool = False
    """Whether the person's own function (`--postprocess`) gives it as the picture."""


@dataclass(frozen=True)
class Misread:
    """A function through NumPy or Pillow that compares scores along another axis than the classes."""

    op: int
    """Index of the op that stands for the function."""
    place: Place
    """Where the function is."""
    how: str
    """What it takes the largest of, in words."""
    follows: float
    """Part of the colours of its picture that the class with the largest score tells; 1 for a class map."""
    classes: int
    """How many classes have a score."""
