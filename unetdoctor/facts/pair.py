"""One pair of files as numbers: a picture and its mask, everything that was read of them."""

from dataclasses import dataclass
from enum import StrEnum

Size = tuple[int, int]


class Fault(StrEnum):
    """Why a file could not be read."""

    MISSING = "missing"
    NO_FILE = "no regular file"
    DENIED = "permission denied"
    EMPTY = "empty"
    NO_PICTURE = "no picture"
    FLOATS = "several channels of floats"
    TOO_LARGE = "too many pixels"
    TRUNCATED = "truncated"
    DAMAGED = "damaged"
    CODE = "needs pickle"
    RAISED = "raised an error"


class Oddity(StrEnum):
    """What is unusual about a file that can be read."""

    SUFFIX = "suffix of another format"
    DEEP = "16 bits or more"
    FLOAT = "floating point"
    CMYK = "CMYK or another colour space than RGB"
    ALPHA = "alpha channel"
    PALETTE = "palette"
    BITS = "one bit"
    ANIMATED = "several frames"
    TURNED = "EXIF orientation"
    NON_FINITE = "NaN or Inf"


class Coding(StrEnum):
    """How a mask file holds its ids."""

    GREY = "grey levels"
    PALETTE = "palette indices"
    BITS = "one bit"
    COLOURS = "colours"
    GREY_AS_COLOUR = "grey levels in three channels"
    ALPHA = "alpha channel"
    FLOATS = "floating-point numbers"
    ARRAY = "array of integers"
    ONE_HOT = "one channel per class"


class Family(StrEnum):
    """What the values of one mask are, taken by themselves."""

    ONE_VALUE = "one value"
    ZERO_ONE = "0 and 1"
    ZERO_255 = "0 and 255"
    IDS = "small whole numbers"
    IDS_AND_255 = "small whole numbers and 255"
    MANY = "many values"
    FRACTIONS = "multiples of 1/255"
    COLOURS = "few colours"
    PICTURE = "a picture"


@dataclass(frozen=True)
class FileFacts:
    """One file, as far as it could be read."""

    name: str
    """Path as it was given."""
    length: int = 0
    """Bytes."""
    format: str = ""
    """`PNG`, `JPEG`, `TIFF`, `NPY` ..., told by content; empty where unknown."""
    mode: str = ""
    """Pillow mode (`RGB`, `L`, `P`, `I;16` ...), or the type of an array (`uint8`)."""
    stored: Size = (0, 0)
    """(height, width) as stored."""
    orientation: int = 1
    """EXIF orientation; 1 where the picture is stored as it is seen."""
    frames: int = 1
    """Frames of an animation."""
    fault: Fault | None = None
    """Why it could not be read; None where it could."""
    reason: str = ""
    """The same as a sentence."""
    oddities: tuple[Oddity, ...] = ()
    """What is unusual about it."""
    digest: str = ""
    """Hash of its bytes, 16 hexadecimal digits."""

    @property
    def size(self) -> Size:
        """(height, width) as a person sees it."""
        return (self.stored[1], self.stored[0]) if self.orientation in (5, 6, 7, 8) else self.stored


@dataclass(frozen=True)
class PictureNumbers:
    """The pixels of one picture; sums are whole numbers on a scale of 0..65535: their totals do not depend on order."""

    pixels: int
    """How many."""
    sums: tuple[int, ...]
    """Sum of each channel: one for grey, three for colour."""
    squares: tuple[int, ...]
    """Sum of squares of each channel."""
    histogram: tuple[tuple[int, ...], ...]
    """32 bins of equal width for each channel."""
    grey: bool
    """Whether a picture stored in three channels has no colour (R = G = B)."""
    chroma: float
    """Mean difference between the largest and the smallest channel, in 8-bit levels."""
    likeness: str = ""
    """Perceptual hash, 32 hexadecimal digits; empty for a picture too even to be told apart."""


@dataclass(frozen=True)
class LabelNumbers:
    """The values of one mask."""

    coding: Coding
    """How the file holds them."""
    family: Family
    """What they are, taken by themselves."""
    pixels: int
    """How many."""
    distinct: int
    """How many different values; of colours, 0xRRGGBB."""
    values: tuple[tuple[float, int], ...]
    """(value, pixels) of the 256 most frequent values, by value; of blurred masks those that have regions."""
    blurred: float = 0.0
    """Share of pixels with a value that has no region and lies between those on both its sides, where there are several
    such values: interpolation or lossy coding made them, and they are left out of `values`. 0 for sharp borders."""
    between: float = 0.0
    """Share of the border's length at which a strip lies whose value is between those on both its sides."""
    unknown: float = 0.0
    """Share of pixels whose colour the declared palette lacks."""
    palettes: tuple[str, ...] = ()
    """Names of the well-known palettes that all its colours, or their grey levels, belong to."""


@dataclass(frozen=True)
class Alignment:
    """Where the edges of a mask lie best on the edges of its picture."""

    best: str
    """`as stored`, `flipped left-right`, `rotated by 90`, `shifted` ...."""
    gain: float
    """How far the best placement's agreement exceeds that of the mask as stored."""
    agreement: float
    """Agreement as stored: mean strength of the picture's edges under the mask's, in deviations of chance placement."""
    shift: Size = (0, 0)
    """(down, right) in pixels of the mask, where it is shifted."""


@dataclass(frozen=True)
class PairRecord:
    """One picture with its mask: everything that was read of them, small however large they are."""

    name: str
    """What the pair is called."""
    split: str = ""
    """`train`, `val` or `test`, where its path says so."""
    image: FileFacts | None = None
    """The picture's file; None where a mask has no picture."""
    mask: FileFacts | None = None
    """The mask's file; None where there is none."""
    wants_mask: bool = True
    """Whether a mask was to be expected."""
    picture: PictureNumbers | None = None
    """The picture's pixels; None where it was not decoded."""
    labels: LabelNumbers | None = None
    """The mask's values; None where it could not be read."""
    alignment: Alignment | None = None
    """How the two lie on one another; None where that cannot be judged."""
