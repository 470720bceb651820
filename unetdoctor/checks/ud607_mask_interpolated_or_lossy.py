"""UD607: masks were resized with interpolation, or compressed with loss."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.datasets import (
    agreed,
    held,
    listed,
    masks,
    of,
    paste,
    place,
    portion,
    step_of,
    such_as,
    tally,
)
from unetdoctor.facts import Dataset, Evidence, Finding, Kind, Seen, Severity

STRIPS_LIMIT = 10.0
"""Share of masks, in %, in which nearly every step by several ids leads through a strip of ids between: 100 where ids
were interpolated; sound sets with nested, layered or thin classes: 0, since their strips are as wide as the objects
are, and a class that is a border in all of them is told by its own thinness."""
COLOURS = 12
"""Colours that the lines to paste list."""
NEAR = 40
"""Sum of the differences of three channels up to which JPEG made two colours of one."""
_NEAREST = (
    "mask = mask.resize(size, Image.NEAREST)\n# albumentations and v2.Resize: NEAREST as interpolation of the masks"
)


class MaskInterpolatedOrLossy(Check):
    """The borders of masks hold values that no class has: they were interpolated, antialiased or saved as JPEG.

    Symptom
        Rims of a third class around objects, ids that no class has, an error of the loss about targets out of bounds.
    Cause
        Bilinear or cubic resizing, rotation or warping of a mask; drawing with antialiasing; JPEG.
    Remedy
        Transform masks with nearest neighbour; save them as PNG.
    Source
        A JPEG of quality 90 leaves 40 values of which 38 are rare, 99 % of their pixels at borders. Where ids are
        neighbours (0, 1, 2) the values tell nothing: there a strip of 1 between 0 and 2 does.
    """

    code = "UD607"
    name = "mask-interpolated-or-lossy"
    kind = Kind.CAUSE
    reads_data = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield a finding for blurred borders, for strips between ids and for JPEG; one that is well for none."""
        data = evidence.data
        if data is None or not data.totals.labelled:
            return
        found = [*_blurred(data), *_strips(data)]
        yield from found
        if not found:
            yield cls.finding(
                f"{masks(data, data.totals.labelled)} {agreed('have', data.totals.labelled)} sharp borders.",
                portion("masks with blurred borders", 0, data.totals.labelled),
            )


def _blurred(data: Dataset) -> Iterator[Finding]:
    found, lossy = tally(data, Seen.BLURRED), tally(data, Seen.LOSSY)
    values = listed(held(data))
    beside = f", beside {values}" if values else ""
    if lossy.count:
        blurred = tally(data, Seen.BLURRED_LOSSY).count
        some = f"; {blurred:,} {agreed('hold', blurred)} values that no region has{beside}" if blurred else ""
        some += ", and they are colours, not ids" if data.colours and not values else ""
        yield MaskInterpolatedOrLossy.finding(
            f"{masks(data, lossy.count)} {agreed('are saved as JPEG, which changes', lossy.count)} values around every"
            f" border{some}{such_as(lossy)}.",
            portion("masks with blurred borders", lossy.count, data.totals.labelled),
            place=place(lossy),
            severity=Severity.ERROR if blurred else Severity.WARNING,
            remedies=paste(MaskInterpolatedOrLossy.code, *_restored(data), lossy),
        )
    if found.count:
        were = "they were" if found.count > 1 else "it was"
        said = agreed("hold values that no region has along their borders", found.count)
        step = step_of(held(data))
        spread = f"\nmask = torch.round(mask / {step:.4g}).long()" if step else ""
        times = f"; beneath lie ids times {shown(step)}" if step else ""
        yield MaskInterpolatedOrLossy.finding(
            f"{masks(data, found.count)} {said}{beside}: {were} interpolated or antialiased{times}{such_as(found)}.",
            portion("masks with blurred borders", found.count, data.totals.labelled),
            place=place(found),
            remedies=paste(MaskInterpolatedOrLossy.code, _title(step), _NEAREST + spread, found),
        )


def _title(step: float | None) -> str:
    nearest = "transform masks with nearest neighbour"
    return f"{nearest}, and divide by the step" if step else nearest


def _restored(data: Dataset) -> tuple[str, str]:
    """Return title and lines that bring back ids, or the values that masks had before they were compressed."""
    values = list(held(data))
    if not values and data.colours:
        colours = _apart([colour for colour, _ in data.colours])
        rest = "" if len(colours) <= COLOURS else "  # and the other colours"
        listed_colours = ", ".join(str(list(colour)) for colour in colours[:COLOURS])
        return (
            "give each pixel the id of its nearest colour, and save that as PNG",
            f"palette = np.array([{listed_colours}]){rest}\n"
            "ids = np.abs(mask[..., None, :].astype(int) - palette).sum(-1).argmin(-1).astype(np.uint8)",
        )
    if values == [0, 255]:
        return "save masks as PNG", "mask = np.where(mask > 127, 255, 0)  # then save as PNG"
    levels = ", ".join(map(str, values[:16]))
    return (
        "save masks as PNG",
        f"levels = np.array([{levels}])\n"
        "mask = levels[np.abs(mask[..., None].astype(int) - levels).argmin(-1)]\n# then save as PNG",
    )


def _apart(colours: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Return colours without those that compression made of another one."""
    found: list[tuple[int, int, int]] = []
    for colour in colours:
        if all(sum(abs(a - b) for a, b in zip(colour, other, strict=True)) > NEAR for other in found):
            found.append(colour)
    return found


def _strips(data: Dataset) -> Iterator[Finding]:
    found = tally(data, Seen.STRIPS)
    if not found.count:
        return
    yield MaskInterpolatedOrLossy.finding(
        f"In {of(found.count, data.totals.labelled, 'masks')} nearly every border between ids that are no neighbours is"
        f" a strip of the ids between (limit {STRIPS_LIMIT:g} % of the masks): ids were interpolated{such_as(found)}.",
        portion("masks with strips of ids between others", found.count, data.totals.labelled, STRIPS_LIMIT),
        place=place(found),
        remedies=paste(MaskInterpolatedOrLossy.code, "transform masks with nearest neighbour", _NEAREST, found),
    )
