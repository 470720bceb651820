"""Where values stop being finite, and the experiments on that operation: guarded, computed wider, replaced.

An experiment acts on every operation of one name: what is written once in a block runs many times, and a guard changes
nothing where the operands are sound.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_map

from unetdoctor.engine.bench import Bench, NotApplicableError
from unetdoctor.engine.drawing import plain
from unetdoctor.engine.evaluation import Change, Intervention
from unetdoctor.engine.observation import Observed
from unetdoctor.engine.tail import tail
from unetdoctor.engine.tape import Tape, plain_name, tensors, traits
from unetdoctor.facts import BrokenOp, Hidden, Remedy

if TYPE_CHECKING:
    from unetdoctor.engine.examination import Examination

LEAST = {torch.float16: 1e-3, torch.bfloat16: 1e-2}
"""What a divisor or the operand of a logarithm is kept from zero by, in coarse types."""
LEAST_FLOAT = 1e-6
"""The same in float32."""
LARGEST_EXPONENT = {torch.float16: 5.0}
"""What the operand of exp is kept below in half precision, so that sums of some hundred results fit as well."""
LARGEST_EXPONENT_FLOAT = 40.0
"""The same in other types."""
_NORMALISATIONS = (
    "native_batch_norm",
    "native_layer_norm",
    "native_group_norm",
    "_native_batch_norm_legit_no_training",
)
_SPREADS = ("var", "std", "var_mean", "std_mean")

Guard = Callable[[Tensor], Tensor]


def broken_operations(examination: Examination) -> tuple[BrokenOp, ...]:
    """Return the operations that make non-finite values out of finite ones, in the pass that draws most of them.

    Nothing is evaluated where every output is finite.
    """
    passes = [*examination.varied, *examination.blanks]
    counts = {id(s): _non_finite(s.output) for s in passes if s.output is not None}
    if not any(counts.values()):
        counts = {id(s): float(hides(s)) for s in passes}
    worst = max(passes, key=lambda s: counts.get(id(s), 0.0), default=None)
    if worst is None or not counts.get(id(worst)):
        return ()
    found: dict[int, BrokenOp] = {}
    candidates = _candidates(worst)
    interventions = {op: _watching(found, worst, op) for op in candidates}
    if interventions:
        examination.evaluate(worst, Change(dict(interventions)))
    return tuple(found[op] for op in sorted(found))


def _non_finite(tensor: Tensor) -> float:
    return (~torch.isfinite(tensor)).float().mean().item() if tensor.is_floating_point() else 0.0


def hides(seen: Observed) -> bool:
    """Return whether the last weighted layer drew what is not finite, and the output is."""
    drawn = seen.drawing.drawn_by if seen.drawing is not None else None
    known = seen.statistics.get(drawn) if drawn is not None else None
    return known is not None and not known.finite and seen.output is not None and not _non_finite(seen.output)


def hidden(examination: Examination, remedies: tuple[Remedy, ...] = ()) -> Hidden | None:
    """Return what is not finite of the last layer where every output is, as it is or under remedies."""
    passes = [s for s in examination.varied if s.output is not None]
    if any(_non_finite(s.output) for s in passes if s.output is not None):
        return None
    seen = next((s for s in passes if hides(s)), None)
    if seen is None or seen.drawing is None or seen.drawing.drawn_by is None:
        return None
    op, shares = seen.drawing.drawn_by, list[float]()
    change = examination.change(seen, remedies) if remedies else Change()
    inner = change.interventions.get(op)

    def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        out = func(*args, **kwargs) if inner is None else inner(func, args, kwargs)
        shares.append(_non_finite(next(tensors(out))))
        return out

    examination.evaluate(seen, Change({**change.interventions, op: act}, change.leaves, change.inputs))
    if not shares:
        return None
    behind = (x for x in tail(seen.tape, seen.drawing) if not seen.tape.entries[x].traits.view)
    by = next((x for x in behind if not seen.tape.entries[x].floating or _is_finite(seen, x)), None)
    return Hidden(seen.probe.name, shares[-1], plain(seen.tape.entries[by].name) if by is not None else "")


def _is_finite(seen: Observed, op: int) -> bool:
    return op in seen.statistics and seen.statistics[op].finite


def _candidates(seen: Observed) -> list[int]:
    """Return the operations with a non-finite result and finite operands, views passed."""
    numbers, entries = seen.statistics, seen.tape.entries

    def finite(op: int) -> bool:
        while op >= 0 and op not in numbers and entries[op].traits.view:
            op = max(seen.tape.producers(op), default=-1)
        return op not in numbers or numbers[op].finite

    return [
        op for op, x in numbers.items() if not x.finite and all(finite(source) for source in seen.tape.producers(op))
    ]


def _watching(found: dict[int, BrokenOp], seen: Observed, op: int) -> Intervention:
    def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        operands = tuple(_operands(func, args))
        wider = next(tensors(_computed_wider(func, args, kwargs)), None)
        out = func(*args, **kwargs)
        result = next(tensors(out), None)
        if result is not None:
            found[op] = BrokenOp(
                probe=seen.probe.name,
                op=op,
                count=int((~torch.isfinite(result)).sum()),
                size=result.numel(),
                operands=operands,
                wider=wider is not None and bool(torch.isfinite(wider).all()),
                dtype=str(result.dtype).removeprefix("torch."),
            )
        return out

    return act


def _operands(func: Any, args: tuple[Any, ...]) -> list[tuple[str, float, float]]:
    known = [
        (name, value.detach())
        for name, value in zip(traits(func).arguments, args, strict=False)
        if isinstance(value, Tensor) and value.is_floating_point() and value.numel()
    ]
    return [(name, value.min().item(), value.max().item()) for name, value in known]


def _computed_wider(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return what the operator makes of the same values in float64; what it writes to is a copy."""

    def cast(value: Any) -> Any:
        return value.double() if isinstance(value, Tensor) and value.is_floating_point() else value

    copied = tuple(x.clone() if isinstance(x, Tensor) and x.dtype is torch.float64 else x for x in args)
    try:
        return func(*tree_map(cast, copied), **tree_map(cast, kwargs))
    except RuntimeError:
        return None


def _chosen(tape: Tape, remedy: Remedy) -> list[int]:
    name = str(remedy.parameters["name"])
    found = [op for op, entry in enumerate(tape.entries) if plain_name(entry.func) == name]
    if not found:
        raise NotApplicableError(f"no {name} ran")
    return found


def _written(func: Any, args: tuple[Any, ...], new: Any) -> Any:
    """Return a result; where the operator writes into its argument, it is written there as well."""
    if traits(func).mutated and isinstance(new, Tensor):
        return args[0].copy_(new)
    return new


def keep_finite(bench: Bench, remedy: Remedy) -> Change:
    """Put zero in the place of NaN and the largest finite value in that of infinity, behind every such operation."""

    def bounded(value: Any) -> Any:
        if not isinstance(value, Tensor) or not value.is_floating_point():
            return value
        finite = value[torch.isfinite(value)]
        low, high = (finite.min().item(), finite.max().item()) if finite.numel() else (0.0, 0.0)
        return value.nan_to_num(nan=min(max(0.0, low), high), posinf=high, neginf=low)

    def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return _written(func, args, tree_map(bounded, func(*args, **kwargs)))

    return Change(dict.fromkeys(_chosen(bench.tape, remedy), act))


def compute_wider(bench: Bench, remedy: Remedy) -> Change:
    """Compute every such operation in float64 and round its result back, to the largest value where it is beyond."""

    def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        kind = next((x.dtype for x in args if isinstance(x, Tensor) and x.is_floating_point()), torch.float32)

        def back(value: Any) -> Any:
            if not isinstance(value, Tensor) or value.dtype is not torch.float64:
                return value
            return value.clamp(torch.finfo(kind).min, torch.finfo(kind).max).to(kind)

        wide = _computed_wider(func, args, kwargs)
        if wide is None:
            raise NotApplicableError(f"{traits(func).name} does not run in float64")
        return _written(func, args, tree_map(back, wide))

    return Change(dict.fromkeys(_chosen(bench.tape, remedy), act))


def guard_operand(bench: Bench, remedy: Remedy) -> Change:
    """Keep the operands of every such operation where its result is finite."""
    name = str(remedy.parameters["name"])

    def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        new, named = _guarded(name, func, args, kwargs)
        if traits(func).mutated and new[0] is not args[0]:
            new = (args[0].copy_(new[0]), *new[1:])
        return func(*new, **named)

    if name not in GUARDED:
        raise NotApplicableError(f"{name} has no operand to guard")
    return Change(dict.fromkeys(_chosen(bench.tape, remedy), act))


def _least(x: Tensor) -> float:
    return LEAST.get(x.dtype, LEAST_FLOAT)


def _away_from_zero(x: Tensor) -> Tensor:
    least = _least(x)
    return torch.where(x.abs() < least, torch.where(x < 0, -least, least).to(x), x)


def _below(x: Tensor) -> Tensor:
    return x.clamp_max(LARGEST_EXPONENT.get(x.dtype, LARGEST_EXPONENT_FLOAT))


_FIRST: dict[str, Guard] = {
    "reciprocal": _away_from_zero,
    "log1p": lambda x: x.clamp_min(_least(x) - 1),
    "asin": lambda x: x.clamp(-1, 1),
    "acos": lambda x: x.clamp(-1, 1),
    "acosh": lambda x: x.clamp_min(1),
    "atanh": lambda x: x.clamp(_least(x) - 1, 1 - _least(x)),
    **dict.fromkeys(("log", "log2", "log10", "rsqrt", "sqrt"), lambda x: x.clamp_min(_least(x))),
    **dict.fromkeys(("exp", "exp2", "expm1", "sinh", "cosh"), _below),
}
GUARDED = (*_FIRST, "div", "pow", *_NORMALISATIONS, *_SPREADS)
"""Operations of which it is known where their results are finite."""


def _guarded(
    name: str, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    if name in _FIRST:
        return (_FIRST[name](args[0]), *args[1:]), kwargs
    if name in _SPREADS:
        return args, {**kwargs, "correction": 0}
    if name == "div":
        divisor = _away_from_zero(args[1]) if isinstance(args[1], Tensor) else args[1]
        return (args[0], divisor, *args[2:]), kwargs
    if name == "pow":
        if not isinstance(args[0], Tensor):
            return args, kwargs
        exponent = args[1] if not isinstance(args[1], Tensor) else float(args[1].min())
        return (args[0].clamp_min(_least(args[0]) if exponent < 0 else 0), *args[1:]), kwargs
    changed = list(args)
    for position, argument in enumerate(traits(func).arguments[: len(changed)]):
        if argument == "eps":
            changed[position] = max(float(changed[position]), 1e-5)
        elif argument == "running_var" and isinstance(changed[position], Tensor):
            changed[position] = changed[position].clamp_min(0)
    return tuple(changed), kwargs


ACTIONS: dict[str, Callable[[Bench, Remedy], Change]] = {
    "keep_finite": keep_finite,
    "compute_wider": compute_wider,
    "guard_operand": guard_operand,
}
"""Actions on operations that make non-finite values, a part of `remedies.ACTIONS`."""
