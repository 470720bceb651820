"""What a tile draws near its border, beside what the whole picture draws there."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from unetdoctor.engine.isolation import called
from unetdoctor.engine.observation import Observed
from unetdoctor.engine.running import with_inputs
from unetdoctor.facts import TileSeam

if TYPE_CHECKING:
    from unetdoctor.engine.examination import Examination

TOLERANCE = 0.01
"""Difference over the output's spread up to which what a tile draws counts as what the whole draws there. Rounding:
1e-6. A step of 2 of 255 levels, which is not seen: .01 of a picture that uses all of them."""
WIDEST = 4
"""Pictures that are laid side by side, at most: the whole picture then costs as much as a pass over as many samples."""

DIMMED = 0.5
"""Brightness of the half beside the tile: mirrored alone it would have the tile's own mean and spread."""


def tile_seam(examination: Examination) -> TileSeam | None:
    """Return how far the cut of a tile reaches, from two further passes on one sample.

    The samples of the main pass are laid side by side, every other one mirrored; the left half of that is the tile.
    The right one is dimmed.
    None for a fresh network, a slow one, several inputs, and where the output is no picture or the size is refused.
    """
    main = examination.main
    if main.drawing is None or not _is_simple(examination, main) or not examination.bench(main).model.trained:
        return None
    samples = main.inputs[0][:WIDEST]
    count = len(samples) // 2 * 2 or 2
    beside = [samples[number % len(samples)] for number in range(count)]
    strip = torch.cat([x.flip(-1) if number % 2 else x for number, x in enumerate(beside)], dim=-1)
    half = strip.shape[-1] // 2
    strip[..., half:] *= DIMMED
    drawn = [_drawn(examination, main, x[None].contiguous()) for x in (strip, strip[..., :half])]
    if drawn[0] is None or drawn[1] is None:
        return None
    return _compared(drawn[0], drawn[1], half, _stride(main))


def _is_simple(examination: Examination, main: Observed) -> bool:
    if (
        examination.slow
        or examination.subject.latent
        or main.tape.random
        or len(main.inputs) != 1
        or main.output is None
    ):
        return False
    fed, out = main.inputs[0], main.output
    return (
        fed.dim() == 4
        and out.dim() == 4
        and fed.is_floating_point()
        and out.is_floating_point()
        and min(fed.shape[2:]) > 1
        and all(o % i == 0 and o >= i for o, i in zip(out.shape[2:], fed.shape[2:], strict=True))
    )


def _drawn(examination: Examination, main: Observed, picture: Tensor) -> Tensor | None:
    return called(examination.setting, main, *with_inputs(main.args, main.kwargs, (picture,)))


def _compared(whole: Tensor, tile: Tensor, half: int, stride: int) -> TileSeam | None:
    scale = tile.shape[-1] // half
    if tile.shape[-1] != scale * half or whole.shape[-1] != 2 * tile.shape[-1] or whole.shape[:3] != tile.shape[:3]:
        return None
    spread = whole.float().std().item()
    difference = (whole[..., : tile.shape[-1]].float() - tile.float()).square().mean(dim=(0, 1, 2)).sqrt()
    if not (spread > 0 and math.isfinite(spread) and bool(difference.isfinite().all())):
        return None
    errors = difference.flip(0).reshape(half, scale).amax(dim=1) / spread  # by distance from the cut
    beyond = (errors > TOLERANCE).nonzero().flatten()
    reach = int(beyond[-1]) + 1 if len(beyond) else 0
    return TileSeam(
        reach=reach,
        measured=half,
        stride=stride,
        border=errors[0].item(),
        tolerance=TOLERANCE,
    )


def _stride(main: Observed) -> int:
    """Return the largest step of the network's maps, in pixels of its input."""
    width = main.inputs[0].shape[-1]
    widths = {entry.shape[-1] for entry in main.tape.entries if len(entry.shape) == 4 and not entry.static}
    return max((width // w for w in widths if 1 < w <= width and width % w == 0), default=1)
