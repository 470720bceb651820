"""Skip connections that are joined at one another's level: exchanged, and what the normalisations behind them then get.

A network that was trained with each skip at its own level stored the statistics of that: with the skips crossed, the
batch lies far from them, and with the skips exchanged near.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from unetdoctor.engine.bench import Bench, NotApplicableError
from unetdoctor.engine.evaluation import Change, Intervention, evaluate
from unetdoctor.engine.observation import Observed
from unetdoctor.engine.operands import keeping, places, with_operand
from unetdoctor.engine.skips import STEP, Join, find_joins
from unetdoctor.engine.tape import Tape, argument
from unetdoctor.engine.weights import normalisations, resolve
from unetdoctor.facts import Remedy

if TYPE_CHECKING:
    from unetdoctor.engine.examination import Examination

_LEAST = 1e-12


@dataclass(frozen=True)
class Fit:
    """How a resized skip fits where it is joined."""

    apart: float
    """Root mean square distance of what is joined from the skip that fits there as it was drawn, over its spread."""
    misfit: float
    """Mean |ln(batch variance / stored variance)| of the first normalisation behind the join; NaN without one."""
    exchanged: float
    """The same with the skips exchanged."""


def exchange(tape: Tape, joins: tuple[Join, ...]) -> dict[Join, int]:
    """Return, for every resized skip, the operation that drew the skip which fits in its place without resizing."""
    resized = [join for join in joins if join.source >= 0 and _is_other(join.size, join.join_size)]
    found = {}
    for join in resized:
        fitting = {x.source for x in resized if x.op != join.op and tape.entries[x.source].shape == join.skip.shape}
        if len(fitting) == 1 and (source := fitting.pop()) < join.skip.op:
            found[join] = source
    return found


def _is_other(size: tuple[int, ...], than: tuple[int, ...]) -> bool:
    return any(max(a, b) >= STEP * min(a, b) for a, b in zip(size, than, strict=False))


def exchanged(tape: Tape, joins: tuple[Join, ...]) -> Change:
    """Return the change that joins each level's own skip; of none where nothing fits."""
    interventions: dict[int, Intervention] = {}
    kept: dict[int, Tensor] = {}
    for join, source in exchange(tape, joins).items():
        interventions[source] = keeping(kept, source)
        interventions[join.skip.op] = with_operand(join.skip.position, _kept(kept, source))
    return Change(interventions)


def _kept(kept: dict[int, Tensor], source: int) -> Callable[[Any], Tensor]:
    return lambda _: kept[source]


def exchange_skips(bench: Bench, remedy: Remedy) -> Change:
    """Join each level's own skip connection where they are crossed."""
    change = exchanged(bench.tape, find_joins(bench.tape))
    if not change.interventions:
        raise NotApplicableError("no skip connection fits in another one's place")
    return change


def fits(examination: "Examination", seen: Observed, joins: tuple[Join, ...], change: Change) -> dict[Join, Fit]:
    """Return how the skips fit that another one could take the place of; none in nearly every network."""
    found = exchange(seen.tape, joins)
    if not found or not seen.verified or seen.drawing is None:
        return {}
    other = Change({**change.interventions, **exchanged(seen.tape, joins).interventions}, change.leaves, change.inputs)
    apart, misfits = _measured(examination, seen, found, change)
    _, without = _measured(examination, seen, found, other)
    nan = math.nan
    return {x: Fit(apart.get(x.op, nan), misfits.get(x.op, nan), without.get(x.op, nan)) for x in found}


def _measured(
    examination: "Examination", seen: Observed, joins: dict[Join, int], change: Change
) -> tuple[dict[int, float], dict[int, float]]:
    """Return (distance from the fitting skip, misfit behind) of every join under a change."""
    apart: dict[int, float] = {}
    misfits: dict[int, float] = {}
    drawn: dict[int, Tensor] = {}
    interventions = dict(change.interventions)
    norms = normalisations(seen.tape)
    for source in set(joins.values()):
        interventions[source] = keeping(drawn, source, interventions.get(source))
    for join, source in joins.items():
        look = _parting(join, drawn, source, apart)
        interventions[join.skip.op] = _inside(interventions.get(join.skip.op), look)
        behind = sorted(seen.tape.downstream({join.op}) & set(norms))
        stored = _stored_variance(seen, behind[0]) if behind else None
        if stored is not None:
            interventions[behind[0]] = _inside(interventions.get(behind[0]), _comparing(join, stored, misfits))
    assert seen.drawing is not None
    evaluate(
        seen.tape,
        (seen.drawing.output,),
        change=Change(interventions, change.leaves, change.inputs),
        device=examination.setting.device,
        seed=examination.setting.seed,
    )
    return apart, misfits


def _inside(first: Intervention | None, watch: Callable[[tuple[Any, ...]], None]) -> Intervention:
    """Return an intervention that looks at what the operator gets in the end."""

    def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        def watched(*inner: Any, **named: Any) -> Any:
            watch(inner)
            return func(*inner, **named)

        return watched(*args, **kwargs) if first is None else first(watched, args, kwargs)

    return act


def _parting(
    join: Join, drawn: dict[int, Tensor], source: int, apart: dict[int, float]
) -> Callable[[tuple[Any, ...]], None]:
    def watch(args: tuple[Any, ...]) -> None:
        joined = (args[0] if isinstance(args[0], (list, tuple)) else args)[join.skip.position].float()
        own = drawn[source].float()
        spread = (own - own.mean(dim=places(own), keepdim=True)).square().mean().sqrt().item()
        apart[join.op] = (joined - own).square().mean().sqrt().item() / spread if spread > 0 else math.nan

    return watch


def _comparing(join: Join, stored: Tensor, misfits: dict[int, float]) -> Callable[[tuple[Any, ...]], None]:
    def watch(args: tuple[Any, ...]) -> None:
        variance = torch.var(args[0].float(), dim=places(args[0])).clamp_min(_LEAST)
        misfits[join.op] = (variance / stored.to(variance).clamp_min(_LEAST)).log().abs().mean().item()

    return watch


def _stored_variance(seen: Observed, op: int) -> Tensor | None:
    entry = seen.tape.entries[op]
    return resolve(seen.tape, argument(entry.args, entry.kwargs, entry.traits, "running_var"), seen.values)
