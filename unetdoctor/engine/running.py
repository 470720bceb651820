"""The running statistics that a network would have if training had filled them with what it is fed here."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from unetdoctor.engine.bench import collecting_statistics
from unetdoctor.engine.evaluation import Change
from unetdoctor.engine.observation import Observed
from unetdoctor.engine.weights import by_channel, normalisations


def collected_statistics(
    passes: Sequence[Observed], evaluate: Callable[[Observed, Change], object]
) -> dict[str, Tensor]:
    """Return running means and variances averaged over these passes, each normalised on its own batch, by buffer."""
    totals: dict[str, list[Tensor]] = {}
    for seen in passes:
        found: dict[int, tuple[Tensor, Tensor]] = {}
        norms = normalisations(seen.tape)
        evaluate(seen, Change({op: collecting_statistics(found, op) for op in norms}))
        sizes = {leaf.name: leaf.tensor.numel() for leaf in seen.tape.leaves}
        for op, pair in found.items():
            for name, values in zip((f"{norms[op]}.running_mean", f"{norms[op]}.running_var"), pair, strict=True):
                totals.setdefault(name, []).append(by_channel(values, sizes.get(name, values.numel())))
    return {name: torch.stack(values).mean(dim=0) for name, values in totals.items()}
