"""What half precision would make of a network: every result rounded through the narrower type, as its own run would.

Convolutions in float16 are a hundred times slower on a CPU than in float32, so they are not run: they add up in
float32 in any case, and what overflows is their result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_map

from unetdoctor.engine.bench import Bench, NotApplicableError
from unetdoctor.engine.evaluation import Change, Intervention
from unetdoctor.engine.observation import Observed
from unetdoctor.engine.tape import Tape, traits
from unetdoctor.facts import HalfPrecision, Remedy, TensorStatistics

if TYPE_CHECKING:
    from unetdoctor.engine.examination import Examination

MASKING = 1e30
"""Values from here on stand for infinity in an attention mask; code that runs in half precision writes others."""
_HALF = (torch.float16, torch.bfloat16)


def half_precision(examination: Examination) -> HalfPrecision | None:
    """Return what rounding to half precision makes of the pass with the largest value.

    None, and no further pass, where every result fits float16 or the network runs in half precision already.
    """
    seen = max(examination.varied, key=_largest, default=None)
    if seen is None or seen.output is None or seen.output.dtype in _HALF or not torch.isfinite(seen.output).all():
        return None
    if not _largest(seen) > torch.finfo(torch.float16).max:
        return None
    shares = []
    for kind in _HALF:
        drawn = examination.evaluate(seen, _rounded(seen.tape, kind))[0]
        shares.append((~torch.isfinite(drawn)).float().mean().item())
    return HalfPrecision(seen.probe.name, shares[0], shares[1])


def _largest(seen: Observed) -> float:
    return max((_size(x) for x in seen.statistics.values()), default=0.0)


def _size(numbers: TensorStatistics) -> float:
    return max((x for x in (abs(numbers.minimum), abs(numbers.maximum)) if x < MASKING), default=0.0)


def _rounded(tape: Tape, kind: torch.dtype) -> Change:
    def through(value: Any) -> Any:
        if not isinstance(value, Tensor) or value.dtype is not torch.float32:
            return value
        return torch.where(value.abs() < MASKING, value.to(kind).to(value.dtype), value)

    def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        out = func(*args, **kwargs)
        if traits(func).mutated and isinstance(out, Tensor):
            return out.copy_(through(out)) if out.is_floating_point() else out
        return tree_map(through, out)

    computing = [op for op, entry in enumerate(tape.entries) if entry.floating and not entry.traits.view]
    return Change(dict.fromkeys(computing, act))


def compute_in(bench: Bench, remedy: Remedy) -> Change:
    """Run a network in half precision in float32 instead, or in bfloat16: each result rounded to it."""
    kind = {"float32": torch.float32, "bfloat16": torch.bfloat16}[str(remedy.parameters["dtype"])]
    entries = bench.tape.entries
    if not any(leaf.tensor.dtype is torch.float16 for leaf in bench.tape.leaves):
        raise NotApplicableError("the network does not run in float16")
    return Change(dict.fromkeys(range(len(entries)), _computing_in(kind)))


def _computing_in(kind: torch.dtype) -> Intervention:
    def widened(value: Any) -> Any:
        if isinstance(value, Tensor) and value.dtype is torch.float16:
            return value.float()
        return torch.float32 if value is torch.float16 else value

    def rounded(value: Any) -> Any:
        return value.to(kind).float() if isinstance(value, Tensor) and value.dtype is torch.float32 else value

    def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        out = func(*tree_map(widened, args), **tree_map(widened, kwargs))
        if kind is torch.float32 or traits(func).view:
            return out
        return out.copy_(rounded(out)) if traits(func).mutated and isinstance(out, Tensor) else tree_map(rounded, out)

    return act
