"""How far the output on stored statistics lies from the one on those of the photographs that are fed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from unetdoctor.engine.evaluation import Change
from unetdoctor.engine.running import BatchPass, averaged
from unetdoctor.engine.weights import normalisations
from unetdoctor.facts import ModeGap, Remedy

if TYPE_CHECKING:
    from unetdoctor.engine.examination import Examination

ACTIONS = ("batch_statistics", "recalibrate")
"""Actions that put the photographs' own statistics in the place of the stored ones."""
LEAST_CONTRAST = -1.0
"""Logarithm of a photograph's over the stored variance in the first normalisation, from which it is looked at: pictures
of background alone lie at -5, and 1.2 off by themselves."""
_TINY = 1e-12


def mode_gap(examination: Examination) -> ModeGap | None:
    """Return the gap between eval() and statistics that are averaged over the photographs, as train() leaves them.

    None without photographs as rich in contrast as those of training, without layers that normalise with stored
    statistics, where a pass is slow, and where a batch of one has a single value to a channel: it has no variance.
    """
    stored = _stored(examination)
    if examination.slow or not stored:
        return None
    passes = [x for x in examination.typical if x.probe.real and x.drawing is not None and x.output is not None]
    rich = [x for x in passes if _contrast(examination.on_batch(x), stored) >= LEAST_CONTRAST]
    filled = averaged([examination.on_batch(x) for x in rich])
    if not filled or not all(bool(torch.isfinite(x).all()) for x in filled.values()):
        return None
    pairs = [(x.output, examination.evaluate(x, Change(leaves=filled))[0]) for x in rich]
    known = [(a.double(), b.double()) for a, b in pairs if a is not None and a.is_floating_point()]
    gap = _apart(known)
    return ModeGap(sum(a.shape[0] for a, _ in known), gap) if math.isfinite(gap) else None


def mode_gap_under(examination: Examination, remedies: tuple[Remedy, ...]) -> None:
    """Return that no gap is left where the photographs' own statistics are used."""


def _stored(examination: Examination) -> dict[str, Tensor]:
    """Return the stored variance of the first normalisation of the main pass that uses one, by buffer name."""
    tape = examination.main.tape
    layers = (layer for op, layer in normalisations(tape).items() if not tape.entries[op].training)
    name = f"{next(layers, '')}.running_var"
    return {x.name: x.tensor for x in tape.leaves if x.name == name}


def _contrast(batch: BatchPass, stored: dict[str, Tensor]) -> float:
    """Return the logarithm of a batch's variance over the stored one, mean over the channels; NaN where unknown."""
    ratios = [
        (batch.buffers[name] + _TINY).log() - (x + _TINY).log() for name, x in stored.items() if name in batch.buffers
    ]
    return ratios[0].mean().item() if ratios else math.nan


def _apart(pairs: list[tuple[Tensor, Tensor]]) -> float:
    """Return the root mean square difference over the spread of both; NaN where neither varies."""
    difference = sum((a - b).square().mean().item() for a, b in pairs)
    spread = sum((x - x.mean()).square().mean().item() for pair in pairs for x in pair)
    return math.sqrt(difference / spread) if spread > 0 else math.nan
