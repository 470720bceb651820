"""UD204: the picture is washed out."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check, either, shown
from unetdoctor.checks.pictures import best, contrast, display, flatness, inputs, place, severity
from unetdoctor.checks.remedies import DULL_PICTURE
from unetdoctor.facts import Evidence, Finding, Kind, Reading

SPREAD_LIMIT = 26.0
"""p99 - p1 within a channel, mean over channels, in 8-bit levels. At most 12.6: flat, which is UD203's. At least
28.6: sound."""
STD_LIMIT = 5.9
"""Its standard deviation in 8-bit levels. At most 2.6: flat. At least 5.9: sound."""


class LowContrast(Check):
    """The picture has little contrast: shapes can just be guessed behind a veil.

    Symptom
        More than one even tone, and less than any sound picture: a spread between 14 and 26 of 255 levels.
    Cause
        The same as of a flat picture in a milder form, a display range that is far wider than the values, or training
        targets that are washed out themselves.
    Remedy
        That of the cause. Kaiming fan-in on all layers gives the fresh generator 23-28 levels of deviation, filled
        BatchNorm statistics 70-82.
    Source
        "Why do untrained 3-channel GAN generators produce only grayscale images?" and "Why a No trained GAN generator
        using 3 channels only produce grey images?"; of 70 measured runs sound ones spread over at least 28.6 levels.
    """

    code = "UD204"
    name = "low-contrast"
    kind = Kind.SYMPTOM
    blamed_on = ("UD002",)
    axes = (2, 3)
    takes_over = ("UD203",)
    counterfactuals = DULL_PICTURE

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for the most varied picture; none for masks, and none where UD203 says that it is flat."""
        if evidence.intent.effective.is_segmentation:
            return
        chosen = best(evidence, lambda x: contrast(x)[0])
        if chosen is None:
            return
        run, output = chosen
        spread, std = contrast(output)
        if spread == spread and not any(x.holds for x in flatness(output)):
            return
        where = place(evidence, run, output)
        yield cls.finding(
            f"The picture drawn by {where.text} spreads over {shown(spread)} of 255 levels (at least "
            f"{SPREAD_LIMIT:g}) with a deviation of {shown(std)} (at least {STD_LIMIT:g}) {inputs(evidence)}, shown "
            f"in {display(output)}.",
            either(
                Reading("spread of the picture (p99 - p1)", spread, "8-bit levels", lower=SPREAD_LIMIT),
                Reading("standard deviation of the picture", std, "8-bit levels", lower=STD_LIMIT),
            ),
            place=where,
            severity=severity(evidence),
            op=output.drawn_by,
        )
