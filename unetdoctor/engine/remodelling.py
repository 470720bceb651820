"""The model as numbers under remedies: what a cause that no picture shows is judged by again."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from unetdoctor.engine.bench import NotApplicableError, measuring
from unetdoctor.engine.evaluation import Change
from unetdoctor.engine.reloading import reread
from unetdoctor.engine.skips import find_joins
from unetdoctor.engine.statistics import Statistics
from unetdoctor.engine.weights import likeness_of, norm_statistics, normalisations
from unetdoctor.facts import Remedy

if TYPE_CHECKING:
    from torch import Tensor

    from unetdoctor.engine.examination import Examination
    from unetdoctor.engine.tape import Entry
    from unetdoctor.facts import LayerWeights, ModelFacts, NormStatistics

STATISTICAL = ("recalibrate", "exchange_joined")
"""The actions after which a further pass measures how far the batch lies from the stored statistics."""
SUSPICIOUS = 2.0
"""Logarithm of batch over stored variance from which another order of concatenations is looked at."""
ACTIONS = ("initialise", "rescale", *STATISTICAL)
"""The actions under which the model is read again."""


def model_under(examination: Examination, remedies: tuple[Remedy, ...]) -> ModelFacts:
    """Return the model with the filters and the normalisations' statistics that these remedies leave.

    What passes the last layer is measured again; its bias, which symptoms read, stays as it is.
    """
    facts = reread(examination.evidence(), examination.subject, remedies).model
    if not examination.remodels:
        return facts
    seen = examination.main
    change = examination.change(seen, remedies)
    layers = tuple(_layer(x, change.leaves.get(f"{x.layer}.weight")) for x in facts.layers)
    facts = replace(facts, layers=_with_signal(examination, layers, change))
    if not facts.trained or not any(remedy.action in STATISTICAL for remedy in remedies):
        return facts  # statistics of a fresh network are no fault
    return replace(facts, norms=_norms(examination, change) or facts.norms)


def exchanged_gap(examination: Examination) -> float:
    """Return the largest gap between stored and batch variance, as a logarithm, with every join in the other order.

    NaN where no two branches are concatenated, or where stored and batch variances are close as it is.
    """
    seen, subject, main = examination.cheapest, examination.subject, examination.main
    norms = norm_statistics(subject.model, main.tape, main.batch, subject.place)
    gaps = [abs(x.log_variance_ratio) for x in norms if x.used_stored and not x.pristine]
    joins = sorted({x.op for x in find_joins(seen.tape) if _of_two(seen.tape.entries[x.op])})
    if not joins or not any(gap > SUSPICIOUS for gap in gaps):
        return math.nan
    remedy = Remedy("exchange_joined", parameters={"joins": joins})
    found = _norms(examination, examination.change(seen, (remedy,)))
    return max((abs(x.log_variance_ratio) for x in found if x.used_stored), default=math.nan)


def _of_two(entry: Entry) -> bool:
    return entry.name == "cat" and len(entry.args[0]) == 2


def _norms(examination: Examination, change: Change) -> tuple[NormStatistics, ...]:
    """Return the normalisations with what they are given under a change; none where it does not apply."""
    seen, subject = examination.cheapest, examination.subject
    batch: dict[int, tuple[Tensor, Tensor]] = {}
    watched = {op: measuring(batch, op) for op in normalisations(seen.tape) if op not in change.interventions}
    try:
        examination.evaluate(seen, Change({**change.interventions, **watched}, change.leaves, change.inputs))
    except NotApplicableError:
        return ()
    return norm_statistics(subject.model, seen.tape, batch, subject.place, change.leaves)


def _with_signal(
    examination: Examination, layers: tuple[LayerWeights, ...], change: Change
) -> tuple[LayerWeights, ...]:
    """Return the layers, the last one with the signal that passes it under a change of its own weight."""
    last = examination.main.drawing.drawn_by if examination.main.drawing is not None else None
    found = next((x for x in layers if x.op == last and f"{x.layer}.weight" in change.leaves), None)
    if found is None:
        return layers
    statistics = Statistics()
    try:
        examination.evaluate(examination.main, change, observe=statistics)
    except NotApplicableError:
        return layers
    drawn = statistics.collect().get(last if last is not None else -1)
    signal = drawn.signal if drawn is not None else math.nan
    return tuple(replace(x, signal_out=signal) if x is found else x for x in layers)


def _layer(layer: LayerWeights, weight: Tensor | None) -> LayerWeights:
    if weight is None:
        return layer
    cosine, difference = likeness_of(weight, layer)
    std = float(weight.detach().float().std(correction=0))
    inputs = layer.gain / layer.std if layer.std > 0 else math.sqrt(layer.fan_in)
    return replace(layer, row_cosine=cosine, row_difference=difference, std=std, gain=std * inputs)
