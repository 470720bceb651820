"""The output beside the person's masks: Dice, IoU and boundary IoU of every class, objects by size, the threshold."""

import math
from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from unetdoctor.facts import ClassScore, MaskScores, Report
from unetdoctor.reporters.blocks.layout import columns, indented
from unetdoctor.reporters.look import Look
from unetdoctor.reporters.numbers import count, large, number

CLASSES_SHOWN = 12
BAR = 10
ROOMY = 76
"""Columns from which the bar is shown."""


def score_table(report: Report, look: Look) -> Iterator[RenderableType]:
    """Yield the scores of all masks together; nothing where none were given."""
    scores = report.scores
    if scores is None:
        return
    yield ""
    head = Text.assemble(("Masks", "bold"), overflow="fold")
    head.append_text(look.text(f"  {count(len(scores.pairs), 'picture')} beside {_its(scores)}: {_mean(scores)}"))
    yield indented(head, 0, look)
    yield indented(_table(scores, look), 2)
    hidden = sum(_shown(x) for x in scores.classes) - CLASSES_SHOWN
    if hidden > 0 and not look.verbose:
        yield indented(look.text(f"and {count(hidden, 'more class', 'more classes')} with -v", "dim"), 2)
    for line in (*_how(scores), *_beside(scores)):
        yield indented(look.text(line, "dim"), 2, look)
    for note in scores.notes[: None if look.verbose else 2]:
        yield indented(look.text(note, "yellow"), 2, look)
    if look.verbose:
        yield indented(look.text("places by class of the masks (rows) and of the output (columns)", "dim"), 2)
        yield indented(_confusion(scores), 2)


def _its(scores: MaskScores) -> str:
    return "its mask" if len(scores.pairs) == 1 else "their masks"


def _mean(scores: MaskScores) -> str:
    if math.isnan(scores.dice):
        return "no class but the background, in the masks or in the output"
    return f"mean Dice {number(scores.dice)}, IoU {number(scores.iou)}, boundary IoU {number(scores.boundary_iou)}"


def _shown(score: ClassScore) -> bool:
    return bool(score.pixels or score.drawn)


def _table(scores: MaskScores, look: Look) -> RenderableType:
    bar = [""] if look.width >= ROOMY else []
    headers = ["class", "Dice", *bar, "IoU", "boundary", "mask", "output"]
    table = columns(headers, right="Dice|IoU|boundary|mask|output")
    for column in table.columns:
        column.no_wrap = True
    whole = sum(x.pixels for x in scores.classes) or 1
    listed = [x for x in scores.classes if _shown(x)]
    for score in listed if look.verbose else listed[:CLASSES_SHOWN]:
        style = "dim" if score.index == 0 else "red" if score.dice < 0.5 else ""
        name = f"{score.index} background" if score.index == 0 else score.label
        table.add_row(
            look.text(name, style),
            Text(number(score.dice), style=f"bold {style}".strip()),
            *([_bar(score.dice, look, style or "cyan")] if bar else []),
            Text(number(score.iou), style=style),
            Text(number(score.boundary_iou), style=style),
            Text(f"{number(100 * score.pixels / whole)}%", style=style),
            Text(f"{number(100 * score.drawn / whole)}%", style=style),
        )
    return table


def _bar(share: float, look: Look, style: str) -> Text:
    if math.isnan(share):
        return Text("")
    full = round(share * BAR)
    block, rest = ("#", ".") if look.ascii_only else ("█", "·")
    return Text.assemble((block * full, style), (rest * (BAR - full), "dim"))


def _how(scores: MaskScores) -> Iterator[str]:
    height, width = scores.size
    drawn = "x".join(map(str, scores.drawn))
    resized = "" if scores.drawn == scores.size else f", resized from {drawn} (bilinear, before they are decided)"
    yield f"{scores.how} at the masks' {height}x{width}{resized}; masks: {scores.encoding or 'class ids'}"
    if scores.ignored:
        yield f"{large(scores.ignored)} places are left out as ignored"
    if scores.beyond:
        yield f"no channel draws class {', '.join(map(str, scores.beyond[:6]))} of the masks"


def _beside(scores: MaskScores) -> Iterator[str]:
    found = [x for x in scores.sizes if x.objects]
    if found:
        parts = [f"{x.name} {x.found} of {x.objects} ({number(100 * x.recall)}% of their places)" for x in found]
        yield f"objects found: {', '.join(parts)}"
    threshold = scores.threshold
    if threshold is not None and not math.isnan(threshold.best_dice):
        yield (
            f"threshold {number(threshold.used)}: Dice {number(threshold.dice)}; best {number(threshold.best)}: "
            f"{number(threshold.best_dice)}; area under the ROC curve {number(threshold.auc)}"
        )
    if scores.edges is not None:
        edges = scores.edges
        yield (
            f"wrong within {count(edges.width, 'pixel')} of the outlines: {number(100 * edges.band)}%, elsewhere "
            f"{number(100 * edges.interior)}%"
        )


def _confusion(scores: MaskScores) -> RenderableType:
    kept = [x.index for x in scores.classes if _shown(x)]
    table = columns(["", *map(str, kept)], right="|".join(map(str, kept)))
    for row in kept:
        table.add_row(Text(str(row), style="dim"), *[large(scores.confusion[row][k]) for k in kept])
    return table
