"""UD512: the output's classes are those of the masks in another order."""

from collections.abc import Iterator

from unetdoctor.checks.beside import FITS, ending, judged, marked_run, pictures
from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.feeding import misfed
from unetdoctor.facts import Evidence, Finding, Kind, MaskScores, Order, Reading, Remedy, Task

GAIN_LIMIT = 0.2
"""Mean Dice that the best order adds. 0: seven trained networks of one to three channels, whole or with a coarse,
shifted, blocky or noisy output. .94-1: the same with two classes exchanged, with the mask inverted, or with masks whose
ids begin at 1."""
LISTED = 4
"""Classes that a message names."""


class ClassOrderDiffers(Check):
    """The output's classes are those of the masks, but in another order.

    Symptom
        Sharp objects in the wrong colours; an inverted mask; a Dice near 0 although the picture looks right.
    Cause
        A data set whose ids are ordered otherwise, masks that begin at 1 where the network begins at 0, a background
        that one of the two does not have, the wrong channel of a softmax taken for the mask.
    Remedy
        The order in which the classes fit the masks best. The experiment gives each class of the output that number.
    Source
        The order with the largest sum of Dice is found by the Hungarian method on the confusion. Of fresh weights,
        which fit nothing in any order, nothing is said. Seven trained networks gain 0 from it.
    """

    code = "UD512"
    name = "class-order-differs"
    kind = Kind.CAUSE
    proves_itself = True
    proof_is_error = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for an output beside masks."""
        scores = judged(evidence)
        if scores is None or scores.order is None or misfed(evidence):
            return
        if scores.order.best_dice != scores.order.best_dice:
            return  # masks and output are background alone
        order = scores.order
        if _is_colour_order(scores) or _is_beyond(evidence, order):
            return
        gain = order.best_dice - (order.dice if order.dice == order.dice else 0.0)
        fits = order.best_dice >= FITS and bool(order.moved)
        where, op = ending(evidence)
        yield cls.finding(
            f"{_told(scores)}: in that order the mean Dice is {shown(order.best_dice)} instead of {shown(order.dice)} "
            f"(a gain of at most {GAIN_LIMIT:g}) {pictures(scores)}.",
            [
                Reading("Dice that the best order adds", gain, upper=GAIN_LIMIT if fits else None),
                Reading("mean Dice in the order as it is", order.dice if fits else gain),
            ],
            place=where,
            remedies=[_reordered(scores, cls.code, _channels(evidence))],
            op=op,
        )


def _is_colour_order(scores: MaskScores) -> bool:
    """Return whether the other order of the picture's channels, UD602's, explains at least as much."""
    order = scores.order
    return order is not None and scores.exchanged > 0 and order.dice + scores.exchanged >= order.best_dice


def _is_beyond(evidence: Evidence, order: Order) -> bool:
    """Return whether the order needs an id beyond the declared classes: that the masks hold it is UD604's."""
    declared = evidence.intent.classes
    return declared is not None and any(target >= max(declared, 2) for _, target in order.moved)


def _channels(evidence: Evidence) -> int | None:
    """Return how many channels an output has whose largest one is the class; None of any other output."""
    marked = marked_run(evidence)
    if marked is None or evidence.intent.effective is not Task.MULTICLASS:
        return None
    count = len(marked[1].channels)
    return count if count > 1 else None


def _inverted(scores: MaskScores) -> bool:
    return scores.order is not None and scores.order.classes == (1, 0)


def _told(scores: MaskScores) -> str:
    assert scores.order is not None
    if not scores.order.moved:
        return "Every class of the output is that of the masks"
    if _inverted(scores):
        return "The output is the mask inverted: its class 0 is class 1 of the masks"
    seen = {x.index for x in scores.classes if x.drawn}
    pairs = [f"{source} is {target}" for source, target in scores.order.moved if source in seen]
    rest = f" and {len(pairs) - LISTED} more" if len(pairs) > LISTED else ""
    return f"The classes of the output are others in the masks: {', '.join(pairs[:LISTED])}{rest}"


def _wanted(order: Order) -> list[int]:
    """Return what each class of the network is to be: of painted ones, that which has the right colour."""
    if not order.painted:
        return list(order.classes)
    wanted = [order.classes[number] for number in order.painted]
    return [order.painted.index(number) if number in order.painted else own for own, number in enumerate(wanted)]


def _reordered(scores: MaskScores, code: str, channels: int | None) -> Remedy:
    """Return the remedy; the lines to paste number as many classes as the output has channels."""
    assert scores.order is not None
    classes = _wanted(scores.order)
    order = f"order = torch.tensor({classes[:channels]})  # each output class's id in the masks"
    one = scores.threshold is not None and _inverted(scores)
    patch = "y = -y  # logits; 1 - y for probabilities" if one else f"{order}\nids = order[y.argmax(dim=1)]"
    return Remedy(
        action="permute_classes",
        parameters={"classes": classes},
        title="exchange the mask and its background" if _inverted(scores) else "number the classes as the masks do",
        patch=patch,
        cause=code,
        scope=0,
    )
