"""UD505: the loss expects another kind of output than the head draws."""

import math
from collections.abc import Iterator

from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.pictures import op_at, place
from unetdoctor.checks.remedies import final_activation
from unetdoctor.facts import Evidence, Finding, Intent, Kind, LossNumbers, Output, Place, Reading, Remedy, Severity

LEAST_LIMIT = 0.05
"""Largest distance from 0 of the loss at a perfect prediction. 0: pairs that fit. .31-.69: BCEWithLogits on sigmoid.
.55: cross-entropy on softmax of 3 classes. -1: NLL on softmax."""
OUTSIDE_LIMIT = 0.0
"""Share of values that the loss refuses, in %. 0: a probability. 86-94: logits, tanh."""
PULL_LIMIT = 1e-4
"""Smallest mean gradient at a wrong prediction. 0: cross-entropy of one channel. .7-1: logits under their loss."""
_WANTED = {"bce": "sigmoid", "bce-with-logits": "identity", "cross-entropy": "identity", "nll": "log_softmax"}
_TITLES = {
    "bce": "BCELoss wants probabilities",
    "bce-with-logits": "BCEWithLogitsLoss wants logits",
    "cross-entropy": "CrossEntropyLoss wants logits of several classes",
    "nll": "NLLLoss wants log-probabilities",
}


class LossAndActivationClash(Check):
    """The loss applies the final activation itself and the network does it too, or neither does.

    Symptom
        Training stalls at a loss that never gets small, probabilities stay near the middle, or BCELoss raises. The
        picture of a network that was trained all the same shows nothing of it.
    Cause
        BCEWithLogitsLoss on a sigmoid, CrossEntropyLoss on a softmax or on one channel, BCELoss on logits, NLLLoss
        without log_softmax.
    Remedy
        Return logits and let the loss apply the activation; apply it once where pictures are made.
    Source
        The table of an introduction to the U-Net. At a perfect prediction, pairs that fit lose 0, BCEWithLogits on a
        sigmoid .31 to .69. The loss is the one given with `--loss`, else the one that the model's own file applies to
        what the network returns (with nothing in between, in training and in eval alike). Its value and gradient at a
        perfect and at an opposite prediction are computed within the range of the observed output. Dice and focal
        losses exist for both kinds of output and are not judged.
    """

    code = "UD505"
    name = "loss-and-activation-clash"
    kind = Kind.CAUSE
    proves_itself = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for the output of the main pass, where its loss is known and needs a certain range."""
        outputs = [x for _, x in evidence.outputs if x.loss is not None]
        intent = evidence.intent
        if not outputs or not (intent.loss or intent.effective.is_segmentation):
            return
        run, output = evidence.outputs[0]
        numbers = max((x.loss for x in outputs if x.loss is not None), key=lambda x: x.outside)
        end = op_at(run, output.activation_op)
        where = end.place if end is not None else place(evidence, run, output)
        yield cls.finding(
            f"{_TITLES[numbers.loss]}, and {_head(output)} at {where.text} ends the network ({_source(intent)}): "
            f"{_what(numbers)}.",
            _readings(numbers),
            place=where,
            severity=_severity(evidence),
            remedies=_remedies(cls.code, numbers, output, where),
            op=output.activation_op if end is not None else output.drawn_by,
            patch=_patch(numbers),
        )


def _readings(numbers: LossNumbers) -> tuple[Reading, ...]:
    return (
        Reading("values that the loss refuses", 100 * numbers.outside, "%", upper=OUTSIDE_LIMIT),
        Reading("loss of a perfect prediction", numbers.least, lower=-LEAST_LIMIT, upper=LEAST_LIMIT),
        Reading("gradient of an opposite prediction", numbers.gradient_wrong, lower=PULL_LIMIT),
    )


def _what(numbers: LossNumbers) -> str:
    if numbers.outside > 0:
        return f"{shown(100 * numbers.outside)} % of the values lie outside 0..1"
    if numbers.gradient_wrong < PULL_LIMIT:
        return (
            f"even an opposite prediction has a gradient of {shown(numbers.gradient_wrong)} (at least {PULL_LIMIT:g})"
        )
    return (
        f"the loss of a perfect prediction is {shown(numbers.least)} (at most {LEAST_LIMIT:g} from 0), its gradient "
        f"{shown(numbers.gradient_left)}"
    )


def _head(output: Output) -> str:
    count = len(output.channels)
    channels = f"{count} channel{'s' * (count != 1)}"
    return f"`{output.activation}` of {channels}" if output.activation else f"a layer of {channels} without activation"


def _source(intent: Intent) -> str:
    return "declared with --loss" if intent.loss else intent.inferred_loss_from


def _remedies(code: str, numbers: LossNumbers, output: Output, where: Place) -> list[Remedy]:
    """Return the activation that the loss wants; one channel has none with which cross-entropy learns."""
    kind = _WANTED[numbers.loss]
    alone = numbers.loss in ("cross-entropy", "nll") and len(output.channels) == 1
    return [] if alone or kind == (output.activation or "identity") else [final_activation(kind, cause=code)]


def _patch(numbers: LossNumbers) -> str:
    if numbers.gradient_wrong < PULL_LIMIT or math.isnan(numbers.gradient_wrong):
        return "criterion = nn.BCEWithLogitsLoss()  # one channel: the target is 0 or 1, as float"
    if numbers.loss == "bce":
        return "criterion = nn.BCEWithLogitsLoss()  # on logits; sigmoid only where masks are made"
    if numbers.loss == "nll":
        return "criterion = nn.CrossEntropyLoss()  # on logits"
    return "return logits  # the loss applies the activation; apply it once where masks are made"


def _severity(evidence: Evidence) -> Severity:
    return Severity.ERROR if evidence.intent.loss else Severity.WARNING
