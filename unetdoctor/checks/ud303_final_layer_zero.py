"""UD303: the last layer's weights are all zero."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.pictures import is_sure
from unetdoctor.checks.remedies import initialise_last
from unetdoctor.facts import Evidence, Finding, Kind, Reading, Severity

ZERO_LIMIT = 99.99
"""Share of the last layer's weights that are exactly 0, in %. 100: it draws its bias alone. 0: trained or drawn at
random; pruned layers keep at least a few weights."""


class FinalLayerZero(Check):
    """The weights of the last layer are all zero, so that it draws its bias alone.

    Symptom
        Exactly one tone, for every input.
    Cause
        A zero initialisation that was never trained away. Diffusion networks and residual branches start like this by
        design, and so do networks that zero several layers or draw a
        picture all the same, bent or corrected: there it is a note. In a fresh
        network whose task is only guessed it is a warning.
    Remedy
        Initialise the layer, or train the network.
    Source
        "Why do untrained 3-channel GAN generators produce only grayscale images?". Of 139 networks that were observed,
        the diffusion U-Nets start with a zero last convolution and draw exactly 0.
    """

    code = "UD303"
    name = "final-layer-zero"
    kind = Kind.CAUSE
    reads_weights_alone = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for the last layer."""
        model, last = evidence.model, evidence.model.last
        if last is None:
            return
        others = sum(x.zero == 1 for x in model.layers if x.layer != last.layer)
        design = model.residual_output or model.timestep_input or others > 0 or _draws(evidence)
        share = 100 * last.zero
        why = f", as in {others} other layers" if others else ""
        yield cls.finding(
            f"{shown(share)} % of the weights of {last.place.text} are exactly 0 (at most {ZERO_LIMIT} %){why}.",
            [Reading("zero weights of the last layer", share, "%", upper=ZERO_LIMIT)],
            place=last.place,
            severity=_severity(evidence, design=design),
            remedies=[
                initialise_last(scheme, cls.code, last.layer)
                for scheme in ("default", "xavier_uniform", "kaiming_fan_in")
            ],
            op=last.op,
        )


def _draws(evidence: Evidence) -> bool:
    """Return whether a picture is drawn all the same: a layer that bends or corrects one starts as nothing."""
    return any(channel.std > 0 for _, output in evidence.outputs for channel in output.channels)


def _severity(evidence: Evidence, *, design: bool) -> Severity:
    run = evidence.main
    if design:
        return Severity.WARNING if evidence.model.trained else Severity.NOTE
    guessed = run is not None and run.output is not None and not is_sure(evidence, run.output)
    return Severity.WARNING if guessed and not evidence.model.trained else Severity.ERROR
