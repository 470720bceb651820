"""What forward() returned: every tensor in it, and which of them is the picture."""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

KEYS = ("out", "logits", "sample", "pred", "masks")
"""Names of outputs, best first."""
_SIDE = re.compile(r"aux|side|hidden|feat|deep_?sup|attention", re.IGNORECASE)
"""Names of what is drawn beside the picture: taken only where nothing else is there."""
WORDS = ("mask", "logits")
"""What the keys of outputs hold that are drawn at another size than the input's, best first."""
_DEPTH = 6
_MOST = 4096
"""Tensors after which a container is not searched any further."""
Found = list[tuple[str, Tensor]]


def find_tensors(value: Any, path: str = "output") -> Found:
    """Return (path, tensor) of every tensor in whatever forward() returned.

    Containers, mappings, named tuples, dataclasses and objects with attributes are entered; a distribution stands for
    its parameters, or for its mean; a NumPy array for a tensor of the same memory.
    """
    return list(_tensors(value, path, 0, set()))


def _tensors(value: Any, path: str, depth: int, seen: set[int]) -> Iterator[tuple[str, Tensor]]:
    if isinstance(value, Tensor):
        yield path, value
        return
    if isinstance(value, np.ndarray):
        if value.dtype.kind in "biufc":
            yield path, torch.from_numpy(np.ascontiguousarray(value))
        return
    if depth > _DEPTH or id(value) in seen or len(seen) > _MOST:
        return
    items = _items(value, path)
    if items:
        seen.add(id(value))
    for name, item in items:
        yield from _tensors(item, name, depth + 1, seen)


def _items(value: Any, path: str) -> list[tuple[str, Any]]:
    """Return what a container holds, with the path to each."""
    if isinstance(value, Mapping):
        return [(f"{path}[{key!r}]", item) for key, item in value.items()]
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return [(f"{path}.{name}", getattr(value, name)) for name in value._fields]
    if isinstance(value, (list, tuple)):
        return [(f"{path}[{i}]", item) for i, item in enumerate(value)]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [(f"{path}.{f.name}", getattr(value, f.name)) for f in dataclasses.fields(value)]
    if _is_distribution(value):
        return _distribution(value, path)
    attributes = getattr(value, "__dict__", None)
    if isinstance(attributes, dict) and not isinstance(value, (type, nn.Module)) and not callable(value):
        return [(f"{path}.{name}", item) for name, item in attributes.items() if not name.startswith("_")]
    return []


def _is_distribution(value: Any) -> bool:
    module = sys.modules.get("torch.distributions")
    return module is not None and isinstance(value, module.Distribution)


def _distribution(value: Any, path: str) -> list[tuple[str, Any]]:
    """Return what tells a distribution best: its logits or probabilities as they were given, else its mean."""
    inner = getattr(value, "base_dist", None)
    if _is_distribution(inner):
        return [(f"{path}.base_dist", inner)]
    known = vars(value)
    given = [(f"{path}.{name}", known[name]) for name in ("logits", "probs") if isinstance(known.get(name), Tensor)]
    if given:
        return given
    try:
        return [(f"{path}.mean", value.mean)]
    except NotImplementedError:
        return []


def choose(
    found: Found, size: Sequence[int], wanted: str | None = None, feature: Callable[[int], bool] = lambda _: False
) -> tuple[int | None, str]:
    """Return the number of the tensor that is the picture and the rule that chose it; None where there is none.

    `wanted` is what a person named; else a key of KEYS, the first 4-D tensor at input `size` that is no `feature` from
    which another output is drawn, a 4-D one whose key holds one of WORDS, the largest of the 4-D ones, the largest.
    Empty tensors are left out.
    """
    if wanted is not None:
        return next((i for i, (path, _) in enumerate(found) if is_named(path, wanted)), None), "it was asked for"
    alive = [i for i, (_, t) in enumerate(found) if t.numel()]
    if len(alive) < 2:
        return (alive[0] if alive else None), "it is the only tensor"
    for key in KEYS:
        for i in alive:
            if found[i][0].endswith((f"['{key}']", f".{key}")):
                return i, f"its key is {key!r}"
    spatial = [i for i in alive if found[i][1].dim() >= 4]
    same = [i for i in spatial if tuple(found[i][1].shape[2:]) == tuple(size[2:])]
    if same:
        drawn = [i for i in same if len(same) > 1 and not feature(i)] or same
        best = next((i for i in drawn if not _SIDE.search(found[i][0])), drawn[0])
        return best, "it is the first of the input's height and width"
    for word in WORDS:
        for i in spatial:
            if word in plain_path(found[i][0]).rpartition(".")[2].lower():
                return i, f"its key holds {word!r}"
    largest = max(spatial or alive, key=lambda i: found[i][1].numel())
    return largest, "it is the largest"


def choose_shape(
    found: Sequence[tuple[str, tuple[int, ...]]], size: Sequence[int], wanted: str | None = None
) -> tuple[str, tuple[int, ...]]:
    """Return (path, shape) of the tensor that is the picture; both empty where there is none."""
    number, _ = choose([(path, torch.empty(shape, device="meta")) for path, shape in found], size, wanted)
    return ("", ()) if number is None else found[number]


def described(value: Any) -> str:
    """Say what a value without tensors is, to follow `returned`: `None`, `a generator`, `2 empty tensors`."""
    if value is None:
        return "None: a return statement may be missing"
    found = find_tensors(value)
    if found:
        return f"{len(found)} empty tensor{'s' * (len(found) != 1)} ({', '.join(list_shape(t) for _, t in found[:4])})"
    name = type(value).__name__
    if isinstance(value, Iterator):
        return f"a {name}, which is not run through: return a list or a tensor"
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name} without tensors"


def list_shape(tensor: Tensor) -> str:
    """Return a shape as a list is written: `[0, 1, 64, 64]`."""
    return str(list(tensor.shape))


def is_named(path: str, wanted: str) -> bool:
    """Return whether a person's `aux`, `1`, `out.aux` or `output['aux']` means this path."""
    return plain_path(path) == plain_path(wanted) or plain_path(path) == f"output.{plain_path(wanted)}"


def plain_path(path: str) -> str:
    """Return a path as a person types it: `output.aux.0` for `output['aux'][0]`."""
    return ".".join(re.findall(r"[^\[\]'\".]+", path))
