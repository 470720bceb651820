"""The model as numbers under remedies: what a cause that no picture shows is judged by again."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from unetdoctor.engine.bench import NotApplicableError, measuring
from unetdoctor.engine.evaluation import Change
from unetdoctor.engine.reloading import reread
from unetdoctor.engine.statistics import Statistics
from unetdoctor.engine.weights import likeness_of, norm_statistics, normalisations

if TYPE_CHECKING:
    from torch import Tensor

    from unetdoctor.engine.examination import Examination
    from unetdoctor.facts import LayerWeights, ModelFacts, Remedy

STATISTICAL = "recalibrate"
"""The action after which a further pass measures how far the batch lies from the stored statistics."""
ACTIONS = ("initialise", "rescale", STATISTICAL)
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
    if not facts.trained or not any(remedy.action == STATISTICAL for remedy in remedies):
        return facts  # statistics of a fresh network are no fault
    seen = examination.cheapest
    batch: dict[int, tuple[Tensor, Tensor]] = {}
    watched = {op: measuring(batch, op) for op in normalisations(seen.tape) if op not in change.interventions}
    try:
        examination.evaluate(seen, Change({**change.interventions, **watched}, change.leaves, change.inputs))
    except NotApplicableError:
        return facts
    subject = examination.subject
    return replace(facts, norms=norm_statistics(subject.model, seen.tape, batch, subject.place, change.leaves))


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
