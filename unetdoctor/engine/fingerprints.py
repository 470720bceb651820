"""Fingerprints of initialisation in the weights: whether a layer is as a library made it, or was trained.

Fresh weights are independent draws from one uniform, normal or truncated normal distribution: a Kolmogorov-Smirnov test
against each, the spread of the filters' own variances and the likeness of filters tell. Training leaves heavier tails,
filters of unequal norm, filters that resemble each other, and values beyond the bound of the initialisation.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Array = npt.NDArray[np.float64]

KS_SIGNIFICANCE = 2.3
"""Factor over sqrt(n): one fresh layer in 20,000 lies beyond it (a network has a hundred layers)."""
SAMPLE = 8_192
"""Weights that a test looks at."""
MIN_WEIGHTS = 64
"""With fewer weights no distribution can be told: taken as fresh."""
ROW_SPREAD = 4.0
"""How far the spread of the filters' variances may exceed that of independent draws."""
GRAM, GRAM_LENGTH = 64, 4096
"""Filters, and weights of each, whose likeness is looked at."""
LIKENESS = 6.0
"""How many standard deviations the mean likeness of pairs may lie above that of independent draws."""
_TRUNCATED_STD = 0.87962566103423978
"""Standard deviation of a normal distribution cut at two of its own."""


@dataclass(frozen=True)
class Mark:
    """What a weight bears."""

    state: str
    """`fresh`, `trained` or `degenerate`."""
    scheme: str
    """`default`, `uniform`, `normal`, `truncated normal`, `constant`, `zero`, `identical filters`, `non-finite`."""


def _normal_cdf(x: Array) -> Array:
    return 0.5 * (1 + torch.erf(torch.from_numpy(x / math.sqrt(2))).numpy())


def _ks(sorted_cdf: Array) -> float:
    n = sorted_cdf.size
    steps = np.arange(1, n + 1) / n
    return float(max(np.max(steps - sorted_cdf), np.max(sorted_cdf - steps + 1 / n)))


def _sample(weight: Tensor) -> Array:
    flat = weight.detach().flatten()
    step = max(flat.numel() // SAMPLE, 1) | 1
    return np.sort(flat[::step].to("cpu", torch.float64).numpy())


def _uniform(values: Array, bound: float) -> bool:
    n = values.size
    cdf = np.clip((values + bound) / (2 * bound), 0, 1)
    return bool(_ks(cdf) < KS_SIGNIFICANCE / math.sqrt(n)) and bool(np.abs(values).max() <= bound * (1 + 1e-5))


def _edges_sharp(values: Array) -> bool:
    """Whether as many values lie in the outermost 2 % of the range as a uniform distribution puts there."""
    bound = np.abs(values).max()
    return int((np.abs(values) > 0.98 * bound).sum()) >= 0.3 * 0.02 * values.size


def _rows_alike(rows: Tensor, kurtosis: float) -> bool:
    """Whether the filters' variances differ no more than independent draws let them."""
    count, size = rows.shape
    if count < 8 or size < 4:
        return True
    if count > 256:
        rows = rows[:: count // 256]
    variances = rows.float().var(dim=1, correction=0)
    relative = float(variances.var() / variances.mean().square())
    return relative <= ROW_SPREAD * (kurtosis - 1) / size + 1e-4


def _independent(rows: Tensor) -> bool:
    """Whether filters, and inputs, are no more alike than independent draws: m * cosine^2 has mean 1 over pairs."""
    for matrix in (rows, rows.t()):
        some = matrix[:: max(matrix.shape[0] // GRAM, 1)][:GRAM, :GRAM_LENGTH].float()
        count, length = some.shape
        norms = some.norm(dim=1)
        if count < 4 or length < 6 or not bool((norms > 0).all()):
            continue
        unit = some / norms[:, None]
        squares = (unit @ unit.T).square()
        pairs = count * (count - 1)
        mean = float(squares.sum() - squares.diagonal().sum()) * length / pairs
        if mean > 1 + LIKENESS * math.sqrt(2 / (pairs / 2)) + 0.1:
            return False
    return True


def degenerate(weight: Tensor, rows: Tensor, row_cosine: float, row_difference: float) -> str:
    """Return what no sane draw gives (`non-finite`, `zero`, `constant`, `identical filters`), else nothing."""
    low, high = (v.item() for v in torch.aminmax(weight.detach().float()))
    if not (math.isfinite(low) and math.isfinite(high)):
        return "non-finite"
    if low == high == 0:
        return "zero"
    if low == high and weight.numel() > 1:
        return "constant"
    if rows.shape[0] > 1 and rows.shape[1] > 1 and row_cosine > 0.9999 and row_difference < 1e-4:
        return "identical filters"
    return ""


def mark(weight: Tensor, rows: Tensor, bound: float, row_cosine: float, row_difference: float) -> Mark:
    """Return whether a weight is fresh, trained or degenerate; `bound` is that of PyTorch's default for its shape.

    `rows` is the weight as [filters, inputs].
    """
    broken = degenerate(weight, rows, row_cosine, row_difference)
    if broken:
        return Mark("degenerate", broken)
    if weight.numel() < MIN_WEIGHTS:
        return Mark("fresh", "")
    if not _independent(rows):
        return Mark("trained", "")
    values = _sample(weight)
    n = values.size
    limit = KS_SIGNIFICANCE / math.sqrt(n)
    if _uniform(values, bound) and _rows_alike(rows, 1.8):
        return Mark("fresh", "default")
    largest = float(np.abs(values).max()) * (n + 1) / n
    if _uniform(values, largest) and _edges_sharp(values) and _rows_alike(rows, 1.8):
        return Mark("fresh", "uniform")
    std = float(values.std())
    if abs(float(values.mean())) > 5 * std / math.sqrt(n):
        return Mark("trained", "")
    if _ks(_normal_cdf(values / std)) < limit and _rows_alike(rows, 3.0):
        return Mark("fresh", "normal")
    scale = std / _TRUNCATED_STD
    mass = _normal_cdf(np.array([2.0]))[0] * 2 - 1
    if np.abs(values).max() <= 2.001 * scale * 1.02:
        cdf = np.clip((_normal_cdf(np.clip(values / scale, -2, 2)) - (1 - mass) / 2) / mass, 0, 1)
        if _ks(cdf) < limit and _rows_alike(rows, 2.4):
            return Mark("fresh", "truncated normal")
    return Mark("trained", "")


def bias_trained(bias: Tensor, bound: float) -> bool:
    """Return whether a bias holds what no usual initialisation gives: not constant, and beyond the default's bound."""
    values = bias.detach().float()
    if values.numel() < 2 or bool((values == values[0]).all()):
        return False
    return bool(values.abs().max() > bound * (1 + 1e-5))
