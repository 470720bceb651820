"""The model as a whole, read from its main pass."""

from collections.abc import Callable

import torch
from torch import nn

from unetdoctor.engine.observation import Observed
from unetdoctor.engine.registration import idle, unregistered
from unetdoctor.engine.setting import Subject
from unetdoctor.engine.tape import owner
from unetdoctor.engine.weights import is_trained, layer_weights, norm_statistics
from unetdoctor.facts import ModelFacts, Place, Precision


def model_facts(subject: Subject, main: Observed) -> ModelFacts:
    """Return the layers of a model as numbers; `main` is the pass in which they ran."""
    model, place = subject.model, subject.place
    drawn_by = main.drawing.drawn_by if main.drawing else None
    layers = layer_weights(model, main.tape, main.values, main.statistics, place, drawn_by)
    norms = norm_statistics(model, main.tape, main.batch, place)
    return ModelFacts(
        name=subject.name,
        kind=subject.kind,
        parameters=sum(p.numel() for p in model.parameters()),
        layers=layers,
        norms=norms,
        non_finite=non_finite(model),
        damaged=_damaged(subject),
        weights_given=subject.weights_given,
        trained=subject.weights_given or is_trained(layers, norms),
        last_layer=main.tape.entries[drawn_by].layer if drawn_by is not None else "",
        residual_output=bool(main.drawing and main.drawing.residual),
        timestep_input=subject.timestep,
        precisions=precisions(model, place),
        unregistered=unregistered(model, main.tape, place),
        idle=idle(model, main.tape) if main.crash is None else (),
    )


def precisions(model: nn.Module, place: Callable[[str], Place]) -> tuple[Precision, ...]:
    """Return the floating types of a model's parameters, the most frequent one first."""
    names: dict[str, list[str]] = {}
    for name, parameter in model.named_parameters():
        if parameter.is_floating_point():
            names.setdefault(str(parameter.dtype).removeprefix("torch."), []).append(name)
    ordered = sorted(names.items(), key=lambda pair: -len(pair[1]))
    return tuple(Precision(dtype, len(found), place(owner(found[0]))) for dtype, found in ordered)


def _damaged(subject: Subject) -> tuple[str, ...] | None:
    found = [load.damaged for load in subject.loads if load.damaged is not None]
    return tuple(name for names in found for name in names) if found else None


def non_finite(model: nn.Module) -> tuple[tuple[str, int], ...]:
    """Return (name, count) of every parameter and buffer that holds NaN or infinite values."""
    found = []
    for name, tensor in (*model.named_parameters(), *model.named_buffers()):
        if not tensor.is_floating_point() or not tensor.numel():
            continue
        low, high = torch.aminmax(tensor.detach().float())
        if not bool(torch.isfinite(low + high)):
            found.append((name, int((~torch.isfinite(tensor)).sum())))
    return tuple(found)
