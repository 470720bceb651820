"""Where an output lies beside its mask, to fractions of a pixel, and along which of its edges it is wrong."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional as F

from unetdoctor.facts import Edges, Shift

REACH = 1.5
"""Standard deviation, in pixels, of the blur that carries an outline over to what lies beside it."""
ROUNDS = 6
FURTHEST = 6.0
"""Pixels beyond which nothing is said."""
_LEAST_SLOPE = 1e-4
LEAST_SUPPORT = 60
"""Places along outlines below which nothing is said."""
PERIODS = (16, 8, 4, 2)

Offsets = tuple[float, float, float, float]
"""(down, right, growth in height, growth in width); growth in pixels from the middle to the edge."""


@dataclass
class Equations:
    """Normal equations of the offsets: matrix [4, 4], right side [4], and how many places made them."""

    matrix: Tensor = field(default_factory=lambda: torch.zeros(4, 4, dtype=torch.float64))
    side: Tensor = field(default_factory=lambda: torch.zeros(4, dtype=torch.float64))
    support: int = 0

    def __add__(self, other: Equations) -> Equations:
        """Return the equations of both."""
        return Equations(self.matrix + other.matrix, self.side + other.side, self.support + other.support)

    def solved(self) -> Offsets:
        """Return the offsets; those that nothing tells stay near 0."""
        ridge = 1e-3 * torch.eye(4, dtype=torch.float64) * max(self.matrix.diagonal().max().item(), 1e-9)
        down, right, tall, wide = torch.linalg.solve(self.matrix + ridge, self.side).tolist()
        return down, right, tall, wide


def moved(values: Tensor, offsets: Offsets) -> Tensor:
    """Return values [C, H, W] moved back by the offsets (bilinear); what comes in from outside is the edge's."""
    height, width = values.shape[-2:]
    y, x = _axes(height, width)
    down, right, tall, wide = offsets
    rows = (torch.arange(height)[:, None] + down + tall * y).expand(height, width)
    columns = (torch.arange(width)[None, :] + right + wide * x).expand(height, width)
    grid = torch.stack([(2 * columns + 1) / width - 1, (2 * rows + 1) / height - 1], dim=-1)[None].float()
    return F.grid_sample(values[None].float(), grid, mode="bilinear", padding_mode="border", align_corners=False)[0]


def equations(truth: Tensor, ids: Tensor, offsets: Offsets) -> Equations:
    """Return how the outlines of an output, moved back by the offsets, lie beside those of a mask, to first order.

    A drawn outline that lies lower by d satisfies drawn(y) = mask(y - d), so drawn - mask = -d * slope. Classes but the
    background, places where the mask is known for some pixels around.
    """
    known = (truth >= 0).float()
    far = F.max_pool2d(1 - known[None, None], 7, 1, 3)[0, 0] == 0
    far[:3], far[-3:], far[:, :3], far[:, -3:] = False, False, False, False
    y, x = _axes(*truth.shape)
    total = Equations()
    for number in truth[truth > 0].unique().tolist():
        drawn = _blurred((ids == number).float())
        if not drawn.any():
            continue
        one, other = _blurred((truth == number).float()), moved(drawn[None], offsets)[0]
        gy, gx = _gradient((one + other) / 2)
        used = (gy.square() + gx.square() > _LEAST_SLOPE) & far
        if used.any():
            columns = torch.stack([-gy, -gx, -gy * y, -gx * x], dim=-1)[used].double()
            residual = (other - one)[used].double()
            total = total + Equations(columns.T @ columns, columns.T @ residual, int(used.sum()))
    return total


def shift_of(pairs: list[tuple[Tensor, Tensor]]) -> Shift | None:
    """Return how far outputs lie from their masks; `pairs` are (mask, output) ids [H, W].

    None where too little of the two overlaps to tell, or where they lie further apart than that is found.
    """
    offsets: Offsets = (0.0, 0.0, 0.0, 0.0)
    support = 0
    for _ in range(ROUNDS):
        found = sum((equations(*pair, offsets) for pair in pairs), Equations())
        support = found.support
        if support < LEAST_SUPPORT:
            return None
        step = found.solved()
        offsets = (offsets[0] + step[0], offsets[1] + step[1], offsets[2] + step[2], offsets[3] + step[3])
        if max(abs(x) for x in offsets) > FURTHEST:
            return None
        if max(abs(x) for x in step) < 0.02:
            break
    own = [equations(*pair, offsets) for pair in pairs] if len(pairs) > 1 else []
    each = [x.solved() for x in own if x.support >= LEAST_SUPPORT]
    return Shift(
        down=offsets[0],
        right=offsets[1],
        grows=(offsets[2] + offsets[3]) / 2,
        scatter=max((max(abs(x[0]), abs(x[1])) for x in each), default=0.0),
        unrest=max([abs(offsets[2] - offsets[3]) / 2, *(max(abs(x[2]), abs(x[3])) for x in each)]),
        support=support,
    )


def edges_of(pairs: list[tuple[Tensor, Tensor]]) -> Edges | None:
    """Return where the errors of outputs lie beside their masks; `pairs` are (mask, output) ids [H, W]."""
    height, width = pairs[0][0].shape
    reach = max(1, round(0.01 * (height**2 + width**2) ** 0.5))
    numbers = torch.zeros(4, dtype=torch.float64)  # wrong and all, in the band and inside
    lengths = torch.zeros(2, dtype=torch.float64)
    hits: dict[int, tuple[Tensor, Tensor]] = {p: (torch.zeros(p, p), torch.zeros(p, p)) for p in PERIODS}
    for truth, ids in pairs:
        known = truth >= 0
        lines = _lines(truth)
        band = (F.max_pool2d(lines[None, None].float(), 2 * reach + 1, 1, reach)[0, 0] > 0) & known
        wrong = (truth != ids) & known
        inside = known & ~band
        numbers += torch.tensor([(wrong & band).sum(), band.sum(), (wrong & inside).sum(), inside.sum()])
        lengths += torch.tensor([_lines(torch.where(known, ids, truth)).sum(), lines.sum()])
        for period, (errors, places) in hits.items():
            errors += _folded(wrong & band, period)
            places += _folded(band, period)
    if not numbers[1] or not lengths[1]:
        return None
    period, phase = max(((p, _unevenness(*hits[p])) for p in PERIODS), key=lambda pair: pair[1])
    total = (numbers[0] + numbers[2]).item()
    return Edges(
        width=reach,
        band=(numbers[0] / numbers[1]).item(),
        interior=(numbers[2] / numbers[3].clamp_min(1)).item(),
        wrong_in_band=numbers[0].item() / total if total else float("nan"),
        length=(lengths[0] / lengths[1]).item(),
        period=period,
        phase=phase,
    )


def _lines(ids: Tensor) -> Tensor:
    """Return the places [H, W] whose lower or right neighbour has another class."""
    found = torch.zeros_like(ids, dtype=torch.bool)
    found[:-1] |= ids[1:] != ids[:-1]
    found[:, :-1] |= ids[:, 1:] != ids[:, :-1]
    return found


def _folded(hit: Tensor, period: int) -> Tensor:
    """Return how many places fall on each phase of a period, [period, period]."""
    rows, columns = torch.nonzero(hit, as_tuple=True)
    flat = (rows % period) * period + columns % period
    return torch.bincount(flat, minlength=period * period).reshape(period, period).float()


def _unevenness(errors: Tensor, places: Tensor) -> float:
    """Return the deviation of the error rate over phases, over its mean, beyond what counting alone makes."""
    usable = places > 0
    if errors.sum() < 4 * errors.numel() or not usable.all():
        return 0.0
    rate = errors / places
    mean = errors.sum() / places.sum()
    expected = (mean * (1 - mean) / places).mean()
    excess = rate.var(correction=0) - expected
    return float(excess.clamp_min(0).sqrt() / mean)


def _axes(height: int, width: int) -> tuple[Tensor, Tensor]:
    y = torch.linspace(-1, 1, height)[:, None] if height > 1 else torch.zeros(1, 1)
    x = torch.linspace(-1, 1, width)[None, :] if width > 1 else torch.zeros(1, 1)
    return y, x


def _blurred(mask: Tensor) -> Tensor:
    reach = round(3 * REACH)
    taps = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / REACH) ** 2)
    taps = taps / taps.sum()
    x = F.pad(mask[None, None], (reach,) * 4, mode="replicate")
    x = F.conv2d(x, taps.reshape(1, 1, -1, 1))
    return F.conv2d(x, taps.reshape(1, 1, 1, -1))[0, 0]


def _gradient(x: Tensor) -> tuple[Tensor, Tensor]:
    gy, gx = torch.zeros_like(x), torch.zeros_like(x)
    gy[1:-1] = (x[2:] - x[:-2]) / 2
    gx[:, 1:-1] = (x[:, 2:] - x[:, :-2]) / 2
    return gy, gx
