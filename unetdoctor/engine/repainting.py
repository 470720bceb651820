"""The remedy on painted classes: other colours in the place of those that look alike or are too dark."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from unetdoctor.engine.bench import Bench, NotApplicableError
from unetdoctor.engine.by_value import ends_of
from unetdoctor.engine.drawing import Drawing
from unetdoctor.engine.evaluation import Change
from unetdoctor.engine.painting import COLOURED, choice, classes_of, colour_axis, painter
from unetdoctor.engine.palette import palette, rgb
from unetdoctor.engine.tail import tail
from unetdoctor.engine.tape import tensors
from unetdoctor.facts import Remedy


def repaint(bench: Bench, remedy: Remedy) -> Change:
    """Paint the chosen classes with distinct colours, or with grey levels as far apart as they go."""
    drawing: Drawing = bench.drawing
    chosen = choice(bench.tape, drawing)
    if chosen is None or chosen.op == drawing.output.op:
        raise NotApplicableError("no class is chosen and painted")
    count = classes_of(bench.tape, chosen)
    _, entries = painter(bench.tape, tuple(op for op in tail(bench.tape, drawing) if op > chosen.op))
    held: list[Tensor] = []
    wanted = tuple(remedy.parameters.get("colours", ()))

    def keep(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        out = func(*args, **kwargs)
        ids = list(tensors(out))
        scores = ids[chosen.slot]
        held[:] = [_ids(scores)]
        if not scores.is_floating_point() and scores.dtype is not torch.bool:
            ids[chosen.slot] = scores.clamp(max=entries - 1)  # the table that is left out may lack some
        return ids[0] if isinstance(out, Tensor) else type(out)(ids)

    def paint(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        out = func(*args, **kwargs)
        if not isinstance(out, Tensor):
            raise NotApplicableError("the output is one of several results of its operation")
        return painted(held[0].to(out.device), out, count, wanted)

    return Change(interventions={chosen.op: keep, drawing.output.op: paint})


def _ids(scores: Tensor) -> Tensor:
    """Return class ids: of one channel those above .5 of probabilities, or above 0 of logits."""
    if not scores.is_floating_point():
        return scores.long()
    if scores.shape[1] > 1:
        return scores.argmax(1)
    return (scores > sum(ends_of(scores)) / 2 if ends_of(scores) == (0.0, 1.0) else scores > 0).long()


def painted(ids: Tensor, like: Tensor, count: int, wanted: tuple[str, ...] = ()) -> Tensor:
    """Return class ids in distinct colours, or in those that are wanted, in the shape and type of a picture."""
    axis = colour_axis(tuple(like.shape))
    channels = 1 if axis is None else like.shape[axis]
    rows = (
        [rgb(c) for c in wanted or palette(count)]
        if channels in COLOURED
        else [(k * 255 // (count - 1),) for k in range(count)]
    )
    table = torch.tensor([(*row, 255)[:channels] if channels in COLOURED else row for row in rows], device=ids.device)
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
