"""Remedies of a crash: the model itself runs again, on another input or with two branches of one size."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from inspect import signature
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from unetdoctor.engine.bench import NotApplicableError
from unetdoctor.engine.displays import display_range
from unetdoctor.engine.evaluation import Change, Intervening
from unetdoctor.engine.feeding import FEEDING, cropped, fed_all
from unetdoctor.engine.observation import Observed
from unetdoctor.engine.outputs import describe, infer_task
from unetdoctor.engine.reshaping import keep_size
from unetdoctor.engine.returned import choose, find_tensors
from unetdoctor.engine.setting import Setting
from unetdoctor.engine.tape import plain_name
from unetdoctor.facts import DisplayRange, Intent, Output, Remedy

ACTIONS = (*FEEDING, "resize_branch", "crop_skip", "stored_statistics")
"""Actions that let a crashed pass run through: on another input, or with other operations."""
RECOVERING = (*ACTIONS, "same_padding")
"""The same, with those that change a pass which ran through as well."""
Rule = Callable[[Any, tuple[Any, ...], dict[str, Any]], Any]
_JOINING = {"cat", "concat", "add", "sub", "mul", "maximum", "minimum"}


def recover(setting: Setting, seen: Observed, remedies: tuple[Remedy, ...]) -> Tensor:
    """Return the chosen output of a crashed pass run again under geometric remedies; raises what the model raises."""
    args, kwargs = seen.args, seen.kwargs
    rule: Rule | None = None
    shape = tuple(seen.inputs[0].shape)
    if not all(remedy.action in RECOVERING for remedy in remedies):
        raise NotApplicableError("a change of shape is tried alone")
    actions = {remedy.action for remedy in remedies}
    for remedy in remedies:
        if remedy.action in FEEDING:
            args, kwargs = fed_all(remedy, args, kwargs, shape)
        elif remedy.action in RULES:
            rule = RULES[remedy.action]
    stored: AbstractContextManager[Any] = StoredStatistics() if "stored_statistics" in actions else nullcontext()
    with seen.tape.leaves_kept(), _buffers_kept(setting.model), stored, Intervening(seen.tape, Change(), rule=rule):
        found = find_tensors(setting.call(args, kwargs))
    chosen, _ = choose(found, shape, setting.output)
    if chosen is None:
        raise ValueError("forward() returned no tensor")
    return cropped(found[chosen][1], args, shape[2:]) if "pad_input" in actions else found[chosen][1]


@contextmanager
def _buffers_kept(model: nn.Module) -> Iterator[None]:
    """Put every buffer back: what a pass writes behind the operation that crashed stands on no tape."""
    saved = [(buffer, buffer.detach().clone()) for buffer in model.buffers()]
    try:
        yield
    finally:
        with torch.no_grad():
            for buffer, before in saved:
                buffer.copy_(before)


def recovered_output(
    tensor: Tensor, seen: Observed, latent: bool, intent: Intent, display: DisplayRange | None
) -> Output:
    """Return the numbers of an output that a remedy let a crashed pass draw."""
    if display is None:
        task, reason = infer_task(latent, seen.probe.shape, tuple(tensor.shape), None)
        intent = replace(intent, inferred_task=task, inferred_from=reason)
        display = display_range(tensor, None, intent)
    return describe("output", tensor, tensor, None, display, intent.effective)


class StoredStatistics(TorchFunctionMode):
    """Normalises with stored statistics whatever asks for those of the batch, before torch checks the batch."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Call the function; F.batch_norm and F.instance_norm with what is stored, where there is something."""
        kwargs = dict(kwargs or {})
        for function, flag, off in ((F.batch_norm, "training", False), (F.instance_norm, "use_input_stats", False)):
            if func is function:
                bound = signature(function).bind(*args, **kwargs).arguments
                if bound.get("running_mean") is None:
                    raise NotApplicableError("the layer stores no statistics")
                return function(**{**bound, flag: off})
        return func(*args, **kwargs)


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


RULES: dict[str, Rule] = {"resize_branch": _resize_branch, "crop_skip": _crop_skip, "same_padding": keep_size}
"""What stands in for every operation of the crashed pass."""
