"""UD207: one class wins everywhere, on every input."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.margins import margin, severity
from unetdoctor.checks.pictures import place
from unetdoctor.checks.remedies import ZERO_LAST_BIAS
from unetdoctor.facts import Evidence, Finding, Kind


class OneClassEverywhere(Check):
    """The argmax is one class at every place of every input.

    Symptom
        A class map of one colour, whatever the picture shows.
    Cause
        A bias that gives one class a lead that the signal cannot cross (UD304), a class that cannot win (UD212), or a
        training that only ever saw the background.
    Remedy
        That of the cause.
    Source
        "Why are inferences from a DeepLabV3 model trained on a custom dataset producing black images?". A sound,
        trained network may call all synthetic inputs background: that alone is no fault. It is an error where no input
        crosses the lead that the last layer's bias gives it, and a warning on one's own pictures. With masks these
        decide: an error where they hold other classes, and well where they do not.
    """

    code = "UD207"
    name = "one-class-everywhere"
    kind = Kind.SYMPTOM
    blamed_on = ("UD002",)
    counterfactuals = (ZERO_LAST_BIAS,)

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for scores of several classes."""
        found = margin(evidence, one_channel=False)
        if found is None:
            return
        run, output = evidence.outputs[0]
        where = place(evidence, run, output)
        yield cls.finding(
            f"Class {found.winner} has {shown(found.share)} % of the places drawn by {where.text} or more on each of "
            f"{len(evidence.outputs)} inputs; it leads by {found.text}.",
            found.readings,
            place=where,
            severity=severity(evidence, found),
            op=output.drawn_by,
        )
