"""The same raw output under every usual reading: which of them draws the picture is then seen at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from unetdoctor.engine.palette import palette, rgb
from unetdoctor.engine.pixels import MAGENTA, as_pictures, cleaned, eight_bit, levels, own_range, thinned
from unetdoctor.facts import Decoding, DisplayRange, Output

MOST_COLOURS = 4
"""Channels up to which values are looked at as colours (with transparency); of more, the first is shown."""
_BYTES = "uint8"
_WHOLE = 255.0
_HALF_LEVEL = 0.5


@dataclass(frozen=True)
class Decoded:
    """A reading with its picture."""

    fact: Decoding
    pixels: tuple[Tensor, str]
    """8-bit pixels [H, W] or [H, W, 3], and their Pillow mode."""


def decodings(tensor: Tensor, output: Output) -> Iterator[Decoded]:
    """Yield the first sample of an output [N, C, H, W] under every reading that its channels allow.

    `output` holds the display range, which says what the evidence supports. Class ids are no values to be read.
    """
    if output.holds_ids:
        return
    x, broken = cleaned(as_pictures(tensor[:1] if tensor.dim() > 2 else tensor)[0])
    wanted = _supported(output)
    whole = output.dtype == _BYTES
    for name, formula, picture in _bytes(x) if whole else _readings(x, output):
        yield Decoded(
            Decoding(
                name=name,
                formula=formula,
                spread_8bit=_spread(picture),
                clipped=100 * _outside(picture).float().mean().item(),
                classes=0,
                supported=name == wanted,
                why=output.display.source if name == wanted else "",
            ),
            eight_bit(_colours(picture.remainder(256) if name == "as is" else picture), broken),
        )
    if x.shape[0] > 1 and not whole:
        yield _classes(x, broken, supported=wanted == _ARGMAX, why=output.display.source)


_ARGMAX = "softmax and argmax"


def _readings(x: Tensor, output: Output) -> Iterator[tuple[str, str, Tensor]]:
    """Yield (name, formula, levels where 0..255 is black..white) of the readings that draw values."""
    low, high, _ = own_range(x)
    yield "as is", "(y * 255).astype(uint8)", x * _WHOLE
    yield "clamped", "y.clamp(0, 1)", x * _WHOLE
    yield "sigmoid", "sigmoid(y)", torch.sigmoid(x) * _WHOLE
    yield "-1..1", "(y + 1) / 2", levels(x, -1.0, 1.0)
    yield "0..255", "y / 255", x
    if high > low:
        yield "min-max", "(y - min) / (max - min)", levels(x, low, high)
    display = output.display
    if display.decode == "as is" and (display.low, display.high) not in _USUAL:
        sign = "+" if display.low < 0 else "-"
        formula = f"(y {sign} {abs(display.low):g}) / {display.high - display.low:g}"
        yield _other(display), formula, levels(x, display.low, display.high)


def _bytes(x: Tensor) -> Iterator[tuple[str, str, Tensor]]:
    """Yield the readings of an output that is 8-bit already: a picture, a mask of 0 and 1, or class ids."""
    low, high, _ = own_range(x)
    yield "0..255", "y", x
    yield "clamped", "(y * 255).clip(0, 255)", x * _WHOLE
    if high > low:
        yield "min-max", "(y - min) / (max - min)", levels(x, low, high)


_USUAL = {(0.0, 1.0): "clamped", (-1.0, 1.0): "-1..1", (0.0, 255.0): "0..255"}


def _other(display: DisplayRange) -> str:
    """Return the name of a range that is not usual: whether a person declared it, else by its ends."""
    return "declared" if display.source == "declared" else f"{display.low:.3g}..{display.high:.3g}"


def _supported(output: Output) -> str:
    display = output.display
    if display.decode == "softmax" or display.source == "softmax":
        return _ARGMAX
    if display.decode == "sigmoid":
        return "sigmoid"
    name = _USUAL.get((display.low, display.high), _other(display))
    return "as is" if name == "clamped" and output.outside == 0 and output.dtype != _BYTES else name


def _outside(picture: Tensor) -> Tensor:
    return (picture < -_HALF_LEVEL) | (picture > _WHOLE + _HALF_LEVEL)


def _spread(picture: Tensor) -> float:
    low, high, _ = own_range(picture.clamp(0, _WHOLE))
    return high - low


def _colours(picture: Tensor) -> Tensor:
    channels = picture.shape[0]
    return picture[:3] if channels in (3, MOST_COLOURS) else picture[:1]


def _classes(x: Tensor, broken: Tensor, *, supported: bool, why: str) -> Decoded:
    ids = x.argmax(dim=0)
    table = torch.tensor([rgb(c) for c in palette(x.shape[0])], dtype=torch.uint8)
    colour = table[thinned(ids)]
    colour[thinned(broken)] = torch.tensor(MAGENTA, dtype=torch.uint8)
    fact = Decoding(
        name=_ARGMAX,
        formula="y.argmax(dim=1), one colour per class",
        spread_8bit=float("nan"),
        clipped=0.0,
        classes=int(ids.unique().numel()),
        supported=supported,
        why=why if supported else "",
    )
    return Decoded(fact, (colour, "RGB"))
