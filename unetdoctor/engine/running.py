"""What a pass draws on the statistics of its own batch, and the running statistics that such passes leave."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from unetdoctor.engine.bench import collecting_statistics
from unetdoctor.engine.evaluation import Change, Observer
from unetdoctor.engine.observation import Observed
from unetdoctor.engine.statistics import Statistics
from unetdoctor.engine.weights import normalisations
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
    buffers = {}
    for op, (mean, variance) in found.items():
        buffers[f"{norms[op]}.running_mean"], buffers[f"{norms[op]}.running_var"] = mean, variance
    return BatchPass(tensor, raw, buffers, statistics.collect())


def averaged(passes: Sequence[BatchPass]) -> dict[str, Tensor]:
    """Return running means and variances averaged over passes, by buffer name."""
    names = dict.fromkeys(name for x in passes for name in x.buffers)
    return {name: torch.stack([x.buffers[name] for x in passes if name in x.buffers]).mean(dim=0) for name in names}
