"""The parts on a person's own data: the output beside the masks, and what was counted of files."""

import math
from dataclasses import dataclass

from unetdoctor.facts import ClassScore, MaskScores, Totals, Yielded
from unetdoctor.reporters.html.part import Part, Source
from unetdoctor.reporters.numbers import count, large, number

CLASSES_SHOWN = 64
PICTURES_SHOWN = 12
CURVE_WIDTH, CURVE_HEIGHT = 320, 120
SCALE = 65535
"""Scale of the sums of a data set."""


@dataclass(frozen=True)
class Row:
    """One class."""

    score: ClassScore
    """Its scores."""
    name: str
    """`background`, or its label."""
    color: str
    """#rrggbb in the masks; empty where they have none."""
    bar: float
    """Dice in %; 0 where there is none."""
    shares: tuple[float, float]
    """Share of the masks and of the output, in %."""


def scores(source: Source) -> Part | None:
    """Return Dice, IoU and boundary IoU of every class, with the pictures beside the masks."""
    found = source.report.scores
    if found is None:
        return None
    listed = [score for score in found.classes if score.pixels or score.drawn]
    pictures = [p for role in ("truth", "read", "errors") for p in source.gallery.pictures.get(role, ())]
    order = [preview.name for preview in source.report.previews]
    values = {
        "scores": found,
        "rows": [_row(found, score) for score in listed[:CLASSES_SHOWN]],
        "more": max(len(listed) - CLASSES_SHOWN, 0),
        "pictures": sorted(pictures, key=lambda p: order.index(p.preview.name))[:PICTURES_SHOWN],
        "curve": _curve(found),
    }
    its = "its mask" if len(found.pairs) == 1 else "their masks"
    mean = "no class but the background"
    if not math.isnan(found.dice):
        mean = f"mean Dice {number(found.dice)}, IoU {number(found.iou)}, boundary IoU {number(found.boundary_iou)}"
    return Part(
        "scores", "Beside the masks", "Masks", values, f"{count(len(found.pairs), 'picture')} beside {its}: {mean}."
    )


def _row(found: MaskScores, score: ClassScore) -> Row:
    whole = sum(x.pixels for x in found.classes) or 1
    return Row(
        score=score,
        name="background" if score.index == 0 else score.label,
        color=found.palette[score.index] if score.index < len(found.palette) else "",
        bar=0.0 if math.isnan(score.dice) else round(100 * score.dice, 1),
        shares=(100 * score.pixels / whole, 100 * score.drawn / whole),
    )


def _curve(found: MaskScores) -> str:
    """Return Dice over the threshold as an SVG path; empty where it was not measured."""
    if found.threshold is None or len(found.threshold.curve) < 2:
        return ""
    points = [(x, y) for x, y in found.threshold.curve if math.isfinite(x) and math.isfinite(y)]
    low, high = min((x for x, _ in points), default=0.0), max((x for x, _ in points), default=0.0)
    if high <= low:
        return ""
    drawn = [f"{CURVE_WIDTH * (x - low) / (high - low):.1f} {CURVE_HEIGHT * (1 - y):.1f}" for x, y in points]
    return "M" + "L".join(drawn)


def dataset(source: Source) -> Part | None:
    """Return what was counted of pictures and masks that were read as files."""
    data = source.report.data
    if data is None:
        return None
    totals = data.totals
    values = {
        "worst": source.gallery.first("worst"),
        "counted": [*_counted(totals), *_yielded(data.yielded)],
        "classes": _classes(totals),
        "normalize": _normalize(totals),
        "channels": _channels(totals),
    }
    return Part("data", "The data", "Data", values)


def _counted(totals: Totals) -> list[tuple[str, str]]:
    rows = [("Pairs", f"{totals.pairs:,}"), ("Images", f"{totals.images:,}"), ("Masks", f"{totals.masks:,}")]
    for name, counts in (("Sizes", totals.sizes), ("Files", totals.modes)):
        ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        more = f" and {len(ranked) - 4} more" if len(ranked) > 4 else ""
        if ranked:
            rows.append((name, ", ".join(f"{held:,} {what}" for what, held in ranked[:4]) + more))
    return rows


def _yielded(yielded: Yielded | None) -> list[tuple[str, str]]:
    """Return what a Dataset yields: its kind, what a sample is, the usual form of images and masks."""
    if yielded is None:
        return []
    rows = [("Dataset", yielded.kind), ("Sample", yielded.structure)]
    for name, forms in (("An image", yielded.images[:1]), ("A mask", yielded.masks[:1])):
        rows += [(name, f"{f.dtype} {'x'.join(map(str, f.shape))}, {number(f.low)}..{number(f.high)}") for f in forms]
    return rows


def _classes(totals: Totals) -> list[tuple[str, int, str, float, float]]:
    """Return (coding, value, masks that hold it, share in %, share of the largest in %)."""
    rows = []
    for coding, values in totals.values.items():
        whole = sum(held.pixels for held in values.values()) or 1
        top = max((held.pixels for held in values.values()), default=0) or 1
        ranked = sorted(values.items()) if len(values) <= CLASSES_SHOWN else []
        rows += [(coding, v, large(h.masks), 100 * h.pixels / whole, round(100 * h.pixels / top, 1)) for v, h in ranked]
    return rows[:CLASSES_SHOWN]


def _normalize(totals: Totals) -> str:
    """Return the line to paste with the data's own mean and standard deviation."""
    if not totals.pixels:
        return ""
    mean = [total / totals.pixels / SCALE for total in totals.sums]
    squares = [total / totals.pixels / SCALE**2 for total in totals.squares]
    std = [math.sqrt(max(square - m * m, 0.0)) for m, square in zip(mean, squares, strict=True)]
    means, stds = (", ".join(f"{value:.4f}" for value in values) for values in (mean, std))
    return f"v2.Normalize(mean=[{means}], std=[{stds}])"


def _channels(totals: Totals) -> list[tuple[str, list[tuple[int, float]]]]:
    """Return (colour, bars) of the histogram of all pictures."""
    found = []
    for name, row in zip(("red", "green", "blue"), totals.histogram, strict=False):
        top = max(row, default=0)
        if top > 0:
            found.append((name, [(place, round(max(40 * n / top, 1.0), 1)) for place, n in enumerate(row) if n > 0]))
    return found
