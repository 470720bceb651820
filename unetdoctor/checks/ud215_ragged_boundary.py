"""UD215: the inside of the masks is right, and their outlines are not."""

from collections.abc import Iterator

from unetdoctor.checks.beside import judged, marked_run, pictures
from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.pictures import place
from unetdoctor.facts import Edges, Evidence, Finding, Kind, MaskScores, Reading, Remedy, Severity

LEARNT = 0.8
"""Dice from which outlines are what is left to be right. .83-1: seven trained networks with coarse, blocky or shifted
outlines. .65-.8: nine networks that learned for some seconds on photographs, whose band is wrong by 21-43 %; one of
them, at .77, with 2.6 % wrong elsewhere."""
BAND_LIMIT = 25.0
"""Share of the places beside an outline that are wrong, in %, where the rest is right. 1-20: seven trained networks.
27-34: the same in blocks of 4x4 pixels. 18-37: the same from logits at an eighth of the size. 25: moved by a pixel."""
INTERIOR_LIMIT = 3.0
"""Share of the other places that are wrong, in %, up to which the inside is right. 0-.2: trained networks; up to 2.4:
with those outlines. 18: two classes exchanged. 38: noise."""
MOSTLY = 0.6
"""Share of all errors beside outlines from which these are what is wrong. .64-1: ragged and trained networks. .08-.32:
noise, wrong thresholds, exchanged classes."""
PHASED = 0.3
"""Unevenness of the errors over the phases of a grid. 0-.31: trained networks; .17-.46: blocks of 4x4."""


class RaggedBoundary(Check):
    """The inside of the masks is right, and their outlines are wrong: Dice rises while boundary IoU stays behind.

    Symptom
        Jagged, blocky or rounded edges; "Dice improves but IoU stalls", since errors along outlines weigh most where
        objects are small.
    Cause
        Logits at a quarter or an eighth of the size, a top-level skip connection without effect (UD406, UD407), an
        enlargement by repeated pixels or with a grid (UD211), a shift of a pixel (UD109), masks that were resized.
    Remedy
        That of the cause; the experiments of every cause are read at the outlines.
    Source
        An introduction to the U-Net. A band of 1 % of the picture's diagonal on either side of the masks' outlines is
        compared with the rest. IoU is Dice / (2 - Dice) of the same counts: the two can only part where they are
        averaged differently, or where the boundary is scored on its own.
    """

    code = "UD215"
    name = "ragged-boundary"
    kind = Kind.SYMPTOM
    axes = (2,)
    blamed_on = ("UD406", "UD407", "UD211")
    counterfactuals = (
        Remedy(
            action="smooth_scores",
            title="average the scores over 3x3 places before they are decided",
            patch="y = F.avg_pool2d(y, 3, stride=1, padding=1)",
            scope=0,
        ),
    )

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for outputs whose inside fits the masks."""
        scores, pair = judged(evidence), marked_run(evidence)
        if scores is None or scores.edges is None or pair is None or not scores.dice >= LEARNT:
            return
        edges = scores.edges
        inside = 100 * edges.interior <= INTERIOR_LIMIT and not edges.wrong_in_band < MOSTLY
        where = place(evidence, *pair)
        yield cls.finding(
            f"Within {edges.width} pixel{'s' * (edges.width > 1)} of the masks' outlines {shown(100 * edges.band)} % "
            f"of the places are wrong (at most {BAND_LIMIT:g} %), elsewhere {shown(100 * edges.interior)} %, "
            f"{pictures(scores)}: Dice {shown(scores.dice)}, boundary IoU {shown(scores.boundary_iou)}"
            f"{_more(evidence, scores, edges)}.",
            [
                Reading("wrong places beside outlines", 100 * edges.band, "%", upper=BAND_LIMIT if inside else None),
                Reading("wrong places elsewhere", 100 * edges.interior, "%"),
                Reading("boundary IoU", scores.boundary_iou),
                Reading("length of outlines over that of the masks", edges.length, "x"),
            ],
            place=where,
            severity=Severity.WARNING,
            op=pair[1].drawn_by,
        )


def _more(evidence: Evidence, scores: MaskScores, edges: Edges) -> str:
    """Return what else speaks for a cause: a grid, small objects, the skip connection of the top level."""
    told = []
    if edges.phase >= PHASED:
        told.append(f"the errors repeat every {edges.period} pixels")
    if scores.drawn[0] < scores.size[0]:
        told.append(f"the logits are drawn at {scores.drawn[0]}x{scores.drawn[1]}")
    top = min(evidence.skips, key=lambda skip: skip.level, default=None)
    if top is not None and top.influence == top.influence:
        told.append(f"the skip connection of the top level moves the output by {shown(100 * top.influence)} %")
    small = next((x for x in scores.sizes if x.name == "small" and x.objects), None)
    if small is not None:
        told.append(f"{small.found} of {small.objects} small objects are found")
    return f"; {', '.join(told)}" if told else ""
