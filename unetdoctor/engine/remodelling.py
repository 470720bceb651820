"""The model as numbers under remedies: what a cause that no picture shows is judged by again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from unetdoctor.engine.bench import NotApplicableError, measuring
from unetdoctor.engine.evaluation import Change
from unetdoctor.engine.reloading import reread
from unetdoctor.engine.weights import likeness_of, norm_statistics, normalisations

if TYPE_CHECKING:
    from torch import Tensor

    from unetdoctor.engine.examination import Examination
    from unetdoctor.facts import LayerWeights, ModelFacts, Remedy

STATISTICAL = "recalibrate"
"""The action after which a further pass measures how far the batch lies from the stored statistics."""
ACTIONS = ("initialise", STATISTICAL)
"""The actions under which the model is read again."""


def model_under(examination: Examination, remedies: tuple[Remedy, ...]) -> ModelFacts:
    """Return the model with the filters and the normalisations' statistics that these remedies leave.

    What symptoms read of it, the last layer's bias and signal, stays as it is.
    """
    facts = reread(examination.evidence(), examination.subject, remedies).model
    seen = examination.main
    change = examination.change(seen, remedies)
    layers = tuple(_layer(x, change.leaves.get(f"{x.layer}.weight")) for x in facts.layers)
    facts = replace(facts, layers=layers)
    if not facts.trained or not any(remedy.action == STATISTICAL for remedy in remedies):
        return facts  # statistics of a fresh network are no fault
    batch: dict[int, tuple[Tensor, Tensor]] = {}
    watched = {op: measuring(batch, op) for op in normalisations(seen.tape) if op not in change.interventions}
    try:
        examination.evaluate(seen, Change({**change.interventions, **watched}, change.leaves, change.inputs))
    except NotApplicableError:
        return facts
    subject = examination.subject
    return replace(facts, norms=norm_statistics(subject.model, seen.tape, batch, subject.place, change.leaves))


def _layer(layer: LayerWeights, weight: Tensor | None) -> LayerWeights:
    if weight is None:
        return layer
    cosine, difference = likeness_of(weight, layer)
    return replace(layer, row_cosine=cosine, row_difference=difference)
