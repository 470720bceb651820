"""UD201: one channel where the task wants several."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check
from unetdoctor.checks.pictures import holds_ids, place
from unetdoctor.facts import Evidence, Finding, Intent, Kind, Reading, Remedy, Task

COLOUR_CHANNELS = 3
"""Channels of a colour picture: 1 is shown as greyscale, 3 as red, green and blue."""


class SingleChannelPicture(Check):
    """The output has one channel where the declared task needs several: it can only be shown as greyscale.

    Symptom
        The same shapes as wanted, in shades of grey; or one mask where several classes were wanted.
    Cause
        The last layer draws one channel, most often a default of out_channels=1 that was never changed.
    Remedy
        Make the last layer draw 3 channels for colour, or one for each class, and train it anew: UD501 has the line.
    Source
        "Why is my UNet model producing a grayscale output?". Judged only where a task or a number of classes was
        declared: one channel is right for binary masks, for depth and for grey pictures. None of 303 public threads had
        this fault, so nothing is inferred.
    """

    code = "UD201"
    name = "single-channel-picture"
    kind = Kind.SYMPTOM
    axes = (2, 3)
    counterfactuals = (Remedy("structural", title="draw as many channels as the task needs", cause="UD501", scope=1),)

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for the output; it is bound only by a declared intent."""
        run = evidence.main
        if run is None or run.output is None or not run.output.channels:
            return
        output = run.output
        wanted = None if holds_ids(output) or evidence.painted else _wanted(evidence.intent)
        count = len(output.channels)
        needs = f"(the declared task needs {wanted})" if wanted else "(no declared task needs more)"
        where = place(evidence, run, output)
        yield cls.finding(
            f"The output drawn by {where.text} has {count} channel{'s' * (count != 1)} {needs}.",
            [Reading("output channels", count, "channels", lower=2 if wanted else None)],
            place=where,
            op=output.drawn_by,
        )


def _wanted(intent: Intent) -> int | None:
    """Return how many channels the declared intent needs, where one is too few."""
    if intent.task is Task.RGB:
        return COLOUR_CHANNELS
    by_class = intent.task in (Task.AUTO, Task.MULTICLASS, Task.MULTILABEL)
    two = intent.classes == 2 and intent.task is not Task.MULTICLASS  # one channel and a threshold tell them apart
    if by_class and intent.classes is not None and intent.classes > 1 and not two:
        return intent.classes
    return 2 if intent.task is Task.MULTICLASS and intent.classes is None else None
