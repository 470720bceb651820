"""Lazy layers: parameters whose shapes are left open until a first input has passed."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import UninitializedBuffer, is_lazy

from unetdoctor.engine.evaluation import isolated_random_state
from unetdoctor.engine.loading.errors import Guard, RequestError
from unetdoctor.engine.loading.loaded import LoadedModel
from unetdoctor.engine.loading.target import quoted
from unetdoctor.facts import Request

_SIDES = (64, 128, 256, 224, 32, 512)
_CHANNELS = (3, 1, 4)
_LATENT = 100


def settle(loaded: LoadedModel, request: Request, guard: Guard) -> LoadedModel:
    """Give lazy layers the shapes that an input gives them; raises RequestError where none that was tried passes.

    What `--input` declares is fed, else pictures of usual sizes, else latent vectors; the weights are seeded.
    """
    model = loaded.model
    if not any(is_lazy(p) for p in (*model.parameters(), *model.buffers())):
        return loaded
    device = torch.device(request.device)
    tried = list(dict.fromkeys(_shapes(model, request)))
    for shape in tried:
        settled = guard("forward", partial(_settled, model, shape, device, request.seed))
        if settled is not None:
            loaded.model, text = settled, "x".join(map(str, shape))
            loaded.how = (*loaded.how, f"lazy layers took their shapes from an input of {text} (--input gives another)")
            return loaded
    listed = ", ".join("x".join(map(str, shape)) for shape in tried[:4])
    command = f"unetdoctor inspect {quoted(request.target)} --input 1,3,256,256"
    raise RequestError(
        f"{loaded.name} has lazy layers, which take their shapes from a first input, and none that was tried passes "
        f"({listed}, ...); give the shape.",
        (command,),
    )


def _shapes(model: nn.Module, request: Request) -> Iterator[tuple[int, ...]]:
    if request.inputs:
        yield request.inputs[0].shape
        return
    example = getattr(model, "example_input_array", None)
    if isinstance(example, torch.Tensor):
        yield tuple(example.shape)
    for side in _SIDES:
        for channels in _CHANNELS:
            yield 2, channels, side, side
    yield from ((2, _LATENT), (2, _LATENT, 1, 1), (2, 1, 64, 64, 64), (2, 3, 1024))


def _settled(model: nn.Module, shape: tuple[int, ...], device: torch.device, seed: int) -> nn.Module | None:
    """Return a copy of the model that a pass in eval mode gave its shapes; None where it raises or leaves some open.

    A copy, since a layer keeps the wrong shape that an input gave it before another layer refused.
    """
    open_buffers = [b for b in model.buffers() if isinstance(b, UninitializedBuffer)]  # torch cannot copy these
    make: Any = UninitializedBuffer
    memo: dict[int, Any] = {id(b): make(b.requires_grad, b.device, b.dtype) for b in open_buffers}
    copied = copy.deepcopy(model, memo).to(device).eval()
    try:
        with isolated_random_state(seed, device), torch.no_grad():
            copied(torch.randn(shape, device=device))
    except Exception:  # noqa: BLE001 - user code: whatever it raises is a refusal
        return None
    return None if any(is_lazy(p) for p in (*copied.parameters(), *copied.buffers())) else copied
