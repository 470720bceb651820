"""Tensors in and out of 8-bit pixels: sizes, ranges, grids; NaN and infinite values stay visible."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

LONGEST = 512
"""Pixels of the longer side; larger pictures are averaged down."""
MAGENTA = (255, 0, 255)
GAP = 2
"""Pixels between the samples of a grid."""


def as_pictures(tensor: Tensor) -> Tensor:
    """Return any output as float32 [N, C, H, W] on the CPU, every value kept; volumes show their middle slice."""
    x = tensor.detach()
    if x.is_complex():
        x = x.abs()
    if x.dim() == 5:
        x = x[:, :, x.shape[2] // 2]
    elif x.dim() == 3:
        x = x[:, None]
    elif x.dim() < 3:
        x = x.reshape(1, 1, 1, -1) if x.dim() < 2 else x[:, None, None]
    while x.dim() > 4:
        x = x.flatten(2, 3)
    return x.to("cpu", torch.float32)


def smaller(x: Tensor) -> Tensor:
    """Return [N, C, H, W] averaged down until the longer side has 512 pixels."""
    height, width = x.shape[2:]
    scale = LONGEST / max(height, width)
    if scale >= 1:
        return x
    return F.interpolate(x, (max(1, round(height * scale)), max(1, round(width * scale))), mode="area")


def eight_bit(values: Tensor, broken: Tensor) -> tuple[Tensor, str]:
    """Return uint8 [H, W] or [H, W, 3] of [C, H, W] levels in 0..255; places that are not finite become magenta."""
    small = smaller(values[None].clamp(0, 255))[0].round().to(torch.uint8)
    if not bool(broken.any()):
        return (small[0], "L") if small.shape[0] == 1 else (small.permute(1, 2, 0).contiguous(), "RGB")
    colour = small.expand(3, *small.shape[1:]).permute(1, 2, 0).clone()
    hit = smaller(broken[None, None].float())[0, 0] > 0
    colour[hit] = torch.tensor(MAGENTA, dtype=torch.uint8)
    return colour, "RGB"


def cleaned(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return [C, H, W] with 0 for what is not finite, and where that is, [H, W]."""
    finite = torch.isfinite(x)
    return torch.where(finite, x, torch.zeros((), dtype=x.dtype)), ~finite.all(dim=0)


def levels(x: Tensor, low: float, high: float) -> Tensor:
    """Return values on the 0..255 scale between two of them."""
    return (x - low) * (255 / (high - low))


def source_range(x: Tensor) -> tuple[float, float]:
    """Return the values of an input that are shown as black and white."""
    low, high = x.min().item(), x.max().item()
    if low >= 0 and high <= 1:
        return 0.0, 1.0
    if low >= 0 and high <= 255:
        return 0.0, 255.0
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def own_range(one: Tensor) -> tuple[float, float, str]:
    """Return p1 and p99 of the finite values, or minimum and maximum where these fall together."""
    values = one[torch.isfinite(one)]
    if not values.numel():
        return 0.0, 0.0, "no finite value"
    step = max(1, values.numel() // 1_000_000)
    low, high = torch.quantile(values[::step], values.new_tensor([0.01, 0.99])).tolist()
    if high > low:
        return low, high, "p1..p99"
    return values.min().item(), values.max().item(), "min..max"


def thinned(x: Tensor) -> Tensor:
    """Return [H, W] with every k-th row and column: ids are never averaged."""
    step = math.ceil(max(x.shape) / LONGEST)
    return x[::step, ::step]


def grid(tiles: tuple[Tensor, ...]) -> Tensor:
    """Return [C, H, W] tiles side by side, a near square, with a thin black gap."""
    columns = math.ceil(math.sqrt(len(tiles)))
    rows = math.ceil(len(tiles) / columns)
    channels, height, width = tiles[0].shape
    if len(tiles) == 1:
        return tiles[0]
    page = torch.zeros(channels, rows * (height + GAP) - GAP, columns * (width + GAP) - GAP)
    for number, tile in enumerate(tiles):
        top, left = number // columns * (height + GAP), number % columns * (width + GAP)
        page[:, top : top + height, left : left + width] = tile
    return page
