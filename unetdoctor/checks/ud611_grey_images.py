"""UD611: pictures stored in colour without any, and targets that lost theirs."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check
from unetdoctor.checks.datasets import agreed, beginning, of, paste, place, portion, such_as, tally
from unetdoctor.facts import Dataset, Evidence, Finding, Kind, Seen, Severity

GREY_LIMIT = 50.0
"""Pictures without colour, in %, above which a network that learns pictures draws grey ones. Photographs in colour: 0-3
(monochrome scenes); collections converted to grey: 100."""
_CONVERTED = (" L", " LA")
_GREY_MODES = (*_CONVERTED, " 1", " I;16", " I", " F")


class GreyImages(Check):
    """Pictures stored in three channels have no colour, or the targets were converted to grey levels.

    Symptom
        A generator or a colouring network that draws grey pictures, whatever its weights.
    Cause
        The data were converted to grey levels and back, or the targets were read with `convert("L")`.
    Remedy
        Train on pictures in colour; where grey is right, one channel is enough.
    Source
        "Why is my UNet model producing a grayscale output?" and "Why do untrained 3-channel GAN generators produce only
        grayscale images?". Measured as the mean difference between the largest and the smallest channel: 0 for
        converted pictures, 15-60 8-bit levels for photographs.
    """

    code = "UD611"
    name = "grey-images"
    kind = Kind.CAUSE
    reads_data = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding about the pictures that were decoded, and one about grey targets of colour pictures."""
        data = evidence.data
        if data is None:
            return
        if data.totals.decoded and _stored_in_colour(data, "image"):
            yield _pictures(data)
        targets = _grey_targets(data)
        if data.declared.task.is_picture and data.totals.masks and targets and _stored_in_colour(data, "image"):
            yield cls.finding(
                f"{beginning(of(targets, data.totals.masks, 'targets'))} {agreed('are stored', targets)} in grey levels"
                " while pictures have colour: the network learns to draw grey, which is right for mattes and depth.",
                portion("grey targets", targets, data.totals.masks),
                severity=Severity.NOTE,
                remedies=paste(
                    cls.code,
                    "keep the targets' colour, if they had any",
                    'target = Image.open(path).convert("RGB")  # from files in colour',
                    tally(data, Seen.GREY_PICTURE),
                ),
            )


def _pictures(data: Dataset) -> Finding:
    grey, dull = tally(data, Seen.GREY_PICTURE), tally(data, Seen.DULL_PICTURE)
    found, how = (grey, "have three equal channels") if grey.count >= dull.count else (dull, "have almost no colour")
    draws = data.declared.task.is_picture
    message = f"{beginning(of(found.count, data.totals.decoded, 'pictures'))} {how} (at most {GREY_LIMIT:g} %)"
    return GreyImages.finding(
        f"{message}{such_as(found)}." if found.count else "Every picture that was decoded has colour.",
        portion("pictures without colour", grey.count + dull.count, data.totals.decoded, GREY_LIMIT),
        place=place(found),
        severity=Severity.WARNING if draws else Severity.NOTE,
        remedies=paste(
            GreyImages.code,
            "train on pictures in colour" if draws else "read one channel",
            "# take the pictures from before they were converted"
            if draws
            else 'image = Image.open(path).convert("L")  # with in_channels=1',
            found,
        ),
    )


def _grey_targets(data: Dataset) -> int:
    """Return how many targets are stored as `convert("L")` leaves them; 16 bits and floats never had colour."""
    modes = data.totals.modes
    return sum(n for mode, n in modes.items() if mode.startswith("mask ") and mode.endswith(_CONVERTED))


def _stored_in_colour(data: Dataset, role: str) -> bool:
    return any(mode.startswith(f"{role} ") and not mode.endswith(_GREY_MODES) for mode in data.totals.modes)
