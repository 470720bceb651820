"""What a remedy may look at, and the interventions on normalisation layers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from unetdoctor.engine.drawing import Drawing
from unetdoctor.engine.evaluation import Intervention
from unetdoctor.engine.tape import Leaf, Ref, Tape, traits
from unetdoctor.engine.weights import WeightUse
from unetdoctor.facts import ModelFacts, Remedy


class NotApplicableError(ValueError):
    """The remedy has nothing to act on in this network; the text says why."""


@dataclass(frozen=True)
class Bench:
    """What an action may look at."""

    tape: Tape
    drawing: Drawing
    uses: dict[str, WeightUse]
    values: dict[Ref | Leaf, Tensor]
    """Evaluated static weights."""
    model: ModelFacts
    non_finite: dict[str, Tensor]
    """Parameters and buffers with NaN or infinite values, by name."""
    inputs: tuple[Tensor, ...]
    latent: bool
    seed: int
    """Of fresh weights: the same in every pass."""
    pass_number: int
    """Of this pass, so that two passes are fed different fresh latents."""
    running: Callable[[], dict[str, Tensor]]
    """Running statistics averaged over the probes, by buffer name."""
    stored: Callable[[Remedy], dict[str, Tensor]]
    """What another reading of loaded weights would have put in, by full name."""
    pixels: Tensor | None = None
    """The photograph in 0..1, where one is fed."""
    real: bool = False
    """Whether a person gave what is fed."""


def named_tensors(model: nn.Module, names: set[str]) -> dict[str, Tensor]:
    """Return the parameters and buffers of these names."""
    return {name: x for name, x in (*model.named_parameters(), *model.named_buffers()) if name in names}


def on_batch_statistics(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Stand in for a normalisation with stored statistics: the same operator on the batch's own."""
    return func(*_training_arguments(func, args), **kwargs)


def _training_arguments(func: Any, args: tuple[Any, ...], momentum: float | None = None) -> list[Any]:
    known = traits(func)
    changed = list(args)
    for position, name in enumerate(known.arguments):
        if position >= len(changed):
            break
        if name in ("running_mean", "running_var") and isinstance(changed[position], Tensor):
            changed[position] = changed[position].clone()
        elif name in ("training", "train"):
            changed[position] = True
        elif (name == "momentum" and momentum is not None) or (
            name == "exponential_average_factor" and momentum is not None
        ):
            changed[position] = momentum
    return changed


def collecting_statistics(found: dict[int, tuple[Tensor, Tensor]], op: int) -> Intervention:
    """Return an intervention that normalises on the batch and keeps (mean, unbiased variance) as training does."""

    def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        changed = _training_arguments(func, args, momentum=1.0)
        out = func(*changed, **kwargs)
        names = traits(func).arguments
        found[op] = (changed[names.index("running_mean")], changed[names.index("running_var")])
        return out

    return act


def measuring(found: dict[int, tuple[Tensor, Tensor]], op: int) -> Intervention:
    """Return an intervention that keeps the (mean, variance) of what a normalisation is given, and changes nothing."""

    def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        x = args[0]
        if x.dim() > 1 and x.numel() > x.shape[1]:
            variance, mean = torch.var_mean(x.float(), dim=[d for d in range(x.dim()) if d != 1])
            found[op] = (mean, variance)
        return func(*args, **kwargs)

    return act
