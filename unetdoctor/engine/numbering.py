"""Which class of the masks each painted colour is: colours have no numbers of their own.

Where the masks hold the same colours or levels, these say it. Where the numbers in the masks cannot be the network's,
since none is 0 or one is beyond its classes, the person's code has numbers of its own: nobody can say in which order,
and each colour counts as the class that it fits best. Else a colour is the network's class that it shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from unetdoctor.engine.reading_masks import LOOK_ALIKE, PAINTED, Drawn
from unetdoctor.engine.scores import best_order, confusion
from unetdoctor.engine.truths import Truth
from unetdoctor.facts import Painting

_FEWEST = 2
"""Colours or levels in common that are no chance."""


@dataclass(frozen=True)
class Numbers:
    """What each painted class is in the masks."""

    ids: tuple[int, ...]
    """Id in the masks, by class of the network."""
    how: str
    """How it is known, behind what is read."""
    exact: bool = False
    """Whether levels that look alike are told apart, as ids are."""
    free: bool = False
    """Whether nothing but the best fit tells: then no order is wrong."""


def numbers_of(painting: Painting, truths: Sequence[Truth], drawn: Sequence[Drawn]) -> Numbers | None:
    """Return what painted classes are in the masks; None where each has the network's number."""
    held = sorted({int(number) for truth in truths for number in truth.ids.unique().tolist() if number >= 0})
    palette = next((truth.palette for truth in truths if truth.palette), ())
    ids = _by_colour(painting, palette, held)
    if ids:
        return Numbers(ids, " (those of the masks)")
    if _by_level(painting, held):
        return Numbers(tuple(int(level) for (level,) in painting.colours), " (their levels are ids)", exact=True)
    if held and (held[0] > 0 or held[-1] >= len(painting.colours)):
        fit = _best_fit(len(painting.colours), held, truths, drawn)
        return Numbers(fit, " (each is the class of the masks that it fits best)", free=True)
    return None


def numbered(drawn: Drawn, numbers: Numbers) -> Drawn:
    """Return painted classes under the numbers of the masks."""
    table = torch.tensor(numbers.ids)
    return replace(
        drawn,
        ids=table[drawn.exact if numbers.exact and drawn.exact is not None else drawn.ids],
        how=f"{PAINTED}{numbers.how}",
        classes=max(numbers.ids) + 1,
        numbers=numbers.ids,
        free=numbers.free,
    )


def _by_colour(painting: Painting, palette: Sequence[str], held: Sequence[int]) -> tuple[int, ...]:
    """Return the id of each colour in the masks, where every id that they hold is painted in its colour."""
    table = [tuple(int(colour[k : k + 2], 16) for k in (1, 3, 5)) for colour in palette]
    order = [number for number in held if number < len(table)]
    order += [number for number in range(len(table)) if number not in held]
    found = []
    for colour in painting.colours:
        alike = (number for number in order if colour and _alike(colour, table[number]))
        found.append(next(alike, -1))
    known = len(held) >= _FEWEST and set(held) <= set(found)
    return tuple(found) if known and -1 not in found else ()


def _alike(colour: Sequence[float], other: Sequence[float]) -> bool:
    wide = tuple(colour) * len(other) if len(colour) == 1 else tuple(colour)[: len(other)]
    return max(abs(a - b) for a, b in zip(wide, other, strict=True)) <= LOOK_ALIKE


def _by_level(painting: Painting, held: Sequence[int]) -> bool:
    """Whether grey levels are ids: the network's own, or such as the masks hold, more than of the network's own."""
    if painting.channels != 1 or not all(painting.colours):
        return False
    levels = {level for (level,) in painting.colours}
    if any(level != int(level) or level < 0 for level in levels):
        return False
    own, common = set(range(len(painting.colours))), len(levels & set(held))
    return levels == own or (common >= _FEWEST and common > len(own & set(held)))


def _best_fit(count: int, held: Sequence[int], truths: Sequence[Truth], drawn: Sequence[Drawn]) -> tuple[int, ...]:
    classes = max(count, held[-1] + 1)
    squares: list[Tensor] = [confusion(t.ids, d.ids, classes) for t, d in zip(truths, drawn, strict=True)]
    return best_order(sum(squares[1:], squares[0])).classes[:count]
