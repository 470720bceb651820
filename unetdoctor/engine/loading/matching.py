"""Which entry of a checkpoint, and which prefix of its keys, belongs to a network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from unetdoctor.engine.loading.errors import RequestError

MAX_DEPTH = 4
MAX_ENTRIES = 10_000
COMPILED = "_orig_mod."
"""torch.compile puts this into the keys, at the front or in the middle."""
COUNTER = "num_batches_tracked"


@dataclass(frozen=True)
class Fit:
    """One way to read a state_dict out of a checkpoint."""

    entry: tuple[str, ...]
    """Keys that lead to it; empty where the checkpoint itself is the state_dict."""
    prefix: str
    """What is stripped from its keys."""
    compiled: bool
    """Whether `_orig_mod.` is removed from its keys."""
    tensors: Mapping[str, torch.Tensor]
    """Keys as the network names them."""
    total: int
    """Number of tensors in the entry, those without the prefix included."""
    matching: int
    """How many keys the network has as well."""
    as_saved: int
    """How many would match as they stand in the file."""

    @property
    def label(self) -> str:
        """How messages call it."""
        entry = ".".join(self.entry)
        if entry and self.prefix:
            return f"{entry} with prefix {self.prefix!r}"
        return entry or (f"prefix {self.prefix!r}" if self.prefix else "the file itself")


def find(checkpoint: Any, keys: frozenset[str], shown: str) -> Fit:
    """Return the reading that matches most keys of the network; raises RequestError for two that are as good."""
    fits = [fit for entry, tensors in state_dicts(checkpoint) for fit in _readings(entry, tensors, keys)]
    best = max(fit.matching for fit in fits)
    if best == 0:
        return max(fits, key=lambda fit: fit.total)
    equal = [fit for fit in fits if fit.matching == best]
    plain = [fit for fit in equal if not fit.prefix] or equal
    if len(plain) > 1:
        labels = ", ".join(fit.label for fit in plain[:4])
        raise RequestError(
            f"{shown} holds {len(plain)} sets of weights that fit equally well: {labels}. "
            f"Save the one you mean alone{_extraction(shown, plain[0])}."
        )
    return plain[0]


def _extraction(shown: str, fit: Fit) -> str:
    path = "".join(f"[{key!r}]" for key in fit.entry)
    if fit.prefix:
        return f", its keys without the prefix {fit.prefix!r}"
    return f': torch.save(torch.load({shown!r}, map_location="cpu", weights_only=True){path}, "weights.pth")'


def state_dicts(checkpoint: Any) -> Iterator[tuple[tuple[str, ...], Mapping[str, torch.Tensor]]]:
    """Yield every mapping in a checkpoint that holds tensors under string keys, with the keys that lead to it."""
    pending: list[tuple[tuple[str, ...], Any]] = [((), checkpoint)]
    seen: set[int] = set()
    while pending and len(seen) < MAX_ENTRIES:
        entry, value = pending.pop(0)
        if not isinstance(value, Mapping) or id(value) in seen or any("optim" in key.lower() for key in entry):
            continue
        seen.add(id(value))
        tensors = {k: v for k, v in value.items() if isinstance(k, str) and isinstance(v, torch.Tensor)}
        if tensors:
            yield entry, tensors
        if len(entry) < MAX_DEPTH:
            pending += [((*entry, k), v) for k, v in value.items() if isinstance(k, str) and isinstance(v, Mapping)]


def _readings(entry: tuple[str, ...], tensors: Mapping[str, torch.Tensor], keys: frozenset[str]) -> Iterator[Fit]:
    as_saved = len(keys & tensors.keys())
    plain = {key.replace(COMPILED, ""): value for key, value in tensors.items()}
    compiled = plain.keys() != tensors.keys()
    unstripped = len(keys & plain.keys())
    yield Fit(entry, "", compiled, plain, len(tensors), unstripped, as_saved)
    for prefix in _best_prefixes(plain, keys, unstripped):
        chosen = {key[len(prefix) :]: value for key, value in plain.items() if key.startswith(prefix)}
        yield Fit(entry, prefix, compiled, chosen, len(tensors), len(keys & chosen.keys()), as_saved)


def _best_prefixes(tensors: Mapping[str, torch.Tensor], keys: frozenset[str], above: int) -> list[str]:
    """Return what most often stands before a key of the network (`module.`, `generator.`), if it beats `above`."""
    found: Counter[str] = Counter()
    for key in tensors:
        parts = key.split(".")
        for index in range(1, len(parts)):
            if ".".join(parts[index:]) in keys:
                found[".".join(parts[:index]) + "."] += 1
    most = max(found.values(), default=0)
    return [prefix for prefix, number in found.items() if number == most > above]


def describe(checkpoint: Any) -> str:
    """Say in a few words what a file without weights holds."""
    if isinstance(checkpoint, torch.Tensor):
        return f"it holds one tensor of shape {tuple(checkpoint.shape)}"
    if isinstance(checkpoint, Mapping):
        if not checkpoint:
            return "it holds an empty dict"
        if not any(isinstance(key, str) for key in checkpoint):
            return f"it holds a dict with keys of type {type(next(iter(checkpoint))).__name__}"
        return f"it holds a dict without tensors (keys: {', '.join(str(key)[:40] for key in list(checkpoint)[:5])})"
    if checkpoint is None:
        return "it holds None"
    return f"it holds a {type(checkpoint).__name__}"
