"""UD203: the picture is one even tone."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check, either, shown
from unetdoctor.checks.pictures import (
    FLAT_SPREAD,
    FLAT_STD,
    best,
    contrast,
    display,
    flatness,
    inputs,
    is_hard,
    is_sure,
    place,
    severity,
)
from unetdoctor.checks.remedies import DULL_PICTURE
from unetdoctor.facts import Evidence, Finding, Kind, Output, Reading, Run, Severity, Task

LOGIT_LIMIT = 0.5
"""Spread of a mask's logits within a picture. Networks that learned nothing: .09-.18. Healthy ones: 1.8-4.3."""
LOGIT_CERTAIN = 0.2
"""At or below this a trained mask is in error whatever was fed; above it only where a real picture was among the
inputs."""
VALUE_LIMIT = 0.02
"""The same where a head without activation is only taken for a mask. .04-.25: trained depth, flow and pictures in 0..1,
which are none. Under .02: flat in any unit that is usual."""
_LEVELS = 255
_BLACK, _WHITE, _GREY_LOW, _GREY_HIGH = 12, 243, 108, 148


class FlatPicture(Check):
    """The picture has next to no contrast: one even tone, most often mid-grey.

    Symptom
        Mid-grey, black, white or one even colour everywhere, on every input. For masks: all logits are alike (a flat
        probability alone is no fault, since a picture without objects has a flat mask).
    Cause
        Running statistics that were never filled (UD308), a last layer that is zero or too small (UD303, UD302), a bias
        that pins the activation (UD304), a signal that died on its way (UD403, UD306, UD305).
    Remedy
        That of the cause. Popular advice measured on the grey generator (0.7-0.9 levels): sigmoid for tanh 0.4, xavier
        on the last layer 0.3-1.1, spectral_norm 0.4-29; filled BatchNorm statistics 70-82.
    Source
        "Why do untrained 3-channel GAN generators produce only grayscale images?", "Why a No trained GAN generator
        using 3 channels only produce grey images?" and "Why are inferences from a DeepLabV3 model trained on a custom
        dataset producing black images?"; 70 measured runs separate grey (spread at most 12.6) from sound (at least
        28.6).
    """

    code = "UD203"
    name = "flat-picture"
    kind = Kind.SYMPTOM
    blamed_on = ("UD002", "UD502")
    counterfactuals = DULL_PICTURE

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for the most varied picture, or for the mask whose logits vary most."""
        segmentation = evidence.intent.effective.is_segmentation
        chosen = best(evidence, lambda x: x.raw_spread if segmentation else contrast(x)[0])
        if chosen is not None and not is_hard(chosen[1]):
            yield cls._mask(evidence, *chosen) if segmentation else cls._picture(evidence, *chosen)

    @classmethod
    def _picture(cls, evidence: Evidence, run: Run, output: Output) -> Finding:
        where = place(evidence, run, output)
        spread, std = contrast(output)
        readings = flatness(output)
        ill = not any(x.holds for x in readings)
        return cls.finding(
            f"The picture drawn by {where.text} {f'is an even {_tone(output)}' if ill else 'has contrast'}: it "
            f"spreads over {shown(spread)} of 255 levels (at least {FLAT_SPREAD:g}) with a deviation of {shown(std)} "
            f"(at least {FLAT_STD:g}) {inputs(evidence)}, shown in {display(output)}.",
            either(*readings),
            place=where,
            severity=Severity.NOTE if _is_measured(evidence, output) else severity(evidence),
            op=output.drawn_by,
        )

    @classmethod
    def _mask(cls, evidence: Evidence, run: Run, output: Output) -> Finding:
        where = place(evidence, run, output)
        spread = output.raw_spread
        limit = LOGIT_LIMIT if is_sure(evidence, output) else VALUE_LIMIT
        return cls.finding(
            f"The logits of the mask drawn by {where.text} spread by {shown(spread)} (at least "
            f"{limit:g}) {inputs(evidence)}.",
            [Reading("spread of the logits", spread, lower=limit)],
            place=where,
            severity=_mask_severity(evidence, output),
            op=output.drawn_by,
        )


def _mask_severity(evidence: Evidence, output: Output) -> Severity:
    """Return how bad flat logits are; what is a mask only by a guess can be a depth map or a picture."""
    if not evidence.model.trained:
        return Severity.NOTE
    if not is_sure(evidence, output):
        return Severity.WARNING
    certain = output.raw_spread <= LOGIT_CERTAIN or any(run.probe.real for run, _ in evidence.outputs)
    return Severity.ERROR if certain else Severity.WARNING


def _is_measured(evidence: Evidence, output: Output) -> bool:
    """Return whether these are quantities that vary within the picture, by the largest of them, in an own range.

    No display is made for them: inverse depth in the hundreds, people per pixel in the thousandths.
    """
    own = evidence.intent.effective is Task.REGRESSION and evidence.intent.display_range is None
    seen = contrast(output)[0] * (output.display.high - output.display.low) / _LEVELS
    largest = max(abs(output.minimum), abs(output.maximum))
    return own and _LEVELS * max(seen, output.raw_spread) >= FLAT_SPREAD * largest


def _tone(output: Output) -> str:
    means = [x.mean_8bit for x in output.channels] or [output.mean_8bit]
    if max(means) - min(means) > FLAT_SPREAD:
        return f"colour ({', '.join(f'{x:.0f}' for x in means[:4])})"
    tone = sum(means) / len(means)
    if tone <= _BLACK:
        return "black"
    if tone >= _WHITE:
        return "white"
    return "mid-grey" if _GREY_LOW <= tone <= _GREY_HIGH else f"grey of level {tone:.0f}"
