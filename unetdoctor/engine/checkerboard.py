"""The grid that a network draws on an input without a picture: what learned upsampling leaves behind."""

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional as F

from unetdoctor.engine.bench import NotApplicableError
from unetdoctor.engine.evaluation import Change, DivergedError
from unetdoctor.engine.grid_remedies import makers, stride_of
from unetdoctor.engine.observation import Observed, place_of
from unetdoctor.engine.remedies import change_for
from unetdoctor.engine.tape import Leaf, Ref
from unetdoctor.engine.weights import resolve
from unetdoctor.facts import Grid, Maker, Remedy

if TYPE_CHECKING:
    from unetdoctor.engine.examination import Examination

PERIODS = (2, 4)
"""Pixels after which a grid repeats itself: the strides of the last two levels. After 8, what a picture itself holds is
as large as a grid."""
NOISE = 1.0
"""Imbalance of a transposed convolution from which on its weights are as random ones (see Maker): where UD211's
AGREE_LIMIT lies, beyond which it judges no fresh grid."""
SMALLEST = 64
"""Pixels of the shorter side from which a grid can be told from the border."""
SMALL = 32
"""The same where taps agree, whose grid is as strong as the picture."""


def grid(examination: "Examination", remedies: tuple[Remedy, ...] = ()) -> Grid | None:
    """Return the grid that a network draws, perhaps under remedies; None where no layer can draw one.

    Of a fresh network only where the taps of a transposed convolution agree: random ones give noise.
    """
    seen = _pass(examination)
    if seen is None or seen.drawing is None or not makers(seen.tape):
        return None
    bench = examination.bench(seen)
    found = tuple(_maker(examination, seen, op, convolution) for op, convolution in makers(seen.tape))
    agree = any(maker.imbalance <= NOISE for maker in found)
    if not bench.model.trained and not agree:
        return None
    change = change_for(bench, remedies)
    picture = examination.evaluate(seen, change)[1] if remedies else seen.raw
    even = _drawn_evenly(examination, seen, change)
    if (
        even is None
        or picture is None
        or min(even.shape[-2:]) < (SMALL if agree else SMALLEST)
        or not even.is_floating_point()
    ):
        return None
    spread = _spread(picture)
    if not math.isfinite(spread) or spread == 0:
        return None
    strengths = {period: _strength(even, period) / spread for period in PERIODS}
    strongest = max(strengths.values())
    # What repeats itself after 2 pixels does so after 4: the shortest period that has nearly all of it.
    period = next(p for p in PERIODS if strengths[p] >= 0.9 * strongest)
    return Grid(
        probe=seen.probe.name,
        period=period,
        even=strengths[period],
        picture=_strength(picture, period) / spread,
        makers=found,
    )


def _pass(examination: "Examination") -> Observed | None:
    """Return the pass whose picture is evened out: a photograph or smooth noise where there is one."""
    passes = [seen for seen in examination.varied if seen.raw is not None and seen.raw.dim() == 4]
    favoured = [seen for seen in passes if seen.probe.real or seen.probe.name == "natural"]
    return next(iter(favoured or passes), None)


def _drawn_evenly(examination: "Examination", seen: Observed, change: Change) -> Tensor | None:
    """Return what the network draws where its picture is replaced by its mean colour."""
    if examination.subject.latent or not seen.inputs or seen.inputs[0].dim() != 4:
        return None
    if not seen.inputs[0].is_floating_point():
        return None
    flat = seen.inputs[0].mean(dim=(2, 3), keepdim=True).expand_as(seen.inputs[0]).contiguous()
    try:
        return examination.evaluate(seen, Change(change.interventions, change.leaves, (flat, *seen.inputs[1:])))[1]
    except (NotApplicableError, DivergedError, RuntimeError, ValueError):
        return None


def _spread(x: Tensor) -> float:
    x = x.float()
    return (x - x.mean(dim=(0, 2, 3), keepdim=True)).square().mean().sqrt().item()


def _strength(drawn: Tensor, period: int) -> float:
    """Return the spread of the means over the places of one phase, without what varies over more than a period."""
    x = drawn.float()
    border = min(x.shape[-2:]) // 4
    inner = x[..., border : x.shape[-2] - border, border : x.shape[-1] - border]
    inner = inner[..., : inner.shape[-2] // period * period, : inner.shape[-1] // period * period]
    smooth = F.avg_pool2d(F.pad(inner, (period // 2, period // 2 - 1) * 2, mode="replicate"), period, stride=1)
    rest = (inner - smooth)[..., period:-period, period:-period]
    n, c, height, width = rest.shape
    phases = rest.reshape(n, c, height // period, period, width // period, period).mean(dim=(2, 4))
    if n > 1:
        phases = phases.mean(dim=0, keepdim=True)  # a grid is the same in every picture
    return (phases - phases.mean(dim=(2, 3), keepdim=True)).square().mean().sqrt().item()


def _maker(examination: "Examination", seen: Observed, op: int, convolution: int) -> Maker:
    entry, kernel = seen.tape.entries[op], seen.tape.entries[convolution]
    reference = kernel.args[1]
    weight = seen.tape.leaves[reference.index].tensor.shape if hasattr(reference, "index") else ()
    place = place_of(kernel if not entry.layer else entry, examination.setting)
    if op == convolution:
        stored = resolve(seen.tape, reference, seen.values) if isinstance(reference, (Ref, Leaf)) else None
        numbers = imbalance(stored, stride_of(entry)) if stored is not None else (math.nan, math.nan)
        return Maker(op, place, "transposed convolution", tuple(weight[2:]), stride_of(entry), *numbers)
    factor = int(entry.args[1])
    return Maker(op, place_of(kernel, examination.setting), "pixel shuffle", tuple(weight[2:]), (factor, factor))


def imbalance(weight: Tensor, stride: tuple[int, ...]) -> tuple[float, float]:
    """Return how unequal the sums over the taps on each pixel are, and how much of that follows their number."""
    rows, columns = stride
    phases = [weight.detach().double()[..., a::rows, b::columns] for a in range(rows) for b in range(columns)]
    sums = torch.stack([taps.sum(dim=(-2, -1)) for taps in phases], dim=-1)
    counts = torch.tensor([float(taps.shape[-1] * taps.shape[-2]) for taps in phases]).to(sums)
    mean = sums.mean(dim=-1, keepdim=True)
    energy, uneven = (mean.square().sum() * len(phases)).item(), sums - mean
    pattern = counts - counts.mean()
    if not energy > 0 or not pattern.any():
        return math.nan, math.nan
    total = uneven.square().sum().item()
    along = (uneven @ (pattern / pattern.norm())).square().sum().item()
    return total / energy, along / total if total else 0.0
