"""`-w`: weights into a network, all of them or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from unetdoctor.engine.loading import checkpoints, matching
from unetdoctor.engine.loading.errors import Guard, RequestError
from unetdoctor.engine.loading.files import FoundFile
from unetdoctor.engine.loading.loaded import LoadedModel
from unetdoctor.engine.loading.matching import COMPILED, COUNTER, Fit
from unetdoctor.engine.loading.target import quoted

MAX_LISTED = 10


@dataclass(frozen=True)
class Weights:
    """What a weights file holds, read and not yet matched with a network."""

    shown: str
    """The file as it was asked for."""
    checkpoint: Any
    """Its content; at least one state_dict is in it."""


def read(file: FoundFile) -> Weights:
    """Read a weights file, before any code of the user runs; raises RequestError where no state_dict is in it."""
    checkpoint = checkpoints.read(file)
    if next(matching.state_dicts(checkpoint), None) is None:
        raise RequestError(f"no state_dict found in {file.shown}: {matching.describe(checkpoint)}.")
    return Weights(file.shown, checkpoint)


def load_into(loaded: LoadedModel, weights: Weights, guard: Guard) -> LoadedModel:
    """Copy weights into a network; raises RequestError unless every key and shape fits."""
    fit = matching.find(weights.checkpoint, frozenset(_tensors_of(loaded)), weights.shown)
    late = _compare(loaded, fit, weights.shown)
    guard("load", lambda: _copy(loaded.model, fit))
    how = (_sentence(weights.shown, fit), *_remarks(loaded, fit, late))
    return replace(loaded, how=(*loaded.how, *how), weights_given=True, weights=weights.shown)


def refuse_as_target(file: FoundFile) -> RequestError:
    """Return what to say of a weights file that was given as the target."""
    checkpoint = checkpoints.read(file)
    found = max((len(tensors) for _, tensors in matching.state_dicts(checkpoint)), default=0)
    if not found:
        return RequestError(
            f"{file.shown} is no model, and no state_dict was found in it either: {matching.describe(checkpoint)}."
        )
    command = f"unetdoctor inspect model.py -w {quoted(file.shown)}"
    return RequestError(
        f"{file.shown} is a state_dict with {found} tensors, not a model; name the model that it belongs to: {command}",
        (command,),
    )


def _tensors_of(loaded: LoadedModel) -> dict[str, torch.Tensor]:
    return {key: value for key, value in loaded.model.state_dict().items() if isinstance(value, torch.Tensor)}


def _compare(loaded: LoadedModel, fit: Fit, shown: str) -> list[str]:
    """Return the batch counters that the file lacks (older torch had none); raises RequestError for any other gap."""
    expected = _tensors_of(loaded)
    missing = [key for key in expected if key not in fit.tensors]
    late = [key for key in missing if key.endswith(COUNTER)]
    missing = [key for key in missing if not key.endswith(COUNTER)]
    unexpected = [key for key in fit.tensors if key not in expected]
    reshaped = [
        f"{key} (file {_shape(fit.tensors[key])}, model {_shape(expected[key])})"
        for key in expected
        if key in fit.tensors and fit.tensors[key].shape != expected[key].shape
    ]
    if not missing and not unexpected and not reshaped:
        return late
    parts = [
        _part(missing, f"of the model's {len(expected)} tensors {_are(missing)} missing from the file"),
        _part(unexpected, f"of the file's {len(fit.tensors)} tensors {_are(unexpected)} unknown to the model"),
        _part(reshaped, f"{_are(reshaped)} of another shape"),
    ]
    raise RequestError(f"{shown} does not fit {loaded.name}: {'; '.join(filter(None, parts))}.{_advice(loaded)}")


def _part(keys: Sequence[str], words: str) -> str:
    if not keys:
        return ""
    more = f" and {len(keys) - MAX_LISTED} more" if len(keys) > MAX_LISTED else ""
    return f"{len(keys)} {words}: {', '.join(keys[:MAX_LISTED])}{more}"


def _are(keys: Sequence[str]) -> str:
    return "is" if len(keys) == 1 else "are"


def _advice(loaded: LoadedModel) -> str:
    guessed = [sentence.split(" ")[1] for sentence in loaded.how if sentence.startswith("guessed ")]
    if not guessed:
        return ""
    were = "was guessed; if that is wrong, set it" if len(guessed) == 1 else "were guessed; if one is wrong, set it"
    return f" {', '.join(guessed)} {were} with -k."


def _shape(tensor: torch.Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "scalar"


def _copy(model: torch.nn.Module, fit: Fit) -> None:
    result: Any = model.load_state_dict(fit.tensors, strict=False)
    left = [key for key in result.missing_keys if not key.endswith(COUNTER)] + list(result.unexpected_keys)
    if left:
        message = f"load_state_dict did not take {', '.join(left[:MAX_LISTED])}"
        raise RuntimeError(message)


def _sentence(shown: str, fit: Fit) -> str:
    entry = f", entry {'.'.join(fit.entry)}" if fit.entry else ""
    removed = [f"prefix {fit.prefix!r} stripped"] if fit.prefix else []
    removed += [f"{COMPILED} removed"] if fit.compiled else []
    if not removed:
        return f"loaded {fit.matching} tensors from {shown}{entry}"
    return (
        f"loaded {fit.matching} tensors from {shown}{entry}, {' and '.join(removed)} "
        f"({fit.matching} keys match instead of {fit.as_saved})"
    )


def _remarks(loaded: LoadedModel, fit: Fit, late: list[str]) -> list[str]:
    remarks = []
    if fit.total > len(fit.tensors):
        rest = fit.total - len(fit.tensors)
        remarks.append(f"left out {rest} of the file's {fit.total} tensors, which have no prefix {fit.prefix!r}")
    if late:
        remarks.append(f"{COUNTER} of {_layers(len(late))} not in the file and keeps the model's own value")
    expected = _tensors_of(loaded)
    pairs = {
        (_dtype(tensor), _dtype(expected[key]))
        for key, tensor in fit.tensors.items()
        if key in expected and tensor.dtype != expected[key].dtype
    }
    remarks += [f"converted weights from {stored} to {wanted}" for stored, wanted in sorted(pairs)]
    return remarks


def _layers(number: int) -> str:
    return "1 layer is" if number == 1 else f"{number} layers is"


def _dtype(tensor: torch.Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")
