"""UD605: masks hold colours, or ids in a place where a usual reader loses them."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.datasets import agreed, beginning, masks, of, paste, place, portion, such_as, tally
from unetdoctor.facts import Coding, Dataset, Evidence, Family, Finding, Kind, Seen, Severity, Tally, named

UNKNOWN = 1.0
"""Pixels of unknown colour in the worst mask, in %, up to which a declared palette fits: a stray colour is a note."""
_LOOKUP = """palette = {{{colours}}}  # colour: id
ids = np.full(mask.shape[:2], 255, dtype=np.uint8)
for colour, index in palette.items():
    ids[(mask == colour).all(-1)] = index"""
SHOWN = 8
"""Colours that the lines to paste list."""


class MaskIsColour(Check):
    """The masks hold colours instead of ids, or the ids lie where a usual reader loses them.

    Symptom
        A target of shape [N, H, W, 3] or [N, 3, H, W] that no loss accepts, or ids that are luminances.
    Cause
        Colour maps made for the eye; grey levels saved in three channels; ids in the alpha channel; palette pictures
        that are read through `convert("RGB")` or `convert("L")`.
    Remedy
        Map the colours to ids where the masks are loaded; keep the indices of palette pictures.
    Source
        Palette pictures are sound (Pascal VOC's are), and a note says how to read them; colours are sound where their
        palette was declared (`--palette`), a stray one on up to 1 % of the pixels included.
    """

    code = "UD605"
    name = "mask-is-colour"
    kind = Kind.CAUSE
    reads_data = True
    refuted_by_fit = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield a finding for each way in which masks are no ids to a usual reader; one that is well for none."""
        data = evidence.data
        if data is None or not data.totals.labelled:
            return
        found = [*_colours(data), *_pictures(data), *_three(data), *_alpha(data), *_indices(data)]
        yield from found
        if not found:
            yield cls.finding(
                f"{beginning(of(data.totals.labelled, data.totals.labelled, 'masks'))} hold ids in one channel.",
                portion("masks that hold colours", 0, data.totals.labelled),
            )


def _colours(data: Dataset) -> Iterator[Finding]:
    found = tally(data, named("family", Family.COLOURS))
    if not found.count:
        return
    declared = data.declared
    if declared.colours:
        unknown = tally(data, Seen.UNKNOWN)
        worst = 100 * max((score for score, _ in unknown.worst), default=0.0)
        yield MaskIsColour.finding(
            f"{_they(data, found, 'hold')} colours of the palette {declared.palette}, and up"
            f" to {shown(worst)} % of a mask are colours that it lacks (at most {UNKNOWN:g} %){such_as(unknown)}.",
            portion("a mask whose colour the palette lacks", round(worst * 100), 10_000, UNKNOWN),
            place=place(unknown),
            severity=Severity.ERROR,
            remedies=paste(
                MaskIsColour.code, "complete the palette", "# add the missing colours to the palette", unknown
            ),
        )
        return
    known = next((name for name in ("voc", "cityscapes") if tally(data, named("palette", name)).count), "")
    colours = data.totals.values.get(Coding.COLOURS, {})
    whose = f" of the {known} palette (--palette {known})" if known else ""
    rest = ", ..." if len(data.colours) > SHOWN else ""
    listed = ", ".join(f"{colour}: {index}" for colour, index in data.colours[:SHOWN]) + rest
    yield MaskIsColour.finding(
        f"{_they(data, found, 'hold')} {len(colours)} colours{whose} instead of class ids{such_as(found)}.",
        portion("masks that hold colours", found.count, data.totals.labelled),
        place=place(found),
        severity=Severity.ERROR,
        remedies=paste(MaskIsColour.code, "map the colours to ids", _LOOKUP.format(colours=listed), found),
    )


def _they(data: Dataset, found: Tally, verb: str) -> str:
    return f"{masks(data, found.count)} {agreed(verb, found.count)}"


def _pictures(data: Dataset) -> Iterator[Finding]:
    found = tally(data, named("family", Family.PICTURE))
    if found.count:
        yield MaskIsColour.finding(
            f"{_they(data, found, 'are colour pictures')} with more colours than a"
            f" class map has{such_as(found)}; for a network that draws pictures say --task rgb.",
            portion("masks that hold colours", found.count, data.totals.labelled),
            place=place(found),
            remedies=paste(MaskIsColour.code, "give the folder of masks", "# these are pictures, not masks", found),
        )


def _three(data: Dataset) -> Iterator[Finding]:
    found = tally(data, named("coding", Coding.GREY_AS_COLOUR))
    if found.count:
        yield MaskIsColour.finding(
            f"{_they(data, found, 'hold')} the same value in three channels: read as"
            f" they are, they have the shape [H, W, 3]{such_as(found)}.",
            portion("masks with three equal channels", found.count, data.totals.labelled),
            place=place(found),
            severity=Severity.ERROR if data.declared.loaded else Severity.WARNING,
            remedies=paste(MaskIsColour.code, "keep one channel", "mask = np.array(Image.open(path))[..., 0]", found),
        )


def _alpha(data: Dataset) -> Iterator[Finding]:
    found = tally(data, named("coding", Coding.ALPHA))
    if found.count:
        yield MaskIsColour.finding(
            f"{_they(data, found, 'hold')} the mask in their alpha channel and one"
            f" colour in the others: convert('RGB') and convert('L') lose it{such_as(found)}.",
            portion("masks in the alpha channel", found.count, data.totals.labelled),
            place=place(found),
            severity=Severity.WARNING,
            remedies=paste(
                MaskIsColour.code,
                "read the alpha channel",
                'mask = np.array(Image.open(path).getchannel("A")) > 127',
                found,
            ),
        )


def _indices(data: Dataset) -> Iterator[Finding]:
    found = tally(data, named("coding", Coding.PALETTE))
    if found.count:
        yield MaskIsColour.finding(
            f"{_they(data, found, 'are palette pictures')}: np.array(Image.open(path))"
            f" gives ids, convert('L') and convert('RGB') do not{such_as(found)}.",
            portion("masks that are palette pictures", found.count, data.totals.labelled),
            place=place(found),
            severity=Severity.NOTE,
            remedies=paste(MaskIsColour.code, "keep the indices", "mask = np.array(Image.open(path))", found),
        )
