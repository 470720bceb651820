"""An output tensor as 8-bit pictures that neither hide greyness nor clip: as displayed, and stretched."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from unetdoctor.engine.outputs import shown
from unetdoctor.engine.palette import OKABE_ITO, palette, rgb
from unetdoctor.engine.pixels import (
    MAGENTA,
    as_pictures,
    cleaned,
    eight_bit,
    grid,
    levels,
    own_range,
    smaller,
    source_range,
    thinned,
)
from unetdoctor.facts import DisplayRange, Output, Preview, Task

WriteRaw = Callable[[str, bytes], dict[str, Any]]
MOST_CHANNELS = 24
MOST_SAMPLES = 16
MOST_IDS = 256


def draw(
    tensor: Tensor,
    output: Output,
    probe_name: str,
    write_raw: WriteRaw,
    *,
    task: Task = Task.AUTO,
    source: Tensor | None = None,
) -> tuple[Preview, ...]:
    """Draw one output: its input, the decoded picture or class map, an overlay, and every channel twice.

    `tensor` is what the network returned, `output` its numbers with the display range. `task` is what it is meant to be
    (AUTO: read from `output`); `source` the tensor that was fed, where it is a picture. `write_raw(name, data)` stores
    pixels (rows top down, L or RGB) and returns {"file", "size", "sha256"}. Of a batch the first sample is drawn, of
    more than two samples of a picture a grid of at most 16. NaN and infinite values are magenta.
    """
    artist = _Artist(output.display, probe_name, write_raw)
    first = as_pictures(tensor[:1] if tensor.dim() > 2 else tensor)
    found: list[Preview] = []
    fed = _as_fed(source)
    if fed is not None:
        found.append(artist.source(fed))
    if _is_picture(output, task, first.shape[1]):
        found.append(artist.picture(as_pictures(tensor[:MOST_SAMPLES]) if _is_batch(tensor) else first))
    elif not _is_multilabel(output, task):
        found += artist.classes(first, fed, as_ids=_holds_ids(output))
    for channel in range(min(first.shape[1], MOST_CHANNELS)):
        found += artist.channel(first, channel)
    return tuple(found)


def _is_batch(tensor: Tensor) -> bool:
    return tensor.dim() == 4 and tensor.shape[0] > 2


def _is_picture(output: Output, task: Task, channels: int) -> bool:
    """Whether the channels are colours (or one grey level) that are looked at as they are."""
    if channels not in (1, 3):
        return False
    if task is not Task.AUTO:
        return task.is_picture or task is Task.REGRESSION
    if channels == 1:
        return output.display.decode == "as is" and output.activation != "sigmoid"
    return not output.class_shares


def _holds_ids(output: Output) -> bool:
    """Whether one channel of whole numbers comes out that are class ids: no levels of a picture, nor yes and no."""
    return output.holds_ids and 0 <= output.minimum <= output.maximum < MOST_IDS


def _is_multilabel(output: Output, task: Task) -> bool:
    several = len(output.channels) > 1
    if task is Task.AUTO:
        return several and output.display.decode == "sigmoid"
    return several and task in (Task.MULTILABEL, Task.REGRESSION, Task.RGB, Task.GENERATOR)


def _as_fed(source: Tensor | None) -> Tensor | None:
    """Return the first sample of an input that can be shown: [1, 1 or 3, H, W]."""
    if source is None or source.dim() != 4 or min(source.shape[2:]) < 2 or not source.is_floating_point():
        return None
    x = as_pictures(source[:1])
    return x[:, :3] if x.shape[1] >= 3 else x[:, :1]


def _broken_text(x: Tensor) -> str:
    nan, infinite = int(torch.isnan(x).sum()), int(torch.isinf(x).sum())
    if not nan + infinite:
        return ""
    return f"; {nan} NaN and {infinite} infinite values of {x.numel()} in magenta"


def _between(low: float, high: float) -> str:
    """Return two ends, with as many digits as tell them apart by three."""
    digits = min(max(3, 3 + math.ceil(math.log10(max(abs(low), abs(high)) / (high - low)))), 6)
    return f"{low:.{digits}g}..{high:.{digits}g}"


def _range_text(display: DisplayRange) -> str:
    if display.decode == "as is":
        return f"{display.low:g}..{display.high:g} as black..white ({display.source})"
    return f"{display.decode} of the output, 0..1 as black..white"


@dataclass(frozen=True)
class _Artist:
    """Draws the previews of one output."""

    display: DisplayRange
    probe: str
    write_raw: WriteRaw

    def _preview(
        self,
        name: str,
        role: str,
        title: str,
        caption: str,
        pixels: tuple[Tensor, str],
        legend: tuple[tuple[str, str], ...] = (),
    ) -> Preview:
        array, mode = pixels
        stem = f"{self.probe}-{name}"
        written = self.write_raw(f"{stem}.raw", array.numpy().tobytes())
        return Preview(
            name=stem,
            title=title,
            caption=caption,
            width=array.shape[1],
            height=array.shape[0],
            mode=mode,
            role=role,
            file=str(written["file"]),
            size=int(written["size"]),
            sha256=str(written["sha256"]),
            legend=legend,
        )

    def source(self, fed: Tensor) -> Preview:
        """Draw what was fed."""
        clean, broken = cleaned(fed[0])
        low, high = source_range(clean)
        caption = f"{low:.4g}..{high:.4g} as black..white{_broken_text(fed)}"
        return self._preview(
            "input", "input", f"Input: {self.probe}", caption, eight_bit(levels(clean, low, high), broken)
        )

    def picture(self, x: Tensor) -> Preview:
        """Draw the output as a picture, or a grid of them."""
        tiles, holes = zip(*(self._displayed(sample) for sample in x), strict=True)
        caption = _range_text(self.display) + _broken_text(x)
        title = "Picture as displayed"
        if len(tiles) > 1:
            title = f"{len(tiles)} samples as displayed"
        return self._preview("picture", "picture", title, caption, eight_bit(grid(tiles), grid(holes)[0] > 0))

    def _displayed(self, sample: Tensor) -> tuple[Tensor, Tensor]:
        clean, broken = cleaned(sample)
        return shown(clean[None], self.display)[0], broken[None].float()

    def channel(self, x: Tensor, channel: int) -> tuple[Preview, Preview]:
        """Draw one channel as displayed, and stretched to its own range."""
        clean, broken = cleaned(x[0])
        one = x[0, channel : channel + 1]
        own, hole = cleaned(one)
        displayed_levels = shown(clean[None], self.display)[0, channel : channel + 1]
        count = x.shape[1]
        title = f"Channel {channel}" + (f" (of {count}, {MOST_CHANNELS} are shown)" if count > MOST_CHANNELS else "")
        note = _broken_text(one)
        hole = broken if self.display.decode == "softmax" else hole
        name = f"channel-{channel}"
        displayed = self._preview(
            name, "displayed", title, _range_text(self.display) + note, eight_bit(displayed_levels, hole)
        )
        low, high, how = own_range(one)
        if low == high:
            stretched, caption = displayed_levels, f"constant at {low:.6g}: nothing to stretch"
        else:
            stretched, caption = levels(own, low, high), f"{_between(low, high)} ({how}) as black..white"
        return displayed, self._preview(
            f"{name}-stretched", "stretched", f"{title}, stretched", caption + note, eight_bit(stretched, hole)
        )

    def classes(self, x: Tensor, fed: Tensor | None, *, as_ids: bool = False) -> list[Preview]:
        """Draw the class map (or the mask of one channel) with its legend, and over the input."""
        clean, broken = cleaned(x[0])
        if as_ids:
            ids = clean[0].long()
            count = max(int(ids.max()) + 1, 2)
            colours: tuple[str, ...] = palette(count)
            labels, title = [f"class {c}" for c in range(count)], "Classes that come out"
            caption = "class ids as they are; class 0 is black"
        elif x.shape[1] == 1:
            ids = (shown(clean[None], self.display)[0, 0] > 127.5).long()
            colours = ("#000000", "#ffffff")
            labels, title = ["below the threshold", "above the threshold"], "Mask at the threshold"
            caption = f"white where the output is above {_threshold(self.display)}"
        else:
            ids = clean.argmax(dim=0)
            colours = palette(x.shape[1])
            labels, title = [f"class {c}" for c in range(x.shape[1])], "Largest channel at each place"
            caption = f"argmax over {x.shape[1]} channels; class 0 is black"
        counts = torch.bincount(ids.flatten(), minlength=len(labels)).tolist()
        order = sorted((c for c in range(len(labels)) if counts[c]), key=lambda c: -counts[c])[:MOST_CHANNELS]
        legend = tuple((colours[c], f"{labels[c]}: {100 * counts[c] / ids.numel():.1f} %") for c in order)
        table = torch.tensor([rgb(c) for c in colours], dtype=torch.uint8)
        ids, hole = thinned(ids), thinned(broken)
        colour = table[ids]
        colour[hole] = torch.tensor(MAGENTA, dtype=torch.uint8)
        found = [self._preview("classes", "classes", title, caption + _broken_text(x), (colour, "RGB"), legend)]
        if fed is not None:
            found.append(self._overlay(fed, ids, table, legend))
        return found

    def _overlay(self, fed: Tensor, ids: Tensor, table: Tensor, legend: tuple[tuple[str, str], ...]) -> Preview:
        """Lay the classes over the input in grey; class 0 stays clear."""
        clean, _ = cleaned(fed[0])
        grey = smaller(levels(clean, *source_range(clean)).mean(dim=0, keepdim=True)[None].clamp(0, 255))[0]
        over = F.interpolate(ids[None, None].float(), grey.shape[1:], mode="nearest")[0, 0].long()
        colour = table[over].permute(2, 0, 1).float()
        if len(table) == 2:
            colour = torch.tensor(rgb(OKABE_ITO[0]))[:, None, None].expand_as(colour).float()
        mixed = torch.where(over[None] > 0, 0.5 * grey + 0.5 * colour, grey.expand(3, -1, -1))
        pixels = mixed.round().to(torch.uint8).permute(1, 2, 0).contiguous()
        if len(table) == 2:
            legend = tuple((OKABE_ITO[0] if c == "#ffffff" else c, label) for c, label in legend)
        return self._preview("overlay", "overlay", "Over the input", "class 0 is left clear", (pixels, "RGB"), legend)


def _threshold(display: DisplayRange) -> str:
    if display.decode == "sigmoid":
        return "0 (sigmoid 0.5)"
    return f"{(display.low + display.high) / 2:g}"
