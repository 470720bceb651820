"""Questions to the colours of classes that several checks ask."""

from collections.abc import Sequence
from itertools import pairwise

from unetdoctor.checks.check import either, shown
from unetdoctor.checks.pictures import op_at
from unetdoctor.facts import Evidence, Painting, Place, Reading, Remedy

Colour = tuple[float, ...]

ALIKE = 3.0
"""Difference between two colours, in 8-bit levels of the channel in which they differ most, up to which they look the
same. 1: ids as grey levels, or wrapped. 12: 21 ids spread over 0..255. 64: the least of the VOC palette."""
DARK_LIMIT = 32.0
"""Largest level of any colour of a picture, of 0..255. 1-20: ids of 2 to 21 classes. 192-255: palettes in use."""
APART_LIMIT = 50.0
"""Colours that look different beside the first, per class beside the first, in %. 0: one colour. 13: 20 colours for 150
classes. 82: Cityscapes with its unlabelled classes. 100: VOC, ADE20K."""
GRADIENT_STEP = 32.0
"""Difference between successive colours of a gradient, in 8-bit levels. At most 30 in 17 colour maps of 64 bins and
more, and 13 in 256; only gnuplot2 has 50 in 64. 64 and more: all but a few classes of VOC, Cityscapes and ADE20K."""
GRADIENT_SPAN = 128.0
"""Levels over which a gradient goes in some channel. 200 and more: those colour maps. 20: ids of
21 classes as grey."""

LISTED = 4
"""Classes whose colours a message names."""


def known(painting: Painting) -> list[Colour]:
    """Return the colours of the classes that have one."""
    return [colour for colour in painting.colours if colour]


def different(found: Sequence[Colour]) -> list[Colour]:
    """Return colours of which no two look alike."""
    kept: list[Colour] = []
    for colour in found:
        if all(distance(colour, other) > ALIKE for other in kept):
            kept.append(colour)
    return kept


def distance(one: Colour, other: Colour) -> float:
    """Return the difference in the channel in which two colours differ most."""
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


def largest(painting: Painting) -> float:
    """Return the largest level of any colour."""
    return max((level for colour in known(painting) for level in colour), default=float("nan"))


def apart(painting: Painting) -> float:
    """Return how many colours look different beside the first, in % of the classes beside the first."""
    found = known(painting)
    return 100 * (len(different(found)) - 1) / (len(found) - 1) if len(found) > 1 else 100.0


def in_colour(painting: Painting) -> tuple[Reading, ...]:
    """Return the readings of a picture in colour; of a gradient, neighbours are to look alike."""
    least = None if is_gradient(painting) else APART_LIMIT
    return (
        Reading("largest level of a class's colour", largest(painting), "8-bit levels", lower=DARK_LIMIT),
        Reading("colours that look different, for the classes", apart(painting), "%", lower=least),
    )


def backwards(painting: Painting) -> int:
    """Return how many steps from one class to the next go down in a picture whose levels go up, or the other way."""
    steps = [b[0] - a[0] for a, b in pairwise(known(painting))]
    return min(sum(step > 0 for step in steps), sum(step < 0 for step in steps))


def is_gradient(painting: Painting) -> bool:
    """Return whether the colours go steadily over most levels, one aside: bins of a quantity, and no classes.

    There, neighbours look alike because they are alike: depth in a colour map, or a choice among 256 levels.
    """
    found = known(painting)
    runs: list[list[Colour]] = []
    for colour in found:
        if runs and distance(runs[-1][-1], colour) <= GRADIENT_STEP:
            runs[-1].append(colour)
        else:
            runs.append([colour])
    longest = max(runs, key=len, default=[])
    spans = [max(levels) - min(levels) for levels in zip(*longest, strict=True)]
    return len(longest) >= len(found) - 1 and max(spans, default=0.0) >= GRADIENT_SPAN


def twins(painting: Painting) -> int:
    """Return how many classes look like another one."""
    found = list(enumerate(known(painting)))
    return sum(any(i != j and distance(x, y) <= ALIKE for j, y in found) for i, x in found)


def wrapped(painting: Painting) -> tuple[Reading, ...]:
    """Return the readings of a picture in grey: levels that wrap around, and look like others."""
    return either(
        Reading("steps between class levels that turn back", backwards(painting), upper=0),
        Reading("classes that look like another", twins(painting), "classes", upper=0),
    )


def place(evidence: Evidence, painting: Painting) -> Place:
    """Return where classes are painted."""
    op = op_at(evidence.main, painting.op) if evidence.main is not None else None
    return op.place if op is not None else Place()


def listed(painting: Painting) -> str:
    """Return the first classes with their colours: `0 is 0, 1 is 255, 2 is 254`."""
    found = [(number, colour) for number, colour in enumerate(painting.colours) if colour]
    texts = [f"{number} is {'/'.join(shown(level) for level in colour)}" for number, colour in found[:LISTED]]
    return ", ".join(texts) + (", ..." if len(found) > LISTED else "")


def repaint(painting: Painting, where: Place, code: str, masks: Sequence[str] = ()) -> Remedy:
    """Return the remedy that paints every class with a colour of its own: that of the `masks`, where these have any."""
    count = len(painting.colours)
    grey = painting.channels == 1
    if not grey and len(masks) >= count and len(set(masks[:count])) == count:
        return _as_masks(masks[:count], where, code)
    lines = (
        f"y = (ids * (255 // {count - 1})).to(torch.uint8)  # or a palette, one colour per class"
        if grey
        else f"palette = torch.randint(64, 256, ({count}, 3), dtype=torch.uint8)  # or the colours of your data set\n"
        "palette[0] = 0\n"
        "y = palette[ids].permute(0, 3, 1, 2)"
    )
    return Remedy(
        action="repaint",
        place=where,
        parameters={"classes": count},
        title="spread the class levels over 0..255" if grey else "paint every class in a colour of its own",
        patch=lines,
        cause=code,
        scope=0,
    )


def _as_masks(colours: Sequence[str], where: Place, code: str) -> Remedy:
    """Return the remedy that paints every class as the masks do."""
    rows = ", ".join(str([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) for colour in colours)
    return Remedy(
        action="repaint",
        place=where,
        parameters={"classes": len(colours), "colours": list(colours)},
        title="paint every class in its colour in the masks",
        patch=f"palette = torch.tensor([{rows}], dtype=torch.uint8)\ny = palette[ids].permute(0, 3, 1, 2)",
        cause=code,
        scope=0,
    )
