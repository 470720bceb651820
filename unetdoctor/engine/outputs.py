"""An output as numbers: how it is shown, what a person would see."""

import math
from statistics import fmean

import torch
from torch import Tensor

from unetdoctor.engine.chosen import has_channels_last
from unetdoctor.engine.drawing import Drawing
from unetdoctor.engine.head import numbers
from unetdoctor.engine.levels import at_ends, channels_of, histogram, percentiles
from unetdoctor.facts import DisplayRange, Output, Task

_COLOURS = (3, 4)
"""Channels of a picture in colour."""
_MOST_PAINTED = 256
"""Colours of a mask or a colour map at most, which are looked up in a table by a byte."""
_UNLIKE = 0.5
"""Mean square of the difference from the photograph, over its variance, under which a network draws it again. .03-.25:
a denoiser and an autoencoder. 5.6 and more: logits of four networks that segment into three classes."""
_LARGEST = 1_000_000
"""Values of an output beyond which numbers come from an even subsample of places."""

HALF = 0.5
"""Threshold of a mask where none was declared, as a share of its range."""


def as_pictures(tensor: Tensor) -> Tensor:
    """Return any output as float32 [N, C, H, W] on the CPU; volumes show their middle slice."""
    x = tensor.detach()
    if x.is_complex():
        x = x.abs()
    if x.dim() == 5:
        x = x[:, :, x.shape[2] // 2]
    if x.dim() == 3:
        x = x[:, None]
    elif x.dim() < 3:
        x = x.reshape(1, 1, 1, -1) if x.dim() < 2 else x[:, None, None]
    while x.dim() > 4:
        x = x.flatten(2, 3)
    if x.numel() > _LARGEST:
        step = math.ceil(math.sqrt(x.numel() / _LARGEST)) | 1
        x = x[:, :, ::step, ::step]
    return x.to("cpu", torch.float32)


def infer_task(
    latent: bool, fed: tuple[int, ...], shape: tuple[int, ...], drawing: Drawing | None, timestep: bool = False
) -> tuple[Task, str]:
    """Return what the output is meant to be, read from the shapes fed and drawn and the final activation, and why."""
    if has_channels_last(fed):
        shape = (shape[0], shape[3], *fed[1:3]) if len(shape) == 4 and shape[1:3] == fed[1:3] else shape
        fed = (fed[0], fed[3], *fed[1:3])
    if _turned(shape, fed):
        shape = (shape[0], shape[3], *shape[1:3])
    task, reason = _inferred(latent, fed, shape, drawing, timestep)
    if is_signal(fed) and task.is_picture:
        return Task.REGRESSION, "a signal was fed, and no picture"
    return task, reason


def is_photograph(tensor: Tensor) -> bool:
    """Whether bytes in colour are more colours than a mask or a colour map has: no scores of classes."""
    if tensor.dtype is not torch.uint8 or tensor.dim() != 4 or tensor.shape[1] not in _COLOURS:
        return False
    colours = as_pictures(tensor).movedim(1, -1).flatten(0, 2)
    return len(torch.unique(colours, dim=0)) > _MOST_PAINTED * len(tensor)


def repeats(tensor: Tensor, fed: Tensor) -> bool:
    """Return whether every channel in colour has nearly the values of the picture's own: no scores of classes."""
    if tensor.shape != fed.shape or tensor.dim() != 4 or tensor.shape[1] not in _COLOURS:
        return False
    before = as_pictures(fed).transpose(0, 1).flatten(1)
    rest = as_pictures(tensor).transpose(0, 1).flatten(1) - before
    return bool((rest.square().mean(dim=1) < _UNLIKE * before.var(dim=1)).all())


def is_signal(fed: tuple[int, ...]) -> bool:
    """Whether the network was fed [N, C, L]."""
    return len(fed) == 3


def as_row(tensor: Tensor, fed: tuple[int, ...]) -> Tensor:
    """Return what a network drew of a signal, [N, C, L], as pictures of one row; channels in the last place move."""
    tensor = channels_first(tensor, fed)
    return tensor[:, :, None] if is_signal(fed) and tensor.dim() == 3 else tensor


def channels_first(tensor: Tensor, fed: tuple[int, ...]) -> Tensor:
    """Return what a network that was fed [N, H, W, C] drew as [N, C, H, W]."""
    last = has_channels_last(fed) and tensor.dim() == 4 and tuple(tensor.shape[1:3]) == tuple(fed[1:3])
    return tensor.permute(0, 3, 1, 2) if last or _turned(tuple(tensor.shape), fed) else tensor


def _turned(shape: tuple[int, ...], fed: tuple[int, ...]) -> bool:
    """Whether a picture comes out as [N, H, W, C] of a network that was fed [N, C, H, W], as viewers want it."""
    return len(shape) == len(fed) == 4 and shape[3] in _COLOURS and shape[1] not in _COLOURS and shape[1:3] == fed[2:]


def _inferred(
    latent: bool, fed: tuple[int, ...], shape: tuple[int, ...], drawing: Drawing | None, timestep: bool
) -> tuple[Task, str]:
    in_channels = fed[1] if len(fed) > 1 else 0
    channels = shape[1] if len(shape) >= 4 or (is_signal(fed) and len(shape) == 3) else 1
    activation = drawing.activation if drawing else ""
    if latent:
        return Task.GENERATOR, f"a latent vector becomes {channels} channel{'s' * (channels != 1)}"
    if timestep and channels == in_channels:
        return Task.RGB, "a timestep beside the picture, and the input's channels: a diffusion network"
    if activation in ("relu", "softplus", "leaky_relu") or (activation == "clamp" and channels != in_channels):
        return Task.REGRESSION, f"a {activation} ends the network"
    if activation in ("tanh", "hardtanh", "clamp") and channels in (1, 3, 4):
        return Task.RGB, f"a {activation} ends the network"
    if activation in ("softmax", "log_softmax"):
        over = f" over {channels} channels" if len(shape) == len(fed) else ""
        return Task.MULTICLASS, f"a softmax{over} ends the network"
    if (
        channels == in_channels
        and len(shape) == len(fed)
        and all(o > i for o, i in zip(shape[2:], fed[2:], strict=True))
    ):
        return Task.RGB, "the input's channels on a larger picture: super-resolution"
    if channels == 1:
        end = "a sigmoid" if activation == "sigmoid" else "no activation"
        return Task.BINARY, f"one output channel with {end}"
    if activation == "sigmoid":
        if channels == 3 and in_channels == 3:
            return Task.RGB, "a sigmoid over three channels, like the input's"
        return Task.MULTILABEL, f"a sigmoid over {channels} channels"
    if drawing is not None and drawing.residual and channels == in_channels:
        return Task.RGB, "the output is a sum with an earlier picture and has the input's channels"
    return Task.MULTICLASS, f"{channels} output channels without activation"


def shown(x: Tensor, display: DisplayRange) -> Tensor:
    """Return [N, C, H, W] values on the 0..255 scale, not clipped."""
    if display.decode == "sigmoid":
        return torch.sigmoid(x) * 255
    if display.decode == "softmax":
        return torch.softmax(x, dim=1) * 255
    return (x - display.low) * (255 / (display.high - display.low))


def describe(
    path: str,
    tensor: Tensor,
    raw: Tensor,
    drawing: Drawing | None,
    display: DisplayRange,
    task: Task,
    threshold: float | None = None,
) -> Output:
    """Return the numbers of one output; `raw` is what its final activation read (the output itself without one).

    `threshold` is the declared one of a mask of one channel, as a share of its range.
    """
    flattened = raw.dim() == 3 and tensor.dim() == 4 and raw.shape == tensor.flatten(2).shape
    x = as_pictures(tensor)
    before = x if raw is tensor else as_pictures(raw.reshape(tensor.shape) if flattened else raw)
    count = x.numel()
    low, high = _ends(x)
    whole = math.isfinite(low + high)  # then nothing need be picked out, which takes longer than all the rest
    nan = infinite = 0
    clean = known = x
    if not whole:
        finite = torch.isfinite(x)
        nan = int(torch.isnan(x).sum())
        infinite = count - int(finite.sum()) - nan
        clean, known = torch.where(finite, x, torch.zeros((), dtype=x.dtype)), x[finite]
        low, high = _ends(known)
    sound = whole if before is x else math.isfinite(sum(_ends(before)))
    picture = shown(clean, display)
    inside = picture.clamp(0, 255)
    spread_raw = _spread_within(before if sound else torch.nan_to_num(before, nan=0.0, posinf=0.0, neginf=0.0))
    before = before if sound else torch.nan_to_num(before)
    fine = histogram(inside.transpose(0, 1).flatten(1))
    channels = channels_of(clean, inside, fine, spread_raw, before.shape[1])
    together = fine.sum(dim=0, keepdim=True)
    first, last = percentiles(together)[0]
    spread = last - first
    if display.decode == "softmax" or display.source == "softmax":
        spread = max((c.spread_8bit for c in channels), default=0.0)
    difference, raw_difference, correlation, chroma = _between_channels(inside, before, max(spread_raw, default=0.0))
    outside = 0.0
    scale = 255 / (display.high - display.low)
    if display.decode == "as is" and ((low - display.low) * scale < -0.5 or (high - display.low) * scale > 255.5):
        values = (known - display.low) * scale
        outside = ((values < -0.5) | (values > 255.5)).float().mean().item()
    mean = fmean(c.mean_8bit for c in channels) if count else math.nan
    square = fmean(c.std_8bit**2 + (c.mean_8bit - mean) ** 2 for c in channels) if count else math.nan
    ends = at_ends(together[0]) if whole else at_ends(histogram(inside[finite][None])[0])
    samples = x.shape[0]
    above = HALF if threshold is None else threshold
    return Output(
        path=path,
        shape=tuple(tensor.shape),
        dtype=str(tensor.dtype).removeprefix("torch."),
        drawn_by=drawing.drawn_by if drawing else None,
        final_ops=drawing.chain if drawing else (),
        activation=drawing.activation if drawing else "",
        activation_op=drawing.activation_op if drawing else None,
        display=display,
        channels=channels,
        count=count,
        nan=nan,
        infinite=infinite,
        minimum=low,
        maximum=high,
        mean_8bit=mean,
        std_8bit=math.sqrt(square),
        spread_8bit=spread if known.numel() else math.nan,
        raw_spread=max(spread_raw, default=math.nan),
        channel_difference_8bit=difference,
        channel_difference_raw=raw_difference,
        channel_correlation=correlation,
        chroma_8bit=chroma,
        at_low=ends[0],
        at_high=ends[1],
        outside=outside,
        sample_difference_8bit=(2 * inside.var(dim=0).mean()).sqrt().item() if samples > 1 else math.nan,
        class_shares=_class_shares(clean, inside, task, above) if known.numel() else (),
        head=numbers(clean, before, drawing.activation if drawing else ""),
    )


def _ends(x: Tensor) -> tuple[float, float]:
    """Return the smallest and the largest value, NaN where one of them is or where there is none."""
    if not x.numel():
        return math.nan, math.nan
    low, high = torch.aminmax(x)
    return low.item(), high.item()


def _spread_within(before: Tensor) -> list[float]:
    """Return the standard deviation over places, mean over samples, of each channel of finite values."""
    spreads: list[float] = before.flatten(2).std(dim=2, correction=0).mean(dim=0).tolist()
    return spreads


def _between_channels(inside: Tensor, before: Tensor, largest: float) -> tuple[float, float, float, float]:
    """Return (largest difference in 8 bits, raw difference over spread, smallest correlation, chroma)."""
    if inside.shape[1] < 2:
        return math.nan, math.nan, math.nan, math.nan
    difference = (inside.amax(dim=1) - inside.amin(dim=1)).max().item()
    chroma = (inside - inside.mean(dim=1, keepdim=True)).abs().mean().item()
    rows = before.transpose(0, 1).flatten(1).double()
    gap = (rows.amax(dim=0) - rows.amin(dim=0)).max().item()
    centred = rows - rows.mean(dim=1, keepdim=True)
    norms = centred.norm(dim=1)
    correlation = math.nan
    if bool((norms > 0).all()):
        unit = centred / norms[:, None]
        correlation = 1.0 if gap == 0 else (unit @ unit.T).min().item()
    return difference, gap / largest if largest else math.nan, correlation, chroma


def _class_shares(clean: Tensor, inside: Tensor, task: Task, threshold: float) -> tuple[float, ...]:
    if clean.shape[1] == 1:
        above = (inside > 255 * threshold).float().mean().item()
        return (1 - above, above)
    if task.is_picture:
        return ()
    winners = clean.max(dim=1).indices.flatten()  # ten times as fast as argmax
    counts = torch.bincount(winners, minlength=clean.shape[1])
    return tuple((counts / max(winners.numel(), 1)).tolist())
