"""UD606: picture and mask differ in size."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.datasets import agreed, beginning, lie_as_stored, of, paste, place, portion, such_as, tally
from unetdoctor.facts import Evidence, Finding, Kind, Seen, Severity

_TURN = "image = ImageOps.exif_transpose(Image.open(path))"
_RESIZE = "mask = mask.resize(image.size, Image.NEAREST)"
_CASES = (
    (
        Seen.TRANSPOSED,
        Severity.ERROR,
        "lie across their pictures: height and width have changed places",
        "turn the mask back",
        "mask = mask.T",
    ),
    (
        Seen.TURNED_SIZE,
        Severity.ERROR,
        "fit their pictures only before the EXIF turn, which cv2.imread and exif_transpose make and Image.open does"
        " not",
        "read the pictures as they are stored, or turn both",
        "flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION\nimage = cv2.imread(path, flags)",
    ),
    (
        Seen.FORM,
        Severity.ERROR,
        "have another form than their pictures, so that resizing one cannot bring them together",
        "pair each picture with its own mask",
        "assert image.size == mask.size, (image_path, mask_path)",
    ),
    (
        Seen.SIZE,
        Severity.WARNING,
        "have the form of their pictures and another size, up to {worst} times",
        "resize the mask with nearest neighbour",
        _RESIZE,
    ),
    (
        Seen.TURNED,
        Severity.WARNING,
        "have no EXIF turn, unlike their pictures{upright}: whether the two fit depends on the reader",
        "turn the picture while it is read{look}",
        _TURN,
    ),
)
"""What differs, how bad it is, the words, the title and the lines to paste."""


class MaskSizeDiffers(Check):
    """Pictures and their masks differ in size, or only one of the two is turned by EXIF.

    Symptom
        A size mismatch in the loss; or, where a loader resizes both, masks that are stretched or lie on their side.
    Cause
        A mask of another picture, one resized alone, height and width swapped, or a photograph whose EXIF orientation
        one reader respects and the other does not.
    Remedy
        Resize the mask with nearest neighbour, turn the picture as it is read, or pair the right files.
    Source
        An introduction to the U-Net. Equal size and orientation is the only sound state; a mask of the same form and
        lower resolution (.25 of each side behind a stride of 4) is a warning, since many loaders resize it, and a
        note where all targets of a picture task are so: a network that enlarges has such.
    """

    code = "UD606"
    name = "mask-size-differs"
    kind = Kind.CAUSE
    reads_data = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield a finding for each way in which sizes differ; one that is well where none does."""
        data = evidence.data
        if data is None or not data.totals.images or not data.totals.masks:
            return
        pairs = min(data.totals.images, data.totals.masks)
        ill = False
        for seen, severity, words, title, patch in _CASES:
            found = tally(data, seen)
            if not found.count or (seen is Seen.TURNED and lie_as_stored(data)):
                continue
            ill = True
            upright = seen is Seen.TURNED and tally(data, Seen.PLACED).count > 0
            filled = {
                "worst": shown(max(score for score, _ in found.worst)),
                "upright": ", and fit what is seen, which Image.open alone does not give" * upright,
                "look": "" if upright else ", and look at one pair",
            }
            enlarges = seen is Seen.SIZE and data.declared.task.is_picture and found.count == pairs
            yield cls.finding(
                f"{beginning(of(found.count, pairs, 'masks'))} {agreed(words, found.count).format(**filled)}"
                f"{such_as(found)}.",
                portion("masks whose size differs from their picture's", found.count, pairs),
                place=place(found),
                severity=Severity.NOTE if enlarges else severity,
                remedies=paste(cls.code, title.format(**filled), patch, found),
            )
        if not ill:
            yield cls.finding(
                f"{beginning(of(pairs, pairs, 'masks'))} {agreed('have the size of their pictures', pairs)}.",
                portion("masks whose size differs from their picture's", 0, pairs),
            )
