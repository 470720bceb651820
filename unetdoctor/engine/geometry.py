"""Remedies that change shapes: the model itself runs again, on a padded input or with two branches of one size."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from unetdoctor.engine.bench import NotApplicableError
from unetdoctor.engine.evaluation import Change, Intervening
from unetdoctor.engine.observation import Observed
from unetdoctor.engine.returned import choose, find_tensors
from unetdoctor.engine.setting import Setting
from unetdoctor.engine.tape import plain_name
from unetdoctor.facts import Remedy

ACTIONS = ("pad_input", "resize_branch", "crop_skip")
"""Actions that change shapes."""
_JOINING = {"cat", "concat", "add", "sub", "mul", "maximum", "minimum"}


def recover(setting: Setting, seen: Observed, remedies: tuple[Remedy, ...]) -> Tensor:
    """Return the chosen output of a crashed pass run again under geometric remedies; raises what the model raises."""
    args, kwargs = seen.args, seen.kwargs
    rule = None
    size = tuple(seen.inputs[0].shape[2:])
    if not all(remedy.action in ACTIONS for remedy in remedies):
        raise NotApplicableError("a change of shape is tried alone")
    for remedy in remedies:
        if remedy.action == "pad_input":
            args = tuple(_padded(x, int(remedy.parameters["multiple"])) for x in args)
            kwargs = {key: _padded(x, int(remedy.parameters["multiple"])) for key, x in kwargs.items()}
        elif remedy.action == "resize_branch":
            rule = _resize_branch
        elif remedy.action == "crop_skip":
            rule = _crop_skip
    with seen.tape.leaves_kept(), Intervening(seen.tape, Change(), rule=rule):
        found = find_tensors(setting.call(args, kwargs))
    chosen, _ = choose(found, tuple(seen.inputs[0].shape), setting.output)
    if chosen is None:
        raise ValueError("forward() returned no tensor")
    return _cropped(found[chosen][1], args, size)


def _padded(x: Any, multiple: int) -> Any:
    if not isinstance(x, Tensor) or x.dim() < 4:
        return x
    height, width = x.shape[-2:]
    return F.pad(x, (0, -width % multiple, 0, -height % multiple), mode="replicate" if x.dim() == 4 else "constant")


def _cropped(tensor: Tensor, args: tuple[Any, ...], size: tuple[int, ...]) -> Tensor:
    """Crop an output to the part that belongs to the input before padding, at the output's own scale."""
    fed = next((x for x in args if isinstance(x, Tensor) and x.dim() >= 4), None)
    if fed is None or tensor.dim() < 4 or tuple(fed.shape[2:]) == size:
        return tensor
    height, width = (round(o * s / f) for o, s, f in zip(tensor.shape[-2:], size[-2:], fed.shape[-2:], strict=True))
    return tensor[..., :height, :width]


def _branches(func: Any, args: tuple[Any, ...]) -> list[Tensor] | None:
    """Return the operands of a joining operation that differ in height or width alone."""
    if plain_name(func) not in _JOINING:
        return None
    given = args[0] if isinstance(args[0], (list, tuple)) else args
    operands = [x for x in given if isinstance(x, Tensor)]
    if len(operands) < 2 or any(x.dim() < 4 for x in operands) or len({x.shape[2:] for x in operands}) == 1:
        return None
    return operands


def _joined(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], operands: list[Tensor]) -> Any:
    if isinstance(args[0], (list, tuple)):
        return func(operands, *args[1:], **kwargs)
    rest = iter(operands)
    return func(*[next(rest) if isinstance(x, Tensor) else x for x in args], **kwargs)


def _resize_branch(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Interpolate every branch to the size of the largest."""
    operands = _branches(func, args)
    if operands is None:
        return func(*args, **kwargs)
    largest = max((tuple(x.shape[2:]) for x in operands), key=lambda s: s[0] * s[1])
    mode = "bilinear" if operands[0].dim() == 4 else "nearest"
    sized = [x if x.shape[2:] == torch.Size(largest) else F.interpolate(x, largest, mode=mode) for x in operands]
    return _joined(func, args, kwargs, sized)


def _crop_skip(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Crop every branch around its centre to the size of the smallest."""
    operands = _branches(func, args)
    if operands is None:
        return func(*args, **kwargs)
    smallest = [min(x.shape[d] for x in operands) for d in range(2, operands[0].dim())]
    cropped = []
    for x in operands:
        index = [slice(None), slice(None)]
        index += [slice((n - s) // 2, (n - s) // 2 + s) for n, s in zip(x.shape[2:], smallest, strict=True)]
        cropped.append(x[tuple(index)])
    return _joined(func, args, kwargs, cropped)
