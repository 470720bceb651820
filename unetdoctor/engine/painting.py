"""Class ids that become a picture: every class is drawn once, and what it is painted with is read."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from unetdoctor.engine.bench import Bench, NotApplicableError
from unetdoctor.engine.by_value import scores_of, stands_for_function
from unetdoctor.engine.drawing import CHOOSING, Drawing, plain
from unetdoctor.engine.evaluation import Change, Intervention, evaluate
from unetdoctor.engine.observation import Observed
from unetdoctor.engine.palette import palette, rgb
from unetdoctor.engine.postprocessing import PostprocessError
from unetdoctor.engine.statistics import range_of
from unetdoctor.engine.tail import decision, tail, usable
from unetdoctor.engine.tape import Leaf, Ref, Tape, argument, tensors
from unetdoctor.facts import Intent, Painting, Remedy

if TYPE_CHECKING:
    from unetdoctor.engine.examination import Examination

_TABLES = ("index", "embedding", "index_select", "take")
_BY_CLASS = {"where", "masked_fill", "index_put", "_index_put_impl", "eq", "one_hot", "scatter", "masked_scatter"}
_PICTURE = (3, 4)
"""Channels of a picture in colour."""
MOST_CLASSES = 512
"""Classes beyond which none is drawn."""


def painting(examination: Examination, remedies: tuple[Remedy, ...] = ()) -> Painting | None:
    """Return how class ids are painted, as it is or under remedies; None where no class is chosen, or none evenly."""
    main = examination.main
    if main.drawing is None:
        return None
    ops = tail(main.tape, main.drawing)
    chosen = decision(main.tape, ops) or scores_of(main.tape, main.drawing)
    count = _classes(main.tape, chosen) if chosen is not None else 0
    if chosen is None or not 1 < count <= MOST_CLASSES or not usable(examination, main):
        return None
    op, entries = _painter(main.tape, tuple(op for op in ops if op > chosen.op))
    change = examination.change(main, remedies) if remedies else Change()
    try:
        pictures = _drawn(examination, main, chosen, count if remedies else min(count, entries), change)
        found = [colour for picture in pictures if (colour := _colour(picture)) is not None]
        if not found or len(found) < len(pictures):
            return None
        colours = torch.stack(found)
        if not remedies and not _decides(examination, main, chosen, colours):
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
    if decision(seen.tape, tail(seen.tape, seen.drawing)) is not None:
        return True  # on the tape
    if bool((colours == colours[0]).all()) and float(colours.max()) <= 1:
        return False

    def halved(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        out = func(*args, **kwargs)
        same = [x * 0.5 + x.min() * 0.5 if i == chosen.slot else x for i, x in enumerate(tensors(out))]
        return same[0] if isinstance(out, Tensor) else type(out)(same)

    picture, _ = examination.evaluate(seen, Change({chosen.op: halved}))
    return seen.output is not None and torch.equal(picture, seen.output)


def _classes(tape: Tape, chosen: Ref) -> int:
    """Return over how many classes a choice goes; of scores, how many there are."""
    entry = tape.entries[chosen.op]
    if plain(entry.name) not in CHOOSING:
        return entry.shape[1]
    shape = entry.input_shapes[0] if entry.input_shapes else ()
    dim = argument(entry.args, entry.kwargs, entry.traits, "dim")
    return shape[dim] if isinstance(dim, int) and -len(shape) <= dim < len(shape) else 0


def _painter(tape: Tape, after: tuple[int, ...]) -> tuple[int, int]:
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
    same = torch.full_like(x, float(x.min()))
    same[:, number] = x.max()
    return same


def colour_axis(shape: tuple[int, ...]) -> int | None:
    """Return the axis of the colours of a picture; None for grey."""
    if len(shape) < 4:
        return None
    if shape[1] in (1, *_PICTURE):
        return 1
    return len(shape) - 1 if shape[-1] in _PICTURE else None


def _colour(picture: Tensor) -> Tensor | None:
    """Return the one colour of a picture, [channels]; None where it is not even."""
    axis = colour_axis(tuple(picture.shape))
    rows = picture.movedim(axis, 0).flatten(1) if axis is not None else picture.reshape(1, -1)
    first = rows[:, 0]
    return first.double().cpu() if bool((rows == first[:, None]).all()) else None


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


def repaint(bench: Bench, remedy: Remedy) -> Change:
    """Paint the chosen classes with distinct colours, or with grey levels as far apart as they go."""
    drawing: Drawing = bench.drawing
    chosen = decision(bench.tape, tail(bench.tape, drawing)) or scores_of(bench.tape, drawing)
    if chosen is None or chosen.op == drawing.output.op:
        raise NotApplicableError("no class is chosen and painted")
    count = _classes(bench.tape, chosen)
    _, entries = _painter(bench.tape, tuple(op for op in tail(bench.tape, drawing) if op > chosen.op))
    held: list[Tensor] = []
    wanted = tuple(remedy.parameters.get("colours", ()))

    def keep(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        out = func(*args, **kwargs)
        ids = list(tensors(out))
        scores = ids[chosen.slot]
        held[:] = [scores.argmax(1) if scores.is_floating_point() else scores]
        if not scores.is_floating_point():
            ids[chosen.slot] = scores.clamp(max=entries - 1)  # the table that is left out may lack some
        return ids[0] if isinstance(out, Tensor) else type(out)(ids)

    def paint(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        out = func(*args, **kwargs)
        if not isinstance(out, Tensor):
            raise NotApplicableError("the output is one of several results of its operation")
        return painted(held[0].to(out.device), out, count, wanted)

    return Change(interventions={chosen.op: keep, drawing.output.op: paint})


def painted(ids: Tensor, like: Tensor, count: int, wanted: tuple[str, ...] = ()) -> Tensor:
    """Return class ids in distinct colours, or in those that are wanted, in the shape and type of a picture."""
    axis = colour_axis(tuple(like.shape))
    channels = 1 if axis is None else like.shape[axis]
    rows = (
        [rgb(c) for c in wanted or palette(count)]
        if channels in _PICTURE
        else [(k * 255 // (count - 1),) for k in range(count)]
    )
    table = torch.tensor([(*row, 255)[:channels] if channels in _PICTURE else row for row in rows], device=ids.device)
    places = like.shape if axis is None else like.movedim(axis, -1).shape[:-1]
    ids = ids[: places[0]]  # a function may draw the first sample alone
    if ids.numel() != places.numel():
        raise NotApplicableError("the picture has another size than the classes")
    colours = table[ids.reshape(places)]
    picture = colours.squeeze(-1) if axis is None else colours.movedim(-1, axis)
    if like.is_floating_point() and bool(like.max() <= 1):
        picture = picture / 127.5 - 1 if bool(like.min() < 0) else picture / 255
    return picture.to(like.dtype).contiguous()


ACTIONS: dict[str, Callable[[Bench, Remedy], Change]] = {"repaint": repaint}
"""Actions on painted classes, a part of `remedies.ACTIONS`."""
