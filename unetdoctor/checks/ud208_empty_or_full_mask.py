"""UD208: the mask is empty, or full, on every input."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.margins import margin, severity
from unetdoctor.checks.pictures import place
from unetdoctor.checks.remedies import ZERO_LAST_BIAS
from unetdoctor.facts import Evidence, Finding, Kind


class EmptyOrFullMask(Check):
    """The thresholded mask of one channel is 0 everywhere, or 1 everywhere, on every input.

    Symptom
        A black or a white mask, whatever the picture shows.
    Cause
        A bias that no signal can cross (UD304), a doubled or a wrong final activation (UD502, UD503, UD507), or a
        training that only ever saw the background.
    Remedy
        That of the cause.
    Source
        An introduction to the U-Net and "Why are inferences from a DeepLabV3 model trained on a custom dataset
        producing black images?"; a bias of -8 leaves a Dice of 0 at a threshold of .5 with an AUC of .99. A sound
        network may find nothing in synthetic inputs: that alone is no fault. It is an error where no input crosses the
        distance that the last layer's bias makes, a warning on one's own pictures. With masks these decide: an error
        where they hold the object, and well where they are as empty.
    """

    code = "UD208"
    name = "empty-or-full-mask"
    kind = Kind.SYMPTOM
    blamed_on = ("UD002", "UD502")
    counterfactuals = (ZERO_LAST_BIAS,)

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for a mask of one channel."""
        found = margin(evidence, one_channel=True)
        if found is None:
            return
        run, output = evidence.outputs[0]
        where = place(evidence, run, output)
        yield cls.finding(
            f"The mask drawn by {where.text} is {int(found.winner > 0)} at {shown(found.share)} % of its places or "
            f"more on each of {len(evidence.outputs)} inputs; from the threshold it lies {found.text}.",
            found.readings,
            place=where,
            severity=severity(evidence, found),
            op=output.drawn_by,
        )
