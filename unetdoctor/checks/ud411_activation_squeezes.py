"""UD411: the final activation removes the contrast that its input has."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check, either, shown
from unetdoctor.checks.growth import growth
from unetdoctor.checks.pictures import best, inputs, op_at, place
from unetdoctor.checks.remedies import ACTIVATIONS, RESCALE_ACTIVATION_INPUT
from unetdoctor.facts import Evidence, Finding, Kind, Output, Reading, Severity

RAW_LIMIT = 8.0
"""Spread of the activation's input. .25-.5: sound samples. 45-69: saturated ones. tanh is at its end from 2.8 on,
sigmoid from 5.5 on."""
SHARE_LIMIT = 85.0
"""Share of values within one 8-bit level of an end, in %. 89-98: saturated samples. 84: digits on black."""
SQUEEZING = ("tanh", "sigmoid", "hardtanh", "hardsigmoid", "clamp")
"""Final activations that have ends."""


class ActivationSqueezes(Check):
    """The final activation removes the contrast that its input has, since that lies far beyond its ends.

    Symptom
        Pure colours without a shade in between, although the last layer draws shades.
    Cause
        A scale in front of the activation (as x 127.5 before tanh), a last layer that is too large, or training
        targets that the activation can never reach.
    Remedy
        Scale behind the activation instead of in front of it; make its input a few units wide.
    Source
        "Why do untrained 3-channel GAN generators produce only grayscale images?" and "Why a No trained GAN generator
        using 3 channels only produce grey images?", which blame tanh for grey pictures: measured, tanh on small values
        changes nothing (sigmoid in its place is greyer, 0.4 for 0.7-0.9 levels). It removes contrast only where its
        input is large.
    """

    code = "UD411"
    name = "activation-squeezes"
    kind = Kind.CAUSE

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for the least saturated picture with a bounded final activation; none for masks.

        None where the signal blew up in front of the last layer: that is said by its own check.
        """
        chosen = best(evidence, lambda x: -_share(x)) if evidence.intent.effective.is_picture else None
        if chosen is None or chosen[1].activation not in SQUEEZING:
            return
        grown = growth(evidence)
        if grown is not None and grown.explodes:
            return
        run, output = chosen
        op = op_at(run, output.activation_op)
        where = op.place if op is not None else place(evidence, run, output)
        kept = [x for x in ACTIVATIONS if x.parameters["kind"] != output.activation]
        yield cls.finding(
            f"The input of `{output.activation}` at {where.text} spreads by {shown(output.raw_spread)} (at most "
            f"{RAW_LIMIT:g}), and {shown(_share(output))} % of its output lie at an end (at most {SHARE_LIMIT:g} %) "
            f"{inputs(evidence)}.",
            either(
                Reading("share of pixels at the ends of the activation", _share(output), "%", upper=SHARE_LIMIT),
                Reading("spread of the activation's input", output.raw_spread, upper=RAW_LIMIT),
            ),
            place=where,
            severity=Severity.WARNING if evidence.model.trained else Severity.NOTE,
            remedies=(RESCALE_ACTIVATION_INPUT, *kept),
            op=output.activation_op,
        )


def _share(output: Output) -> float:
    return 100 * (output.at_low + output.at_high)
