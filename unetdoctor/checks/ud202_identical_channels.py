"""UD202: red, green and blue are the same."""

import math
from collections.abc import Iterator

from unetdoctor.checks.check import Check, either, shown
from unetdoctor.checks.pictures import best, display, inputs, place, severity
from unetdoctor.checks.remedies import ACTIVATIONS, EVERY_LAYER, LATENTS, STATISTICS, last_layer_advice
from unetdoctor.facts import Evidence, Finding, Kind, Output, Reading, Severity

DIFFERENCE_LIMIT = 3.0
"""Largest difference between two channels at one place, in 8-bit levels. 0: identical filters. 1: rounding. 1.2-1.8: a
colouriser whose a and b of Lab are 110 times too weak; 109-137: the same as it was trained. Sound pictures: 20-57
levels of mean chroma, more at single places."""
CORRELATION_LIMIT = 0.999
"""Smallest correlation between two channels before the final activation. 1: equal. Healthy trained pictures reach
.98, so only equality counts."""
EQUAL = 1e-9
"""Largest difference before the final activation over the spread, below which channels are equal bit for bit."""


class IdenticalChannels(Check):
    """All channels of the output are equal: the colour picture holds no colour.

    Symptom
        Shapes and contrast are there, but red, green and blue agree within three 8-bit levels at every place.
    Cause
        Identical filters in the last layer (UD301), a single drawn channel that is repeated, colours that are scaled
        too weakly beside the lightness (a and b of Lab in -1..1, where they reach 110), or training on targets without
        colour.
    Remedy
        That of the cause; with identical filters any initialisation of the last layer that draws them at random.
    Source
        "Why do untrained 3-channel GAN generators produce only grayscale images?". Measured: identical filters leave a
        chroma of 2e-6, sound pictures have 20-57; a healthy trained picture reaches a correlation of .98, so that
        correlation alone proves nothing.
    """

    code = "UD202"
    name = "identical-channels"
    kind = Kind.SYMPTOM
    accounted_for_by = ("UD301",)
    counterfactuals = (
        *last_layer_advice("UD301"),
        *STATISTICS,
        *ACTIVATIONS,
        *EVERY_LAYER,
        *LATENTS,
    )

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for the run in which channels differ most; none of constant equal ones or class colours."""
        picture = evidence.intent.effective.is_picture
        chosen = best(evidence, _difference if picture else _raw_difference)
        if chosen is None or len(chosen[1].channels) < 2 or evidence.painted:
            return
        run, output = chosen
        where = place(evidence, run, output)
        leading, correlation = _readings(output, picture=picture)
        if not leading.holds and math.isnan(correlation.value):
            return
        yield cls.finding(
            f"The {len(output.channels)} channels drawn by {where.text} differ by at most {shown(leading.value)} "
            f"{leading.unit} (at least {leading.lower:g}) {inputs(evidence)}, with a correlation of "
            f"{correlation.value:.4f} (at most {CORRELATION_LIMIT}), shown in {display(output)}.",
            [leading] if leading.holds else either(leading, correlation),
            place=where,
            severity=severity(evidence) if picture or not evidence.model.trained else Severity.ERROR,
            op=output.drawn_by,
        )


def _readings(output: Output, *, picture: bool) -> tuple[Reading, Reading]:
    """Return difference and correlation, which count together; off pictures only equality bit for bit is a fault."""
    name = "largest difference between channels"
    return (
        Reading(name, output.channel_difference_8bit, "8-bit levels", lower=DIFFERENCE_LIMIT)
        if picture
        else Reading(name, output.channel_difference_raw, "spreads", lower=EQUAL),
        Reading("correlation between channels", output.channel_correlation, upper=CORRELATION_LIMIT),
    )


def _difference(output: Output) -> float:
    """Return what tells the channels apart: one run without correlation is enough."""
    return output.channel_difference_8bit + 256 * (output.channel_correlation <= CORRELATION_LIMIT)


def _raw_difference(output: Output) -> float:
    return output.channel_difference_raw
