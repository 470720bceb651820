"""Weights read differently: what they would put into a network, and what would be measured of it then."""

from dataclasses import replace

from torch import Tensor

from unetdoctor.engine.bench import NotApplicableError
from unetdoctor.engine.loading.loads import Load
from unetdoctor.engine.setting import Subject
from unetdoctor.engine.weights import is_trained, marked
from unetdoctor.facts import Evidence, Remedy

ACTION = "load_weights"
"""Name of the remedy: `load` is the number of the load, `reading` the label of how it is read."""


def tensors(subject: Subject, remedy: Remedy) -> dict[str, Tensor]:
    """Return the values of a reading by the network's full names, as the network holds them."""
    load, label = _load(subject, remedy), str(remedy.parameters["reading"])
    own = {**dict(subject.model.named_parameters()), **dict(subject.model.named_buffers())}
    values = {name: value.to(own[name]) for name, value in load.tensors[label].items() if name in own}
    if not values:
        raise NotApplicableError(f"the network takes no tensor of {label}")
    return values


def reread(evidence: Evidence, subject: Subject, remedies: tuple[Remedy, ...]) -> Evidence:
    """Return the evidence with the loads, and the fingerprints of the layers, as these remedies would leave them."""
    chosen = {int(r.parameters["load"]): r for r in remedies if r.action == ACTION}
    if not chosen:
        return evidence
    new: dict[str, Tensor] = {}
    for remedy in chosen.values():
        new.update(tensors(subject, remedy))
    loads = tuple(
        _load(subject, chosen[fact.index]).under[str(chosen[fact.index].parameters["reading"])]
        if fact.index in chosen
        else fact
        for fact in evidence.loads
    )
    parameters = dict(subject.model.named_parameters())
    layers = tuple(
        marked(layer, weight, new.get(f"{layer.layer}.bias", parameters.get(f"{layer.layer}.bias")))
        if (weight := new.get(f"{layer.layer}.weight")) is not None
        else layer
        for layer in evidence.model.layers
    )
    trained = evidence.model.weights_given or is_trained(layers, evidence.model.norms)
    return replace(evidence, loads=loads, model=replace(evidence.model, layers=layers, trained=trained))


def _load(subject: Subject, remedy: Remedy) -> Load:
    number = remedy.parameters["load"]
    found = next((load for load in subject.loads if load.fact.index == number), None)
    if found is None or str(remedy.parameters["reading"]) not in found.tensors:
        raise NotApplicableError("no such weights were loaded")
    return found
