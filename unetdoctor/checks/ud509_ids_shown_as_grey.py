"""UD509: class ids become a picture by arithmetic, in which classes cannot be told apart."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check
from unetdoctor.checks.painted import (
    APART_LIMIT,
    DARK_LIMIT,
    apart,
    in_colour,
    is_gradient,
    largest,
    listed,
    place,
    repaint,
    twins,
    wrapped,
)
from unetdoctor.facts import Evidence, Finding, Kind, Painting, Reading

BYTES = "uint8"
"""Type of a picture that a viewer shows as it is; ids in other types are numbers."""


class IdsShownAsGrey(Check):
    """Class ids are shown as grey levels that cannot be told apart, or are multiplied until they wrap around.

    Symptom
        A picture that looks black, since ids are 0, 1, 2, ... of 255; or one in which every class but the first looks
        white, since 1, 2 and 3 times 255 are 255, 254 and 253 in eight bits.
    Cause
        `argmax` times 255 in uint8, or ids repeated over three channels.
    Remedy
        A palette, or ids times 255 / (classes - 1). The experiment paints the same classes again.
    Source
        "Why are inferences from a DeepLabV3 model trained on a custom dataset producing black images?". Ids of one
        channel as `argmax` gives them are no picture, and well, unless `--postprocess` gives them as one; so are two
        classes times 255, ids spread over 0..255, and a choice among 256 levels for each colour. Each class is drawn
        once on the recorded operations, so that a class counts that no input shows.
    """

    code = "UD509"
    name = "ids-shown-as-grey"
    kind = Kind.CAUSE
    proves_itself = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for bytes that are computed from class ids."""
        painting = evidence.painting if evidence.misread is None else None
        if painting is None or painting.table or painting.one_hot or painting.dtype != BYTES:
            return
        grey = painting.channels == 1
        where = place(evidence, painting)
        yield cls.finding(
            f"Class ids become levels by arithmetic at {where.text}: {listed(painting)}; {_seen(painting)}.",
            _in_grey(painting) if grey else in_colour(painting),
            place=where,
            remedies=[repaint(painting, where, cls.code, evidence.scores.palette if evidence.scores else ())],
            op=painting.op,
        )


def _in_grey(painting: Painting) -> list[Reading]:
    """Return the readings of grey levels: ids in one channel are a picture only where they are handed out as one."""
    level = Reading("largest level of a class", largest(painting), "8-bit levels", lower=DARK_LIMIT)
    return [*wrapped(painting), *([level] if painting.declared else [])]


def _seen(painting: Painting) -> str:
    if painting.channels == 1 and painting.declared and largest(painting) < DARK_LIMIT:
        return f"the largest level is {largest(painting):.0f} (at least {DARK_LIMIT:g}), which looks black"
    if painting.channels == 1:
        return f"{twins(painting)} of {len(painting.colours)} classes look like another one (at most 0 where they wrap)"
    bound = "in a gradient" if is_gradient(painting) else f"at least {APART_LIMIT:g} %"
    return (
        f"the largest level is {largest(painting):.0f} (at least {DARK_LIMIT:g}), and {apart(painting):.0f} % look "
        f"different ({bound})"
    )
