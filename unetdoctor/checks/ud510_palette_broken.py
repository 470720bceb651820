"""UD510: the palette does not tell the classes apart."""

from collections.abc import Iterator
from itertools import combinations

from unetdoctor.checks.check import Check
from unetdoctor.checks.painted import (
    ALIKE,
    APART_LIMIT,
    DARK_LIMIT,
    apart,
    different,
    distance,
    in_colour,
    is_gradient,
    known,
    largest,
    listed,
    place,
    repaint,
    twins,
)
from unetdoctor.facts import Evidence, Finding, Kind, MaskScores, Painting, Reading, Severity

HIDDEN_LIMIT = 1.0
"""Places of the masks of a class from which it is missed in a picture that draws it as another one, in %. A colour map
that is off by one: 8, and a Dice of 0. Classes that only tables name: 0."""


class PaletteBroken(Check):
    """The palette paints classes in one colour, in colours too dark to be seen, or lacks an entry for a class.

    Symptom
        A class map of one colour, a black one, or an IndexError on the first picture that shows the class.
    Cause
        A palette of another data set, of 0..1 where bytes are shown, filled with one colour, or with too few rows.
    Remedy
        One distinct colour per class. The experiment paints the same classes again.
    Source
        "Why are inferences from a DeepLabV3 model trained on a custom dataset producing black images?". Each class is
        drawn once on the recorded operations. Palettes in use paint a few classes alike (the unlabelled ones of
        Cityscapes): of the background's colour that is a note, as long as half look different. Bins in a colour map are
        to look like their neighbours. Of one channel a table is no palette, but gives classes other numbers.
    """

    code = "UD510"
    name = "palette-broken"
    kind = Kind.CAUSE
    proves_itself = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for classes that a table paints in colour."""
        painting = evidence.painting if evidence.misread is None else None
        if painting is None or not painting.table or painting.one_hot or painting.channels == 1:
            return
        where = place(evidence, painting)
        most = None if is_gradient(painting) else 0
        missing = [number for number, colour in enumerate(painting.colours) if not colour]
        bound = ", a gradient" if is_gradient(painting) else f", at least {APART_LIMIT:g} %"
        yield cls.finding(
            f"The palette at {where.text} tells {len(different(known(painting)))} of {len(painting.colours)} classes "
            f"apart ({apart(painting):.0f} %{bound}), its brightest is {largest(painting):.0f} "
            f"(at least {DARK_LIMIT:g}){_without(missing)}: {_alike(painting)}.",
            [
                *in_colour(painting),
                Reading("classes without an entry", len(missing), "classes", upper=0),
                Reading("classes that look like another", twins(painting), "classes", upper=most),
            ],
            place=where,
            severity=_severity(painting, evidence.scores),
            remedies=[repaint(painting, where, cls.code, evidence.scores.palette if evidence.scores else ())],
            op=painting.op,
        )


def _severity(painting: Painting, scores: MaskScores | None) -> Severity:
    if twins(painting) and all(reading.holds for reading in in_colour(painting)):
        if len(known(painting)) < len(painting.colours):
            return Severity.ERROR
        return Severity.NOTE if _one_background(painting) and not _hides(painting, scores) else Severity.WARNING
    one = len(different(known(painting))) < 2
    missing = len(known(painting)) < len(painting.colours)
    return Severity.ERROR if one or missing or largest(painting) < DARK_LIMIT else Severity.WARNING


def _hides(painting: Painting, scores: MaskScores | None) -> bool:
    """Return whether a class that looks like an earlier one has places in the masks, as that one has."""
    if scores is None:
        return False
    places = sum(x.present for x in scores.classes)
    seen = {x.index for x in scores.classes if x.present >= HIDDEN_LIMIT / 100 * places}
    found = known(painting)
    return any({i, j} <= seen and distance(found[i], found[j]) <= ALIKE for i, j in combinations(range(len(found)), 2))


def _one_background(painting: Painting) -> bool:
    """Return whether all classes that look like another have the colour of the first class, or black."""
    found = known(painting)
    grounds = (found[0], (0.0,) * painting.channels)
    alike = [x for i, x in enumerate(found) if any(distance(x, y) <= ALIKE for y in found[:i] + found[i + 1 :])]
    return all(min(distance(x, ground) for ground in grounds) <= ALIKE for x in alike)


def _alike(painting: Painting) -> str:
    """Return the first two classes of one colour, else the first colours."""
    found = [(n, colour) for n, colour in enumerate(painting.colours) if colour]
    if largest(painting) <= 0:
        return "every class is black"
    same = next(((i, j) for (i, x), (j, y) in combinations(found, 2) if distance(x, y) <= ALIKE), None)
    return listed(painting) if same is None else f"{listed(painting)}; {same[0]} and {same[1]} look alike"


def _without(missing: list[int]) -> str:
    if not missing:
        return ""
    return f", and class {missing[0]} has no entry" if len(missing) == 1 else f", and {len(missing)} classes lack one"
