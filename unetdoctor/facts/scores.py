"""How well the output fits the masks that a person gave, counted over all of them together."""

from dataclasses import dataclass, field

POOR = 0.5
"""Mean Dice below which nobody would call the output a fit. 0-.3: noise, swapped classes; .83-1: trained networks."""


@dataclass(frozen=True)
class ClassScore:
    """One class over all masks, at the masks' own size; places to be ignored are left out."""

    index: int
    """Number of the class."""
    label: str
    """Its name in the palette, or `class 2`."""
    dice: float
    """2 * both / (mask + output); NaN where the class is in neither."""
    iou: float
    """both / either; NaN where the class is in neither."""
    boundary_iou: float
    """The same within a band along the two outlines (Cheng et al., 2021); NaN where the class is in neither."""
    pixels: int
    """Places of the masks that have it."""
    drawn: int
    """Places of the output that have it."""

    @property
    def present(self) -> bool:
        """Whether a mask has it."""
        return self.pixels > 0


@dataclass(frozen=True)
class SizeScore:
    """The objects (connected places of one class but the background) of one size."""

    name: str
    """`small`: below 1/300 of the picture; `medium`: up to 3/100; `large`."""
    objects: int
    """How many the masks have."""
    found: int
    """How many of them have at least half of their places in the output."""
    recall: float
    """Share of their places that the output has, mean over the objects, 0..1; NaN without any."""


@dataclass(frozen=True)
class Edges:
    """Where the errors lie: along the outlines of the masks, or inside."""

    width: int
    """Pixels on either side of an outline that make the band."""
    band: float
    """Share of the band's places that are wrong, 0..1."""
    interior: float
    """Share of the other places that are wrong, 0..1."""
    wrong_in_band: float
    """Share of all wrong places that lie in the band, 0..1; NaN where nothing is wrong."""
    length: float
    """Length of the outlines in the output over that in the masks."""
    period: int
    """Period, in pixels, at which errors in the band repeat most (2, 4, 8 or 16)."""
    phase: float
    """How unevenly they fall on the phases of that period: standard deviation over mean, beyond what chance does."""


@dataclass(frozen=True)
class Shift:
    """Where the output lies beside the masks, found from its outlines to fractions of a pixel of the mask."""

    down: float
    """Pixels by which the output lies below the masks."""
    right: float
    """Pixels by which it lies to the right."""
    grows: float
    """By how much it is larger, in pixels from the middle of the picture to its edge; mean of both axes."""
    scatter: float
    """Largest difference between one picture's shift and the whole, in pixels; 0 with one picture."""
    unrest: float
    """Largest difference between one picture's growth, or that of one axis, and the whole, in pixels."""
    support: int
    """Places along outlines from which it was found."""

    @property
    def largest(self) -> float:
        """The larger of the two shifts, without its sign."""
        return max(abs(self.down), abs(self.right))


@dataclass(frozen=True)
class Threshold:
    """What the threshold of a mask of one channel is worth."""

    used: float
    """As a probability, or in the output's own units where it draws none."""
    best: float
    """The one with the largest Dice, in the same units."""
    dice: float
    """Dice at the one that is used."""
    best_dice: float
    """Dice at the best one."""
    auc: float
    """Chance that a place of the mask has a higher value than one beside it (area under the ROC curve); NaN where the
    masks hold only one of the two."""
    curve: tuple[tuple[float, float], ...] = ()
    """(threshold, Dice), evenly over the values."""


@dataclass(frozen=True)
class Order:
    """Which channel draws which class of the masks."""

    classes: tuple[int, ...]
    """For each class of the output, the class of the masks that it fits best; each is taken once."""
    dice: float
    """Mean Dice in the order as it is."""
    best_dice: float
    """Mean Dice in that order."""
    painted: tuple[int, ...] = ()
    """For each class of the network, that of the masks whose colour it is painted in; empty where it is its own."""

    @property
    def moved(self) -> tuple[tuple[int, int], ...]:
        """(class of the output, class of the masks) where they differ."""
        return tuple((k, to) for k, to in enumerate(self.classes) if k != to)


@dataclass(frozen=True)
class Partners:
    """Outputs beside each other's masks, each taken once."""

    masks: tuple[str, ...]
    """The mask that was given for each picture."""
    fits: tuple[str, ...]
    """The mask that each picture's output fits best."""
    dice: float
    """Mean Dice beside the masks as they were given, each picture for itself."""
    best_dice: float
    """The same beside the masks that fit best."""


@dataclass(frozen=True)
class MaskScores:
    """The output beside the masks, counted over all pictures together."""

    pairs: tuple[str, ...]
    """Names of the probes that have a mask."""
    size: tuple[int, int]
    """Height and width of the first mask, at which everything is counted."""
    drawn: tuple[int, int]
    """Height and width of what the network draws; resized to the mask's where they differ."""
    how: str
    """How the output became classes: `sigmoid above 0.5`, `largest of 3 channels`, `colours read back`."""
    classes: tuple[ClassScore, ...]
    """One per class of masks or output, in order."""
    dice: float
    """Mean over the classes but the background that are in masks or output; NaN where there is none."""
    iou: float
    """The same of IoU."""
    boundary_iou: float
    """The same of boundary IoU."""
    accuracy: float
    """Share of places with the right class, 0..1."""
    each: tuple[float, ...]
    """Mean Dice of each picture, in the order of `pairs`."""
    confusion: tuple[tuple[int, ...], ...]
    """Places by class of the masks (rows) and of the output (columns)."""
    ignored: int
    """Places of the masks that are to be ignored."""
    beyond: tuple[int, ...] = ()
    """Classes of the masks that the output has no channel for."""
    sizes: tuple[SizeScore, ...] = ()
    """Objects by their size; empty where there are none."""
    edges: Edges | None = None
    """Where errors lie; None where the masks have no outline."""
    shift: Shift | None = None
    """Where the output lies; None where too little overlaps."""
    threshold: Threshold | None = None
    """What the threshold is worth, of one channel with values."""
    order: Order | None = None
    """Which channel is which class; None of painted classes that have no numbers."""
    partners: Partners | None = None
    """Which mask each output fits; None where there are too few to compare, or too many."""
    exchanged: float = float("nan")
    """What the mean Dice becomes with red and blue of the pictures exchanged, less what it is, over the first pictures;
    NaN where that was not looked at."""
    palette: tuple[str, ...] = ()
    """Colours of the classes in the masks, #rrggbb; empty where they have none."""
    encoding: str = ""
    """How the masks are stored: `class ids`, `0 and 255`, `palette`."""
    notes: tuple[str, ...] = field(default=())
    """What is odd about the masks, a sentence each."""

    @property
    def poor(self) -> bool:
        """Whether nobody would call the output a fit; False where there was nothing to fit."""
        return self.dice < POOR

    @property
    def foreground(self) -> tuple[ClassScore, ...]:
        """The classes but the background."""
        return tuple(x for x in self.classes if x.index > 0)

    @property
    def shares(self) -> tuple[float, ...]:
        """Share of each class in the masks, 0..1."""
        whole = sum(x.pixels for x in self.classes)
        return tuple(x.pixels / whole if whole else 0.0 for x in self.classes)
