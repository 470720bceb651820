"""The grid that a network draws on an input without a picture: what a transposed convolution leaves behind."""

import math
from typing import TYPE_CHECKING

from torch import Tensor
from torch.nn import functional as F

from unetdoctor.engine.bench import NotApplicableError
from unetdoctor.engine.evaluation import Change, DivergedError
from unetdoctor.engine.observation import Observed

if TYPE_CHECKING:
    from unetdoctor.engine.examination import Examination

PERIODS = (2, 4, 8)
"""Pixels after which a grid repeats itself: the strides from the output back to three levels below."""
SMALLEST = 32
"""Pixels of the shorter side from which a grid can be told from the border."""


def probe_of(examination: "Examination") -> Observed | None:
    """Return the pass whose input, evened out, is what the grid is looked for on: smooth or real where there is one."""
    passes = [seen for seen in examination.varied if seen.raw is not None and seen.raw.dim() == 4]
    favoured = [seen for seen in passes if seen.probe.real or seen.probe.name == "natural"]
    return next(iter(favoured or passes), None)


def grid(seen: Observed, even: Tensor) -> tuple[tuple[int, float], ...]:
    """Return (period, strength) of the grids in what is drawn on an even input, against the spread of the picture."""
    drawn = seen.raw
    if drawn is None or min(even.shape[-2:]) < SMALLEST or not even.is_floating_point():
        return ()
    mean = drawn.float().mean(dim=(0, 2, 3), keepdim=True)
    spread = (drawn.float() - mean).square().mean().sqrt().item()
    if not math.isfinite(spread) or spread == 0:
        return ()
    return tuple((period, _strength(even.float(), period) / spread) for period in PERIODS)


def _strength(x: Tensor, period: int) -> float:
    """Return the spread of the means over the places of one phase, behind the mean over a window of one period."""
    border = min(x.shape[-2:]) // 4
    inner = x[..., border : x.shape[-2] - border, border : x.shape[-1] - border]
    inner = inner[..., : inner.shape[-2] // period * period, : inner.shape[-1] // period * period]
    smooth = F.avg_pool2d(F.pad(inner, (period // 2, period // 2 - 1) * 2, mode="replicate"), period, stride=1)
    rest = (inner - smooth)[..., period:-period, period:-period]
    n, c, height, width = rest.shape
    phases = rest.reshape(n, c, height // period, period, width // period, period).mean(dim=(2, 4))
    return (phases - phases.mean(dim=(2, 3), keepdim=True)).square().mean().sqrt().item()


def evened(examination: "Examination", seen: Observed, change: Change | None = None) -> Tensor | None:
    """Return what the network draws where its picture is replaced by its mean colour, perhaps under a change."""
    if not seen.inputs or seen.inputs[0].dim() != 4 or not seen.inputs[0].is_floating_point():
        return None
    flat = seen.inputs[0].mean(dim=(2, 3), keepdim=True).expand_as(seen.inputs[0]).contiguous()
    whole = change or Change()
    changed = Change(whole.interventions, whole.leaves, (flat, *seen.inputs[1:]))
    try:
        return examination.evaluate(seen, changed)[1]
    except (NotApplicableError, DivergedError, RuntimeError, ValueError):
        return None
