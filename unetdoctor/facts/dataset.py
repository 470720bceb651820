"""A data set as numbers: what was read of one pair of files, and the totals of any number of pairs."""

from dataclasses import dataclass, field
from enum import StrEnum

from unetdoctor.facts.request import Task

Size = tuple[int, int]
Colour = tuple[int, int, int]


class Fault(StrEnum):
    """Why a file could not be read."""

    MISSING = "missing"
    NO_FILE = "no regular file"
    DENIED = "permission denied"
    EMPTY = "empty"
    NO_PICTURE = "no picture"
    TOO_LARGE = "too many pixels"
    TRUNCATED = "truncated"
    DAMAGED = "damaged"
    CODE = "needs pickle"


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
    LEVELS = "few grey levels with gaps"
    MANY = "many values"
    FRACTIONS = "multiples of 1/255"
    COLOURS = "few colours"
    PICTURE = "a picture"


@dataclass(frozen=True)
class Declared:
    """What a person said about the data; whatever is not said is not judged as if it were."""

    task: Task = Task.AUTO
    """What the masks are for; a picture task means that the targets are pictures."""
    classes: int | None = None
    """Number of classes, background included."""
    ignore_index: int | None = None
    """The id that the loss leaves out."""
    palette: str = ""
    """Name of the palette of colour masks: `voc`, `cityscapes`, `okabe-ito`, or a file."""
    colours: tuple[Colour, ...] = ()
    """Its colours: the index is the id."""
    mean: tuple[float, ...] = ()
    """Mean that the pictures are normalised with, in 0..1; empty where nothing was declared."""
    std: tuple[float, ...] = ()
    """Standard deviation that they are normalised with."""
    loaded: bool = False
    """Whether the values are what a Dataset yields to the loss, and not what a file holds."""
    decoded: float = 1.0
    """Share of the pictures that are decoded, chosen by their names; of the others only the header is read."""


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
    """Perceptual hash, 16 hexadecimal digits; empty for a picture too even to be told apart."""


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
    """(value, pixels) of the 256 most frequent values, by value."""
    rare: float = 0.0
    """Share of pixels whose value covers less than 1/200 of the mask."""
    rare_at_borders: float = 0.0
    """Share of those that lie where two regions meet."""
    between: float = 0.0
    """Share of the border's length at which a strip lies whose value is between those on both its sides."""
    unknown: float = 0.0
    """Share of pixels whose colour the declared palette lacks."""
    signature: str = ""
    """Name of the well-known palette that all its colours or grey levels belong to."""


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


@dataclass(frozen=True)
class Tally:
    """How many files something holds for, and the worst of them."""

    count: int = 0
    """How many."""
    worst: tuple[tuple[float, str], ...] = ()
    """(how bad, name) of at most 8, worst first, then by name."""

    @property
    def examples(self) -> tuple[str, ...]:
        """Names of the worst."""
        return tuple(name for _, name in self.worst)


@dataclass(frozen=True)
class Count:
    """How often a value occurs."""

    masks: int
    """Masks that hold it."""
    pixels: int
    """Pixels that hold it."""


@dataclass(frozen=True)
class Totals:
    """Any number of pairs: of the same size however many they are, and the same in whatever order they were added."""

    pairs: int = 0
    """Records added."""
    images: int = 0
    """Pictures among them."""
    masks: int = 0
    """Masks among them."""
    length: int = 0
    """Bytes of all files."""
    decoded: int = 0
    """Pictures that were decoded."""
    labelled: int = 0
    """Masks whose values were read."""
    aligned: int = 0
    """Pairs whose alignment was judged."""
    tallies: dict[str, Tally] = field(default_factory=dict)
    """What was seen, by name: `image: truncated`, `family: 0 and 255`, `pair: size`."""
    values: dict[str, dict[int, Count]] = field(default_factory=dict)
    """For each coding, the values of its masks and how often they occur; fractions are counted in 1/255."""
    sizes: dict[str, int] = field(default_factory=dict)
    """Pictures of each size (`512x384`, width first)."""
    modes: dict[str, int] = field(default_factory=dict)
    """Files of each kind: `image PNG RGB`, `mask PNG P`."""
    pixels: int = 0
    """Pixels of the pictures that were decoded, for each channel of `sums`."""
    sums: tuple[int, ...] = (0, 0, 0)
    """Sums of red, green and blue on a scale of 0..65535; grey pictures count in each."""
    squares: tuple[int, ...] = (0, 0, 0)
    """Sums of squares."""
    histogram: tuple[tuple[int, ...], ...] = ()
    """32 bins for each of red, green and blue."""
    foreground: dict[int, int] = field(default_factory=dict)
    """Masks by the share of the picture that is not the most frequent value's, in halvings: 3 is 1/8 to 1/4."""
    digests: dict[str, Tally] = field(default_factory=dict)
    """Pictures by the smallest content hashes, so that equal ones meet."""
    likenesses: dict[str, Tally] = field(default_factory=dict)
    """Pictures by the smallest perceptual hashes."""


@dataclass(frozen=True)
class Twins:
    """Pictures that are the same."""

    equal: bool
    """Whether their files are equal byte for byte; else only the pictures look the same."""
    count: int
    """How many there are."""
    names: tuple[str, ...]
    """Names of at most 8."""
    splits: tuple[str, ...]
    """Parts of the data (`train`, `val`, `test`) that they lie in, as far as their paths say so."""


@dataclass(frozen=True)
class Dataset:
    """A data set as checks see it."""

    declared: Declared
    """What a person said of it."""
    totals: Totals
    """What was counted; its hashes are left out."""
    twins: tuple[Twins, ...] = ()
    """At most 8 groups of pictures that are the same, those that lie in several splits first."""
    twin_groups: int = 0
    """How many groups there are among the pictures whose hashes were kept."""
    leaks: int = 0
    """How many of them lie in several splits."""
    hashed: int = 0
    """Pictures whose hashes were kept."""
