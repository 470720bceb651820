"""The model as a whole, read from its main pass."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import nn

from unetdoctor.engine.drawing import embeds_time
from unetdoctor.engine.observation import Observed
from unetdoctor.engine.registration import idle, unregistered
from unetdoctor.engine.setting import Subject
from unetdoctor.engine.tape import owner
from unetdoctor.engine.weights import is_trained, layer_weights, norm_statistics, normalisations
from unetdoctor.facts import ModelFacts, NormStatistics, Place, Precision


def model_facts(subject: Subject, main: Observed, varied: Sequence[Observed] = ()) -> ModelFacts:
    """Return the layers of a model as numbers; `main` is the pass in which they ran, one of the `varied` ones."""
    model, place = subject.model, subject.place
    drawn_by = main.drawing.drawn_by if main.drawing else None
    layers = layer_weights(model, main.tape, main.values, main.statistics, place, drawn_by)
    norms = _fitted(model, main, varied, place)
    return ModelFacts(
        name=subject.name,
        kind=subject.kind,
        parameters=sum(p.numel() for p in model.parameters()),
        layers=layers,
        norms=norms,
        non_finite=non_finite(model),
        shifts=shifts(model),
        damaged=_damaged(subject),
        weights_given=subject.weights_given,
        trained=subject.weights_given or is_trained(layers, norms),
        last_layer=main.tape.entries[drawn_by].layer if drawn_by is not None else "",
        residual_output=bool(main.drawing and main.drawing.residual),
        timestep_input=subject.timestep or embeds_time(main.tape, main.probe.shape),
        precisions=precisions(model, place),
        unregistered=unregistered(model, main.tape, place),
        idle=idle(model, main.tape) if main.crash is None else (),
    )


def _fitted(
    model: nn.Module, main: Observed, varied: Sequence[Observed], place: Callable[[str], Place]
) -> tuple[NormStatistics, ...]:
    """Return the normalisations beside the main pass, or beside another one where a photograph holds too little.

    A picture of background alone varies less than those of training, and says nothing against the stored statistics:
    they are judged by the photograph that fits them best, and a lone one beside what else was fed.
    """
    own = norm_statistics(model, main.tape, main.batch, place)
    if not main.probe.real:
        return own
    others = [x for x in varied if x is not main and normalisations(x.tape) == normalisations(main.tape)]
    photographs = [x for x in others if x.probe.real]
    lone = main.probe.shape[0] == 1
    beside = [norm_statistics(model, main.tape, x.batch, place) for x in photographs or (others if lone else [])]
    return tuple(_nearest(norms[0], norms[1:]) for norms in zip(own, *beside, strict=True))


def _nearest(own: NormStatistics, others: Sequence[NormStatistics]) -> NormStatistics:
    if own.pristine or not own.log_variance_ratio < 0:
        return own
    known = [x for x in others if math.isfinite(x.log_variance_ratio)]
    return min((own, *known), key=lambda x: abs(x.log_variance_ratio))


def precisions(model: nn.Module, place: Callable[[str], Place]) -> tuple[Precision, ...]:
    """Return the floating types of a model's parameters, the most frequent one first."""
    names: dict[str, list[str]] = {}
    for name, parameter in model.named_parameters():
        if parameter.is_floating_point():
            names.setdefault(str(parameter.dtype).removeprefix("torch."), []).append(name)
    ordered = sorted(names.items(), key=lambda pair: -len(pair[1]))
    return tuple(Precision(dtype, len(found), place(owner(found[0]))) for dtype, found in ordered)


def shifts(model: nn.Module) -> tuple[tuple[str, bool], ...]:
    """Return (layer, whether its shift has moved) of every layer with one scale and one shift a channel.

    Every library makes them with a shift of 0, so that a single step of training tells.
    """
    vectors = {name: p.detach() for name, p in model.named_parameters() if p.dim() == 1 and p.numel() > 1}
    layers = [owner(name) for name in vectors if name.rpartition(".")[2] == "bias"]
    named = [(x, f"{x}." if x else "") for x in layers]
    return tuple(
        (layer, bool((vectors[f"{front}bias"] != vectors[f"{front}bias"][0]).any()))
        for layer, front in named
        if f"{front}weight" in vectors
    )


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
