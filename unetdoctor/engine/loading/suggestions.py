"""What a checkpoint says of the constructor: settings saved beside the weights, and the weights' own shapes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch.nn.parameter import is_lazy

from unetdoctor.engine.loading.construct import Offered
from unetdoctor.engine.loading.guesses import plain, reads_kernels, says_input, says_output
from unetdoctor.engine.loading.matching import Fit, Tensors
from unetdoctor.engine.loading.pickle_names import Plain

SETTINGS = ("hyper_parameters", "hparams", "model_args", "model_kwargs", "model_config")
"""Entries that hold constructor arguments beside the weights; the first is Lightning's."""


def settings(checkpoint: Any, shown: str) -> Offered | None:
    """Return the constructor arguments that were saved beside the weights, values of plain Python alone."""
    if not isinstance(checkpoint, Mapping):
        return None
    for name in SETTINGS:
        found = _unwrapped(checkpoint.get(name))
        if isinstance(found, Mapping) and found:
            values = {key: value for key, value in found.items() if isinstance(key, str) and _is_data(value)}
            return Offered(values, f"the {name} of {shown}")
    return None


def _unwrapped(value: Any) -> Any:
    """Take values out of the containers of a settings library."""
    if isinstance(value, Plain):
        inner = vars(value)
        return _unwrapped(inner.get("_content", inner.get("_val")))
    if isinstance(value, Mapping):
        return {key: _unwrapped(item) for key, item in value.items()}
    return [_unwrapped(item) for item in value] if isinstance(value, list) else value


def _is_data(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(_is_data(item) for item in value)
    return isinstance(value, bool | int | float | str | None)


@dataclass(frozen=True)
class _Dimension:
    """One dimension of a tensor that both sides have."""

    key: str
    axis: int
    wanted: int
    """In the network as it was built."""
    stored: int
    """In the file."""


def from_shapes(expected: Tensors, fit: Fit, arguments: Mapping[str, Any]) -> dict[str, tuple[Any, str]]:
    """Return {argument: (better value, tensor that says so)} for those that the file's shapes contradict.

    A number whose value is a dimension of the network where the file has another one, always the same, was that other
    one.
    """
    if fit.named == fit.matching:
        return {}
    pairs = [
        _Dimension(key, axis, wanted, stored)
        for key, tensor in expected.items()
        if key in fit.tensors and not is_lazy(tensor) and fit.tensors[key].dim() == tensor.dim()
        for axis, (wanted, stored) in enumerate(zip(tensor.shape, fit.tensors[key].shape, strict=True))
    ]
    found = {name: _better(name, value, pairs) for name, value in arguments.items()}
    return {name: better for name, better in found.items() if better[0] != arguments[name]}


def _better(name: str, guess: Any, pairs: list[_Dimension]) -> tuple[Any, str]:
    """Return what the file's shapes say of one guess, and the tensor that says it; the guess itself where none does."""
    if isinstance(guess, list) and all(isinstance(item, int) for item in guess):
        found = [_better(name, item, pairs) for item in guess]
        return [value for value, _ in found], next((key for _, key in found if key), "")
    if isinstance(guess, bool) or not isinstance(guess, int):
        return guess, ""
    word = plain(name)
    kernel = reads_kernels(word)
    same = [pair for pair in pairs if pair.wanted == guess and (pair.axis >= 2) == kernel]
    stored = {pair.stored for pair in same}
    if len(stored) == 1 or (stored and says_input(word)):
        chosen = same[0]
    elif stored and says_output(word):
        chosen = same[-1]
    else:
        return guess, ""
    return chosen.stored, chosen.key
