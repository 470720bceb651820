"""UD602: red and blue are exchanged."""

from collections.abc import Iterator

from unetdoctor.checks.beside import FITS
from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.feeding import (
    CERTAIN,
    EXCESS_LIMIT,
    HARMLESS,
    OVERALL,
    excess,
    feeding,
    is_turned,
    limit_of,
    order_is_certain,
    stands_for,
    sure,
    turned,
    wrongly_fed,
)
from unetdoctor.facts import Candidate, Chain, Evidence, Finding, Fingerprint, Kind, MaskScores, Reading, Severity

GAIN_LIMIT = 0.1
"""Mean Dice beside masks that exchanging red and blue adds. .33: a DeepLabV3 fed BGR, of classes that half differ in
colour. Sixteen trained networks fed as in training: -.69 and less; -.23 and -.03 without batch normalisation, where
colour tells little about the mask. Between -.03 and .33 nothing was seen; a fault that colour hardly shows is
missed."""


class ChannelOrderSwapped(Check):
    """The network's statistics fit the picture with red and blue exchanged.

    Symptom
        Fewer and wrong classes, worst where colour matters: skin, sky, stained tissue.
    Cause
        cv2.imread gives BGR and Pillow RGB; one side of training and use read with the other library.
    Remedy
        cv2.cvtColor(image, cv2.COLOR_BGR2RGB), or x[:, [2, 1, 0]]. That is tried, and the masks are scored again.
    Source
        Read from the same statistics as UD601. Where red and blue are alike in the pictures of training nobody can
        tell: that photographs are redder than blue on average is a note, and only pictures that themselves lie far from
        the stored statistics in the order in which they are fed make it more. Several tell more than one.
    """

    code = "UD602"
    name = "channel-order-swapped"
    kind = Kind.CAUSE
    proves_itself = True
    proof_is_error = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for photographs with colours that are fed as the statistics say, order aside."""
        told = evidence.fingerprint
        if told is None or told.winner is None or len(told.winner.pixels) != 3 or wrongly_fed(told):
            return
        if not told.declared and sure(told):
            return
        other = turned(told, told.fed)
        if other is None:
            return
        over = max(excess(told, told.fed) - excess(told, other.chain), 0.0)
        certain = is_turned(told, told.fed) and order_is_certain(told)
        scores = evidence.scores
        gain = scores.exchanged if scores is not None else float("nan")
        if scores is not None and gain > GAIN_LIMIT and scores.dice + gain >= FITS:  # an inverted mask gains a little
            yield cls.finding(
                f"With red and blue exchanged the mean Dice beside the masks rises by {shown(gain)} (at most "
                f"{GAIN_LIMIT:g}); {_order(told.fed).lower()} is fed first.",
                _fits(scores, lower=scores.dice + gain - GAIN_LIMIT),
                place=told.place,
                severity=Severity.ERROR,
                remedies=[feeding(other.chain, cls.code)],
                op=told.op,
            )
            return
        ill, worse = over > EXCESS_LIMIT, told.gap > other.gap
        order, said, own = _order(told.fed), stands_for(other), stands_for(told.of(told.fed))
        message = f"{order} is fed first{_known(told, other)}."
        if ill:
            message = (
                f"{order} is fed first; the statistics of {told.place.text} fit the other order better by "
                f"{shown(over)} nats (at most {EXCESS_LIMIT:g}): training's mean pixel was {said}, and not {own}."
            )
            message += "" if certain else " That is how photographs usually are; this one alone does not tell."
        yield cls.finding(
            message,
            [
                Reading(OVERALL, told.gap, "nats", upper=limit_of(told, other.chain) if ill and worse else None),
                Reading("distance beyond that of the other channel order", over, "nats", upper=EXCESS_LIMIT),
                *_fits(scores),
            ],
            place=told.place,
            severity=Severity.WARNING if told.declared and worse and certain else Severity.NOTE,
            remedies=[feeding(other.chain, cls.code)] if certain else [],
            op=told.op,
        )

    @classmethod
    def is_proof(cls, finding: Finding, evidence: Evidence) -> bool:
        """Return whether it changes what is drawn."""
        told = evidence.fingerprint
        other = None if told is None else turned(told, told.fed)
        return other is not None and other.change > HARMLESS


def _fits(scores: MaskScores | None, lower: float | None = None) -> list[Reading]:
    """Return the mean Dice, which the other order of channels is to raise; nothing where that was not looked at."""
    if scores is None or scores.exchanged != scores.exchanged:
        return []
    return [Reading("mean Dice beside the masks", scores.dice, lower=lower)]


def _order(chain: Chain) -> str:
    return "Blue" if chain.flipped else "Red"


def _known(told: Fingerprint, other: Candidate) -> str:
    """Say whether the statistics tell the order of channels."""
    own = told.of(told.fed)
    if own is None or other.distance - own.distance < CERTAIN:
        return f"; the statistics of {told.place.text} and this picture do not tell whether that is right"
    return f", as the statistics of {told.place.text} have it"
