"""A person's own Dataset: made by their function, asked for samples, each turned into an image and a mask as arrays.

Map-style (`__getitem__` and `__len__`) and iterable ones, a DataLoader (its samples are taken out of their batches),
and whatever else yields `(image, mask)` or a dict with such entries.
"""

from __future__ import annotations

import io
import operator
import os
import random
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader

from unetdoctor.engine.loading import files, importing
from unetdoctor.engine.loading.errors import Guard, RequestError, guarded
from unetdoctor.engine.loading.target import parse_target, quoted
from unetdoctor.facts.lasting import said

IMAGE_KEYS = ("image", "images", "img", "input", "inputs", "pixel_values", "x", "photo", "picture", "data")
MASK_KEYS = ("mask", "masks", "label", "labels", "target", "targets", "gt", "annotation", "segmentation", "seg", "y")
USUAL = 200
"""Samples that are asked for where nobody said how many."""
_NAMED = 6
_SAID = 200

Values = NDArray[Any]


@dataclass(frozen=True)
class Sample:
    """One sample as arrays, in the form in which it came."""

    name: str
    """`sample 12`."""
    image: Values | None
    """The image; None where there is none."""
    mask: Values | None
    """The mask; None where there is none."""
    image_dtype: str
    """How the image came: `float32`, `PIL RGB`; empty where there is none."""
    mask_dtype: str
    """How the mask came."""
    structure: str
    """What the sample was: `(image, mask)`."""


@dataclass(frozen=True)
class Failed:
    """A sample that could not be had."""

    name: str
    """`sample 12`."""
    reason: str
    """`ValueError: no such label (train.py:31)`."""


@dataclass(frozen=True)
class Made:
    """What a person's function made."""

    source: Any
    """The dataset."""
    batched: bool
    """Whether it yields batches."""
    kind: str
    """In words."""
    length: int | None
    """Samples that it says it has; None where it does not."""


def made(source: str, directory: Path, guard: Guard) -> Made:
    """Call `script.py:make_dataset` and return the dataset; raises RequestError, and what the guard makes of errors."""
    parsed = parse_target(source)
    example = f"--loader {quoted(f'{parsed.location}:make_dataset')}"
    if not parsed.name:
        raise RequestError(f"--loader {source} names no function: expected SCRIPT:FUNCTION, such as {example}")
    file = files.find(parsed.location, directory)
    module = guarded(guard, "import", lambda: _imported(file.path, directory))
    found = getattr(module, parsed.name, None)
    if found is None:
        names = _own_functions(module)
        listed = ", ".join(names[:_NAMED]) or "none"
        raise RequestError(
            f"--loader {source}: {file.shown} has no {parsed.name}; it has {listed}.",
            tuple(f"unetdoctor audit --loader {quoted(f'{parsed.location}:{name}')}" for name in names[:3]),
        )
    is_dataset = not callable(found) or (hasattr(found, "__getitem__") and not isinstance(found, type))
    args, kwargs = (parsed.call.args, dict(parsed.call.kwargs)) if parsed.call else ((), {})
    dataset = found if is_dataset else guard("dataset", lambda: found(*args, **kwargs))
    return _made(dataset, source, guard)


def _imported(path: Path, directory: Path) -> ModuleType:
    """Run the person's file; a file that it misses is missing in the person's own directory, which needs no words."""
    try:
        return importing.import_file(path, directory)
    except FileNotFoundError as error:
        if error.errno is not None:
            error.strerror = os.strerror(error.errno)
        raise


def _own_functions(module: ModuleType) -> list[str]:
    """Return the functions and classes that a file defines, functions that sound like makers first."""
    own = [
        name
        for name, value in vars(module).items()
        if callable(value) and not name.startswith("_") and getattr(value, "__module__", "") == module.__name__
    ]
    return sorted(own, key=lambda name: not any(word in name.lower() for word in ("dataset", "loader", "make")))


def _made(dataset: Any, source: str, guard: Guard) -> Made:
    if isinstance(dataset, DataLoader):
        batched = dataset.batch_size is not None or dataset.batch_sampler is not None
        return Made(dataset, batched, "a DataLoader, its batches taken apart" if batched else "a DataLoader", None)
    is_map = hasattr(dataset, "__getitem__") and not isinstance(dataset, (torch.utils.data.IterableDataset, Mapping))
    if is_map and hasattr(dataset, "__len__"):
        length = int(guard("dataset", lambda: len(dataset)))
        if not length:
            raise RequestError(f"--loader {source}: the dataset says that it has no samples (len() is 0).")
        return Made(dataset, False, f"map-style, {length:,} samples", length)
    if hasattr(dataset, "__iter__"):
        return Made(dataset, False, "iterable", None)
    raise RequestError(
        f"--loader {source} gives {type(dataset).__name__}; expected a Dataset, a DataLoader, or an iterable."
    )


def samples(dataset: Made, count: int, seed: int, guard: Guard) -> Iterator[Sample | Failed]:
    """Yield up to `count` samples: of a map-style dataset those that `seed` draws, else the first.

    A sample that raises is one that failed; where every one does, the guard gets the error of the first.
    """
    first: Exception | None = None
    any_came = False
    for number, value in islice(_each(dataset, count, seed, guard), count):
        if isinstance(value, _Raised):
            first = first or value.error
            yield Failed(f"sample {number}", _reason(value.error))
        else:
            any_came = True
            yield sample_of(value, f"sample {number}")
    if first is not None and not any_came:
        guard("sample", _raising(first))


@dataclass(frozen=True)
class _Raised:
    error: Exception


def _each(dataset: Made, count: int, seed: int, guard: Guard) -> Iterator[tuple[int, Any]]:
    """Yield the number of every sample and the sample, or what it raised."""
    if dataset.length is not None:
        numbers = list(range(dataset.length))
        chosen = numbers if dataset.length <= count else sorted(random.Random(seed).sample(numbers, count))
        for number in chosen:
            yield number, guard(f"sample:{number}", _tried(partial(operator.getitem, dataset.source, number)))
        return
    iterator, end, done = guard("dataset", lambda: iter(dataset.source)), object(), 0
    while True:
        value = guard(f"sample:{done}", _tried(partial(next, iterator, end)))
        if value is end:
            return
        for item in _apart(value) if dataset.batched and not isinstance(value, _Raised) else (value,):
            yield done, item
            done += 1


def _tried(function: Callable[[], Any]) -> Callable[[], Any]:
    """Return a function that gives back what the other one raises; a lack of memory is no fault of one sample."""

    def tried() -> Any:
        try:
            return function()
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - a person's own code raises what it likes
            return _Raised(error)

    return tried


def _raising(error: Exception) -> Callable[[], Any]:
    def raising() -> Any:
        raise error

    return raising


def _reason(error: Exception) -> str:
    """Return what was raised, and the innermost line of the person's own code that did."""
    text = " ".join(said(error).split())[:_SAID]
    own = [f for f in traceback.extract_tb(error.__traceback__) if f.filename != __file__ and _is_own(f.filename)]
    where = f" ({Path(own[-1].filename).name}:{own[-1].lineno})" if own else ""
    return f"{type(error).__name__}{': ' if text else ''}{text}{where}"


def _is_own(file: str) -> bool:
    return not file.startswith("<") and "site-packages" not in file and not file.startswith(sys.base_prefix)


def _apart(batch: Any) -> Iterator[Any]:
    """Yield the samples of a batch."""
    if isinstance(batch, Mapping):
        length = max((len(value) for value in batch.values() if isinstance(value, Tensor) and value.ndim), default=0)
        for index in range(length):
            yield {key: value[index] for key, value in batch.items() if isinstance(value, Sequence | Tensor)}
    elif isinstance(batch, Tensor):
        yield from batch
    else:
        yield from zip(*batch, strict=False)


def sample_of(value: Any, name: str) -> Sample:
    """Return what a dataset yielded as image and mask; raises RequestError where it holds neither."""
    if isinstance(value, Mapping):
        keys = {str(key).lower(): key for key in value}
        image = next((value[keys[key]] for key in IMAGE_KEYS if key in keys), None)
        mask = next((value[keys[key]] for key in MASK_KEYS if key in keys), None)
        structure = f"{{{', '.join(repr(str(key)) for key in list(value)[:_NAMED])}}}"
    elif isinstance(value, (list, tuple)):
        image, mask = (*(item for item in value if _is_plane(item)), None, None)[:2]
        structure = f"({', '.join(type(item).__name__ for item in value[:_NAMED])})"
    else:
        image, mask, structure = value, None, type(value).__name__
    first, second = array_of(image), array_of(mask)
    if first is None:
        raise RequestError(
            f"{name} is {structure} and holds no image: expected (image, mask), or a dict with these entries."
        )
    return Sample(
        name=name,
        image=first,
        mask=second if second is None or second.ndim >= 2 else None,
        image_dtype=_type_of(image),
        mask_dtype=_type_of(mask) if second is not None and second.ndim >= 2 else "",
        structure=structure,
    )


def _is_plane(value: Any) -> bool:
    """Return whether an entry of a sample is an array, and no name, number or vector."""
    array = array_of(value)
    return array is not None and array.ndim >= 2


def array_of(value: Any) -> Values | None:
    """Return a tensor, an array or a picture as an array; None for anything else."""
    if isinstance(value, Tensor):
        plain = value.detach().cpu()
        return plain.float().numpy() if plain.dtype is torch.bfloat16 else plain.numpy()
    if isinstance(value, Image.Image):
        return np.asarray(value)
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        return value
    if isinstance(value, bool | int | float):
        return np.asarray(value)
    return None


def _type_of(value: Any) -> str:
    if isinstance(value, Image.Image):
        return f"PIL {value.mode}"
    return str(value.dtype).removeprefix("torch.") if hasattr(value, "dtype") else type(value).__name__


def npy_bytes(values: Values | None) -> bytes | None:
    """Return an array as the bytes of a .npy file, which are decoded like those of any other."""
    if values is None:
        return None
    stream = io.BytesIO()
    np.save(stream, values, allow_pickle=False)
    return stream.getvalue()
