"""Probing: a picture is run on shapes alone, and what the first weight wants leads to the input."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from unetdoctor.engine.answers import Answer, sides_told
from unetdoctor.engine.arguments import EACH, Shape
from unetdoctor.engine.candidates import FEW, Search
from unetdoctor.engine.chosen import is_latent
from unetdoctor.engine.shape_pass import ShapeFailure

LATENT_BATCH = 16
_HINTS = ("img_size", "image_size", "input_size", "imgsz", "img_resolution", "resolution")
_MOST_HINTS = 4
_VIEW = re.compile(r"shape '\[([-\d, ]+)\]' is invalid for input of size")
_MOST_NUMBERS = 8
"""Different numbers in a refusal from which none of them is taken for a number of channels."""
_MOST_TOLD = 16
"""Largest number in a refusal's text that is taken for a number of channels."""
_FRAMES = 4
"""Length of a clip of frames."""
_START = {1: 256, 2: 64, 3: 32}


@dataclass(frozen=True)
class Found:
    """What probing ends with."""

    answer: Answer
    """The best candidate; it did not pass where every one crashed alike."""
    latent: bool
    """Whether it is a latent vector."""
    alike: bool = True
    """Whether every candidate of its kind crashed at the same operation."""


def probe(search: Search, batch: int | None) -> Found:
    """Find the main argument; `batch` is the declared number of samples.

    Where nothing passes, arguments that may be left out are given as well: what a timestep, a label or a condition is
    good for is often told by the network's settings alone.
    """
    found = _probe(search, batch)
    given = search.parameters
    optional = [p for p in given if p.may_be_none and not p.required]
    told = [p for p in optional if p.role != "other"]
    groups = [
        group for some in (told, optional if _lacks(found.answer) else []) for group in (some, *([p] for p in some))
    ]
    hopeless = found.answer.ok or search.clashes(found.answer)
    for chosen in [] if hopeless else filter(None, groups):
        search.parameters = tuple(replace(p, required=True, keyword_only=True) if p in chosen else p for p in given)
        again = _probe(search, batch)
        if again.answer.ok:
            return again
    search.parameters = given
    return found


def _probe(search: Search, batch: int | None) -> Found:
    first = _first(search)
    if first.stem is None and not first.ok:
        first = _other_forms(search, first)
    stem = first.stem
    answer: Answer | None
    if stem is None:
        answer = first if first.ok else None
    elif stem.op == "embedding":
        answer = _indices(search)
    elif stem.op == "convolution":
        answer = _pictures(search, first, len(stem.weight) - 2)
        if answer is None and first.ok:  # a convolution may mix the values of a latent vector
            answer = first
    else:
        answer = _vectors_or_pictures(search, first)
    if answer is None:
        return _natural(search, first)
    answer = search.lengthened(answer)
    latent = is_latent(answer.main.shape) and _draws(answer)
    if latent:
        many = search.with_main((batch or LATENT_BATCH, *answer.main.shape[1:]), answer.main.dtype)
        answer = many if many.ok else answer
    return Found(answer, latent)


def _lacks(answer: Answer) -> bool:
    """Whether a refusal speaks of None, as where an argument was left out that is needed all the same."""
    return "NoneType" in answer.message


def _first(search: Search) -> Answer:
    """Ask about one picture; arguments that are dicts or lists are found out before."""
    shape = (search.batch, 3, 64, 64)
    for p in search.parameters:
        if p.required and p.container == "list" and p.name not in search.containers:
            search.containers[p.name] = ["0"]
        elif p.required and p.container == "dict" and p.name not in search.containers:
            search.opened(p)
    first = search.with_main(shape)
    if first.ok or first.stem is not None or not isinstance(first.failure, ShapeFailure):
        return first
    if any(search.opened(p) for p in search.parameters if p.required and p.name not in search.containers):
        return search.with_main(shape)
    return _listed(search, first)


def _listed(search: Search, first: Answer) -> Answer:
    """Ask about a list of pictures, one batch long or one picture for each sample, in place of the main argument."""
    name, before = first.main.name.partition(".")[0], dict(search.containers)
    for entry in ("0", EACH):
        search.containers[name] = [entry]
        answer = search.with_main((search.batch, 3, 64, 64))
        if answer.ok or answer.stem is not None:
            return answer
    search.containers = before
    return first


def _volume(shape: Sequence[int]) -> int:
    return math.prod(shape)


def _draws(answer: Answer) -> bool:
    """Whether more comes out than went in: a latent vector becomes a picture."""
    came = answer.seen.shapes if answer.seen else ()
    return not came or max(_volume(s[1:]) for s in came) > _volume(answer.main.shape[1:])


def _other_forms(search: Search, first: Answer) -> Answer:
    """Try other forms until a weight is reached: what a view() asked for, vectors, grey pictures, volumes."""
    n = search.batch
    forms: list[Shape] = []
    wanted = _VIEW.search(first.message)
    if wanted:
        sides = [int(v) for v in wanted[1].split(",")]
        count = _volume([v for v in sides[sides[0] == n :] if v > 0])  # the batch is no part of a sample
        forms += [(n, count), (n, count, 1, 1)]
    if not first.op:
        numbers = dict.fromkeys(int(c) for c in re.findall(r"\b\d{1,2}\b", first.message) if 0 < int(c) <= _MOST_TOLD)
        channels = numbers if len(numbers) <= _MOST_NUMBERS else ()
        told = dict.fromkeys((64, *_hinted(search), *sides_told(first, 64)))
        forms += [(n, c, side, side) for side in told for c in dict.fromkeys((*channels, 3, 1))]
    forms += [(n, count, 64, 64) for count in _told_channels(first)]
    forms += [(n, 100), (n, 100, 1, 1), (n, 1, 64, 64), (n, 3, 256), (n, 1, 32, 32, 32), (n, 1, 28, 28), (n, 64)]
    for shape in forms:
        answer = search.with_main(shape)
        if answer.ok or answer.stem is not None:
            return answer
    return first


def _told_channels(answer: Answer) -> list[int]:
    """Return channels that the picture's partner has where an operation on both refused those of the picture."""
    shape, operands = answer.main.shape, answer.failure.operands if answer.failure else ()
    alike = [other for other in operands if shape in operands and len(other) == len(shape)]
    return list(dict.fromkeys(other[1] for other in alike if other[1] not in (1, shape[1])))


def _vectors_or_pictures(search: Search, first: Answer) -> Answer | None:
    """Decide between a latent vector and a picture where a transposed convolution or a linear layer comes first."""
    stem = first.stem
    assert stem is not None
    latents = _latents(search, stem.channels)
    if latents is not None and not _draws(latents):
        latents = _flat_pictures(search, stem.channels) or latents
    picture_first = stem.channels <= FEW or (first.ok and len(first.main.shape) == 4 and stem.read[-1] != 64)
    if latents is not None and not picture_first:
        return latents
    dims = len(stem.weight) - 2 if stem.op == "transposed convolution" else 2
    pictures = _pictures(search, first, dims) or _flat_pictures(search, stem.channels)
    return pictures or latents


def _pictures(search: Search, first: Answer, dims: int) -> Answer | None:
    """Find channels at the first size, then the smallest size that shows the truth."""
    side = _START[dims]
    start = first
    if len(first.main.shape) != dims + 2:
        start = search.with_main((search.batch, 3, *([side] * dims)))
    fitted = start if start.ok else search.fit(start.main.shape)
    channels = fitted.main.shape[1]
    hints = [] if fitted.ok else [n for n in _hinted(search) if n != side]
    answer = search.sized(channels, dims, hints)
    stem = start.stem
    if answer is None and dims == 2 and stem is not None and stem.op in ("linear", "convolution"):
        last = search.with_main((search.batch, 64, 64, stem.channels))
        answer = last if last.ok else None
    if answer is None and dims == 2:
        clip = search.fit((search.batch, _FRAMES, channels, side, side), axis=2)
        answer = clip if clip.ok else None
    if answer is None and search.batch > 1:
        alone = search.with_main((1, *fitted.main.shape[1:]))
        answer = alone if alone.ok else None
    return answer


def _hinted(search: Search) -> list[int]:
    """Return sides that the attributes of the model and of its parts name."""
    sides = []
    for module in () if isinstance(search.model, torch.jit.ScriptModule) else search.model.modules():
        for name in _HINTS:
            value = module.__dict__.get(name)
            value = value[-1] if isinstance(value, (tuple, list)) and value else value
            if isinstance(value, int) and not isinstance(value, bool) and 4 <= value <= 2048:
                sides.append(value)
    return list(dict.fromkeys(sides))[:_MOST_HINTS]


def _flat_pictures(search: Search, features: int) -> Answer | None:
    """Find a picture whose values, in a row, are what a first linear layer wants."""
    for channels in (1, 3, 2, 4):
        side = math.isqrt(features // channels)
        if side > 3 and channels * side * side == features:
            answer = search.with_main((search.batch, channels, side, side))
            if answer.ok:
                return answer
    return None


def _latents(search: Search, count: int) -> Answer | None:
    """Find [N, Z] or [N, Z, 1, 1] that passes."""
    for shape in ((search.batch, count), (search.batch, count, 1, 1)):
        answer = search.fit(shape)
        if answer.ok:
            return answer
    return None


def _indices(search: Search) -> Answer | None:
    for shape in ((search.batch,), (search.batch, 16), (search.batch, 64, 64), (search.batch, 1, 64, 64)):
        answer = search.with_main(shape, "int64")
        if answer.ok:
            return answer
    return None


def _natural(search: Search, first: Answer) -> Found:
    """Return the most natural candidate where none passed: its crash is the finding if all crash alike."""
    stem = first.stem
    shape: Shape = (search.batch, 3, 64, 64)
    if stem is not None and stem.op in ("transposed convolution", "linear") and stem.channels > FEW:
        end = (1, 1) if stem.op == "transposed convolution" else ()
        shape = (LATENT_BATCH, stem.channels, *end)
    elif stem is not None and stem.op in ("convolution", "transposed convolution"):
        dims = len(stem.weight) - 2
        shape = search.fit((search.batch, 3, *([_START[dims]] * dims))).main.shape
    answer = search.with_main(shape)
    if search.confirmed(answer):
        return Found(replace(answer, ok=True), is_latent(shape))
    kind = [a for a in search.answers.values() if a.main.shape[: len(shape) - 2] == shape[: len(shape) - 2]]
    if stem is None:
        kind = list(search.answers.values())
    failing = [a for a in kind if not a.ok]
    alike = bool(failing) and len({a.signature for a in failing}) == 1
    if any(p.role == "other" for p in search.leaves) or (
        _lacks(answer) and any(p.may_be_none for p in search.parameters)
    ):
        alike, stem = False, None  # what the other arguments want is unknown: the crash may well be ours
    return Found(answer, is_latent(shape), alike or search.clashes(answer) or (stem is not None and answer.op != ""))
