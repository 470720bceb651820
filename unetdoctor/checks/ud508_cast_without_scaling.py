"""UD508: values are converted to whole numbers in a range that these cannot hold."""

import math
from collections.abc import Iterator
from dataclasses import replace

from unetdoctor.checks.check import Check, either, shown
from unetdoctor.checks.pictures import op_at
from unetdoctor.facts import Cast, Evidence, Finding, Kind, Place, Reading, Remedy, Severity

FRACTIONAL_LIMIT = 25.0
"""Share of the values that are no whole numbers, in %. 99-100: probabilities and logits, of 12 networks fresh and
trained. 0: thresholded masks, ids, and what was rounded before. Only together with the next one."""
LARGEST_LIMIT = 2.0
"""Largest value that is converted. .43-1: probabilities. 164-255: 12 networks, fresh and trained, times 255."""
CUT_BETWEEN = (0.5, 1.5)
"""Values among which the conversion decides between 0 and 1: a probability plus .5, which is then rounded."""
WRAPPED_LIMIT = 0.1
"""Share of the values that the type cannot hold, in %. 0: 12 networks, scaled, and cut off where they are unbounded."""
WRAPPED_GRAVELY = 5.0
"""The same from which the picture is lost. 30-60: logits, tanh times 255. Below: some burnt places are black."""
OVERSHOT = 1.0
"""Distance of the sum of both ends from 1 under which a picture's values are 0..1 that overshoots. .09: a denoiser
whose last layer is linear, -.45..1.54."""
_PATCHES = {
    "unit": ("multiply by 255 and cut off", "(y * 255).round().clamp(0, 255)"),
    "signed": ("bring -1..1 to 0..255 and cut off", "((y + 1) * 127.5).round().clamp(0, 255)"),
    "logits": ("apply sigmoid, multiply by 255 and cut off", "(torch.sigmoid(y) * 255).round().clamp(0, 255)"),
    "as is": ("cut off what the type cannot hold", "y.round().clamp({low:.0f}, {high:.0f})"),
}


class CastWithoutScaling(Check):
    """Values are converted to whole numbers although these cannot hold them: shades become 0, or wrap around.

    Symptom
        A black picture or mask, since everything below 1 becomes 0; or black and white swapped in places, since -1
        becomes 255 and 256 becomes 0.
    Cause
        `.to(torch.uint8)`, `.byte()` or `.long()` on probabilities, on logits, on -1..1 or on values beyond 255.
    Remedy
        Scale to 0..255, round and clamp in front of the conversion. The experiment does so.
    Source
        "Why are inferences from a DeepLabV3 model trained on a custom dataset producing black images?". A mask of 0 and
        1, class ids, and what was rounded in front of it lose nothing, and are well. So is a probability plus .5, of
        which the conversion makes 0 or 1.
    """

    code = "UD508"
    name = "cast-without-scaling"
    kind = Kind.CAUSE
    proves_itself = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for each conversion whose result is drawn as it is."""
        run, told = evidence.main, evidence.hidden is not None  # UD206 says what the network makes NaN of
        for cast in evidence.casts if run is not None else ():
            if not cast.kept or (told and math.isnan(cast.minimum)):
                continue
            op = op_at(run, cast.op) if run is not None else None
            place = op.place if op is not None else Place()
            yield cls.finding(
                _message(cast, place),
                _readings(cast, told),
                place=place,
                severity=_severity(cast),
                remedies=[_scaled(cast, place, cls.code, picture=evidence.intent.effective.is_picture)],
                op=cast.op,
            )


def _readings(cast: Cast, told: bool) -> list[Reading]:
    largest = Reading("largest value that is converted", cast.largest, lower=LARGEST_LIMIT)
    fractional = Reading("values that are no whole numbers", 100 * cast.fractional, "%", upper=FRACTIONAL_LIMIT)
    kept = [replace(x, lower=None, upper=None) for x in (largest, fractional)]
    return [
        *(kept if _rounds(cast) else either(largest, fractional)),
        Reading("values beyond the type", 100 * cast.wrapped, "%", upper=WRAPPED_LIMIT),
        Reading("values that are NaN or infinite", 100 * cast.non_finite, "%", upper=None if told else 0),
    ]


def _unscaled(cast: Cast) -> bool:
    return 100 * cast.fractional > FRACTIONAL_LIMIT and cast.largest < LARGEST_LIMIT and not _rounds(cast)


def _rounds(cast: Cast) -> bool:
    """Return whether the conversion cuts what was raised by .5 to 0 or 1: it rounds, as a threshold does."""
    low, high = CUT_BETWEEN
    return low <= cast.minimum and cast.maximum <= high


def _severity(cast: Cast) -> Severity:
    return Severity.ERROR if _unscaled(cast) or 100 * cast.wrapped > WRAPPED_GRAVELY else Severity.WARNING


def _message(cast: Cast, place: Place) -> str:
    own = cast.largest == cast.maximum  # else a function made others of them first
    read = "The values that are" if own else "What is"
    read += f" converted to {cast.dtype} at {place.text} {'lie in' if own else 'is made of values in'}"
    span = f"{shown(cast.minimum)}..{shown(cast.maximum)}"
    lost = f"{shown(100 * cast.fractional)} % of them are no whole numbers (at most {FRACTIONAL_LIMIT:g} %)"
    beyond = f"{shown(100 * cast.wrapped)} % of them wrap around (at most {WRAPPED_LIMIT:g} %)"
    broken = f", and {shown(100 * cast.non_finite)} % are NaN or infinite (at most 0 %)" if cast.non_finite else ""
    if 100 * cast.wrapped > WRAPPED_LIMIT:
        return f"{read} {span}: {beyond}{broken}."
    if _unscaled(cast):
        return f"{read} {span}, without a scale: {lost}, and every shade becomes 0 or another small number{broken}."
    return f"{read} {span}: {beyond}{broken}."


def _scaled(cast: Cast, place: Place, code: str, *, picture: bool) -> Remedy:
    scale = _scale(cast, picture=picture)
    title, patch = _PATCHES[scale]
    return Remedy(
        action="scale_before_cast",
        place=place,
        parameters={"op": cast.op, "from": scale},
        title=f"{title} in front of the conversion",
        patch=f"y = {patch.format(low=cast.low, high=cast.high)}.to(torch.{cast.dtype})",
        cause=code,
        scope=0,
    )


def _scale(cast: Cast, *, picture: bool) -> str:
    """Return which range the values come from; those of a picture overshoot 0..1 on both sides of its middle."""
    if not 100 * cast.fractional > FRACTIONAL_LIMIT or cast.maximum > cast.high / 2:
        return "as is"
    if cast.minimum >= 0 and cast.maximum <= 1:
        return "unit"
    if cast.minimum >= -1 and cast.maximum <= 1:
        return "signed"
    return "unit" if picture and abs(cast.minimum + cast.maximum - 1) < OVERSHOT and cast.minimum > -1 else "logits"
