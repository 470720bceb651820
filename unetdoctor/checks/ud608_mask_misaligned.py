"""UD608: the edges of masks do not lie on the edges of their pictures, but would if they were moved."""

from collections.abc import Iterator

from unetdoctor.checks.beside import FITS, judged
from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.datasets import lie_as_stored, of, paste, place, placements, portion, such_as, tally
from unetdoctor.facts import Dataset, Evidence, Finding, Kind, Partners, Reading, Seen, Severity

SHARE_LIMIT = 5.0
"""Pairs whose edges agree better under another placement, in % of those that can be judged. Sound sets: 0 (a lone
mirror-symmetric object may be one); an augmentation that flips one of the two in half of all cases: 40-50."""
FEWEST = 3
"""Such pairs from which it is an error: fewer are wrong files, and a warning."""
GAIN_LIMIT = 0.2
"""Dice that other partners add. 0: a trained network beside its own masks. .7: masks moved on by one."""
_BY_NAME = """masks = {path.stem: path for path in Path("masks").iterdir()}
pairs = [(path, masks[path.stem]) for path in sorted(Path("images").iterdir())]"""
_TITLE = "transform picture and mask in one call"
_TURNED = ": EXIF turns the pictures, and the masks lie on them as they are stored"
_AS_STORED = """image = cv2.imread(path, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
# Image.open does not turn either"""
_TOGETHER = """# one call for both: torchvision v2 with tv_tensors.Mask, or albumentations
image, mask = transform(image, mask)
augmented = transform(image=image, mask=mask)  # albumentations"""


class MaskMisaligned(Check):
    """The edges of masks do not lie on the edges of their pictures: only one of the two was flipped, turned or shifted.

    Symptom
        A loss that hardly falls and blurred, symmetric masks, since every picture is learned with another one's mask.
    Cause
        A random augmentation applied to picture and mask in two calls; a crop or a flip of one alone; arrays whose axes
        were swapped; a photograph that EXIF turns, with a mask that was drawn before.
    Remedy
        Transform both in one call.
    Source
        An introduction to the U-Net. Agreement of edges is counted in deviations of chance, told by all cyclic shifts
        of the mask: on 18 photographs with five masks each it is 3-30 where the mask lies right and at most 5.6 where
        it does not; another placement counts where it reaches 5 and exceeds the stored one by 2.5.
    """

    code = "UD608"
    name = "mask-misaligned"
    kind = Kind.CAUSE
    reads_data = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding over all pairs whose edges can be compared; none where there are none."""
        data = evidence.data
        other = _other_partners(evidence)
        if data is not None and other is not None:
            yield cls._paired(data, other)
            return
        if data is None or not data.totals.aligned:
            return
        found, count = tally(data, Seen.MISPLACED), data.totals.aligned
        where = _placements(data)
        few = found.count < FEWEST
        exif = lie_as_stored(data)
        limit = SHARE_LIMIT if count > 2 * FEWEST else 0.0
        title = "read the pictures as they are stored, or turn the masks too" if exif else _TITLE
        if not found.count:
            message = (
                f"The edges of {of(count, count, 'masks')} whose place can be judged lie on those of their pictures."
            )
        else:
            message = (
                f"The edges of {of(found.count, count, 'masks')} that can be judged (limit {SHARE_LIMIT:g} %) lie on"
                f" their pictures' edges only when {where}{_TURNED if exif else ''}{such_as(found)}."
            )
        yield cls.finding(
            message,
            portion("masks whose edges lie elsewhere", found.count, count, limit),
            place=place(found),
            severity=Severity.WARNING if few else Severity.ERROR,
            remedies=paste(cls.code, title, _AS_STORED if exif else _TOGETHER, found),
        )

    @classmethod
    def _paired(cls, data: Dataset, other: Partners) -> Finding:
        """Return the finding of masks that were given for each other's pictures."""
        moved = [(mask, fits) for mask, fits in zip(other.masks, other.fits, strict=True) if mask != fits]
        some = ", ".join(f"the one given {mask} fits {fits}" for mask, fits in moved[:2])
        found = tally(data, Seen.MISPLACED)
        return cls.finding(
            f"The masks belong to other pictures: of {len(other.masks)} outputs {len(moved)} fit the mask of another"
            f" one ({some}); beside those the mean Dice is {shown(other.best_dice)} instead of {shown(other.dice)}"
            f" (a gain of at most {GAIN_LIMIT:g}).",
            [Reading("Dice that the masks of other pictures add", other.best_dice - other.dice, upper=GAIN_LIMIT)],
            place=place(found),
            remedies=paste(cls.code, "pair pictures and masks by their names", _BY_NAME, found),
        )


def _other_partners(evidence: Evidence) -> Partners | None:
    """Return which masks a trained network's outputs fit, where it is far better than those that were given."""
    scores = judged(evidence)
    other = scores.partners if scores is not None else None
    if other is None or other.best_dice < FITS or other.best_dice - other.dice <= GAIN_LIMIT:
        return None
    return other


def _placements(data: Dataset) -> str:
    """Return where the masks would fit, most frequent first: `flipped left-right (12), rotated by 90 degrees (1)`."""
    placed = placements(data)
    moved = sorted(placed, key=lambda name: (-placed[name], name))
    if len(moved) == 1:
        return moved[0]
    more = f" and {len(moved) - 3} other ways" if len(moved) > 3 else ""
    return ", ".join(f"{name} ({placed[name]:,})" for name in moved[:3]) + more
