"""UD213: values outside the range that is shown."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.pictures import best, display, inputs, place
from unetdoctor.checks.remedies import final_activation
from unetdoctor.facts import Evidence, Finding, Kind, Output, Reading, Remedy, Severity

OUTSIDE_LIMIT = 10.0
"""Share of values outside the display range, in %. 0: a sigmoid head. Under 5: the overshoot of a linear restoration
head. 68: tanh shown as 0..1. 97: logits."""
_TANH, _BYTES = 1.02, 16.0


class RangeDoesNotFitDisplay(Check):
    """The output's values do not fit the range in which they are shown: they are clipped, or wrap in 8 bits.

    Symptom
        Crushed blacks, burnt whites, or speckles where uint8 wraps.
    Cause
        A tanh output (-1..1) shown as 0..1, logits shown as a picture, or 0..255 shown as 0..1; a mean and deviation
        behind the final activation that normalise where they should undo that.
    Remedy
        Map the values to the display range before they are shown or saved.
    Source
        "Why a No trained GAN generator using 3 channels only produce grey images?" and "Why are inferences from a
        DeepLabV3 model trained on a custom dataset producing black images?"; 23 of 303 public threads. Outside 0..1 lie
        68 % of a tanh head, 97 % of logits and 0 % of a sigmoid head. An error only for a trained network whose range
        or task was declared: elsewhere it is a guess.
    """

    code = "UD213"
    name = "range-does-not-fit-display"
    kind = Kind.SYMPTOM
    settled_by_training = True
    axes = (2, 3)
    counterfactuals = (final_activation("sigmoid", cause=""), final_activation("tanh", cause=""))

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for the output that fits best; masks are decoded, so only pictures are judged."""
        chosen = best(evidence, lambda x: -x.outside)
        if chosen is None:
            return
        run, output = chosen
        intent = evidence.intent
        declared = output.display.source == "declared"
        if output.display.decode != "as is" or not (intent.effective.is_picture or declared):
            return
        certain = evidence.model.trained and (declared or (intent.declared and intent.effective.is_picture))
        where = place(evidence, run, output)
        what, patch = _mapping(output)
        yield cls.finding(
            f"{shown(100 * output.outside)} % of the values drawn by {where.text} lie outside {display(output)} (at "
            f"most {OUTSIDE_LIMIT:g} %) {inputs(evidence)}: they are {what}, {shown(output.minimum)} to "
            f"{shown(output.maximum)}.",
            [Reading("share of values outside the display range", 100 * output.outside, "%", upper=OUTSIDE_LIMIT)],
            place=where,
            severity=Severity.ERROR if certain else Severity.NOTE,
            remedies=_activated(output),
            op=output.drawn_by,
            patch=patch,
        )


def _activated(output: Output) -> Iterator[Remedy]:
    """Yield what the final activation draws, where arithmetic behind it leads out of its range."""
    lines = {"tanh": "(torch.tanh(x) + 1) / 2", "sigmoid": "torch.sigmoid(x)"}
    if output.activation in lines and output.final_ops[-1:] not in ((), (output.activation,)):
        yield Remedy(
            action="as_activated",
            title=f"show what {output.activation} draws, without the arithmetic behind it",
            patch=f"picture = {lines[output.activation]}  # and no mean, deviation or scale behind it",
            scope=0,
        )


def _mapping(output: Output) -> tuple[str, str]:
    """Return what the values look like, and the line that maps them to 0..1."""
    if output.minimum >= -_TANH and output.maximum <= _TANH:
        return "of the range of tanh", "picture = ((output + 1) / 2).clamp(0, 1)"
    if output.minimum >= -1 and output.maximum > _BYTES:
        return "of the range of 8-bit levels", "picture = (output / 255).clamp(0, 1)"
    return "unbounded", "picture = output.clamp(0, 1)  # or torch.sigmoid(output), if these are logits"
