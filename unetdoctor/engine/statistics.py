"""Tensor -> numbers, in one pass over the values, on its own device, synchronised at the end.

The extremes come from every value (`aminmax` carries NaN through); mean and spreads from an even subsample, taken
with odd strides so that a checkerboard does not alias with it.
"""

import math
from typing import Any

import torch
from torch import Tensor

from unetdoctor.engine.liveliness import ends_of, floor_of, share_at_ends
from unetdoctor.engine.tape import Entry, tensors
from unetdoctor.facts import DisplayRange, TensorStatistics

SAMPLE = 16_384
"""Values per tensor from which mean and spreads are taken."""
_CHANNELS = 64
_ALLOCATES = {"empty", "empty_like", "empty_permuted", "empty_strided", "new_empty", "new_empty_strided"}
"""Operations that set memory aside: what lies in it is no result, until another operation writes there."""
_CHANNEL_LAST = {"native_layer_norm", "addmm", "mm", "linear", "_softmax", "gelu"}


def sample_places(tensor: Tensor, channel_last: bool = False) -> Tensor:
    """Return an even subsample as [channels, places] in float32.

    4-D and 5-D tensors have their channels in dim 1, 2-D and 3-D ones (tokens) in the last, as `channel_last` has all.
    """
    if tensor.dim() < 2:
        return tensor.reshape(1, -1)[:, :SAMPLE].float()
    axis = tensor.dim() - 1 if channel_last or tensor.dim() <= 3 else 1
    channels = tensor.shape[axis]
    places = tensor.numel() // max(channels, 1)
    budget = max(SAMPLE // max(min(channels, _CHANNELS), 1), 16)
    index = [slice(None)] * tensor.dim()
    if channels > _CHANNELS:
        index[axis] = slice(None, None, (channels // _CHANNELS) | 1)
    others = [d for d in range(tensor.dim()) if d != axis and tensor.shape[d] > 1 and not (d == 0 and axis != 0)]
    if places > budget and others:
        step = max(math.ceil((places / budget) ** (1 / len(others))), 2) | 1
        for d in others:
            index[d] = slice(None, None, min(step, max(tensor.shape[d] // 3, 1)) | 1)
    return tensor[tuple(index)].movedim(axis, 0).flatten(1).float()


def measure(tensor: Tensor, places: Tensor) -> Tensor:
    """Return [minimum, maximum, mean, std, signal] of a floating tensor as one small tensor on its device.

    `places` is its sample.
    """
    low, high = torch.aminmax(tensor)
    variance, mean = torch.var_mean(places, dim=1, correction=0)
    within = variance.mean()
    between = mean.var(correction=0)
    return torch.stack([low.float(), high.float(), mean.mean(), (within + between).sqrt(), within.sqrt()])


class Statistics:
    """Collects the numbers of every operation of a pass; use as the `observe` of a Recorder or an evaluation."""

    def __init__(self) -> None:
        self._found: dict[int, Tensor] = {}
        self._quiet: dict[int, Tensor] = {}
        self._pinned: dict[int, Tensor] = {}

    def __call__(self, op: int, entry: Entry, result: Any) -> None:
        """Measure the first tensor of a result unless it is a view, memory without values, empty or not floating."""
        if entry.traits.view or entry.name in _ALLOCATES:
            return
        tensor = next(tensors(result), None)
        if tensor is None or not tensor.is_floating_point() or not tensor.numel() or tensor.layout is not torch.strided:
            return
        places = sample_places(tensor.detach(), entry.name in _CHANNEL_LAST)
        self._found[op] = measure(tensor.detach(), places)
        floor = floor_of(entry)
        if floor is not None and tensor.dim() > 1:
            self._quiet[op] = (places.amax(dim=1) <= floor).float().mean()
        ends = ends_of(entry)
        if ends is not None:
            self._pinned[op] = share_at_ends(places, ends)

    def collect(self) -> dict[int, TensorStatistics]:
        """Return the numbers of every operation: nothing is synchronised before."""
        if not self._found:
            return {}
        rows = torch.stack(list(self._found.values())).tolist()
        return {op: TensorStatistics(*row) for op, row in zip(self._found, rows, strict=True)}

    def quiet(self) -> dict[int, float]:
        """Return, for each activation that can die, the share of sampled channels that are 0 everywhere."""
        return _numbers(self._quiet)

    def pinned(self) -> dict[int, float]:
        """Return, for each activation with two ends, the share of the sample that lies at one."""
        return _numbers(self._pinned)


def _numbers(found: dict[int, Tensor]) -> dict[int, float]:
    return dict(zip(found, torch.stack(list(found.values())).tolist(), strict=True)) if found else {}


def range_of(tensor: Tensor) -> DisplayRange:
    """Return how a picture is shown that nothing but its values tells of: as 0..1, 0..255 or -1..1."""
    values = tensor.detach().flatten().float()
    values = values[torch.isfinite(values)]
    if not values.numel():
        return DisplayRange(0.0, 1.0, "as is", "no finite value")
    step = max(values.numel() // 200_000, 1)
    low, high = torch.quantile(values[::step], values.new_tensor([0.005, 0.995])).tolist()
    if low >= -0.05 and high > 2 and high <= 260:
        return DisplayRange(0.0, 255.0, "as is", "values in 0..255")
    if low >= -0.05 and high <= 2:
        return DisplayRange(0.0, 1.0, "as is", "values in 0..1")
    return DisplayRange(-1.0, 1.0, "as is", "values on both sides of 0")
