"""UD510: the palette does not tell the classes apart."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check
from unetdoctor.checks.painted import (
    APART_LIMIT,
    DARK_LIMIT,
    apart,
    different,
    in_colour,
    known,
    largest,
    listed,
    place,
    repaint,
)
from unetdoctor.facts import Evidence, Finding, Kind, Painting, Reading, Severity


class PaletteBroken(Check):
    """The palette paints classes in one colour, in colours too dark to be seen, or lacks an entry for a class.

    Symptom
        A class map of one colour, a black one, or an IndexError on the first picture that shows the class.
    Cause
        A palette of another data set, of 0..1 where bytes are shown, filled with one colour, or with too few rows.
    Remedy
        One distinct colour per class. The experiment paints the same classes again.
    Source
        Seed 004. Each class is drawn once on the recorded operations. Palettes in use paint a few classes alike (the
        unlabelled ones of Cityscapes), which is well as long as half of the classes look different. Of one channel a
        table is no palette, but gives classes other numbers.
    """

    code = "UD510"
    name = "palette-broken"
    kind = Kind.CAUSE
    proves_itself = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for classes that a table paints in colour."""
        painting = evidence.painting
        if painting is None or not painting.table or painting.one_hot or painting.channels == 1:
            return
        where = place(evidence, painting)
        missing = [number for number, colour in enumerate(painting.colours) if not colour]
        yield cls.finding(
            f"The palette at {where.text} tells {len(different(known(painting)))} of {len(painting.colours)} classes "
            f"apart ({apart(painting):.0f} %, at least {APART_LIMIT:g} %), its brightest is {largest(painting):.0f} "
            f"(at least {DARK_LIMIT:g}){_without(missing)}: {listed(painting)}.",
            [*in_colour(painting), Reading("classes without an entry", len(missing), "classes", upper=0)],
            place=where,
            severity=_severity(painting),
            remedies=[repaint(painting, where, cls.code)],
            op=painting.op,
        )


def _severity(painting: Painting) -> Severity:
    one = len(different(known(painting))) < 2
    missing = len(known(painting)) < len(painting.colours)
    return Severity.ERROR if one or missing or largest(painting) < DARK_LIMIT else Severity.WARNING


def _without(missing: list[int]) -> str:
    if not missing:
        return ""
    return f", and class {missing[0]} has no entry" if len(missing) == 1 else f", and {len(missing)} classes lack one"
