"""What chance changes: the same input under another seed, and experiments that take chance and training mode away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from unetdoctor.engine.bench import Bench, NotApplicableError
from unetdoctor.engine.evaluation import Change, Intervention
from unetdoctor.engine.isolation import beside_another, called, isolate
from unetdoctor.engine.tape import Entry, argument, plain_name, traits
from unetdoctor.engine.weights import normalisations
from unetdoctor.facts import Chance, Remedy

if TYPE_CHECKING:
    from unetdoctor.engine.examination import Examination

STEADYING = ("as_in_eval", "without_chance")
"""Actions after which chance and isolation are measured anew, since they are what these change."""
_CENTRED = ("randn", "randn_like", "normal", "normal_functional")
_UNIFORM = ("rand", "rand_like", "uniform")


def chance(examination: Examination, change: Change | None = None) -> Chance | None:
    """Return how far the main output moves under another seed, and under the same.

    None, and no further pass, where no operation draws random numbers, the tape repeats the pass bit for bit, and the
    first sample alone was told apart from its batch.
    """
    seen = examination.main
    drawing = tuple(op for op, entry in enumerate(seen.tape.entries) if entry.traits.random)
    if seen.output is None or seen.drawing is None or not _is_finite(seen.output):
        return None
    alone = examination.isolation is not None or not seen.inputs or seen.inputs[0].shape[0] < 2
    if not drawing and seen.verified is not False and alone:
        return None
    if not drawing:
        tensors = [called(replace(examination.setting, seed=seed), seen, seen.args, seen.kwargs) for seed in (0, 0, 1)]
        known = [x for x in tensors if x is not None]
        if len(known) < 3:
            return None
        return Chance((), _apart(known[0], known[2]), _apart(known[0], known[1]))
    seed = examination.setting.seed
    first = seen.output if change is None else examination.evaluate(seen, change, seed=seed)[0]
    other = examination.evaluate(seen, change or Change(), seed=seed + 1)[0]
    if change is None and not seen.verified:
        return Chance(drawing, _apart(first, other), _apart(first, examination.evaluate(seen, Change())[0]))
    return Chance(drawing, _apart(first, other), 0.0)


def _is_finite(tensor: Tensor) -> bool:
    return tensor.is_floating_point() and bool(torch.isfinite(tensor).all())


def _apart(one: Tensor, other: Tensor) -> float:
    """Return the root mean square difference over the spread of the first."""
    x, y = one.detach().double(), other.detach().double()
    if x.shape != y.shape:
        return float("inf")
    difference, spread = (x - y).square().mean().sqrt().item(), (x - x.mean()).square().mean().sqrt().item()
    return difference / spread if spread else difference and float("inf")


def chance_under(examination: Examination, remedies: tuple[Remedy, ...]) -> Any:
    """Return what chance changes under remedies."""
    return chance(examination, examination.change(examination.main, remedies))


def isolation_under(examination: Examination, remedies: tuple[Remedy, ...]) -> Any:
    """Return what the other samples change under remedies."""
    seen = beside_another(examination.setting, examination.main, examination.seen)
    return isolate(examination.setting, seen, examination.change(examination.main, remedies))


def as_in_eval(bench: Bench, remedy: Remedy) -> Change:
    """Normalise with stored statistics and drop nothing, as a network in eval() does."""
    norms = [op for op in normalisations(bench.tape) if bench.tape.entries[op].training]
    change = Change(dict.fromkeys(norms, _on_stored_statistics))
    for op, entry in enumerate(bench.tape.entries):
        if plain_name(entry.func) == "bernoulli":
            change.interventions[op] = _expected
        elif entry.name == "native_dropout" and entry.training:
            change.interventions[op] = _undropped
    if not change.interventions:
        raise NotApplicableError("nothing runs as in training")
    return change


def _on_stored_statistics(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    names = ("input", "weight", "bias", "running_mean", "running_var")
    x, weight, bias, mean, variance = (argument(args, kwargs, traits(func), name) for name in names)
    eps = argument(args, kwargs, traits(func), "eps") or argument(args, kwargs, traits(func), "epsilon") or 1e-5
    return torch.ops.aten.native_batch_norm(x, weight, bias, mean, variance, False, 0.0, eps)


def _undropped(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return args[0].clone(), torch.ones_like(args[0], dtype=torch.bool)


def _expected(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Stand in for a draw of zeros and ones: their mean."""
    known = traits(func)
    chosen = argument(args, kwargs, known, "p")
    if chosen is None:  # left out where it is the default, or the operand holds the probabilities
        chosen = 0.5 if "p" in known.arguments else args[0]
    out = func(*args, **kwargs)
    return out.copy_(chosen) if isinstance(chosen, Tensor) else out.fill_(chosen)


def without_chance(bench: Bench, remedy: Remedy) -> Change:
    """Put the mean of its distribution in the place of every random number that is drawn."""
    change = Change()
    for op, entry in enumerate(bench.tape.entries):
        if entry.traits.random:
            change.interventions[op] = _mean_of(entry)
    if not change.interventions:
        raise NotApplicableError("no operation draws random numbers")
    return change


def _mean_of(entry: Entry) -> Intervention:
    name = plain_name(entry.func)
    known: dict[str, Callable[[Entry], float]] = {
        **dict.fromkeys(_CENTRED, lambda e: float(argument(e.args, e.kwargs, e.traits, "mean") or 0.0)),
        **dict.fromkeys(_UNIFORM, _middle),
    }
    if name == "bernoulli":
        return _expected
    if name == "native_dropout":
        return _undropped
    if name not in known:
        raise NotApplicableError(f"what {name} draws has no mean to put in its place")
    mean = known[name](entry)

    def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return func(*args, **kwargs).fill_(mean)

    return act


def _middle(entry: Entry) -> float:
    low = argument(entry.args, entry.kwargs, entry.traits, "from")
    high = argument(entry.args, entry.kwargs, entry.traits, "to")
    return (float(low or 0.0) + float(1.0 if high is None else high)) / 2
