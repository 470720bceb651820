"""A pass run again: under a change, or on the statistics of its own batch; the running statistics that such leave."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from unetdoctor.engine.bench import NotApplicableError, collecting_statistics
from unetdoctor.engine.drawing import Drawing
from unetdoctor.engine.evaluation import Change, Intervening, Observer
from unetdoctor.engine.observation import Observed
from unetdoctor.engine.returned import find_tensors
from unetdoctor.engine.setting import Setting
from unetdoctor.engine.statistics import Statistics
from unetdoctor.engine.weights import by_channel, normalisations
from unetdoctor.facts import TensorStatistics


class Evaluate(Protocol):
    """Examination.evaluate."""

    def __call__(self, seen: Observed, change: Change, *, observe: Observer | None = None) -> tuple[Tensor, Tensor]:
        """Return (output, what its final activation reads)."""


@dataclass(frozen=True)
class BatchPass:
    """One pass, each normalisation of which took the statistics of its batch."""

    tensor: Tensor
    """The chosen output."""
    raw: Tensor
    """What its final activation reads."""
    buffers: dict[str, Tensor]
    """Running means and variances that it would leave, by buffer name."""
    statistics: dict[int, TensorStatistics]
    """Numbers of every operation; empty where the model itself had to run."""


def on_own_batch(seen: Observed, evaluate: Evaluate) -> BatchPass:
    """Evaluate one pass on the statistics of its own batch."""
    found: dict[int, tuple[Tensor, Tensor]] = {}
    norms, statistics = normalisations(seen.tape), Statistics()
    change = Change({op: collecting_statistics(found, op) for op in norms})
    tensor, raw = evaluate(seen, change, observe=statistics)
    sizes = {leaf.name: leaf.tensor.numel() for leaf in seen.tape.leaves}
    buffers = {}
    for op, pair in found.items():
        for name, values in zip((f"{norms[op]}.running_mean", f"{norms[op]}.running_var"), pair, strict=True):
            buffers[name] = by_channel(values, sizes.get(name, values.numel()))
    return BatchPass(tensor, raw, buffers, statistics.collect())


def averaged(passes: Sequence[BatchPass]) -> dict[str, Tensor]:
    """Return running means and variances averaged over passes, by buffer name."""
    names = dict.fromkeys(name for x in passes for name in x.buffers)
    return {name: torch.stack([x.buffers[name] for x in passes if name in x.buffers]).mean(dim=0) for name in names}


def run_again(setting: Setting, seen: Observed, drawing: Drawing, change: Change) -> tuple[Tensor, Tensor]:
    """Run the model itself under a change; return its output and what its final activation reads."""
    args, kwargs = seen.args, seen.kwargs
    if change.inputs is not None:
        args, kwargs = with_inputs(args, kwargs, change.inputs)
    mode = Intervening(seen.tape, change, capture=(drawing.raw,))
    with seen.tape.leaves_kept(), mode:
        found = find_tensors(setting.call(args, kwargs))
    tensor = dict(found).get(seen.path)
    if tensor is None:
        raise NotApplicableError(f"under the change forward() returned no {seen.path}")
    return tensor, mode.captured.get(drawing.raw, tensor)


def with_inputs(args: tuple[Any, ...], kwargs: dict[str, Any], new: tuple[Tensor, ...]) -> tuple[Any, dict[str, Any]]:
    """Return the arguments with their tensors exchanged, in order."""
    queue = iter(new)

    def exchange(value: Any) -> Any:
        if isinstance(value, Tensor):
            return next(queue)
        if isinstance(value, (list, tuple)):
            return type(value)([exchange(item) for item in value])
        if isinstance(value, dict):
            return {key: exchange(item) for key, item in value.items()}
        return value

    return exchange(args), exchange(kwargs)
