"""Class ids that become a picture: every class is drawn once, and what it is painted with is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from unetdoctor.engine.by_value import STEP, SURE, ends_of, ramp_like, scores_of, stands_for_function
from unetdoctor.engine.drawing import CHOOSING, COMPARING, Drawing, plain
from unetdoctor.engine.evaluation import Change, Intervention, evaluate
from unetdoctor.engine.observation import Observed
from unetdoctor.engine.postprocessing import PostprocessError
from unetdoctor.engine.statistics import range_of
from unetdoctor.engine.tail import comparison, decision, tail, usable
from unetdoctor.engine.tape import Leaf, Ref, Tape, argument, tensors
from unetdoctor.facts import Intent, Painting, Remedy

if TYPE_CHECKING:
    from unetdoctor.engine.examination import Examination

_TABLES = ("index", "embedding", "index_select", "take")
_BY_CLASS = {"where", "masked_fill", "index_put", "_index_put_impl", "eq", "one_hot", "scatter", "masked_scatter"}
COLOURED = (3, 4)
"""Channels of a picture in colour."""
MOST_CLASSES = 512
"""Classes beyond which none is drawn."""
_GROUND = 0.9
"""Part of a picture of one class that has its colour, beside names, frames and legends that a function draws on it."""
_PAIR = 2
_MAP = 3
"""Axes of what has no channels: [N, H, W]."""


def painting(examination: Examination, remedies: tuple[Remedy, ...] = ()) -> Painting | None:
    """Return how class ids are painted, as it is or under remedies; None where no class is chosen, or none evenly."""
    main = examination.main
    if main.drawing is None:
        return None
    ops = tail(main.tape, main.drawing)
    chosen = choice(main.tape, main.drawing)
    count = classes_of(main.tape, chosen) if chosen is not None else 0
    if chosen is None or not 1 < count <= MOST_CLASSES or not usable(examination, main):
        return None
    op, entries = painter(main.tape, tuple(op for op in ops if op > chosen.op))
    change = examination.change(main, remedies) if remedies else Change()
    try:
        pictures = _drawn(examination, main, chosen, count if remedies else min(count, entries), change)
        found = [colour for picture in pictures if (colour := _colour(picture)) is not None]
        if not found or len(found) < len(pictures):
            return None
        colours = torch.stack(found)
        black_and_white = colours.shape[1] == 1 and bool((colours != colours[0]).any())
        if not remedies and black_and_white and _on_one_channel(main.tape, chosen):
            return None
        if not remedies and not (_decides(examination, main, chosen, colours) and _paints(main, colours)):
            return None
        if not remedies and _colours_objects(examination.alive, colours):
            return None
    except PostprocessError:  # the person's own function, on classes that it was not written for
        return None
    known = examination.evidence().painting if remedies else None
    levels = _levels(colours.to(pictures[0].dtype), examination.request.intent)
    return Painting(
        decision=chosen.op,
        op=op,
        table=known.table if known is not None else _by_table(main, chosen, colours),
        colours=(*levels, *[()] * (count - len(levels))),
        channels=len(levels[0]),
        dtype=str(pictures[0].dtype).removeprefix("torch."),
        one_hot=_one_hot(colours),
        declared=examination.setting.after is not None,
    )


def choice(tape: Tape, drawing: Drawing) -> Ref | None:
    """Return the ids that are painted, what a threshold says, or the scores that a function reads."""
    ops = tail(tape, drawing)
    chosen = decision(tape, ops) or scores_of(tape, drawing)
    if chosen is None:
        chosen = comparison(tape, ops)
        if chosen is not None and not _on_one_channel(tape, chosen):
            return None  # a mask for every class
    return chosen


def _on_one_channel(tape: Tape, chosen: Ref) -> bool:
    entry = tape.entries[chosen.op]
    if plain(entry.name) in CHOOSING:
        return False
    return 1 in (*entry.shape[1:2], *entry.shape[3:]) or len(entry.shape) == _MAP


def _by_table(seen: Observed, chosen: Ref, colours: Tensor) -> bool:
    """Whether colours are chosen class by class; of a function without operations, whether they are more than grey."""
    assert seen.drawing is not None
    if not stands_for_function(seen.tape, seen.drawing):
        after = (seen.tape.entries[op] for op in tail(seen.tape, seen.drawing) if op > chosen.op)
        return any(plain(entry.name) in (*_TABLES, *_BY_CLASS) for entry in after)
    coloured = bool((colours != colours[:, :1]).any())
    return coloured or (colours.shape[1] > 1 and bool((colours == colours[0]).all()))


def _decides(examination: Examination, seen: Observed, chosen: Ref, colours: Tensor) -> bool:
    """Whether a function paints the class with the largest score: its picture follows from their order alone."""
    assert seen.drawing is not None
    if not stands_for_function(seen.tape, seen.drawing):
        return True  # on the tape
    if _on_one_channel(seen.tape, chosen):
        return _parts(examination, seen, chosen)
    if bool((colours == colours[0]).all()) and float(colours.max()) <= 1:
        return not bool(colours.any()) and _stays_black(examination, seen, chosen, len(colours))

    halved = instead(chosen.slot, lambda x: x * 0.5 + x.min() * 0.5)
    picture, _ = examination.evaluate(seen, Change({chosen.op: halved}))
    return seen.output is not None and torch.equal(picture, seen.output)


def _paints(seen: Observed, colours: Tensor) -> bool:
    """Whether the picture is of the colours of the classes, where those are all one: else they come from elsewhere."""
    assert seen.output is not None
    return bool((colours != colours[0]).any()) or _is_even(seen.output)


def _colours_objects(passes: Iterable[Observed], colours: Tensor) -> bool:
    """Whether classes look alike while pictures hold several colours of none: they tell objects apart, not classes."""
    known = {tuple(colour) for colour in colours.tolist()}
    if len(known) == len(colours):
        return False
    seen: set[tuple[float, ...]] = set()
    for output in (x.output for x in passes if x.output is not None and x.output.dtype is torch.uint8):
        seen |= {tuple(colour) for colour in torch.unique(_rows(output), dim=1).T.tolist()}
    return len(seen - known) > 1


def _parts(examination: Examination, seen: Observed, chosen: Ref) -> bool:
    """Whether a function knows two kinds of values, or none: of a ramp it paints two even parts, or one."""

    def rising(x: Tensor) -> Tensor:
        return ramp_like(x, ends_of(x))

    picture, _ = examination.evaluate(seen, Change({chosen.op: instead(chosen.slot, rising)}))
    axis = colour_axis(tuple(picture.shape))
    places = picture.movedim(axis, -1).flatten(0, -2) if axis is not None else picture.reshape(-1, 1)
    colours, counts = torch.unique(places, dim=0, return_counts=True)
    return len(colours) <= _PAIR and int(counts.min()) >= STEP * len(places)


def instead(slot: int, change: Callable[[Tensor], Tensor]) -> Intervention:
    """Put other values in the place of one result of an operation."""

    def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        out = func(*args, **kwargs)
        changed = [change(x) if i == slot else x for i, x in enumerate(tensors(out))]
        return changed[0] if isinstance(out, Tensor) else type(out)(changed)

    return act


def _stays_black(examination: Examination, seen: Observed, chosen: Ref, count: int) -> bool:
    """Whether a function draws black whatever class it is given, however sure: it paints, where others convert."""
    amplified = instead(chosen.slot, lambda x: x * SURE)
    pictures = _drawn(examination, seen, chosen, count, Change({chosen.op: amplified}))
    return not any(bool(picture.any()) for picture in pictures)


def classes_of(tape: Tape, chosen: Ref) -> int:
    """Return over how many classes a choice goes; of scores, how many there are."""
    entry = tape.entries[chosen.op]
    if plain(entry.name) in COMPARING:
        return _PAIR
    if plain(entry.name) not in CHOOSING:
        return max(entry.shape[1], _PAIR)
    shape = entry.input_shapes[0] if entry.input_shapes else ()
    dim = argument(entry.args, entry.kwargs, entry.traits, "dim")
    return shape[dim] if isinstance(dim, int) and -len(shape) <= dim < len(shape) else 0


def painter(tape: Tape, after: tuple[int, ...]) -> tuple[int, int]:
    """Return (the operation that paints, how many classes it has entries for)."""
    for op in after:
        entry = tape.entries[op]
        name = plain(entry.name)
        shape = _fixed(tape, entry.args[0]) if name in _TABLES else ()
        if shape:
            return op, shape[0] if name != "take" else MOST_CLASSES
    drawn = [x for x in after if not tape.entries[x].traits.view]
    return drawn[-1] if drawn else after[-1], MOST_CLASSES


def _fixed(tape: Tape, table: Any) -> tuple[int, ...]:
    """Return the shape of a table that the input does not make; empty for what it does."""
    if isinstance(table, Leaf) and tape.leaves[table.index].kind != "input":
        return tuple(tape.leaves[table.index].tensor.shape)
    return tape.entries[table.op].shape if isinstance(table, Ref) and tape.entries[table.op].static else ()


def _drawn(examination: Examination, seen: Observed, chosen: Ref, count: int, change: Change) -> list[Tensor]:
    """Return the output where every place is class 0, 1, 2, ..."""
    assert seen.drawing is not None
    output, inner = seen.drawing.output, change.interventions.get(chosen.op)
    snapshot = seen.snapshot if seen.snapshot is not None and seen.snapshot.op <= chosen.op else None
    again = partial(evaluate, seen.tape, device=examination.setting.device, seed=examination.setting.seed)
    pictures = []
    with seen.tape.leaves_kept():
        taken = again((chosen,), snapshot=snapshot, take=(chosen.op,))[1][chosen.op]
        for number in range(count):
            acts = {**change.interventions, chosen.op: _always(number, chosen.slot, inner)}
            pictures.append(again((output,), change=Change(acts), snapshot=taken)[0][output])
    return pictures


def _always(number: int, slot: int, inner: Intervention | None) -> Intervention:
    """Choose one class everywhere, in front of the change that looks at what was chosen."""

    def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        def choosing(*given: Any, **named: Any) -> Any:
            out = func(*given, **named)
            same = [_one_class(x, number) if i == slot else x for i, x in enumerate(tensors(out))]
            return same[0] if isinstance(out, Tensor) else type(out)(same)

        return choosing(*args, **kwargs) if inner is None else inner(choosing, args, kwargs)

    return act


def _one_class(x: Tensor, number: int) -> Tensor:
    """Return ids of one class, or scores by which it wins everywhere."""
    if not x.is_floating_point():
        return torch.full_like(x, number)
    if x.shape[1] == 1:
        return torch.full_like(x, ends_of(x)[number])
    same = torch.full_like(x, float(x.min()))
    same[:, number] = x.max()
    return same


def colour_axis(shape: tuple[int, ...]) -> int | None:
    """Return the axis of the colours of a picture; None for grey."""
    if len(shape) < 4:
        return None
    if shape[1] in (1, *COLOURED):
        return 1
    return len(shape) - 1 if shape[-1] in COLOURED else None


def _colour(picture: Tensor) -> Tensor | None:
    """Return the one colour of a picture, [channels], small writing on it left out; None where it is not even."""
    rows = _rows(picture)
    if _is_even(picture):
        return rows[:, 0].double().cpu()
    if picture.dtype is not torch.uint8:
        return None
    codes = sum(row.long() << (8 * k) for k, row in enumerate(rows))
    found, counts = torch.unique(codes, return_counts=True)
    usual = found[counts.argmax()]
    held = rows[:, int((codes == usual).nonzero()[0])]
    return held.double().cpu() if int(counts.max()) >= _GROUND * rows.shape[1] else None


def _rows(picture: Tensor) -> Tensor:
    """Return the values of each channel, [channels, places]."""
    axis = colour_axis(tuple(picture.shape))
    return picture.movedim(axis, 0).flatten(1) if axis is not None else picture.reshape(1, -1)


def _is_even(picture: Tensor) -> bool:
    rows = _rows(picture)
    return bool((rows == rows[:, :1]).all())


def _levels(colours: Tensor, intent: Intent) -> list[tuple[float, ...]]:
    """Return [classes, channels] as 8-bit levels: floats as their range is shown, of 0..1, -1..1 or 0..255."""
    levels = colours.double()
    if colours.is_floating_point():
        known = range_of(colours)
        low, high = intent.display_range or (known.low, known.high)
        levels = (levels - low) * (255 / (high - low))
    return [tuple(row) for row in levels.tolist()]


def _one_hot(colours: Tensor) -> bool:
    count, channels = colours.shape
    return count == channels > 1 and bool(colours.any()) and bool((colours == colours.max() * torch.eye(count)).all())
