"""UD604: the values of masks are not class ids."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.datasets import (
    FEW_OF_ALL,
    IGNORE,
    STEP,
    agreed,
    beginning,
    held,
    listed,
    of,
    paste,
    place,
    portion,
    step_of,
    strays,
    such_as,
    tally,
)
from unetdoctor.facts import Dataset, Evidence, Family, Finding, Kind, Seen, Severity, Tally, Task, named

FEWEST = 3
"""Masks from which it is an error that their values are no ids: one or two may hold nothing but ignored places."""
PALETTES = ("voc", "cityscapes", "okabe-ito")
"""Palettes whose luminances are known."""
_KEEP = """keep = mask != 255  # of several channels: nn.CrossEntropyLoss(ignore_index=255)
loss = criterion(logits[keep], mask[keep].float())"""
_MAP = """lut = np.full(256, 255, dtype=np.uint8)  # 255: ignored
lut[[{levels}]] = range({count})
mask = lut[mask]"""


class MaskValuesNotIds(Check):
    """The values of the masks are not the class ids 0..C-1 that a loss reads.

    Symptom
        A device-side assert or "Target 255 is out of bounds" from cross-entropy; a negative or huge loss; a mask that
        is empty, or full, after training.
    Cause
        Masks saved for the eye (0 and 255, ids times 127), palette pictures read as grey levels, ids divided by 255 by
        `ToTensor`, ids numbered from 1, or 255 for "ignored" that the loss does not know.
    Remedy
        Turn the values into ids where the masks are loaded; the line to paste names the values that were found.
    Source
        The most frequent cause among public threads about wrong pictures, 29 of 303. Without declared classes 0 and 255
        alone are a warning: `ToTensor` makes 0 and 1 of them, which is right for a binary loss and wrong for every
        other reader. 255 beside other ids is the usual id for "ignored", and sound.
    """

    code = "UD604"
    name = "mask-values-not-ids"
    kind = Kind.CAUSE
    reads_data = True
    refuted_by_fit = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield a finding for each kind of values that are no ids; one that is well where there is none."""
        data = evidence.data
        if data is None or not data.totals.labelled:
            return
        found = [
            *_fractions(data),
            *_pictures(data),
            *(_black_and_white(data) or _grey_palette(data) or _levels(data) or _beyond(data)),
            *_few_others(data),
            *_void(data),
        ]
        yield from found
        if not found:
            ids = held(data)
            said = agreed(f"hold the values {listed(ids)}" if ids else "hold colours", data.totals.labelled)
            yield cls.finding(
                f"{beginning(of(data.totals.labelled, data.totals.labelled, 'masks'))} {said}, and no others.",
                portion("masks whose values are no ids", 0, data.totals.labelled),
            )


def _said(
    data: Dataset, found: Tally, message: str, severity: Severity, title: str, patch: str, *, all_of_them: bool = False
) -> list[Finding]:
    """Return one finding about some masks; the message goes on from how many they are."""
    count = of(found.count, data.totals.labelled, "masks")
    return [
        MaskValuesNotIds.finding(
            f"{beginning(count)} {agreed(message, found.count)}{'' if all_of_them else such_as(found)}.",
            portion("masks whose values are no ids", found.count, data.totals.labelled),
            place=place(found),
            severity=severity,
            remedies=paste(MaskValuesNotIds.code, title, patch, found),
        )
    ]


def _strict(data: Dataset) -> Severity:
    """Return how bad it is that values differ from ids: an error where the ids are known, or the loss reads them.

    Of a binary task it is a note, since that is how its masks are usually stored.
    """
    if data.declared.loaded:
        return Severity.ERROR
    if data.declared.task is Task.BINARY:
        return Severity.NOTE
    known = data.declared.classes is not None and data.totals.labelled >= FEWEST
    return Severity.ERROR if known else Severity.WARNING


def _fractions(data: Dataset) -> list[Finding]:
    found = tally(data, named("family", Family.FRACTIONS))
    if not found.count:
        return []
    return _said(
        data,
        found,
        "hold multiples of 1/255 instead of ids: ToTensor was applied to ids, and .long() makes 0 of all of them",
        Severity.ERROR,
        "read the ids without ToTensor",
        "mask = torch.from_numpy(np.array(mask)).long()  # not ToTensor()(mask)",
    )


def _pictures(data: Dataset) -> list[Finding]:
    found = tally(data, named("family", Family.MANY))
    if not found.count:
        return []
    return _said(
        data,
        found,
        "change their value from pixel to pixel: they are pictures or probabilities, not class ids",
        Severity.WARNING if data.declared.task is Task.BINARY else Severity.ERROR,
        "decide for a class, or give the folder of masks",
        "mask = (mask > 0.5 * mask.max()).long()  # probabilities of one class",
    )


def _black_and_white(data: Dataset) -> list[Finding]:
    """Say that masks hold 0 and 255, or 0 and another value, where ids are 0 and 1."""
    values, found = held(data), tally(data, named("family", Family.ZERO_255))
    others = set(values) - {0, IGNORE}
    patch, title = "mask = (mask > 127).long()", "threshold the masks where they are loaded"
    if found.count and not others:
        if data.declared.ignore_index == IGNORE:
            message = "hold 0 and 255 only, and 255 is declared as ignored: nothing but background is left to learn"
            return _said(data, found, message, Severity.ERROR, title, patch)
        message = "hold 0 and 255, not the ids 0 and 1"
        if data.declared.classes is None:
            message += "; ToTensor makes 0.0 and 1.0 of them, np.array and PILToTensor keep 255"
        return _said(data, found, message, _strict(data), title, patch)
    mixed = tally(data, named("family", Family.IDS_AND_255)).count == 0 and others == {1}
    if found.count and mixed:
        ones = tally(data, named("family", Family.ZERO_ONE)).count
        return _said(
            data,
            found,
            f"hold 0 and 255 while {ones:,} hold 0 and 1: the foreground has two values",
            Severity.ERROR,
            "one threshold for both",
            "mask = (mask > 0).long()",
        )
    top = max(others, default=1)
    if set(values) == {0, top} and 1 < top != IGNORE and top >= (data.declared.classes or 0):
        family = tally(data, named("family", Family.IDS))
        return _said(
            data, family, f"hold 0 and {top}, not the ids 0 and 1", _strict(data), title, "mask = (mask > 0).long()"
        )
    return []


def _grey_palette(data: Dataset) -> list[Finding]:
    """Say that values are the grey levels of a palette's colours, and those of ids that are no such levels."""
    values = set(held(data)) - {IGNORE}
    for name in PALETTES:
        found = tally(data, named("palette", f"{name} as grey"))
        if len(values) > 2 and found.count >= _with_several(data) and max(values) >= len(values) + STEP:
            return _said(
                data,
                found,
                f"hold {listed(values)}, the grey levels of the colours of the {name} palette: "
                "the palette pictures were converted with convert('L') instead of keeping their indices",
                Severity.ERROR,
                "keep the palette's indices",
                "mask = np.array(Image.open(path))  # mode P holds the ids: no .convert()",
            )
    return []


def _with_several(data: Dataset) -> int:
    """Return how many masks hold several ids, 255 left out."""
    kinds = (Family.IDS, Family.IDS_AND_255, Family.ZERO_ONE)
    return max(1, sum(tally(data, named("family", kind)).count for kind in kinds))


def _levels(data: Dataset) -> list[Finding]:
    """Say that values lie evenly apart: ids that were spread over the grey levels to be seen."""
    values = held(data)
    step = step_of(values)
    if step is None:
        return []
    families = (Family.IDS, Family.IDS_AND_255, Family.ZERO_255)
    found = max((tally(data, named("family", kind)) for kind in families), key=lambda x: x.count)
    return _said(
        data,
        found,
        f"hold {listed(values)}: ids times {shown(step)}, spread over the grey levels to be seen",
        _strict(data),
        "divide by the step",
        f"mask = torch.round(mask / {step:.4g}).long()",
    )


def _beyond(data: Dataset) -> list[Finding]:
    """Say that values lie beyond the declared classes; or that no mask holds id 0."""
    found, values, classes = tally(data, Seen.OUTSIDE), held(data), data.declared.classes
    ids = set(values) - {IGNORE, data.declared.ignore_index}
    from_one = bool(ids) and min(ids) == 1
    if classes is not None and found.count:
        if from_one and max(ids) == classes:
            message = (
                f"hold ids up to {classes}, and none holds 0: they are numbered from 1, a loss reads 0..{classes - 1}"
            )
            return _said(data, found, message, Severity.ERROR, "number from 0", "mask = mask - 1")
        beyond = sorted(value for value in values if value != data.declared.ignore_index and not 0 <= value < classes)
        message = f"hold {listed(beyond)}, beyond the {classes} declared classes 0..{classes - 1}"
        levels = ", ".join(map(str, sorted(ids)[:classes]))
        patch = _MAP.format(levels=levels, count=min(len(ids), classes))
        return _said(data, found, message, Severity.ERROR, "map the values to ids", patch)
    unseen = tally(data, Seen.NO_ZERO)
    if classes is None and from_one and unseen.count == data.totals.labelled and max(ids) == len(ids) > 1:
        message = f"hold the ids {listed(ids)} and never 0: a loss with {len(ids)} classes reads 0..{len(ids) - 1}"
        return _said(data, unseen, message, Severity.NOTE, "number from 0", "mask = mask - 1")
    return []


def _few_others(data: Dataset) -> list[Finding]:
    """Say that a few masks are coded in another way than the others: with 0 and 255, or with large values alone."""
    found, declared, values = list[Finding](), data.declared, held(data)
    white, far = tally(data, named("family", Family.ZERO_255)), strays(data)
    ids = [value for value in values if value != IGNORE and value not in far]
    others = f"while the others hold the ids {listed(ids)}: they are coded in another way"
    is_void = declared.ignore_index == IGNORE or tally(data, named("family", Family.IDS_AND_255)).count
    few = 0 < white.count <= FEW_OF_ALL * data.totals.labelled
    if few and not is_void and declared.classes is None and set(ids) > {0, 1}:
        title, patch = (
            "give them ids, or leave them out",
            "mask = np.where(mask == 255, 1, mask)  # the id that is meant",
        )
        found += _said(data, white, f"hold 0 and 255 {others}", Severity.WARNING, title, patch)
    if far:
        step = step_of([0, *far])
        by_step = f"mask = torch.round(mask / {step:.4g}).long()  # in these files alone" if step else ""
        patch = by_step or "files = [f for f in files if f.name not in bad]  # or map their values to ids"
        title = "divide by the step" if step else "leave them out, or map their values to ids"
        message = f"hold {listed(far)} {others}"
        found += _said(data, tally(data, Seen.FAR), message, Severity.WARNING, title, patch)
    return found


def _void(data: Dataset) -> list[Finding]:
    found = tally(data, Seen.VOID)
    if not found.count:
        return []
    binary = data.declared.task is Task.BINARY
    top = 1 if binary else (data.declared.classes or 0) - 1
    return _said(
        data,
        found,
        f"hold 255 beside the ids 0..{top}, and no ignored id was declared (--ignore-index 255)",
        Severity.ERROR if data.declared.loaded else Severity.WARNING,
        "leave 255 out of the loss",
        _KEEP if binary else "criterion = nn.CrossEntropyLoss(ignore_index=255)",
    )
