"""How far an output moved between two inputs."""

from collections.abc import Sequence

import torch
from torch import Tensor

from unetdoctor.engine import outputs
from unetdoctor.facts import Comparison, DisplayRange


def compare_all(
    kind: str, tensors: Sequence[tuple[str, Tensor]], display: DisplayRange | None
) -> tuple[Comparison, ...]:
    """Compare the outputs of every two probes that have one shape."""
    if display is None:
        return ()
    found = []
    for i, (first, a) in enumerate(tensors):
        for second, b in tensors[i + 1 :]:
            count = min(a.shape[0], b.shape[0]) if a.dim() else 0
            if first != second and a.dim() >= 2 and a.shape[1:] == b.shape[1:] and count:
                found.append(_compared(kind, first, second, a[:count], b[:count], display))
    return tuple(found)


def _compared(kind: str, first: str, second: str, a: Tensor, b: Tensor, display: DisplayRange) -> Comparison:
    x, y = torch.nan_to_num(a.detach().float()), torch.nan_to_num(b.detach().float())
    difference = (x - y).square().mean().sqrt().item()
    scale = (x - x.mean()).square().mean().sqrt().item()
    if x.dim() >= 4:
        pictures = (outputs.shown(outputs.as_pictures(x), display), outputs.shown(outputs.as_pictures(y), display))
        eight = (pictures[0].clamp(0, 255) - pictures[1].clamp(0, 255)).square().mean().sqrt().item()
    else:
        eight = difference * 255 / (display.high - display.low)
    return Comparison(kind, first, second, difference, scale, eight)
