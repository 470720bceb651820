"""Preprocessings as data: the declared one, those that training usually applies, and what each makes of a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from unetdoctor.facts import Chain, Preprocessing

IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_CLIP = ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
_CAFFE = (123.68, 116.779, 103.939)
_GREY = (0.449, 0.226)
"""Mean and deviation of ImageNet's colours together, as single-channel networks take them."""
_STD_FLOOR = 1e-6


def normalised(name: str, mean: Sequence[float], std: Sequence[float], scale: float = 255.0) -> Chain:
    """Return (pixel / scale - mean) / std."""
    gain = tuple(1 / (scale * s) for s in std)
    return Chain(name, gain, tuple(-m / s for m, s in zip(mean, std, strict=True)))


UNIT = Chain("0..1", (1 / 255,), (0.0,))
"""What is fed where nobody says anything and no statistics do."""
_SIGNED = Chain("-1..1", (1 / 127.5,), (-1.0,))
_BYTES = Chain("0..255", (1.0,), (0.0,))
_TWICE = Chain("0..1, divided by 255 twice", (1 / 65025,), (0.0,))
_WHOLE = Chain("whole-number division by 255", kind="whole")
_STANDARDISED = Chain("each picture to mean 0 and deviation 1", kind="standardised")


def candidates(channels: int) -> tuple[Chain, ...]:
    """Return the preprocessings that are compared for pictures of this many channels, the most usual first."""
    if channels != 3:
        grey = normalised("ImageNet mean and std, grey", (_GREY[0],), (_GREY[1],))
        return UNIT, _SIGNED, _BYTES, grey, _STANDARDISED, _TWICE, _WHOLE
    forward = (
        UNIT,
        normalised("ImageNet mean and std", *IMAGENET),
        _SIGNED,
        _BYTES,
        Chain("0..255 minus the mean (Caffe)", (1.0,) * 3, tuple(-m for m in _CAFFE)),
        normalised("CLIP mean and std", *_CLIP),
        _STANDARDISED,
        normalised("ImageNet mean and std on 0..255", *IMAGENET, scale=1.0),
        _TWICE,
        _WHOLE,
    )
    return (*forward, *(flipped(chain) for chain in forward))


def flipped(chain: Chain) -> Chain:
    """Return a preprocessing with red and blue exchanged before it; Caffe's means belong to colours."""
    offset = chain.offset[::-1] if "Caffe" in chain.name else chain.offset
    return Chain(chain.name, chain.gain, offset, not chain.flipped, chain.kind)


def declared_chain(asked: Preprocessing, channels: int) -> Chain:
    """Return what `--scale`, `--mean`, `--std` and `--channels` say, by its usual name where it has one."""
    count = max(len(asked.mean), len(asked.std), 1)
    mean, std = (tuple(x) * (count // len(x)) for x in (asked.mean or (0.0,), asked.std or (1.0,)))
    chain = normalised("declared", mean, std, asked.scale or 255.0)
    return known(Chain(chain.name, chain.gain, chain.offset, asked.channels == "bgr"), channels)


def known(chain: Chain, channels: int) -> Chain:
    """Return the usual preprocessing that a chain is, else the chain itself."""
    if chain.kind != "affine":
        return chain
    return next((c for c in candidates(channels) if _alike(c, chain, channels)), chain)


def _alike(a: Chain, b: Chain, channels: int) -> bool:
    if a.kind != b.kind or a.flipped != b.flipped:
        return False
    ends = torch.tensor([0.0, 1.0]).reshape(2, 1, 1, 1).expand(2, channels, 1, 1)
    x, y = applied(a, ends), applied(b, ends)
    return bool((x - y).abs().max() <= 0.01 * (x[1] - x[0]).abs().min())


def applied(chain: Chain, pixels: Tensor) -> Tensor:
    """Return what a preprocessing makes of pixels in 0..1 [N, C, H, W]."""
    x = pixels.float()
    if chain.flipped and x.shape[1] >= 3:
        x = torch.cat([x[:, :3].flip(1), x[:, 3:]], dim=1)
    if chain.kind == "standardised":
        std, mean = torch.std_mean(x, dim=(1, 2, 3), keepdim=True, correction=0)
        return (x - mean) / std.clamp_min(_STD_FLOOR)
    x = (x * 255).round() if chain.kind == "whole" else x * 255
    if chain.kind == "whole":
        return torch.div(x, 255, rounding_mode="floor")
    return x * _column(chain.gain, x) + _column(chain.offset, x)


def _column(values: Sequence[float], x: Tensor) -> Tensor:
    """Return one number a channel; channels beyond those that are declared (alpha) take the last."""
    full = (tuple(values) + (values[-1],) * x.shape[1])[: x.shape[1]]
    return torch.tensor(full, dtype=torch.float32, device=x.device).reshape(1, -1, 1, 1)


def from_parameters(parameters: dict[str, Any]) -> Chain:
    """Return the chain of a remedy's parameters."""
    gain, offset = (tuple(float(v) for v in parameters[key]) for key in ("gain", "offset"))
    return Chain(str(parameters["name"]), gain, offset, bool(parameters["flipped"]), str(parameters["kind"]))


_FITS = 0.995
"""Share of a picture's variance that a line through (pixel, value) must explain to be taken for the preprocessing. 1:
a line at the same size; .999 and above: after bilinear resizing; .96 and below: histogram equalisation, gamma 2.2."""


def recovered(pixels: Tensor, values: Tensor, name: str) -> Chain:
    """Return the line per channel that a person's function applies, from a picture in 0..1 and what became of it.

    Where it is none (a curve, other pixels), the chain is of kind `function`.
    """
    channels = values.shape[1]
    other = Chain(name, kind="function")
    if pixels.shape[1] != channels or values.dim() != 4:
        return other
    x = pixels.float() * 255
    if x.shape[2:] != values.shape[2:]:
        x = torch.nn.functional.interpolate(x, size=values.shape[2:], mode="bilinear", antialias=True)
    y, best = values.float(), other
    explained = _FITS
    for turned in (False, True)[: 1 + (channels == 3)]:
        source = x.flip(1) if turned else x
        fits = [_line(source[:, c].flatten(), y[:, c].flatten()) for c in range(channels)]
        least = min(fit[2] for fit in fits)
        if least > explained:
            explained = least
            best = Chain(name, tuple(f[0] for f in fits), tuple(f[1] for f in fits), turned)
    return known(best, channels)


def _line(x: Tensor, y: Tensor) -> tuple[float, float, float]:
    """Return (gain, offset, explained share of the variance)."""
    dx, dy = x - x.mean(), y - y.mean()
    spread = float(dx.square().sum())
    if spread == 0 or float(dy.square().sum()) == 0:
        return 0.0, 0.0, 0.0
    gain = float((dx * dy).sum()) / spread
    rest = float((dy - gain * dx).square().sum() / dy.square().sum())
    return gain, float(y.mean() - gain * x.mean()), 1 - rest
