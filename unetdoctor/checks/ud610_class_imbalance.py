"""UD610: a class covers so little of the masks that a plain loss does not see it."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.datasets import IGNORE, held, paste, strays, tally
from unetdoctor.facts import Coding, Count, Dataset, Evidence, Finding, Kind, Reading, Seen, Severity, Tally

FOREGROUND_LIMIT = 1.0
"""Share of all pixels that the smaller of two classes covers, in %. .05-.9: networks that draw background everywhere
under a plain loss. At least 2: sets on which a plain loss works."""
CLASS_LIMIT = 0.1
"""The same for the rarest of several classes. Cityscapes' rarest training id: .1."""
LOW = 5.0
"""Share of the foreground, in %, under which a note names the weights."""
FEWEST = 5
"""Masks from which a rare class is a warning; of fewer it is a note, since they stand for no data set."""
MOST = 64
"""Ids at most that are classes; more of them are objects, each with its own id."""


class ClassImbalance(Check):
    """A class covers so few pixels that a plain cross-entropy is best served by never drawing it.

    Symptom
        A mask that is background everywhere although the loss is low; small probabilities with a right order.
    Cause
        Small or rare objects and a loss that counts pixels.
    Remedy
        A loss that counts overlap (Dice), or weights of the classes; the line to paste has the numbers of this data
        set.
    Source
        An introduction to the U-Net; with a prior of 1 to 300 the largest probability was .115 while the ranking was
        right (AUC .99). Milletari et al., "V-Net", 2016; Lin et al., "Focal Loss", 2017.
    """

    code = "UD610"
    name = "class-imbalance"
    kind = Kind.CAUSE
    reads_data = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding about the rarest class; none where values are colours, instances or one id."""
        data = evidence.data
        if data is None:
            return
        counts = _classes(data)
        blurred = tally(data, Seen.BLURRED).count + tally(data, Seen.LOSSY).count
        if 2 * blurred > data.totals.labelled or not 2 <= len(counts) <= MOST:
            return
        pixels = sum(count.pixels for count in counts.values())
        rarest = min(counts, key=lambda value: counts[value].pixels)
        share = 100 * counts[rarest].pixels / pixels
        limit = FOREGROUND_LIMIT if len(counts) == 2 else CLASS_LIMIT
        title, patch = _loss(counts, pixels)
        low = share < LOW and len(counts) == 2
        yield cls.finding(
            f"Id {rarest} covers {shown(share)} % of the pixels of {data.totals.labelled:,} masks (at least"
            f" {limit:g} %), in {counts[rarest].masks:,} of them: one to {shown(100 / share - 1)} others.",
            [Reading("share of the rarest class", share, "%", lower=LOW if low and share >= limit else limit)],
            severity=Severity.WARNING if share < limit and data.totals.labelled >= FEWEST else Severity.NOTE,
            remedies=paste(cls.code, title, patch, Tally()),
        )


def _classes(data: Dataset) -> dict[int, Count]:
    """Return the ids that are learned, colours of a declared palette among them, with their counts."""
    ids = held(data)
    if not ids and data.declared.colours:
        table = {red << 16 | green << 8 | blue: i for i, (red, green, blue) in enumerate(data.declared.colours)}
        colours = data.totals.values.get(Coding.COLOURS, {})
        ids = {table[colour]: count for colour, count in colours.items() if colour in table}
    ignored = data.declared.ignore_index
    if ignored is None and len(ids) > 2:
        ignored = IGNORE
    left_out = {ignored, *strays(data)}
    learned = {value: count for value, count in ids.items() if value not in left_out}
    most = max(data.declared.classes or 0, 2)
    inside = {value: count for value, count in learned.items() if 0 <= value < most}
    return inside if data.declared.classes is not None and len(inside) > 1 else learned


def _loss(counts: dict[int, Count], pixels: int) -> tuple[str, str]:
    """Return title and lines of a loss with the weights of these classes."""
    if len(counts) == 2:
        least = min(count.pixels for count in counts.values())
        weight = (pixels - least) / least
        counted = f"{pixels - least:,} to {least:,} pixels"
        return (
            "weigh the foreground, or count overlap",
            f"criterion = nn.BCEWithLogitsLoss(pos_weight=torch.tensor({weight:.3g}))  # {counted}\n"
            "# or: smp.losses.DiceLoss('binary'), smp.losses.FocalLoss('binary')",
        )
    median = sorted(count.pixels for count in counts.values())[len(counts) // 2]
    weights = ", ".join(f"{min(median / count.pixels, 100):.3g}" for count in counts.values())
    return (
        "weigh the classes by their median frequency",
        f"criterion = nn.CrossEntropyLoss(weight=torch.tensor([{weights}]))  # ids {', '.join(map(str, counts))}",
    )
