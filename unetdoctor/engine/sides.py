"""What is fed beside the picture: first guesses by role and name, and repairs that a refusal points to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from unetdoctor.engine.arguments import ArgumentSpec, Shape, Specs, sources
from unetdoctor.engine.shape_log import Weighted
from unetdoctor.engine.shape_pass import ShapeFailure
from unetdoctor.engine.signature import Parameter

_SIDE = 64
"""Side of a picture beside a latent vector."""
_TIMESTEP = 250.0
"""A quarter of the usual thousand steps: the picture is there, and so is the noise."""
_LEVEL = 0.5
"""The same for times and noise levels between 0 and 1."""
_TOKENS = 8
"""Length of a sequence that is given as a condition."""
_WEIGHTED = ("linear", "addmm", "mm", "bmm", "baddbmm")


def guesses(p: Parameter, main: Shape, dtype: str, wanted: Sequence[int]) -> tuple[ArgumentSpec, ...]:
    """Return what to try for an argument beside one of shape `main`; `wanted` are feature counts that layers asked for.

    Other arguments than timesteps, labels and conditions are taken for a second picture, then for a mask, for a number
    per sample, for one number.
    """
    n, spec = main[0], ArgumentSpec(p.name, main, dtype, p.role, p.keyword_only)
    whole = replace(spec, shape=(n,), dtype="int64", low=_TIMESTEP, high=_TIMESTEP)
    half = replace(spec, shape=(n,), low=_LEVEL, high=_LEVEL)
    label = replace(whole, low=0.0, high=0.0)
    if p.role == "time":
        return whole, half, replace(half, shape=(n, 1)), replace(whole, shape=())
    if p.role == "level":
        return half, replace(half, shape=(n, 1)), whole, replace(half, shape=())
    if p.role == "label":
        return label, *(replace(half, shape=(n, c), low=0.0, high=0.0) for c in dict.fromkeys((*wanted, 10))), half
    if p.role == "context":
        return tuple(replace(half, shape=(n, _TOKENS, c), low=None, high=None) for c in dict.fromkeys((*wanted, 768)))
    sides = main[2:] if len(main) > 2 and max(main[2:]) > 1 else (_SIDE, _SIDE)
    return spec, replace(spec, shape=(n, 1, *sides)), label, half, replace(half, shape=())


def usual(p: Parameter, *, floating: bool) -> float | None:
    """Return the value to feed to an argument of which the shape and the type are known; None for noise."""
    if p.role in ("time", "level"):
        return _LEVEL if floating else _TIMESTEP
    return None if floating else 0.0


def repairs(specs: Specs, failure: ShapeFailure) -> Iterable[Specs]:
    """Return arguments of which one beside the picture gets the shape that a refusal points to."""
    bits = sources(specs)
    found: list[tuple[ArgumentSpec, Shape]] = []
    for spec in specs:
        if spec.role != "main" and spec.dtype.startswith(("float", "bfloat")):
            found += [(spec, shape) for shape in _by_weight(spec, bits[spec.name], failure)]
            found += [(spec, shape) for shape in _by_operands(spec, bits[spec.name], failure)]
    for spec, shape in dict.fromkeys(found):
        if shape != spec.shape and min(shape, default=1) > 0:
            yield tuple(replace(s, shape=shape) if s is spec else s for s in specs)


def _by_weight(spec: ArgumentSpec, bit: int, failure: ShapeFailure) -> Iterable[Shape]:
    """Give the layer that refused the channels that it wants."""
    last: Weighted | None = failure.seen.weighted[-1] if failure.seen.weighted else None
    if last is None or not last.sources & bit or not ("conv" in failure.op or failure.op in _WEIGHTED):
        return
    if last.sources != bit and spec.role != "other":
        return  # it is for the picture to give way
    axis = -1 if last.op == "linear" else 1
    if len(last.read) < 2:
        return
    had, want = last.read[axis], last.channels
    if had == want and len(spec.shape) < len(last.weight):
        yield (*spec.shape[:1], want, *([_SIDE] * (len(last.weight) - 2)))
    if len(spec.shape) < 2 or had == want:
        return
    axis %= len(spec.shape)
    for count in (spec.shape[axis] + want - had, want):
        yield tuple(count if d == axis else n for d, n in enumerate(spec.shape))


def _by_operands(spec: ArgumentSpec, bit: int, failure: ShapeFailure) -> Iterable[Shape]:
    """Bring an operand that comes from one argument alone to the size of the other operand."""
    pairs = list(zip(failure.operands, failure.sources, strict=False))
    own = next((shape for shape, sources in pairs if sources == bit), None)
    if own is None:
        return
    other = next((shape for shape, sources in pairs if sources & ~bit and not sources & bit), None)
    if other is None or len(other) != len(own):
        dims = len(other) if other is not None else 4
        if len(spec.shape) < dims and dims > 2:
            yield (*spec.shape[:1], 1, *([_SIDE] * (dims - 2)))
        return
    scaled = list(spec.shape)
    if len(scaled) != len(own):
        return
    for d in range(1, len(own)):
        if own[d] != other[d] and (d > 1 or len(own) == 2 or failure.op != "cat"):
            if scaled[d] * other[d] % own[d]:
                return
            scaled[d] = scaled[d] * other[d] // own[d]
    yield tuple(scaled)
