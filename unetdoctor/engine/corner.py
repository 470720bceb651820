"""A corner of the main input: where a pass is slow, what needs many passes is measured on one of a small part of it.

Both passes run one program, so operations, joins and normalisations have the same numbers on both tapes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from torch import Tensor
from torch.utils._pytree import tree_map

from unetdoctor.engine.observation import Observed, observe, verify_now
from unetdoctor.engine.postprocessing import PostprocessError
from unetdoctor.engine.setting import Setting
from unetdoctor.engine.tape import same_program
from unetdoctor.facts import Probe

SMALLEST = 64
"""Pixels of a corner's side at least: what networks are fed where nobody says a size, on which limits were measured."""
STEP = 32
"""A corner's sides are multiples of it, as most networks ask."""

Fed = tuple[Probe, tuple[Any, ...], dict[str, Any]]


def cropped(probe: Probe, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Fed | None:
    """Return a probe's upper left corner, a quarter of each side; None of what is no picture, or small.

    Every argument of the picture's size is cut alike.
    """
    size = probe.shape[-2:]
    if len(probe.shape) < 4 or min(size) < 2 * SMALLEST:
        return None
    height, width = (max(SMALLEST, side // 4 // STEP * STEP) for side in size)

    def crop(value: Any) -> Any:
        if isinstance(value, Tensor) and value.dim() > 3 and tuple(value.shape[-2:]) == size:
            return value[..., :height, :width].contiguous()
        return value

    inner, named = tree_map(crop, args), tree_map(crop, kwargs)
    return replace(probe, shape=(*probe.shape[:-2], height, width)), inner, named


def corner_pass(setting: Setting, main: Observed) -> Observed | None:
    """Return the pass over a corner of the main input, verified, with all that ablation starts from.

    None where it crashes, is not what its tape gives, or did not run the main pass's program.
    """
    fed = cropped(main.probe, main.args, main.kwargs)
    if fed is None or main.output is None or main.drawing is None:
        return None
    try:
        seen = observe(setting, *fed, verify=False)
    except PostprocessError:
        return None
    if seen.output is None or seen.path != main.path or not same_program(seen.tape, main.tape):
        return None
    verify_now(setting, seen, whole=True)
    return seen if seen.verified else None


def verify_first(setting: Setting, main: Observed, slow: bool) -> Observed | None:
    """Verify the main pass and keep what ablation starts from; where it is slow, return one over its corner instead.

    The main pass then takes from that what its own verification would have told: computed weights, batch statistics.
    """
    corner = corner_pass(setting, main) if slow and main.raw is not None else None
    if corner is None:
        verify_now(setting, main, whole=True)
    else:
        main.values, main.batch = corner.values, corner.batch
    return corner
