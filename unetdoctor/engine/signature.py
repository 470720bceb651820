"""What forward() takes: names, kinds and roles of its arguments."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

_TIMES = ("t", "ts", "time", "times", "timestep", "timesteps", "time_step", "time_steps", "step", "steps")
_LEVELS = ("sigma", "sigmas", "noise_level", "noise_levels", "noise_labels", "gamma", "log_snr", "lambda_t")
_LABELS = ("y", "label", "labels", "class_label", "class_labels", "class_id", "classes", "cls", "c", "cond_label")
_CONTEXTS = ("context", "encoder_hidden_states", "cond_emb", "text_emb", "text_embeddings")
_MAINS = (
    "x",
    "input",
    "inputs",
    "image",
    "images",
    "img",
    "imgs",
    "z",
    "noise",
    "latent",
    "latents",
    "sample",
    "noisy",
)
_PICTURES = ("x", "z", "input", "inputs", "image", "images", "img", "imgs")
"""Of these, what a function that is a network itself calls its first argument."""
_MAKING = ("build", "make", "create", "get", "load")


@dataclass(frozen=True)
class Parameter:
    """One argument of forward()."""

    name: str
    """Its name."""
    required: bool
    """Whether it has no default."""
    keyword_only: bool
    """Whether it must be given by name."""
    role: str
    """`main`, `time`, `level` (a continuous timestep), `label`, `context`, `other`."""
    type: str = "Tensor"
    """Type that a TorchScript schema names; `Tensor` where unknown."""


def parameters(model: nn.Module) -> tuple[Parameter, ...]:
    """Return the arguments of forward(); the first one that is no timestep and no label is the main one.

    A forward(*args, **kwargs) is taken to want one argument.
    """
    found = _scripted(model) if isinstance(model, torch.jit.ScriptModule) else _eager(model)
    if not any(p.required for p in found):
        found = [Parameter(p.name, True, p.keyword_only, p.role, p.type) if i == 0 else p for i, p in enumerate(found)]
    if not found:
        found = [Parameter("input", True, False, "other")]
    required = [p for p in found if p.required]
    main = next((p for p in required if p.name in _MAINS), None) or next(
        (p for p in required if p.role == "other"), required[0]
    )
    return tuple(Parameter(p.name, p.required, p.keyword_only, "main" if p is main else p.role, p.type) for p in found)


def takes_picture(function: Any) -> bool:
    """Whether a plain function wants a tensor first, by its name or annotation: then it is a network, not a factory."""
    if not inspect.isfunction(function) or function.__name__.startswith(_MAKING):
        return False
    required = [p for p in inspect.signature(function).parameters.values() if p.default is p.empty]
    first = next(iter(required), None)
    if first is None or first.kind in (first.VAR_POSITIONAL, first.VAR_KEYWORD):
        return False
    text = first.annotation if isinstance(first.annotation, str) else getattr(first.annotation, "__name__", "")
    return text.rpartition(".")[2] == "Tensor" or (first.annotation is first.empty and first.name in _PICTURES)


def _eager(model: nn.Module) -> list[Parameter]:
    found = []
    try:
        signature = inspect.signature(model.forward)
    except (TypeError, ValueError):
        return []
    for p in signature.parameters.values():
        if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD):
            continue
        found.append(Parameter(p.name, p.default is p.empty, p.kind is p.KEYWORD_ONLY, _role(p.name)))
    return found


def _scripted(model: torch.jit.ScriptModule) -> list[Parameter]:
    found = []
    for argument in model.forward.schema.arguments[1:]:  # type: ignore[attr-defined]
        name = argument.name.partition(".")[0]
        optional = argument.has_default_value()
        found.append(Parameter(name, not optional, bool(argument.kwarg_only), _role(name), str(argument.type)))
    return found


def _role(name: str) -> str:
    plain = name.lower().strip("_")
    for role, names in (("time", _TIMES), ("level", _LEVELS), ("label", _LABELS), ("context", _CONTEXTS)):
        if plain in names:
            return role
    return "other"
