"""A function through NumPy or Pillow that compares scores along another axis than the classes: known by its picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from unetdoctor.engine.bench import Bench, NotApplicableError
from unetdoctor.engine.by_value import scores_of, stands_for_function
from unetdoctor.engine.evaluation import Change
from unetdoctor.engine.observation import place_of
from unetdoctor.engine.painting import MOST_CLASSES, colour_axis, instead
from unetdoctor.engine.postprocessing import PostprocessError
from unetdoctor.engine.repainting import ACTIONS as PAINTING
from unetdoctor.engine.repainting import painted
from unetdoctor.engine.tail import alike
from unetdoctor.engine.tape import Ref, tensors
from unetdoctor.facts import Misread, Remedy

if TYPE_CHECKING:
    from unetdoctor.engine.examination import Examination

ACTION = "choose_class"
FOLLOWS = 0.5
"""Part of the colours that the class with the largest score tells, below which another reading is looked for. Class
maps: 1, less where small parts are taken away or doubtful places are grey. Scores that were reshaped: 0-.002."""
EXACT = 0.99
"""Part of the colours that another reading has to tell: it is the one, or it is none."""


def misread(examination: Examination, remedies: tuple[Remedy, ...] = ()) -> Misread | None:
    """Return along what a function compares instead of the classes; None where it is not known to."""
    main = examination.main
    if main.drawing is None or not stands_for_function(main.tape, main.drawing):
        return None
    known = examination.evidence().misread if remedies else None
    read = scores_of(main.tape, main.drawing)
    if read is None or (remedies and known is None) or not 1 < main.tape.entries[read.op].shape[1] <= MOST_CLASSES:
        return None
    seen = list(_passes(examination, read, remedies))
    follows = _told([(scores.argmax(0), picture) for scores, picture in seen])
    even = all(_is_even(picture) for _, picture in seen)
    if known is not None:
        return replace(known, follows=0.0 if even else follows)
    if even and seen and _of_samples(examination, read):
        follows = 0.0
    elif not seen or follows >= FOLLOWS:
        return None
    op = main.drawing.output.op
    how = "the samples of the batch (axis 0)" if even else _read_as(seen)
    place = place_of(main.tape.entries[op], examination.setting)
    return Misread(op=op, place=place, how=how, follows=follows, classes=seen[0][0].shape[0]) if how else None


def _read_as(seen: list[tuple[Tensor, Tensor]]) -> str:
    """Return the mistake that tells all colours; empty where none does."""
    each = [dict(_readings(scores)) for scores, _ in seen]
    for how in each[0]:
        pairs = [(ids[how], picture) for ids, (_, picture) in zip(each, seen, strict=True)]
        if _told(pairs) >= EXACT:
            return how
    return ""


def _is_even(picture: Tensor) -> bool:
    return bool((picture == picture[:1, :1]).all())


def _of_samples(examination: Examination, read: Ref) -> bool:
    """Return whether a function draws one colour, but others once there is a second sample: it compares samples."""
    with_another = instead(read.slot, lambda x: torch.cat([x[:1], x[:1].flip(1)]))
    try:
        picture, _ = examination.evaluate(examination.main, Change({read.op: with_another}))
    except PostprocessError:  # the person's own function, on more samples than it was written for
        return False
    return picture.dim() > 1 and not _is_even(_places(picture))


def _places(picture: Tensor) -> Tensor:
    """Return the first sample's picture, [H, W, colours]."""
    axis = colour_axis(tuple(picture.shape))
    return picture.movedim(axis, -1)[0] if axis is not None else picture.reshape(-1, *picture.shape[-2:], 1)[0]


def _passes(examination: Examination, read: Ref, remedies: tuple[Remedy, ...]) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield the scores [C, H, W] of the first sample of every pass, and its picture [H, W, colours]."""
    for seen in alike(examination):
        change = examination.change(seen, remedies) if remedies else Change()
        held: list[Tensor] = []
        inner = change.interventions.get(read.op)

        def keep(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], inner: Any = inner, held: Any = held) -> Any:
            out = func(*args, **kwargs) if inner is None else inner(func, args, kwargs)
            held[:] = [list(tensors(out))[read.slot]]
            return out

        spied = replace(change, interventions={**change.interventions, read.op: keep})
        picture, _ = examination.evaluate(seen, spied)
        places = _places(picture)
        if held and places.dim() == 3:
            yield held[0][0].detach().cpu(), places.cpu()


def _readings(scores: Tensor) -> Iterator[tuple[str, Tensor]]:
    """Yield the mistakes that people make, and what each chooses."""
    count, height, width = scores.shape
    yield f"the {width} columns (axis 3)", scores.argmax(2)
    yield f"the {height} rows (axis 2)", scores.argmax(1)
    turned = f"{count} neighbours, as a reshape to {height}x{width}x{count} puts them together,"
    yield turned, scores.reshape(height, width, count).argmax(-1)
    yield f"{turned} of probabilities", scores.softmax(0).reshape(height, width, count).argmax(-1)


def _told(pairs: list[tuple[Tensor, Tensor]]) -> float:
    """Return which part of the colours ids tell, beyond the commonest colour; 1 where all places have one colour."""
    if not pairs or any(ids.shape != picture.shape[:2] for ids, picture in pairs):
        return 0.0
    rows = torch.cat([picture.flatten(0, 1) for _, picture in pairs])
    ids = torch.cat([ids.flatten() for ids, _ in pairs])
    _, colours = torch.unique(rows, dim=0, return_inverse=True)
    count = int(colours.max()) + 1
    square = torch.bincount(ids * count + colours).double()
    square = torch.nn.functional.pad(square, (0, -square.numel() % count)).reshape(-1, count)
    usual, known = square.sum(0).max().item(), square.max(1).values.sum().item()
    return (known - usual) / (len(ids) - usual) if usual < len(ids) else 1.0


def choose_class(bench: Bench, _remedy: Remedy) -> Change:
    """Paint the class with the largest score in the place of what a function draws."""
    read = scores_of(bench.tape, bench.drawing)
    if read is None:
        raise NotApplicableError("no function draws scores of classes")
    held: list[Tensor] = []

    def keep(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        out = func(*args, **kwargs)
        held[:] = [list(tensors(out))[read.slot]]
        return out

    def paint(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor:
        out: Tensor = func(*args, **kwargs)
        scores = held[0][: out.shape[0]]
        axis, size = colour_axis(tuple(out.shape)), tuple(scores.shape[2:])
        shape = (out.shape[0], *size) if axis is None else (out.shape[0], *size, out.shape[axis])
        like = torch.zeros(shape, dtype=out.dtype, device=out.device)
        like = like.movedim(-1, axis) if axis is not None else like
        return painted(scores.argmax(1), like, scores.shape[1])

    return Change(interventions={read.op: keep, bench.drawing.output.op: paint})


ACTIONS = {**PAINTING, ACTION: choose_class}
"""Actions on what is drawn of classes, a part of `remedies.ACTIONS`."""
