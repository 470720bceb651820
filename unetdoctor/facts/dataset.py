"""A data set as numbers: what was said of it, and the totals of any number of pairs."""

from dataclasses import dataclass, field

from unetdoctor.facts.intent import Task
from unetdoctor.facts.yielded import Yielded

Colour = tuple[int, int, int]


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
    colours: tuple[tuple[Colour, int], ...] = ()
    """At most 24 colours of colour masks with the id that each stands for in the well-known palette that holds all of
    them; without one, numbered by value."""
    twins: tuple[Twins, ...] = ()
    """At most 8 groups of pictures that are the same, those that lie in several splits first."""
    copies: int = 0
    """Pictures beyond the first of every group of equal files."""
    leaks: int = 0
    """How many of them lie in several splits."""
    hashed: int = 0
    """Pictures whose hashes were kept."""
    yielded: Yielded | None = None
    """What a Dataset yields, where one was examined and not the files."""
