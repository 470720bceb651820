"""UD501: the number of output channels does not fit the declared task."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check
from unetdoctor.checks.heads import head
from unetdoctor.checks.pictures import holds_ids, place
from unetdoctor.facts import Evidence, Finding, Intent, Kind, Reading, Remedy, Severity, Task

COLOUR_CHANNELS = (3, 4)
"""Channels of a colour picture, without and with opacity. 1: greyscale."""
BINARY_CHANNELS = 1
"""Channels of a binary mask; 2 with softmax are sound as well."""


class ChannelsDoNotFitTask(Check):
    """The last layer draws another number of channels than the declared task and classes need.

    Symptom
        Greyscale where colour was wanted (UD201), classes that can never appear, or channels that mean nothing.
    Cause
        out_channels (or num_classes) of the last layer was left at its default or counts the background differently.
    Remedy
        Paste the line for the last layer, and train it: 1 channel for binary masks, one for each class, 3 for colour.
        The experiment puts fresh filters beside those of the last convolution: the number of channels then fits, and
        what the new ones draw is noise until they are trained.
    Source
        "Why is my UNet model producing a grayscale output?" and "Why are inferences from a DeepLabV3 model trained on a
        custom dataset producing black images?"; 5 of 303 public threads. Judged only where a task or classes were
        declared.
    """

    code = "UD501"
    name = "channels-do-not-fit-task"
    kind = Kind.CAUSE
    proves_itself = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for the output; it is bound only by a declared intent."""
        run = evidence.main
        if run is None or run.output is None or not run.output.channels:
            return
        output, count = run.output, len(run.output.channels)
        wanted = None if holds_ids(output) or evidence.painted else _wanted(evidence.intent)
        where = place(evidence, run, output)
        if wanted is None:
            yield cls.finding(
                f"The {count} channels drawn by {where.text} fit: no declared task needs another number.",
                [Reading("output channels", count, "channels")],
                place=where,
                op=output.drawn_by,
            )
            return
        least, most = wanted
        last = evidence.model.last
        patch = head(last, run, count, least) if last is not None else ""
        binary = evidence.intent.task is Task.BINARY
        needs = f"{least}" if least == most else f"{least} to {most}"
        yield cls.finding(
            f"{where.text} draws {count} channel{'s' * (count != 1)}, and the declared task needs {needs}.",
            [Reading("output channels", count, "channels", lower=least, upper=most)],
            place=where,
            severity=Severity.NOTE if binary else Severity.ERROR,
            remedies=[
                Remedy(
                    action="draw_channels",
                    place=where,
                    parameters={"channels": least},
                    title=f"draw {least} channel{'s' * (least != 1)} with the last layer{_untrained(count, least)}",
                    patch=patch,
                    cause=cls.code,
                    scope=1,
                )
            ],
            op=output.drawn_by,
            patch=patch,
        )


def _untrained(count: int, least: int) -> str:
    """Say what no experiment can give: what fresh filters draw."""
    fresh = least - count
    return f"; {fresh} fresh filter{'s' * (fresh != 1)}, to be trained" if fresh > 0 else ""


def _wanted(intent: Intent) -> tuple[int, int] | None:
    """Return the smallest and largest number of channels that fit; None where nothing was declared."""
    if intent.task is Task.RGB:
        return COLOUR_CHANNELS
    if intent.task is Task.BINARY:
        return BINARY_CHANNELS, BINARY_CHANNELS
    if intent.classes is not None and intent.task in (Task.AUTO, Task.MULTICLASS, Task.MULTILABEL):
        one = intent.classes == 2 and intent.task is not Task.MULTICLASS  # two sides of one threshold
        return (1 if one else intent.classes), intent.classes
    return (2, 1000) if intent.task is Task.MULTICLASS else None
