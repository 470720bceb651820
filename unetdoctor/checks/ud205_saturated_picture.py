"""UD205: nearly every pixel sits at an end of the range."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.pictures import FLAT_SPREAD, best, contrast, display, flatness, inputs, place, severity
from unetdoctor.checks.remedies import (
    ACTIVATIONS,
    EVERY_LAYER,
    RESCALE_ACTIVATION_INPUT,
    STATISTICS,
    ZERO_LAST_BIAS,
    last_layer_advice,
)
from unetdoctor.facts import Evidence, Finding, Kind, Output, Reading, Severity

SHARE_LIMIT = 85.0
"""Share of values within one 8-bit level of black or white, in %. 89-100: sick samples. About 84: digits on black, a
sound picture. 0: photographs."""
RAW_LIMIT = 20.0
"""Spread before the final activation, above which the ends are no drawing. Saturated samples: 45-69. Sound ones:
under 5."""


class SaturatedPicture(Check):
    """Nearly every pixel is black or white (or a pure colour), with no shade in between.

    Symptom
        A poster of pure colours, or an all-white or all-black picture.
    Cause
        The final activation gets values far beyond its ends (UD411, UD302), a bias pins it (UD304), or training
        targets lie outside the range that it can reach.
    Remedy
        That of the cause: a smaller last layer, no bias, or targets scaled to the activation's range.
    Source
        "Why do untrained 3-channel GAN generators produce only grayscale images?". A confident segmentation sits at 0
        and 1 and is sound, so masks are not judged; digits on black reach 84 %, so that a large share alone is a note:
        it is an error where the whole picture is one tone or the values before the activation spread by more than 20.
    """

    code = "UD205"
    name = "saturated-picture"
    kind = Kind.SYMPTOM
    axes = (2, 3)
    counterfactuals = (
        RESCALE_ACTIVATION_INPUT,
        ZERO_LAST_BIAS,
        *ACTIVATIONS,
        *last_layer_advice("UD302"),
        *STATISTICS,
        *EVERY_LAYER,
    )

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for the least saturated picture; none for anything but pictures, nor for an even grey.

        There is nothing to see in that either: a change that makes it of white is no cure.
        """
        chosen = best(evidence, lambda x: -_share(x)) if evidence.intent.effective.is_picture else None
        if chosen is None:
            return
        run, output = chosen
        if _share(output) <= SHARE_LIMIT and not any(x.holds for x in flatness(output)):
            return
        where = place(evidence, run, output)
        drawn = contrast(output)[0] >= FLAT_SPREAD and output.raw_spread < RAW_LIMIT
        yield cls.finding(
            f"{shown(_share(output))} % of the picture drawn by {where.text} lie within one level of black or white "
            f"(at most {SHARE_LIMIT:g} %) {inputs(evidence)}, {shown(100 * output.at_low)} % black and "
            f"{shown(100 * output.at_high)} % white, shown in {display(output)}.",
            [
                Reading("share of pixels at the ends of the range", _share(output), "%", upper=SHARE_LIMIT),
                Reading("spread before the final activation", output.raw_spread),
            ],
            place=where,
            severity=Severity.NOTE if drawn else severity(evidence),
            op=output.drawn_by,
        )


def _share(output: Output) -> float:
    return 100 * (output.at_low + output.at_high)
