"""UD609: masks without any object, and declared ids that no mask holds."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check
from unetdoctor.checks.datasets import agreed, beginning, held, listed, of, paste, place, portion, such_as, tally
from unetdoctor.facts import Dataset, Evidence, Finding, Kind, Seen, Severity

EMPTY_LIMIT = 95.0
"""Masks without an object, in %. 100: ids that were divided by 255 or read through ToTensor. Sound sets of rare defects
or lesions: up to 90."""
FEWEST = 5
"""Masks from which it is an error that all of them are empty; fewer may be pictures without an object, a note."""
SURE = 30
"""Masks from which a declared id that none holds is a warning."""


class EmptyGroundTruth(Check):
    """Masks hold one id only, background or not; or declared ids occur in no mask.

    Symptom
        A network that draws background everywhere, with a loss near 0 and an accuracy near 100 %.
    Cause
        Ids 0, 1, 2 divided by 255 and cast to whole numbers; thresholds that nothing passes; a folder of
        placeholders; a list of classes that is not the one of the masks.
    Remedy
        Read the ids as they are stored.
    Source
        ToTensor(ids).long() makes 100 % of the masks empty. Many masks without an object are sound where objects are
        rare, which a note says.
    """

    code = "UD609"
    name = "empty-ground-truth"
    kind = Kind.CAUSE
    reads_data = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield a finding for empty masks, one for full ones, and one for ids that are never seen."""
        data = evidence.data
        if data is None or not data.totals.labelled:
            return
        yield _empty(data)
        yield from _full(data)
        yield from _unseen(data)


def _empty(data: Dataset) -> Finding:
    found, masks = tally(data, Seen.BACKGROUND), data.totals.labelled
    everything = found.count == masks
    said = agreed("hold nothing but 0", found.count)
    message = f"{beginning(of(found.count, masks, 'masks'))} {said}{such_as(found)}."
    if everything and masks >= FEWEST:
        message = f"All {masks:,} masks hold nothing but 0: there is no object to learn{such_as(found)}."
    reading = portion("masks without an object", found.count, masks, EMPTY_LIMIT)
    return EmptyGroundTruth.finding(
        message if found.count else f"Each of {masks:,} masks holds more than background.",
        reading,
        place=place(found),
        severity=Severity.NOTE if masks < FEWEST else Severity.ERROR if everything else Severity.WARNING,
        remedies=paste(
            EmptyGroundTruth.code,
            "read the ids as they are stored",
            "# no / 255, no ToTensor\nmask = torch.from_numpy(np.array(Image.open(path))).long()",
            found,
        ),
    )


def _full(data: Dataset) -> Iterator[Finding]:
    found, masks = tally(data, Seen.FOREGROUND), data.totals.labelled
    if found.count == masks and masks >= FEWEST:
        yield EmptyGroundTruth.finding(
            f"All {masks:,} masks are filled with one id ({listed(held(data))}): there is no border to learn"
            f"{such_as(found)}.",
            portion("masks that are full of one id", found.count, masks, EMPTY_LIMIT),
            place=place(found),
            remedies=paste(EmptyGroundTruth.code, "give the folder of masks", "# these masks hold one value", found),
        )


def _unseen(data: Dataset) -> Iterator[Finding]:
    """Say which declared ids no mask holds; nothing where the values are no ids, or one class was declared."""
    classes, ids = data.declared.classes, held(data)
    if classes is None or classes < 2 or not ids or tally(data, Seen.OUTSIDE).count:
        return
    missing = [index for index in range(classes) if index not in ids and index != data.declared.ignore_index]
    if missing and len(ids) > 1:
        yield EmptyGroundTruth.finding(
            f"Of {classes} declared classes {len(missing)} {'occurs' if len(missing) == 1 else 'occur'} in none of "
            f"{data.totals.labelled:,} masks: {listed(missing)}.",
            portion("declared classes that no mask holds", len(missing), classes),
            severity=Severity.WARNING if data.totals.labelled >= SURE else Severity.NOTE,
            remedies=paste(
                EmptyGroundTruth.code,
                "declare the classes that there are",
                f"classes = {classes - len(missing)}  # or masks that hold ids {listed(missing)}",
                tally(data, Seen.BACKGROUND),
            ),
        )
