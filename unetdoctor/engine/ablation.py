"""What each skip connection is worth, measured: its branch is replaced by its mean, and the output looked at again."""

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from torch import Tensor

from unetdoctor.engine.crossing import fits
from unetdoctor.engine.drawing import is_weighted
from unetdoctor.engine.evaluation import Change, Intervention, Snapshot, evaluate
from unetdoctor.engine.observation import Observed, branch_points, place_of, verify_now
from unetdoctor.engine.operands import places, with_operand
from unetdoctor.engine.passing import arranged, cut_at, is_blotted, shut_at
from unetdoctor.engine.running import run_again
from unetdoctor.engine.skips import Join, Part, consumer, find_joins
from unetdoctor.engine.tape import Leaf, Ref, argument
from unetdoctor.engine.weights import resolve
from unetdoctor.facts import Place, Remedy, Skip

if TYPE_CHECKING:
    from unetdoctor.engine.examination import Examination

MOST = 48
"""Skip connections that are measured."""
MOST_SLOW = 6
"""The same where a pass is slow: the last ones, behind which least is to be evaluated again."""
SEVERED = 1e-6
"""Influence at which the graph is asked where a branch is lost."""
FLAT = 1e-6
"""Spread over the largest value below which an output or a branch is flat: what is left is rounding."""


def skips(examination: "Examination", change: Change | None = None) -> tuple[Skip, ...]:
    """Return every skip connection of the main pass with its influence, as it is or under a change.

    Where a pass is slow, the influence is measured on a corner of its input.
    """
    seen = examination.main
    joins = find_joins(seen.tape) if seen.drawing is not None else ()
    if not joins:
        return ()
    fed = examination.cheapest
    if fed.verified is None:
        verify_now(examination.setting, fed)
    ablated = find_joins(fed.tape)[-(MOST_SLOW if examination.slow or not fed.verified else MOST) :]
    ablation = _Ablation(examination, fed, ablated, change or Change())
    found = tuple(_described(examination, seen, join, joins, ablation) for join in joins)
    fed.branches, fed.drawn = {}, {}
    return found


def skips_under(examination: "Examination", remedies: tuple[Remedy, ...]) -> tuple[Skip, ...]:
    """Return the same under remedies."""
    return skips(examination, examination.change(examination.cheapest, remedies))


def _described(
    examination: "Examination", seen: Observed, join: Join, joins: tuple[Join, ...], ablation: "_Ablation"
) -> Skip:
    entries = seen.tape.entries
    sizes = sorted({j.size for j in joins}, key=lambda size: (-math.prod(size), size))
    reader, weight, deep_weight = _weights(examination, seen, join, ablation.change)
    skip = Skip(
        join=join.op,
        operand=join.skip.position,
        kind=join.kind,
        gated=join.gated,
        place=_joined_at(examination, seen, join),
        source=place_of(entries[join.source], examination.setting) if join.source >= 0 else Place(op="input"),
        level=sizes.index(join.size),
        size=join.size,
        join_size=join.join_size,
        channels=join.skip.shape[1],
        deep_channels=join.deep.shape[1],
        bottom_size=entries[join.bottom].shape[2:],
        bottom_channels=entries[join.bottom].shape[1],
        from_input=join.from_input,
        reaches=join.op in ablation.reaching,
        weight=weight,
        deep_weight=deep_weight,
        reconnects=join.source >= 0 and entries[join.source].shape == join.skip.shape,
        consumer=reader,
    )
    fit = ablation.fits.get(join.op)
    if fit is not None:
        skip = replace(skip, exchangeable=True, apart=fit.apart, misfit=fit.misfit, misfit_exchanged=fit.exchanged)
    if join.op not in {x.op for x in ablation.measured}:
        return skip
    influence, signal = ablation.of(join, join.skip)
    # Where a pass is slow, only the last join tells what the deep branch is worth.
    last = join.op == ablation.measured[-1].op or not examination.slow
    deep, deep_signal = ablation.of(join, join.deep) if last else (math.nan, math.nan)
    skip = replace(skip, influence=influence, deep_influence=deep, signal=signal, deep_signal=deep_signal)
    if not min(influence, deep) <= SEVERED:
        return skip
    skip_cut, deep_cut = (cut_at(seen.tape, seen.statistics, part.ref) for part in (join.skip, join.deep))
    blank, starts = _blank(examination, seen, join.deep, ablation.change)
    return replace(
        skip,
        cut=skip_cut >= 0,
        deep_cut=deep_cut >= 0,
        cut_at=skip_cut,
        shut_at=shut_at(seen.tape, seen.statistics, join.skip.ref),
        deep_shut_at=shut_at(seen.tape, seen.statistics, join.deep.ref),
        blotted=is_blotted(seen.tape, skip_cut),
        deep_cut_at=deep_cut,
        overwritten=bool(arranged(seen.tape, join.op)[1]),
        deep_blank=blank,
        deep_starts=starts,
    )


def _joined_at(examination: "Examination", seen: Observed, join: Join) -> Place:
    """Return where a join is; one that the network's own forward() makes is named by the layer that reads it."""
    entry = seen.tape.entries[join.op]
    place = place_of(entry, examination.setting)
    if entry.module:
        return place
    after = sorted(seen.tape.downstream({join.op}))
    reader = next((op for op in after if is_weighted(seen.tape.entries[op])), None)
    return place if reader is None else replace(place, layer=seen.tape.entries[reader].layer)


def _blank(examination: "Examination", seen: Observed, part: Part, change: Change) -> tuple[Place, bool]:
    """Return the layer that draws a branch where its weights are all zero, else a place without a name.

    And whether it is as layers are made that are to start as nothing: a convolution of 1x1, or without a bias either.
    """
    ref: Ref | Leaf | None = part.ref
    while isinstance(ref, Ref) and not is_weighted(seen.tape.entries[ref.op]):
        sources = seen.tape.activations(ref.op)
        ref = sources[0] if len(sources) == 1 else None
    if not isinstance(ref, Ref):
        return Place(), False
    entry = seen.tape.entries[ref.op]
    names = [name for name in entry.parameters if name.endswith(".weight") and name not in change.leaves]
    weights = [x.tensor for x in seen.tape.leaves if x.name in names]
    if not weights or any(w.any() for w in weights):
        return Place(), False
    rest = [x.tensor for x in seen.tape.leaves if x.name in entry.parameters and x.name not in names]
    plain_one = not argument(entry.args, entry.kwargs, entry.traits, "transposed")
    starts = plain_one and (math.prod(weights[0].shape[2:]) == 1 or not any(x.any() for x in rest))
    return place_of(entry, examination.setting), starts


class _Ablation:
    """Evaluates the main pass with one branch at a time replaced by its mean; each branch once."""

    def __init__(self, examination: "Examination", seen: Observed, measured: tuple[Join, ...], change: Change) -> None:
        self.setting, self.seen, self.measured, self.change = examination.setting, seen, measured, change
        assert seen.drawing is not None
        self.drawing = seen.drawing
        self.chosen = _reaching(seen, (self.drawing.output,))
        others = tuple(ref for _, ref in seen.tape.outputs if isinstance(ref, Ref) and ref != self.drawing.output)
        self.reaching = self.chosen | _reaching(seen, others)
        apart = any(x.op in self.reaching - self.chosen for x in measured)
        self._others = others if apart and seen.verified else ()
        self._known = all(ref is not None for _, ref in seen.tape.outputs)
        self._found: dict[tuple[int, int], tuple[float, float]] = {}
        starts = branch_points(measured)
        self._snapshots: dict[int, Snapshot] = {}
        self._whole: tuple[Tensor, ...] | None
        if change == Change() and set(starts) <= set(seen.branches):
            self._snapshots, self._whole = seen.branches, tuple(seen.drawn[ref] for ref in self._wanted)
        else:
            self._whole = self._run(change, None, starts)
        self.fits = {x.op: fit for x, fit in fits(examination, seen, measured, self.change).items()}

    @property
    def _wanted(self) -> tuple[Ref, ...]:
        drawn_by = self.drawing.drawn_by
        found = (self.drawing.raw, self.drawing.output, *self._others)
        return found if drawn_by is None else (Ref(drawn_by, 0), *found)

    def of(self, join: Join, part: Part) -> tuple[float, float]:
        """Return (influence, signal) of one branch at a join."""
        if join.op not in self.reaching:
            # Where no join reaches the output, or one came from nowhere, it is the graph that misses something.
            known = any(x.op in self.reaching for x in self.measured) and self._known
            return 0.0 if known else math.nan, math.nan
        if join.op not in self.chosen and not self._others:
            return math.nan, math.nan
        key = (part.op, part.position)
        if key not in self._found:
            self._found[key] = self._measure(join, part)
        return self._found[key]

    def _measure(self, join: Join, part: Part) -> tuple[float, float]:
        if self._whole is None or self.seen.tape.reads_values(self.seen.tape.downstream({part.op})):
            return math.nan, math.nan  # what is drawn may be another number of things
        signals: list[float] = []
        act = _with_mean(part, signals)
        first = self.change.interventions.get(part.op)
        interventions = {**self.change.interventions, part.op: act if first is None else _after(first, act)}
        drawn = self._run(replace(self.change, interventions=interventions), part.op)
        if drawn is None:
            return math.nan, math.nan
        changes = [_moved(a, b) for a, b in zip(self._whole, drawn, strict=True)]
        if join.op in self.chosen:  # what else is returned counts where the chosen output does not depend on it
            changes = changes[: len(changes) - len(self._others)]
        known = [x for x in changes if not math.isnan(x)]
        return max(known, default=math.nan), signals[0] if signals else math.nan

    def _run(self, change: Change, start: int | None, take: tuple[int, ...] = ()) -> tuple[Tensor, ...] | None:
        """Return what is drawn under a change; None where that raises."""
        try:
            if not self.seen.verified:
                return run_again(self.setting, self.seen, self.drawing, change)
            values, snapshots = evaluate(
                self.seen.tape,
                self._wanted,
                change=change,
                snapshot=self._snapshots.get(start) if start is not None else None,
                take=take,
                device=self.setting.device,
                seed=self.setting.seed,
            )
        except Exception:  # noqa: BLE001 - user code may run again: what it raises leaves the branch unmeasured
            return None
        self._snapshots.update(snapshots)
        return tuple(values[ref] for ref in self._wanted)


def _reaching(seen: Observed, outputs: tuple[Ref, ...]) -> set[int]:
    """Return the operations on which these outputs depend."""
    needed = {ref.op for ref in outputs}
    for op in range(max(needed, default=-1), -1, -1):
        if op in needed:
            needed.update(source for source in seen.tape.producers(op) if source >= 0)
    return needed


def _with_mean(part: Part, signals: list[float]) -> Intervention:
    """Return an intervention that joins the mean of one branch in every channel instead of the branch."""

    def flattened(value: Any) -> Tensor:
        signal, flat = _flattened(value)
        signals.append(signal)
        return flat

    return with_operand(part.position, flattened)


def _after(first: Intervention, second: Intervention) -> Intervention:
    """Return both: what the first one hands to the operator goes to the second."""

    def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return first(lambda *inner, **named: second(func, inner, named), args, kwargs)

    return act


def _flattened(x: Tensor) -> tuple[float, Tensor]:
    mean = x.float().mean(dim=places(x), keepdim=True)
    signal = (x.float() - mean).square().mean().sqrt().item()
    if signal <= FLAT * x.abs().max().item():
        return 0.0, x  # its mean differs from it by rounding
    return signal, mean.to(x.dtype).expand_as(x).contiguous()


def _moved(before: Tensor, after: Tensor) -> float:
    """Return how far the output moved over its own spread; NaN where it holds no numbers or has no spread."""
    if not before.is_floating_point() or before.dim() < 2 or before.shape != after.shape:
        return math.nan
    a, b = before.float(), after.float()
    spread = (a - a.mean(dim=places(a), keepdim=True)).square().mean().sqrt().item()
    moved = (a - b).square().mean().sqrt().item()
    if not math.isfinite(spread) or not math.isfinite(moved) or spread <= FLAT * a.abs().max().item():
        return math.nan
    return moved / spread


def _weights(examination: "Examination", seen: Observed, join: Join, change: Change) -> tuple[Place, float, float]:
    """Return the layer that reads a concatenation, and its weights on the skip and on the deep branch."""
    found = consumer(seen.tape, join)
    if found is None:
        return Place(), math.nan, math.nan
    entry = seen.tape.entries[found.op]
    reference = entry.args[1]
    weight = resolve(seen.tape, reference, seen.values)
    if isinstance(reference, Leaf):
        weight = change.leaves.get(seen.tape.leaves[reference.index].name, weight)
    place = place_of(entry, examination.setting)
    if weight is None:
        return place, math.nan, math.nan
    scales = [weight.detach()[taken].float().square().mean().sqrt().item() for taken in (found.skip, found.deep)]
    return place, scales[0], scales[1]
