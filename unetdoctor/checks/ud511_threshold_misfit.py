"""UD511: the values tell the mask from the rest, but not at the threshold in use."""

from collections.abc import Iterator

from unetdoctor.checks.beside import FITS, ending, judged, marked_run, pictures
from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.cutoffs import SPLIT_LIMIT, out_of_reach, said, within_reach
from unetdoctor.checks.feeding import misfed
from unetdoctor.facts import Evidence, Finding, Kind, MaskScores, Output, Reading, Remedy, Severity, Threshold
from unetdoctor.facts.scores import POOR

GAIN_LIMIT = 0.1
"""Dice that the best threshold adds. 0-.02: five trained networks of one channel. .04-.06: the same with coarse or
enlarged logits. .79-1: the same with a bias of -6 or 5 added to the logits."""
USABLE = POOR
"""Dice of the mask, or of what is beside it, from which the picture at the threshold in use can be worked with: what a
better threshold adds is then a warning. 0-.48: trained networks whose mask is empty, full or lacks most of its
objects (logits moved by -2 to -8 or 5 to 8, a positive weight of 1/50 or, on a weak network, 30). .53-.87: ten
networks that draw every object too fat or too thin (positive weights of 1/10, 8 and 30)."""
AREA_LIMIT = 0.8
"""Area under the ROC curve from which values tell a mask. .66: noise. .99-1: trained networks, at any threshold."""


class ThresholdMisfit(Check):
    """The values separate the mask from its background, but not at the threshold that cuts them.

    Symptom
        An empty, a full, a much too thin or too fat mask, although the probabilities show the object.
    Cause
        A threshold of 0.5 on what was trained with a positive weight, focal loss or few positive places; a threshold of
        0.5 on logits or on bytes; a head whose bias is off.
    Remedy
        The threshold with the best Dice on validation pictures. The experiment moves the values so that the threshold
        in use cuts them there.
    Source
        An introduction to the U-Net; a bias of -8 leaves a Dice of 0 at a threshold of 0.5 with an AUC of .99. Dice is
        counted over all pictures together, at 2048 levels between the smallest and the largest value. The best
        threshold of few pictures fits these: only a gain far beyond that is a fault, and never that of fresh weights.
        It is an error where the picture at the threshold in use is of no use, else a warning. A threshold inside the
        network is judged without masks: by what the activation before it can give, where not one place lies across it.
    """

    code = "UD511"
    name = "threshold-misfit"
    kind = Kind.CAUSE
    proves_itself = True
    proof_is_error = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for the network's own threshold, and one for a mask of one channel that has values."""
        yield from cls._own(evidence)
        scores, pair = judged(evidence), marked_run(evidence)
        if scores is None or scores.threshold is None or pair is None or scores.shares[1:2] in ((), (0.0,)):
            return
        if misfed(evidence):
            return
        found = scores.threshold
        if found.auc != found.auc:
            return  # the masks are the object everywhere
        tells = found.best_dice >= FITS and found.auc >= AREA_LIMIT
        gain = found.best_dice - found.dice
        where, op = ending(evidence)
        yield cls.finding(
            f"The threshold {shown(found.used)} gives a Dice of {shown(found.dice)}, {shown(found.best)} one of "
            f"{shown(found.best_dice)} (a gain of at most {GAIN_LIMIT:g}) {pictures(scores)}; the area under the ROC "
            f"curve is {shown(found.auc)}.",
            [
                Reading("Dice that the best threshold adds", gain, upper=GAIN_LIMIT if tells else None),
                Reading("Dice at the threshold in use", found.dice),
                Reading("area under the ROC curve", found.auc),
            ],
            place=where,
            severity=Severity.ERROR if _worst(scores, found) < USABLE else Severity.WARNING,
            remedies=[_moved(found, pair[1], cls.code)],
            op=op,
        )

    @classmethod
    def _own(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield the finding of a threshold inside the network, beside masks or not."""
        cut = evidence.cutoff
        if cut is None:
            return
        far = out_of_reach(cut)
        limit = SPLIT_LIMIT if far or cut.moved else None
        yield cls.finding(
            said(cut),
            [Reading("places on the smaller side of the threshold", 100 * cut.split, "%", lower=limit)],
            place=cut.place,
            remedies=[within_reach(cut, cls.code)] if far else (),
            op=cut.op,
        )

    @classmethod
    def is_proof(cls, finding: Finding, evidence: Evidence) -> bool:
        """Return whether the mask at the threshold in use is of no use: what merely gains by another is a warning."""
        scores = judged(evidence)
        return scores is not None and scores.threshold is not None and _worst(scores, scores.threshold) < USABLE


def _worst(scores: MaskScores, found: Threshold) -> float:
    """Return the Dice of the mask or, where that is lower, of its background: a full mask has none."""
    return min(found.dice, *(x.dice for x in scores.classes if x.present))


def _moved(found: Threshold, output: Output, code: str) -> Remedy:
    display = output.display
    scale = "values"
    if display.decode == "sigmoid":
        scale = "logits"
    elif (display.low, display.high) == (0.0, 1.0):
        scale = "probabilities"
    value = f"{found.best:.3g}"
    probability = "torch.sigmoid(y)" if scale == "logits" else "y"
    return Remedy(
        action="decide_at",
        parameters={"scale": scale, "used": found.used, "threshold": found.best},
        title=f"threshold at {value} instead of {found.used:.3g}",
        patch=f"mask = {probability} > {value}  # choose it on validation pictures",
        cause=code,
        scope=0,
    )
