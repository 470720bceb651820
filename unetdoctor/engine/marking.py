"""The outputs of a person's own pictures beside their masks: every pass scored, as it is and under remedies."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from unetdoctor.engine.assignment import assigned
from unetdoctor.engine.evaluation import Change
from unetdoctor.engine.numbering import numbered, numbers_of
from unetdoctor.engine.objects import by_size, recalls
from unetdoctor.engine.preprocessing import feeds
from unetdoctor.engine.reading_masks import Drawn, read
from unetdoctor.engine.scores import Counts, best_order, best_threshold, class_scores, confusion, mean_dice, mean_over
from unetdoctor.engine.shifts import edges_of, shift_of
from unetdoctor.engine.truths import Truth
from unetdoctor.facts import Evidence, MaskScores, Partners, Remedy, Threshold

if TYPE_CHECKING:
    from unetdoctor.engine.examination import Examination


FEWEST, MOST = 3, 16
"""Pictures with masks of which every output is compared with every mask."""
MOST_EXCHANGED = 4
"""Pictures whose red and blue are exchanged."""
_COLOURS = 3


@dataclass(frozen=True)
class Marked:
    """One picture with its mask and what was drawn of it."""

    probe: str
    truth: Truth
    drawn: Drawn


def marks(examination: Examination, evidence: Evidence, tensors: Mapping[str, Tensor]) -> tuple[Marked, ...]:
    """Return every pass with a mask whose output is a map of places, in order."""
    found = []
    for run in evidence.runs:
        truth = examination.truths.get(run.probe.name)
        tensor = tensors.get(run.probe.name)
        if truth is None or tensor is None or run.output is None:
            continue
        task = evidence.intent.effective
        threshold = examination.request.intent.threshold
        size = (truth.ids.shape[0], truth.ids.shape[1])
        drawn = read(tensor, run.probe.shape, run.output, task, size, threshold, evidence.painting)
        if drawn is not None:
            found.append(Marked(run.probe.name, truth, drawn))
    return _numbered(found, evidence)


def _numbered(found: list[Marked], evidence: Evidence) -> tuple[Marked, ...]:
    """Return painted classes under the numbers that they have in the masks, where these are known to be others."""
    if evidence.painting is None or not found or not all(mark.drawn.painted for mark in found):
        return tuple(found)
    numbers = numbers_of(evidence.painting, [mark.truth for mark in found], [mark.drawn for mark in found])
    if numbers is None:
        return tuple(found)
    return tuple(replace(mark, drawn=numbered(mark.drawn, numbers)) for mark in found)


def with_scores(
    examination: Examination, evidence: Evidence, tensors: Mapping[str, Tensor], remedies: tuple[Remedy, ...] = ()
) -> Evidence:
    """Return the evidence with the scores of outputs, by the name of their probe; as it is without a mask."""
    if not examination.truths:
        return evidence
    found = marks(examination, evidence, tensors)
    if not found:
        return replace(evidence, scores=None)
    other = _exchanged(examination, evidence, found[:MOST_EXCHANGED], remedies)
    return replace(evidence, scores=replace(_scored(found, evidence, tensors), exchanged=other))


def _exchanged(
    examination: Examination, evidence: Evidence, found: tuple[Marked, ...], remedies: tuple[Remedy, ...]
) -> float:
    """Return by how much the Dice changes with red and blue exchanged; NaN for fresh weights and for other remedies."""
    fed = not remedies or feeds(remedies)
    if not fed or not evidence.model.trained or examination.slow:
        return float("nan")
    tensors: dict[str, Tensor] = {}
    for seen in examination.seen:
        if seen.probe.name not in {mark.probe for mark in found} or seen.drawing is None:
            continue
        change = examination.change(seen, remedies) if remedies else Change()
        given = change.inputs or seen.inputs
        turned = tuple(x.flip(1) if x.dim() == 4 and x.shape[1] == _COLOURS else x for x in given)
        if all(a is b for a, b in zip(given, turned, strict=True)):
            return float("nan")
        tensors[seen.probe.name], _ = examination.evaluate(seen, replace(change, inputs=turned))
    after = marks(examination, evidence, tensors)
    return _dice(after) - _dice(found) if len(after) == len(found) else float("nan")


def _dice(found: tuple[Marked, ...]) -> float:
    classes = max(max(mark.drawn.classes, int(mark.truth.ids.max()) + 1) for mark in found)
    squares = [confusion(mark.truth.ids, mark.drawn.ids, classes) for mark in found]
    return mean_dice(sum(squares[1:], squares[0]))


def _scored(found: tuple[Marked, ...], evidence: Evidence, tensors: Mapping[str, Tensor]) -> MaskScores:
    highest = max(int(mark.truth.ids.max()) for mark in found)
    channels = max(mark.drawn.classes for mark in found)
    classes = max(channels, highest + 1)
    each = [Counts.of(mark.truth.ids, mark.drawn.ids, classes) for mark in found]
    whole = sum(each[1:], each[0])
    pairs = [(mark.truth.ids, mark.drawn.ids) for mark in found]
    first = found[0]
    palette = next((mark.truth.palette for mark in found if mark.truth.palette), ())
    listed = class_scores(whole, tuple(f"class {number}" for number in range(classes)))
    foreground = listed[1:]
    objects = [recalls(*mark.truth.objects, (mark.truth.ids == mark.drawn.ids).numpy()) for mark in found]
    run = next(run for run in evidence.runs if run.probe.name == first.probe)
    assert run.output is not None
    total = whole.confusion.sum().item()
    return MaskScores(
        pairs=tuple(mark.probe for mark in found),
        size=(first.truth.ids.shape[0], first.truth.ids.shape[1]),
        drawn=_sides(tensors[first.probe]),
        how=first.drawn.how,
        classes=listed,
        dice=mean_over([x.dice for x in foreground]),
        iou=mean_over([x.iou for x in foreground]),
        boundary_iou=mean_over([x.boundary_iou for x in foreground]),
        accuracy=whole.confusion.diagonal().sum().item() / total if total else float("nan"),
        each=tuple(mean_dice(x.confusion) for x in each),
        confusion=tuple(tuple(int(n) for n in row) for row in whole.confusion.tolist()),
        ignored=sum(int((mark.truth.ids < 0).sum()) for mark in found),
        beyond=tuple(x.index for x in listed if x.present and x.index >= channels),
        sizes=by_size(objects),
        edges=edges_of(pairs),
        shift=shift_of(pairs),
        threshold=_threshold(found),
        order=None if first.drawn.free else replace(best_order(whole.confusion), painted=first.drawn.numbers),
        partners=_partners(found, classes),
        palette=palette,
        encoding="; ".join(dict.fromkeys(mark.truth.encoding for mark in found)),
        notes=tuple(dict.fromkeys(note for mark in found for note in mark.truth.notes)),
    )


def _partners(found: tuple[Marked, ...], classes: int) -> Partners | None:
    """Return which mask each output fits; None of few pictures or many, and of masks that differ in size."""
    if not FEWEST <= len(found) <= MOST or len({mark.truth.ids.shape for mark in found}) > 1:
        return None
    fit = [[mean_dice(confusion(b.truth.ids, a.drawn.ids, classes)) for b in found] for a in found]
    fit = [[0.0 if math.isnan(x) else x for x in row] for row in fit]
    best = assigned([[x + 1e-9 * (i == k) for k, x in enumerate(row)] for i, row in enumerate(fit)])
    names = [mark.truth.name for mark in found]
    return Partners(
        masks=tuple(names),
        fits=tuple(names[k] for k in best),
        dice=sum(fit[i][i] for i in range(len(fit))) / len(fit),
        best_dice=sum(fit[i][k] for i, k in enumerate(best)) / len(fit),
    )


def _sides(tensor: Tensor) -> tuple[int, int]:
    return (tensor.shape[-2], tensor.shape[-1]) if tensor.dim() > 2 else (1, tensor.shape[-1])


def _threshold(found: tuple[Marked, ...]) -> Threshold | None:
    """Return what the threshold is worth over all pictures; None where no output has values to put one on."""
    chosen = [mark for mark in found if mark.drawn.values is not None]
    if not chosen:
        return None
    values = torch.cat([mark.drawn.values.flatten() for mark in chosen if mark.drawn.values is not None])
    truth = torch.cat([mark.truth.ids.flatten() for mark in chosen])
    drawn = chosen[0].drawn
    best = best_threshold(values, truth, drawn.used)
    if best is None:
        return None
    curve = tuple((drawn.shown(level), dice) for level, dice in best.curve)
    return Threshold(drawn.shown(best.used), drawn.shown(best.best), best.dice, best.best_dice, best.auc, curve)
