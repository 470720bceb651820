"""What stands in front of a network's first normalisation with running statistics, evaluated by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from unetdoctor.engine.evaluation import Change, evaluate
from unetdoctor.engine.tape import Leaf, Ref, Tape, argument
from unetdoctor.engine.weights import normalisations

_LINEAR = 1e-3
"""Relative difference up to which the response to a sum counts as the sum of the responses."""


@dataclass(frozen=True)
class Front:
    """The first normalisation and the operations that lead to it."""

    op: int
    reads: Ref | Leaf
    """What it normalises."""
    mean: Tensor
    """Running mean."""
    variance: Tensor
    """Running variance."""

    def position(self, inputs: Sequence[Tensor], shape: tuple[int, ...]) -> int:
        """Return which input is the picture."""
        return next((i for i, x in enumerate(inputs) if tuple(x.shape) == tuple(shape)), 0)

    def response(self, tape: Tape, inputs: tuple[Tensor, ...], picture: Tensor) -> Tensor:
        """Return what the normalisation would be given if this picture were fed: one evaluation up to there."""
        at = self.position(inputs, tuple(picture.shape))
        fed = picture.to(inputs[at].device, inputs[at].dtype)
        change = Change(inputs=tuple(fed if i == at else x for i, x in enumerate(inputs)))
        short = replace(tape, entries=tape.entries[: self.op])
        values, _ = evaluate(short, (self.reads,), change=change, device=fed.device)
        return values[self.reads].float()

    def statistics(self, tape: Tape, inputs: tuple[Tensor, ...], picture: Tensor) -> tuple[Tensor, Tensor]:
        """Return (mean, variance) of each channel of what the normalisation would be given."""
        x = self.response(tape, inputs, picture)
        variance, mean = torch.var_mean(x, dim=[d for d in range(x.dim()) if d != 1], correction=0)
        return mean.cpu(), variance.cpu()

    def affine(self, tape: Tape, inputs: tuple[Tensor, ...], shape: tuple[int, ...]) -> tuple[Tensor, Tensor] | None:
        """Return (response of each channel to 1 in each input channel, response to 0); None where it is not affine."""

        def mean(values: Sequence[float]) -> Tensor:
            column = torch.tensor(values).reshape(1, -1, *[1] * (len(shape) - 2))
            return self.statistics(tape, inputs, column.expand(shape).contiguous())[0]

        channels = shape[1]
        nothing = mean([0.0] * channels)
        ones = [mean([float(c == k) for c in range(channels)]) - nothing for k in range(channels)]
        weights = torch.stack(ones, dim=1)
        other = [-1.0 - 0.5 * c for c in range(channels)]
        expected = nothing + weights @ torch.tensor(other)
        scale = weights.abs().max().clamp_min(1e-12)
        return (weights, nothing) if bool((mean(other) - expected).abs().max() <= _LINEAR * scale) else None

    def inputs_mean(self, weights: Tensor, nothing: Tensor) -> list[float]:
        """Return the mean that each input channel had in training, as the stored means tell it (least squares)."""
        certainty = (self.variance + 1e-12).rsqrt()[:, None]
        found = torch.linalg.lstsq(weights * certainty, (self.mean - nothing)[:, None] * certainty, driver="gelsd")
        told: list[float] = found.solution.flatten().tolist()
        return told


def front_of(tape: Tape) -> Front | str:
    """Return the first normalisation that uses stored statistics of the input, or why there is none."""
    reached = tape.downstream(set(), inputs=True)
    pristine = False
    for op in normalisations(tape):
        entry = tape.entries[op]
        if entry.training or op not in reached:
            continue
        stored = [argument(entry.args, entry.kwargs, entry.traits, name) for name in ("running_mean", "running_var")]
        if not all(isinstance(s, Leaf) for s in stored) or not isinstance(entry.args[0], (Ref, Leaf)):
            continue
        mean, variance = (tape.leaves[s.index].tensor.detach().float().cpu() for s in stored)
        if bool((mean == 0).all()) and bool((variance == 1).all()):
            pristine = True
            break
        if not bool(torch.isfinite(mean).all() and torch.isfinite(variance).all()) or not bool((variance > 0).any()):
            return "the first normalisation stores no finite statistics"
        return Front(op, entry.args[0], mean, variance)
    if pristine:
        return "the running statistics of the first normalisation were never filled"
    return "no layer normalises what comes from the input with stored statistics"
