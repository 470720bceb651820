"""UD304: the last layer's bias outweighs its signal."""

import math
from collections.abc import Iterator

from unetdoctor.checks.check import Check, either, shown
from unetdoctor.checks.layers import written
from unetdoctor.checks.margins import EVERYWHERE, margin
from unetdoctor.checks.pictures import is_sure
from unetdoctor.facts import Evidence, Finding, Kind, LayerWeights, Output, Reading, Remedy, Severity

RATIO_LIMIT = 5.0
"""Largest bias over the signal of the layer's result. 24: sick sample. .4-.6: sound samples; 2: masks of rare
objects."""
PINNED_RATIO = 1.0
"""The same where no input crosses the lead that the bias gives (UD207, UD208). 3.6-4.9: biases of -12 and -30 on
networks of strong logits."""
PINNED = {"tanh": 2.8, "sigmoid": 5.5, "softmax": 5.5, "log_softmax": 5.5}
"""Bias from which on an activation lies within one 8-bit level of its end: tanh(2.8) = .993, sigmoid(5.5) = .996. The
prior of focal loss, -4.6 to -2, stays below."""
LOGITS_PINNED = 5.5
"""The same for logits without an activation."""
CUT = "relu"
"""The activation that leaves nothing of what lies below 0; above it it keeps everything, such as a mean depth."""
CUT_FROM = 1.0
"""Bias below 0 from which on nothing is left, where it is several times the signal. 3: sick sample. .7: the largest
that a fresh layer of two inputs draws."""

RAREST_PRIOR = 9.3
"""Bias up to which it can be a prior that was set on purpose before training: -ln((1 - p) / p) of p = 1e-4."""


class FinalBiasDominates(Check):
    """The bias of the last layer is several times its signal and pins the picture to one side.

    Symptom
        All white, all black, or one class everywhere, while the layer's own signal varies.
    Cause
        A bias that was set by hand, a prior bias for a far rarer class, or a training on targets outside the range.
    Remedy
        Zero the bias; for rare classes set it to -log((1 - p) / p) of their true share p.
    Source
        A bias of -8 leaves a Dice of 0 at a threshold of .5 with an AUC of .99; -3 leaves .58 instead of .92.
    """

    code = "UD304"
    name = "final-bias-dominates"
    kind = Kind.CAUSE

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for the last layer, where its signal is known."""
        last, run = evidence.model.last, evidence.main
        if last is None or run is None or run.output is None or math.isnan(last.signal_out):
            return
        bias = _bias(last, run.output)
        pinned = _pinned(run.output, picture=evidence.intent.effective.is_picture)
        ratio = bias / last.signal_out if last.signal_out > 0 else math.inf if bias else 0.0
        limit = PINNED_RATIO if _decides(evidence) else RATIO_LIMIT
        yield cls.finding(
            f"The largest bias of {last.place.text} is {shown(bias)} (the activation is at its end from "
            f"{shown(pinned)} on), {shown(ratio)} times the layer's signal of {shown(last.signal_out)} (at most "
            f"{limit:g}).",
            either(
                Reading("bias over signal of the last layer", ratio, "x", upper=limit),
                Reading("largest bias of the last layer", bias, upper=pinned),
            ),
            place=last.place,
            severity=_severity(evidence, run.output, bias),
            remedies=[
                Remedy(
                    action="zero_bias",
                    parameters={"layers": "last"},
                    title="zero the last layer's bias",
                    patch=f"nn.init.zeros_({written(last.layer)}.bias)",
                    cause=cls.code,
                    scope=1,
                )
            ],
            op=last.op,
        )


def _decides(evidence: Evidence) -> bool:
    """Return whether a mask is the same everywhere: beyond the reach of its signal, or on one's own pictures."""
    found = margin(evidence, one_channel=True) or margin(evidence, one_channel=False)
    return found is not None and (found.pinned or (found.real and found.share >= EVERYWHERE))


def _severity(evidence: Evidence, output: Output, bias: float) -> Severity:
    if not evidence.model.trained:
        return Severity.WARNING if bias > RAREST_PRIOR or output.activation == CUT else Severity.NOTE
    if not is_sure(evidence, output):
        return Severity.NOTE
    return Severity.ERROR if evidence.intent.effective.is_picture else Severity.WARNING


def _bias(last: LayerWeights, output: Output) -> float:
    """Return the largest bias; softmax sees only how far they lie apart, and ReLU cuts what the lowest one leaves."""
    if output.activation == CUT:
        return max((-x for x in last.bias), default=0.0)
    if output.activation in ("softmax", "log_softmax") and last.bias:
        middle = sum(last.bias) / len(last.bias)
        return max(abs(x - middle) for x in last.bias)
    return last.bias_largest


def _pinned(output: Output, *, picture: bool) -> float:
    """Return the bias from which on the output is pinned: at the activation's end, or outside what is shown."""
    if output.activation in PINNED:
        return PINNED[output.activation]
    if output.activation == CUT:
        return CUT_FROM
    return max(abs(output.display.low), abs(output.display.high)) if picture else LOGITS_PINNED
