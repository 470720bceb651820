"""Which entry of a checkpoint, and which change of its keys, belongs to a network."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.parameter import is_lazy

from unetdoctor.facts import WeightsReading

MAX_DEPTH = 4
MAX_ENTRIES = 10_000
COMPILED = "_orig_mod."
"""torch.compile puts this into the keys, at the front or in the middle."""
COUNTER = "num_batches_tracked"
USUAL = frozenset(
    (
        *("state_dict", "model", "model_state_dict", "model_state", "model_dict", "state", "params", "weights"),
        *("net", "network", "net_state_dict", "network_state_dict", "module", "unet", "backbone", "segmentor"),
        *("generator", "netG", "net_g", "G", "gen", "generator_state_dict", "G_state_dict", "checkpoint"),
    )
)
"""Keys that training scripts wrap weights in."""
_AVERAGED = re.compile(r"(^|[_.\d])(ema|shadow|averaged?|moving|swa)($|[_.\d])|Ema|EMA", re.ASCII)

Tensors = Mapping[str, torch.Tensor]


@dataclass(frozen=True)
class Fit:
    """One way to read a state_dict out of a checkpoint."""

    entry: tuple[str, ...]
    """Keys that lead to it; empty where the checkpoint itself is the state_dict."""
    prefix: str
    """What is stripped from its keys."""
    added: str
    """What is put before its keys."""
    compiled: bool
    """Whether `_orig_mod.` is removed from its keys."""
    tensors: Tensors
    """Keys as the network names them."""
    total: int
    """Number of tensors in the entry, those without the prefix included."""
    named: int
    """How many keys the network has as well."""
    matching: int
    """How many of these have the network's shape."""
    as_saved: int
    """How many keys the network has as they stand in the file."""
    parts: int = 0
    """How many first parts its keys got back (1), or lost (-1), where they are not the same for all keys."""

    @property
    def averaged(self) -> bool:
        """Whether its names say that it is a moving average of the weights."""
        return is_averaged((*self.entry, self.prefix))

    @property
    def usual(self) -> bool:
        """Whether every entry on the way is one that weights are usually wrapped in."""
        return all(part in USUAL for part in self.entry)

    @property
    def changes(self) -> list[str]:
        """What is done to its keys, in a few words each."""
        parts = [f"prefix {self.prefix!r} stripped"] if self.prefix else []
        parts += [f"prefix {self.added!r} added"] if self.added else []
        parts += ["the first part of each key put back"] if self.parts > 0 else []
        parts += ["the first part of each key left out"] if self.parts < 0 else []
        parts += [f"{COMPILED} removed"] if self.compiled else []
        return parts

    @property
    def label(self) -> str:
        """How messages call it."""
        entry = [f"entry {'.'.join(self.entry)}"] if self.entry else []
        return ", ".join([*entry, *self.changes]) or "as saved"

    def reading(self) -> WeightsReading:
        """Return it as a fact."""
        return WeightsReading(
            label=self.label,
            fits=self.matching,
            entry=self.entry,
            stripped=self.prefix,
            added=self.added,
            compiled=self.compiled,
            averaged=self.averaged,
            usual=self.usual,
            left_out=self.total - len(self.tensors),
            parts=self.parts,
        )


def is_averaged(names: tuple[str, ...]) -> bool:
    """Return whether names of entries or prefixes say that they hold a moving average."""
    return any(_AVERAGED.search(name) for name in names)


def find(checkpoint: Any, expected: Tensors) -> list[Fit]:
    """Return every reading, the one that fits best first.

    Of those that fit equally well the weights themselves stand before their moving average, keys as they are before
    keys that have to be changed, a usual entry before another, and the shortest way first.
    """
    fits = [fit for entry, tensors in state_dicts(checkpoint) for fit in _readings(entry, tensors, expected)]
    return sorted(fits, key=_rank)


def _rank(fit: Fit) -> tuple[object, ...]:
    most = fit.named + fit.matching
    size = 0 if most else -fit.total
    return (-most, size, fit.averaged, bool(fit.prefix or fit.added or fit.parts), not fit.usual, len(fit.entry))


def as_good(fits: list[Fit]) -> list[Fit]:
    """Return the other sets of weights that fit as well as the first and that it is no second name of."""
    first = fits[0]
    ids = {id(tensor) for tensor in first.tensors.values()}
    return [
        fit
        for fit in fits[1:]
        if fit.named + fit.matching == first.named + first.matching > 0
        and not any(id(tensor) in ids for tensor in fit.tensors.values())
    ]


def state_dicts(checkpoint: Any) -> Iterator[tuple[tuple[str, ...], Tensors]]:
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


def same_shape(stored: torch.Tensor, wanted: torch.Tensor) -> bool:
    """Return whether a stored tensor fits; a parameter that is not initialised yet takes any shape."""
    return is_lazy(wanted) or stored.shape == wanted.shape


def _readings(entry: tuple[str, ...], tensors: Tensors, expected: Tensors) -> Iterator[Fit]:
    as_saved = len(expected.keys() & tensors.keys())
    plain = {key.replace(COMPILED, ""): value for key, value in tensors.items()}
    compiled = plain.keys() != tensors.keys()

    def fit(prefix: str, added: str, chosen: Tensors, parts: int = 0) -> Fit:
        common = expected.keys() & chosen.keys()
        matching = sum(same_shape(chosen[key], expected[key]) for key in common)
        return Fit(entry, prefix, added, compiled, chosen, len(tensors), len(common), matching, as_saved, parts)

    unchanged = fit("", "", plain)
    yield unchanged
    for prefix in _fronts(plain, expected.keys(), unchanged.named):
        yield fit(prefix, "", {k[len(prefix) :]: v for k, v in plain.items() if k.startswith(prefix)})
    for added in _fronts(expected, plain.keys(), unchanged.named):
        yield fit("", added, {added + key: value for key, value in plain.items()})
    for parts in (1, -1):
        named = _without_first_parts(expected, plain) if parts > 0 else _without_first_parts(plain, expected)
        if named:
            chosen = {long: plain[short] for long, short in named} if parts > 0 else {s: plain[k] for k, s in named}
            yield fit("", "", chosen, parts)


def _without_first_parts(long: Tensors, short: Tensors) -> list[tuple[str, str]]:
    """Return the pairs (key, the same key without its first part) of one shape, where several first parts were lost.

    A key without its first part that stands for several of the shape belongs to none of them.
    """
    found: dict[str, list[str]] = {}
    for key, tensor in long.items():
        rest = key.partition(".")[2]
        if rest in short and (is_lazy(tensor) or same_shape(tensor, short[rest])):
            found.setdefault(rest, []).append(key)
    pairs = [(keys[0], rest) for rest, keys in found.items() if len(keys) == 1]
    return pairs if len({key.partition(".")[0] for key, _ in pairs}) > 1 else []


def _fronts(long: Tensors, short: Any, above: int) -> list[str]:
    """Return what most often stands before one of the short keys (`module.`, `generator.`), if it beats `above`."""
    found: Counter[str] = Counter()
    for key in long:
        parts = key.split(".")
        for index in range(1, len(parts)):
            if ".".join(parts[index:]) in short:
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
    if isinstance(checkpoint, list | tuple):
        kind = type(checkpoint).__name__
        if any(isinstance(item, torch.Tensor) for item in checkpoint[:MAX_ENTRIES]):
            return f"it holds a {kind}, whose tensors have no names"
        first = f", the first of which is a {type(checkpoint[0]).__name__}" if checkpoint else ""
        return f"it holds a {kind} of {len(checkpoint)} values{first}"
    return f"it holds a {type(checkpoint).__name__}"
