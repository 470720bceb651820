"""UD404: the signal blows up on its way through the network."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check, either, shown
from unetdoctor.checks.growth import ARRIVING_LIMIT, GROWTH_LIMIT, Growth, growth
from unetdoctor.checks.layers import written
from unetdoctor.checks.remedies import STATISTICS, initialise_all, initialise_layer
from unetdoctor.facts import Evidence, Finding, Kind, Op, Reading, Remedy, Severity

ENDS_LIMIT = 0.5
"""Share of a picture's values at an end of the final activation from which on what arrives does harm. 0-.3: sound
pictures. .9-1: sick ones. Huge logits of a network whose last layer makes up for it, that nothing bounds (relu: its
ends are those of the display), or of a mask, which is sure of itself, are a note."""
_BOUNDS = ("tanh", "sigmoid", "clamp", "hardtanh")
"""Final activations with two ends of their own."""


class SignalExplodes(Check):
    """The signal blows up on its way: from some operation on it is far larger than behind the first layer.

    Symptom
        Pure colours, since the final activation lies at its ends; logits of thousands, probabilities of 0 and 1.
    Cause
        Layers or residual branches that are each a little too large, with no normalisation that makes up for it; or a
        factor in forward().
    Remedy
        Normalise behind the named operation, or in front of the last layer; before training, initialise with kaiming
        fan-in instead.
    Source
        The counterpart of UD403. Read where the last layer reads it: what grows in between and is normalised again
        (residual streams, attention scores) does no harm, and pictures of 0..255 are large from the first layer on.
        One hidden layer beyond every scale is said by UD306, running statistics by UD308 and UD309.
    """

    code = "UD404"
    name = "signal-explodes"
    kind = Kind.CAUSE

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding: the first operation from which on the signal is too large, else the last layer's input."""
        found = growth(evidence)
        if found is None:
            return
        start = f", first behind `{found.op.name}` at {found.op.place.text}" if found.explodes else ""
        yield cls.finding(
            f"The signal that the last layer reads is {shown(found.ratio)} times that behind the first layer (at most "
            f"{GROWTH_LIMIT:g}), {shown(found.signal)} itself (at most {ARRIVING_LIMIT:g}){start}.",
            either(
                Reading("growth of the signal", found.ratio, "x", upper=GROWTH_LIMIT),
                Reading("signal that the last layer reads", found.signal, upper=ARRIVING_LIMIT),
            ),
            place=found.op.place,
            severity=Severity.WARNING if evidence.model.trained and _does_harm(evidence) else Severity.NOTE,
            remedies=_remedies(evidence, found),
            op=found.op.index,
        )


def _does_harm(evidence: Evidence) -> bool:
    output = evidence.main.output if evidence.main is not None else None
    if output is None or output.activation not in _BOUNDS or not evidence.intent.effective.is_picture:
        return False
    return output.at_low + output.at_high > ENDS_LIMIT


def _remedies(evidence: Evidence, found: Growth) -> Iterator[Remedy]:
    yield _normalised(found.op)
    if found.arriving.index != found.op.index:
        yield _normalised(found.arriving)
    if not evidence.model.trained:  # else what training left would be lost
        if found.op.weighted and found.op.place.layer:
            yield initialise_layer(found.op.place, "UD404", "kaiming_fan_in")
        yield initialise_all("kaiming_fan_in", "UD404")
    if any(x.used_stored for x in evidence.model.norms):
        yield from STATISTICS


def _normalised(op: Op) -> Remedy:
    channels = op.shape[1] if len(op.shape) > 2 else op.shape[-1]
    layer = op.place.layer
    line = f"nn.GroupNorm(1, {channels})"
    return Remedy(
        action="normalise_behind",
        place=op.place,
        parameters={"op": op.index},
        title=f"normalise behind `{op.name}` at {op.place.text}",
        patch=f"{written(layer)} = nn.Sequential({written(layer)}, {line})"
        if op.weighted and layer
        else f"x = {line}(x)  # behind {op.place.text}; the layer belongs into __init__",
        cause="UD404",
        scope=1,
    )
