"""What forward() takes: names, kinds and roles of its arguments."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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
    "pixel_values",
    "hidden_states",
)
_CONTAINERS = (
    ("dict", r"(optional\[)?(dict|mapping|mutablemapping)\b"),
    ("list", r"(optional\[)?(list|tuple|sequence|iterable)\b"),
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
    """Type that the annotation or a TorchScript schema names; `Tensor` where unknown."""
    may_be_none: bool = False
    """Whether it has a default, and that is None."""

    @property
    def container(self) -> str:
        """`dict` or `list` where its type names one, else empty."""
        words = self.type.replace("typing.", "").lower()
        return next((kind for kind, begin in _CONTAINERS if re.match(begin, words)), "")


def parameters(model: nn.Module) -> tuple[Parameter, ...]:
    """Return the arguments of forward(); the first one that is no timestep and no label is the main one.

    A forward(*args, **kwargs) is taken to want one argument.
    """
    found = _scripted(model) if isinstance(model, torch.jit.ScriptModule) else _eager(model)
    if not any(p.required for p in found):
        found = [replace(p, required=True) if i == 0 else p for i, p in enumerate(found)]
    if not found:
        found = [Parameter("input", True, False, "other")]
    return with_main(found)


def with_main(found: Sequence[Parameter]) -> tuple[Parameter, ...]:
    """Return arguments of which the most likely picture has the role `main`."""
    found = [replace(p, role=role_of(p.name)) for p in found]
    required = [p for p in found if p.required]
    main = next((p for p in required if last_name(p.name) in _MAINS), None) or next(
        (p for p in required if p.role == "other"), required[0]
    )
    return tuple(replace(p, role="main") if p is main else p for p in found)


def role_of(name: str) -> str:
    """Return the role that the name of an argument, or of an entry of one, tells."""
    plain = last_name(name)
    for role, names in (("time", _TIMES), ("level", _LEVELS), ("label", _LABELS), ("context", _CONTEXTS)):
        if plain in names:
            return role
    return "other"


def last_name(name: str) -> str:
    """Return the last part of a dotted name, in lower case and without underscores around it."""
    return name.rpartition(".")[2].lower().strip("_")


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
        kind = "Tensor" if p.annotation is p.empty else inspect.formatannotation(p.annotation).strip("'\"")
        required, keyword = p.default is p.empty, p.kind is p.KEYWORD_ONLY
        found.append(Parameter(p.name, required, keyword, role_of(p.name), kind, p.default is None))
    return found


def _scripted(model: torch.jit.ScriptModule) -> list[Parameter]:
    found = []
    for argument in model.forward.schema.arguments[1:]:  # type: ignore[attr-defined]
        name = argument.name.partition(".")[0]
        optional = argument.has_default_value()
        none = optional and argument.default_value is None
        found.append(Parameter(name, not optional, bool(argument.kwarg_only), role_of(name), str(argument.type), none))
    return found


def numbers(config: Any, names: Sequence[str]) -> list[int]:
    """Return whole numbers that an object or a mapping holds under these names."""
    found = []
    for name in names:
        value = config.get(name) if isinstance(config, Mapping) else getattr(config, name, None)
        value = value[-1] if isinstance(value, (tuple, list)) and value else value
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            found.append(value)
    return found
