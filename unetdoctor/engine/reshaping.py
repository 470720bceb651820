"""Remedies that give an output another size: its logits interpolated, or convolutions that keep the border."""

from typing import Any

from torch import Tensor
from torch.nn import functional as F

from unetdoctor.engine.bench import NotApplicableError
from unetdoctor.engine.drawing import CONVOLUTIONS
from unetdoctor.engine.evaluation import Change, Intervening
from unetdoctor.engine.feeding import cropped, fed_all
from unetdoctor.engine.observation import Observed
from unetdoctor.engine.returned import find_tensors
from unetdoctor.engine.setting import Setting
from unetdoctor.engine.tape import plain_name, traits
from unetdoctor.facts import Remedy

ACTIONS = ("resize_output", "same_padding", "pad_input")
"""Actions that a pass without a crash is tried under."""


def reshaped(setting: Setting, seen: Observed, remedies: tuple[Remedy, ...]) -> tuple[Tensor, Tensor]:
    """Return (output, what its final activation reads) of one pass under a change of size."""
    if seen.output is None or seen.drawing is None or len(remedies) > 1:
        raise NotApplicableError("a change of the output's size is tried alone, on an output that was drawn")
    if remedies[0].action == "resize_output":
        size = tuple(seen.inputs[0].shape[2:])
        raw = seen.output if seen.raw is None else seen.raw
        return _resized(seen.output, size), _resized(raw, size)
    args, kwargs = seen.args, seen.kwargs
    shape = tuple(seen.inputs[0].shape)
    padded = remedies[0].action == "pad_input"
    if padded:
        args, kwargs = fed_all(remedies[0], args, kwargs, shape)
    mode = Intervening(seen.tape, Change(), (seen.drawing.raw,), None if padded else keep_size)
    with seen.tape.leaves_kept(), mode:
        tensor = dict(find_tensors(setting.call(args, kwargs)))[seen.path]
    raw = mode.captured.get(seen.drawing.raw, tensor)
    if padded:
        return cropped(tensor, args, shape[2:]), cropped(raw, args, shape[2:])
    return tensor, raw


def _resized(tensor: Tensor, size: tuple[int, ...]) -> Tensor:
    if tensor.dim() != 4 or len(size) != 2 or not tensor.is_floating_point():
        raise NotApplicableError("the output is no map of logits")
    return F.interpolate(tensor, size=size, mode="bilinear")


def keep_size(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Pad a convolution of stride 1 by half its kernel."""
    if plain_name(func) not in CONVOLUTIONS:
        return func(*args, **kwargs)
    names = traits(func).arguments
    bound = dict(zip(names, args, strict=False)) | kwargs
    if bound.get("transposed") or any(s != 1 for s in bound["stride"]):
        return func(*args, **kwargs)
    kernel = bound["weight"].shape[2:]
    half = [d * (k - 1) // 2 for d, k in zip(bound["dilation"], kernel, strict=True)]
    bound["padding"] = [max(p, h) for p, h in zip(bound["padding"], half, strict=True)]
    return func(*[bound[name] for name in names if name in bound])
