"""The colours of a drawn picture beside those of the photograph that was fed."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import functional as F

from unetdoctor.engine.bench import Bench, NotApplicableError
from unetdoctor.engine.evaluation import Change
from unetdoctor.engine.outputs import shown
from unetdoctor.facts import Colours, DisplayRange, Remedy

if TYPE_CHECKING:
    from unetdoctor.engine.observation import Observed

CHANNELS = 3
PLACES = 200_000
"""Pixels that are looked at, at most."""
STRETCH = 0.02
"""Difference of the sides' ratios up to which two pictures are of one form."""


def colours_of(seen: Observed, drawn: Tensor, display: DisplayRange) -> Colours | None:
    """Return how the colours of a drawn picture go with those of the photograph; None where that is not to be told.

    `drawn` is what this pass draws, perhaps under a remedy.
    """
    if not seen.probe.real or not seen.inputs or display.decode != "as is":
        return None
    fed, drawn = seen.inputs[0].detach().float(), drawn.detach().float()
    if not (_is_colour(fed) and _is_colour(drawn) and fed.shape[0] == drawn.shape[0]):
        return None
    sides = [o / i for o, i in zip(drawn.shape[2:], fed.shape[2:], strict=True)]
    if fed.min() < 0 or fed.max() > 1 or not math.isclose(*sides, rel_tol=STRETCH) or not drawn.isfinite().all():
        return None
    if sides != [1, 1]:
        fed = F.interpolate(fed, size=drawn.shape[2:], mode="bilinear", antialias=True)
    step = max(math.ceil((fed.numel() / CHANNELS / PLACES) ** 0.5), 1)
    fed, drawn = 255 * fed[..., ::step, ::step], shown(drawn[..., ::step, ::step], display).clamp(0, 255)
    before, after = _tones(fed), _tones(drawn)
    difference = (drawn - fed).transpose(0, 1).flatten(1)
    return Colours(
        straight=(_correlation(after[0], before[0]) + _correlation(after[2], before[2])) / 2,
        exchanged=(_correlation(after[0], before[2]) + _correlation(after[2], before[0])) / 2,
        brightness=_correlation(drawn.mean(dim=1), fed.mean(dim=1)),
        tint=(fed[:, 0] - fed[:, 2]).std().item(),
        offsets=tuple(difference.mean(dim=1).tolist()),
        rest=difference.std(dim=1).max().item(),
    )


def _is_colour(x: Tensor) -> bool:
    return x.dim() == 4 and x.shape[1] == CHANNELS and min(x.shape[2:]) > 1


def _tones(x: Tensor) -> Tensor:
    """Return each channel without the brightness that all share, [channel, values]."""
    return (x - x.mean(dim=1, keepdim=True)).transpose(0, 1).flatten(1)


def _correlation(one: Tensor, other: Tensor) -> float:
    a, b = one.flatten() - one.mean(), other.flatten() - other.mean()
    scale = a.norm() * b.norm()
    return (a @ b / scale).item() if scale > 0 else 0.0


def exchange_colours(bench: Bench, remedy: Remedy) -> Change:
    """Exchange the first and the third channel of the output."""
    return _finished(bench, lambda x: x.flip(1))


def subtract_offsets(bench: Bench, remedy: Remedy) -> Change:
    """Subtract a number from each channel of the output."""
    offsets = torch.tensor(remedy.parameters["offsets"])
    return _finished(bench, lambda x: x - offsets.to(x).reshape(1, -1, 1, 1))


def _finished(bench: Bench, finish: Callable[[Tensor], Tensor]) -> Change:
    output = bench.drawing.output

    def finished(x: Tensor) -> Tensor:
        if not _is_colour(x):
            raise NotApplicableError("the output is no colour picture")
        return finish(x)

    def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        out = func(*args, **kwargs)
        if isinstance(out, Tensor):
            return finished(out)
        return type(out)([finished(x) if slot == output.slot else x for slot, x in enumerate(out)])

    return Change(interventions={output.op: act})


ACTIONS: dict[str, Callable[[Bench, Remedy], Change]] = {
    "exchange_colours": exchange_colours,
    "subtract_offsets": subtract_offsets,
}
"""Every remedy on colours that a tape can be evaluated under."""
