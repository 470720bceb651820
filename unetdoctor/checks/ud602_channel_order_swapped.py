"""UD602: red and blue are exchanged."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.feeding import (
    HARMLESS,
    OVERALL,
    TURNED_LIMIT,
    WORSE,
    excess,
    feeding,
    is_turned,
    is_turned_from,
    stands_for,
    sure,
)
from unetdoctor.facts import Evidence, Finding, Fingerprint, Kind, Reading, Severity


class ChannelOrderSwapped(Check):
    """The network's statistics fit the picture with red and blue exchanged.

    Symptom
        Fewer and wrong classes, worst where colour matters: skin, sky, stained tissue.
    Cause
        cv2.imread gives BGR and Pillow RGB; one side of training and use read with the other library.
    Remedy
        cv2.cvtColor(image, cv2.COLOR_BGR2RGB), or x[:, [2, 1, 0]]. That is tried, and the masks are scored again.
    Source
        Recipe 21. Read from the same statistics as UD601. Where red and blue are alike in the pictures of training
        nobody can tell, and nothing is said: on 80 pictures of mixed photographs the true order scores up to 0.4 nats
        worse than the other; where it was truly exchanged, in tissue and retina, the wrong one 3 and more.
    """

    code = "UD602"
    name = "channel-order-swapped"
    kind = Kind.CAUSE
    proves_itself = True
    proof_is_error = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for photographs with colours, where a person declared how they are fed."""
        told = evidence.fingerprint
        if told is None or told.winner is None or told.fed.kind == "function" or len(told.winner.pixels) != 3:
            return
        if not told.declared and sure(told):
            return
        turned = is_turned(told, told.fed)
        over = excess(told, told.fed) if turned else 0.0
        best, own = stands_for(told.winner), stands_for(told.of(told.fed))
        ill, worse = over > TURNED_LIMIT, told.gap > told.best_gap
        order = "blue" if told.fed.flipped else "red"
        yield cls.finding(
            f"{order.capitalize()} is fed first; the statistics of {told.place.text} fit the other order better by "
            f"{shown(over)} nats (at most {TURNED_LIMIT:g}): training's mean pixel was {best}, and not {own}."
            if turned
            else f"{order.capitalize()} is fed first{_known(told)}.",
            [
                Reading(OVERALL, told.gap, "nats", upper=WORSE * told.best_gap if ill and worse else None),
                Reading("distance beyond that of the other channel order", over, "nats", upper=TURNED_LIMIT),
            ],
            place=told.place,
            severity=Severity.WARNING if told.declared and worse else Severity.NOTE,
            remedies=[feeding(told.winner.chain, cls.code)] if turned else [],
            op=told.op,
        )

    @classmethod
    def is_proof(cls, finding: Finding, evidence: Evidence) -> bool:
        """Return whether it changes what is drawn."""
        return evidence.fingerprint is not None and evidence.fingerprint.change > HARMLESS


def _known(told: Fingerprint) -> str:
    """Return whether the statistics tell the order of channels."""
    other = next((c for c in told.candidates if is_turned_from(c.chain, told.fed)), None)
    own = told.of(told.fed)
    if other is None or own is None or other.score - own.score <= TURNED_LIMIT:
        return f"; the statistics of {told.place.text} do not tell whether that is right"
    return f", as the statistics of {told.place.text} have it"
