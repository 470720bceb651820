"""How the values of the last layer are laid out as pixels, and how smooth the picture is in any other order.

Rows, columns and channels that are folded in a wrong order give the right values at wrong places. All orders hold the
same values, so the picture itself tells the right one: neighbours in it are alike.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from unetdoctor.engine.bench import Bench, NotApplicableError
from unetdoctor.engine.drawing import CONVOLUTIONS, is_weighted, plain
from unetdoctor.engine.evaluation import Change, Intervention
from unetdoctor.engine.observation import Observed, place_of
from unetdoctor.engine.tail import alike
from unetdoctor.engine.tape import Entry, Leaf, Ref, Tape
from unetdoctor.facts import Folding, Remedy

if TYPE_CHECKING:
    from unetdoctor.engine.examination import Examination

_MOVING = {"permute", "transpose", "t", "pixel_shuffle", "view", "_unsafe_view", "reshape", "_reshape_alias"}
_KEEPING = {"clone", "contiguous", "alias", "detach", "unsqueeze", "squeeze"}
_PICTURE = "nchpwq"
"""Axes of a picture in cells: samples, channels, rows of cells and within one, columns of cells and within one."""


@dataclass(frozen=True)
class Fold:
    """The operations, from the first to the last, that lay out what a layer drew as a picture."""

    first: int
    last: int
    shape: tuple[int, ...]
    """Shape of what is laid out."""
    picture: tuple[int, ...]
    front: bool = False
    """Whether a convolution drew them: its channels stand in front of the places, those of a linear layer behind."""


def fold_of(tape: Tape, drawn: Ref | Leaf) -> Fold | None:
    """Return the last layout of values as pixels behind which every value keeps its place; None without one."""
    ref: Ref | Leaf | None = drawn
    while isinstance(ref, Ref) and not _lays_out(tape.entries[ref.op]):
        ref = _only_source(tape, ref) if _keeps_places(tape.entries[ref.op]) else None
    if not isinstance(ref, Ref):
        return None
    first = last = ref.op
    moves = 0
    while isinstance(ref, Ref) and _lays_out(tape.entries[ref.op]):
        first, moves = ref.op, moves + (plain(tape.entries[ref.op].name) in _MOVING)
        ref = _only_source(tape, ref)
    picture, shape = tape.entries[last].shape, tape.entries[first].input_shapes[0]
    known = moves and isinstance(ref, Ref) and len(picture) == 4 and min(picture[2:]) > 1 and shape != picture
    if not known or math.prod(shape) != math.prod(picture):
        return None
    weighted = next((entry for entry in reversed(tape.entries[:first]) if is_weighted(entry)), None)
    front = weighted is not None and plain(weighted.name) in CONVOLUTIONS
    return Fold(first, last, shape, picture, front)


def _lays_out(entry: Entry) -> bool:
    return plain(entry.name) in _MOVING | _KEEPING


def _keeps_places(entry: Entry) -> bool:
    by_value = torch.Tag.pointwise in entry.func.tags or plain(entry.name) in ("_softmax", "_log_softmax")
    return by_value and entry.input_shapes[:1] == (entry.shape,)


def _only_source(tape: Tape, ref: Ref) -> Ref | Leaf | None:
    sources = tape.activations(ref.op)
    return sources[0] if len(sources) == 1 else None


def orders(fold: Fold) -> tuple[tuple[str, dict[str, int]], ...]:
    """Return every order in which the axes of cells can be read from what is laid out, with their sizes."""
    n, c, height, width = fold.picture
    found: dict[tuple[str, int, int], tuple[str, dict[str, int]]] = {}
    for front, (h, w) in _cells(fold):
        if height % h or width % w or c * (height // h) * (width // w) * h * w * n != math.prod(fold.shape):
            continue
        sizes = {"n": n, "c": c, "h": h, "p": height // h, "w": w, "q": width // w}
        for inner in itertools.permutations("cpq"):
            for outer in ("hw", "wh"):
                values = "".join(inner)
                order = "n" + (values + outer if front else outer + values)
                kept = "".join(axis for axis in order if sizes[axis] > 1 or axis == "n")
                found.setdefault((kept, h, w), (order, sizes))
    return tuple(found.values())


def _cells(fold: Fold) -> Iterator[tuple[bool, tuple[int, int]]]:
    """Yield whether the values of a cell stand before the cells, and how many rows and columns of cells there are."""
    _, c, height, width = fold.picture
    shape = fold.shape
    if len(shape) == 4:
        yield fold.front, (shape[2:] if fold.front else shape[1:3])
        return
    counts = {shape[-1]: False}
    if len(shape) == 3:
        counts[shape[1]] = True
    for count, front in counts.items():
        side = math.isqrt(max(count // c, 1))
        if side * side * c == count:
            yield front, (height // side, width // side)


def laid_out(values: Tensor, order: str, sizes: dict[str, int]) -> Tensor:
    """Return values as a picture, read in this order of axes."""
    cells = values.reshape([sizes[axis] for axis in order]).permute([order.index(axis) for axis in _PICTURE])
    return cells.reshape(sizes["n"], sizes["c"], sizes["h"] * sizes["p"], sizes["w"] * sizes["q"])


def roughness(picture: Tensor, rows: int = 1, columns: int = 1) -> float:
    """Return the mean difference between neighbours, down and across together, at the borders of such cells."""
    x = picture.detach().float()
    down, across = (x[..., 1:, :] - x[..., :-1, :]).abs(), (x[..., 1:] - x[..., :-1]).abs()
    return (down[..., rows - 1 :: rows, :].mean() + across[..., columns - 1 :: columns].mean()).item()


def folding(examination: Examination, remedies: tuple[Remedy, ...] = ()) -> Folding | None:
    """Return how the last layer's values are laid out, and the order in which the picture would be smoothest."""
    main = examination.main
    fold = fold_of(main.tape, main.drawing.output) if main.drawing is not None else None
    candidates = orders(fold) if fold is not None else ()
    if fold is None or len(candidates) < 2:
        return None
    seen = [_seen(examination, x, fold, remedies) for x in _telling(list(alike(examination)))]
    rough = [sum(roughness(laid_out(values, *one)) for values, _ in seen) for one in candidates]
    order, sizes = candidates[rough.index(min(rough))]
    cells = (1, 1), (sizes["p"], sizes["q"])
    ratios = [_rougher([(picture, laid_out(values, order, sizes)) for values, picture in seen], *x) for x in cells]
    place = place_of(main.tape.entries[fold.last], examination.setting)
    return Folding(fold.first, fold.last, place, fold.shape, fold.picture, order, sizes, max(ratios))


def _rougher(pairs: Sequence[tuple[Tensor, Tensor]], rows: int, columns: int) -> float:
    """Return how many times rougher the first of each pair is than the second, at the borders of such cells."""
    first, second = (sum(roughness(pair[which], rows, columns) for pair in pairs) for which in (0, 1))
    return first / second if second else 1.0


def _telling(passes: Sequence[Observed]) -> Sequence[Observed]:
    """Return the passes on photographs, else those on what looks like one, else all."""
    photographs = [seen for seen in passes if seen.probe.real]
    return photographs or [seen for seen in passes if seen.probe.name == "natural"] or passes


def _seen(examination: Examination, seen: Observed, fold: Fold, remedies: tuple[Remedy, ...]) -> tuple[Tensor, Tensor]:
    """Return what is laid out in a pass, and the picture that comes of it."""
    change = examination.change(seen, remedies) if remedies else Change()
    values: list[Tensor] = []
    pictures: list[Tensor] = []

    def spy(op: int) -> Intervention:
        inner = change.interventions.get(op)

        def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            if op == fold.first:
                values.append(args[0])
            out = func(*args, **kwargs) if inner is None else inner(func, args, kwargs)
            if op == fold.last:
                pictures.append(out)
            return out

        return act

    spying = {op: spy(op) for op in (fold.first, fold.last)}
    examination.evaluate(seen, Change({**change.interventions, **spying}, change.leaves, change.inputs))
    return values[-1], pictures[-1]


def fold_as(bench: Bench, remedy: Remedy) -> Change:
    """Lay the last layer's values out in another order of axes."""
    fold = fold_of(bench.tape, bench.drawing.output)
    order = str(remedy.parameters["order"])
    known = dict(orders(fold)) if fold is not None else {}
    if fold is None or order not in known:
        raise NotApplicableError("this pass lays out no values in this order")
    kept: list[Tensor] = []

    def keep(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        kept[:] = [args[0]]
        return func(*args, **kwargs) if fold.first != fold.last else put(func, args, kwargs)

    def put(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return laid_out(kept[0], order, known[order])

    return Change(interventions={fold.last: put, fold.first: keep})
