"""What the samples of a Dataset look like, taken together."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Form:
    """What samples of one type and shape look like."""

    dtype: str
    """`float32`, `uint8`, `int64` ...; `PIL RGB` for a picture of Pillow."""
    shape: tuple[int, ...]
    """As it is yielded."""
    count: int
    """Samples of this form."""
    low: float
    """Smallest value."""
    high: float
    """Largest value."""
    mean: float
    """Mean of the samples' means."""
    std: float
    """Mean of the samples' standard deviations."""


@dataclass(frozen=True)
class Yielded:
    """What a Dataset yields."""

    kind: str
    """`map-style, 12,000 samples`, `iterable`."""
    examined: int
    """Samples that were asked for and came."""
    structure: str
    """What a sample is: `(image, mask)`, `{"image", "mask"}`."""
    images: tuple[Form, ...]
    """Forms of the images, the most frequent first; at most 8."""
    masks: tuple[Form, ...]
    """Forms of the masks."""
    raised: tuple[str, ...] = ()
    """What samples raised instead of coming: `sample 5: ValueError: no such label (train.py:27)`; at most 8."""
