"""Remedies that change what is fed: padded, permuted, with other channels, samples or sides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from unetdoctor.engine.bench import NotApplicableError
from unetdoctor.facts import Remedy

Parameters = dict[str, Any]
_LUMINANCE = (0.299, 0.587, 0.114)


def _pad_input(x: Tensor, parameters: Parameters) -> Tensor:
    """Pad height and width at their ends to a multiple, or to one each."""
    wanted = parameters["multiple"]
    rows, columns = wanted if isinstance(wanted, (list, tuple)) else (wanted, wanted)
    height, width = x.shape[-2:]
    return F.pad(x, (0, -width % columns, 0, -height % rows), mode="replicate" if x.dim() == 4 else "constant")


def _repeat_channels(x: Tensor, parameters: Parameters) -> Tensor:
    """Repeat the channels, or the first of them, until there are as many as are wanted."""
    count = int(parameters["channels"])
    return torch.cat([x] * -(-count // x.shape[1]), dim=1)[:, :count]


def _drop_channels(x: Tensor, parameters: Parameters) -> Tensor:
    """Keep the first channels: RGBA without alpha, LA without alpha."""
    return x[:, : int(parameters["channels"])]


def _luminance(x: Tensor, parameters: Parameters) -> Tensor:
    """Weigh red, green and blue into one channel."""
    if x.shape[1] < 3:
        raise NotApplicableError(f"{x.shape[1]} channels hold no red, green and blue")
    weights = torch.tensor(_LUMINANCE, dtype=x.dtype, device=x.device).reshape(1, 3, *[1] * (x.dim() - 2))
    return (x[:, :3] * weights).sum(dim=1, keepdim=True)


def _permute_input(x: Tensor, parameters: Parameters) -> Tensor:
    """Bring the last axis, the channels, to the second place."""
    return x.movedim(-1, 1).contiguous()


def _repeat_batch(x: Tensor, parameters: Parameters) -> Tensor:
    """Feed the samples and, beside them, as many turned upside down: two equal samples have no spread."""
    return torch.cat([x, x.flip(-1)])[: max(int(parameters["samples"]), x.shape[0])]


def _enlarge_input(x: Tensor, parameters: Parameters) -> Tensor:
    """Resize the picture to a larger size."""
    size = tuple(int(n) for n in parameters["size"])
    if len(size) != x.dim() - 2:
        raise NotApplicableError("the input is no picture")
    return F.interpolate(x, size=size, mode="nearest")


def _as_type(x: Tensor, parameters: Parameters) -> Tensor:
    """Convert to the type of the weights, and divide bytes by 255."""
    return x.to(getattr(torch, str(parameters["dtype"]))) / float(parameters["by"])


FEEDING: dict[str, Callable[[Tensor, Parameters], Tensor]] = {
    "pad_input": _pad_input,
    "repeat_channels": _repeat_channels,
    "drop_channels": _drop_channels,
    "luminance": _luminance,
    "permute_input": _permute_input,
    "repeat_batch": _repeat_batch,
    "enlarge_input": _enlarge_input,
    "as_type": _as_type,
}
"""Action -> what it makes of the picture that is fed."""
_EVERY_SAMPLE = ("repeat_batch",)
"""Actions that change what stands beside the picture as well: timesteps and labels have the picture's batch."""
_EVERY_PICTURE = ("pad_input", "enlarge_input")
"""Actions that change every picture of the same size."""


def fed_all(
    remedy: Remedy, args: tuple[Any, ...], kwargs: dict[str, Any], shape: tuple[int, ...]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments of forward() as a remedy changes them; `shape` is that of the picture."""
    changed = tuple(_fed(remedy.action, x, remedy.parameters, shape) for x in args)
    return changed, {key: _fed(remedy.action, x, remedy.parameters, shape) for key, x in kwargs.items()}


def _fed(action: str, value: Any, parameters: Parameters, shape: tuple[int, ...]) -> Any:
    """Return one argument of forward() as the action changes it; `shape` is that of the picture."""
    if not isinstance(value, Tensor):
        return value
    alike = tuple(value.shape) == shape
    alike |= action in _EVERY_SAMPLE and value.dim() > 0 and value.shape[0] == shape[0]
    alike |= action in _EVERY_PICTURE and value.dim() >= 4 and tuple(value.shape[2:]) == shape[2:]
    return FEEDING[action](value, parameters) if alike else value


def cropped(tensor: Tensor, args: tuple[Any, ...], size: tuple[int, ...]) -> Tensor:
    """Crop an output to the part that belongs to the input before padding, at the output's own scale."""
    fed = next((x for x in args if isinstance(x, Tensor) and x.dim() >= 4), None)
    if fed is None or tensor.dim() < 4 or tuple(fed.shape[2:]) == size:
        return tensor
    height, width = (round(o * s / f) for o, s, f in zip(tensor.shape[-2:], size[-2:], fed.shape[-2:], strict=True))
    return tensor[..., :height, :width]
