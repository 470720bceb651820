"""A checkpoint without its network as numbers: what can be measured of weights alone."""

import math
from collections import Counter

import torch

from unetdoctor.engine.likeness import Likeness, likeness, transposed
from unetdoctor.engine.loading import Bare
from unetdoctor.engine.tape import Leaf
from unetdoctor.engine.weights import NOWHERE, WeightUse, is_trained, numbers
from unetdoctor.facts import LayerWeights, ModelFacts, NormStatistics, Place

_BUFFERS = ("running_mean", "running_var", "num_batches_tracked")


def looks_like(bare: Bare) -> Likeness:
    """Return what the weights look like."""
    return likeness(bare.tensors, bare.ordered)


def facts(bare: Bare, seen: Likeness) -> ModelFacts:
    """Return weights as the facts of a model that never ran."""
    layers, norms = _layers(bare), _norms(bare)
    return ModelFacts(
        name=bare.shown,
        kind="checkpoint",
        parameters=_parameters(bare),
        layers=layers,
        norms=norms,
        non_finite=tuple((key, bad) for key, tensor in bare.tensors.items() if (bad := _non_finite(tensor))),
        damaged=bare.damaged,
        weights_given=False,
        trained=is_trained(layers, norms),
        last_layer=seen.last,
        residual_output=False,
        timestep_input="diffusion" in seen.name.lower() or "diffusers" in seen.name,
    )


def sentences(bare: Bare, seen: Likeness) -> tuple[str, ...]:
    """Say what the file is: form, entries, tensors, parameters, number formats, prefix, likeness, channels."""
    entry, count = bare.entries[0]
    others = ", ".join(f"{'.'.join(e) or 'the top level'} ({n} tensors)" for e, n in bare.entries[1:4])
    dtypes = Counter(_dtype(tensor) for tensor in bare.tensors.values() if tensor.is_floating_point())
    formats = ", ".join(name for name, _ in dtypes.most_common(3)) or "no floating-point numbers"
    said = [
        bare.form,
        f"{f'entry {chr(46).join(entry)}: ' if entry else ''}{count} tensors in {formats}",
        *([f"other entries: {others}"] if others else []),
        *([f"every key begins with {seen.prefix!r}"] if seen.prefix else []),
        f"looks like {seen.name}" if seen.name else "its keys and shapes are those of no family that is known here",
    ]
    channels = [_counted(seen.inputs, "input channel")] if seen.inputs else []
    channels += [_counted(seen.outputs, "output channel")] if seen.outputs else []
    return (*said, *([" and ".join(channels)] if channels else []), *bare.remarks)


def _layers(bare: Bare) -> tuple[LayerWeights, ...]:
    shapes = {key: tuple(tensor.shape) for key, tensor in bare.tensors.items()}
    found = []
    for key, weight in bare.tensors.items():
        layer = key.removesuffix(".weight")
        if layer == key or weight.dim() < 2 or not weight.is_floating_point() or not weight.numel():
            continue
        use = WeightUse(layer, -1, Leaf(-1), transposed(shapes, layer), 1, 1, weight.dim() == 2)
        bias = bare.tensors.get(f"{layer}.bias")
        found.append(numbers(use, weight, bias, NOWHERE, Place(layer)))
    return tuple(found)


def _norms(bare: Bare) -> tuple[NormStatistics, ...]:
    found = []
    for key, mean in bare.tensors.items():
        layer = key.removesuffix(".running_mean")
        variance = bare.tensors.get(f"{layer}.running_var")
        if layer == key or variance is None:
            continue
        counter, bias = bare.tensors.get(f"{layer}.num_batches_tracked"), bare.tensors.get(f"{layer}.bias")
        still = bool((mean == 0).all()) and bool((variance == 1).all())
        found.append(
            NormStatistics(
                layer=layer,
                place=Place(layer),
                channels=mean.numel(),
                pristine=still,
                affine_pristine=bias is None or bool((bias == 0).all()),
                counter=None if counter is None else int(counter),
                used_stored=True,
                mean_shift=math.nan,
                log_variance_ratio=math.nan,
                op=None,
            )
        )
    return tuple(found)


def _parameters(bare: Bare) -> int:
    return sum(tensor.numel() for key, tensor in bare.tensors.items() if not key.endswith(_BUFFERS))


def _non_finite(tensor: torch.Tensor) -> int:
    if not tensor.is_floating_point() or not tensor.numel():
        return 0
    return int((~torch.isfinite(tensor.float())).sum())


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


def _dtype(tensor: torch.Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")
