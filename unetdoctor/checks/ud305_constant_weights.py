"""UD305: a hidden layer whose weights are all equal."""

import math
from collections.abc import Iterator

from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.graph import cut
from unetdoctor.checks.layers import has_symmetry, hidden, size
from unetdoctor.checks.remedies import initialise_layer
from unetdoctor.facts import Evidence, Finding, Kind, LayerWeights, Reading, Severity

VARIATION_LIMIT = 0.01
"""Standard deviation of a layer's weights over the largest one, in %. 0: constant. 58: drawn from a uniform
distribution; no layer of a sound network lies under 1."""


class ConstantWeights(Check):
    """All weights of a hidden layer are equal, so that its filters all compute the same.

    Symptom
        A picture without contrast or colour; training does not get far, since equal filters get equal gradients.
    Cause
        The layer was filled with a constant (ones, a small number, zero).
    Remedy
        Initialise the layer at random.
    Source
        "Why do untrained 3-channel GAN generators produce only grayscale images?" (symmetry). Layers that are all zero
        are a note, since residual blocks start like that by design, but for one that everything must pass: behind it
        nothing is left of the input. A filter that averages each channel for itself (depthwise) is constant by design
        and does not count.
    """

    code = "UD305"
    name = "constant-weights"
    kind = Kind.CAUSE
    reads_weights_alone = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield a finding for every constant hidden layer, and one for all others together."""
        judged = [x for x in hidden(evidence) if has_symmetry(x) and not math.isnan(x.std)]
        constant = [x for x in judged if _variation(x) < VARIATION_LIMIT]
        zero = sum(x.largest == 0 for x in evidence.model.layers)
        severed = cut(evidence.main)
        for layer in constant:
            yield cls.finding(
                f"The {size(layer)} weights of {layer.place.text} deviate by {shown(_variation(layer))} % of the "
                f"largest, {shown(layer.largest)} (at least {VARIATION_LIMIT:g} %).",
                [Reading("deviation of the weights over the largest", _variation(layer), "%", lower=VARIATION_LIMIT)],
                place=layer.place,
                severity=Severity.WARNING
                if severed is not None and severed.index == layer.op
                else _severity(layer, trained=evidence.model.trained, alone=zero == 1),
                remedies=[initialise_layer(layer.place, cls.code)],
                op=layer.op,
            )
        if len(judged) > len(constant):
            least = min(_variation(x) for x in judged if x not in constant)
            yield cls.finding(
                f"The weights of {len(judged) - len(constant)} hidden layers of the model deviate by at least "
                f"{shown(least)} % of their largest (limit {VARIATION_LIMIT:g} %).",
                [Reading("deviation of the weights over the largest", least, "%", lower=VARIATION_LIMIT)],
            )


def _variation(layer: LayerWeights) -> float:
    return 100 * layer.std / layer.largest if layer.largest else 0.0


def _severity(layer: LayerWeights, *, trained: bool, alone: bool) -> Severity:
    if layer.largest > 0:
        return Severity.ERROR
    return Severity.WARNING if trained and alone and layer.signal_out == 0 else Severity.NOTE
