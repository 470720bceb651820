"""What the samples of a Dataset look like, taken together: types, shapes, ranges."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from unetdoctor.engine.datasets import Failed, Made, Sample, Values
from unetdoctor.facts import Form, Yielded

FORMS = 8
"""Forms that are kept."""
RAISED = 8
"""Errors that are kept."""
_Key = tuple[str, tuple[int, ...]]


@dataclass
class _Tally:
    count: int = 0
    low: float = float("inf")
    high: float = float("-inf")
    mean: float = 0.0
    std: float = 0.0


@dataclass
class Survey:
    """Takes in samples one by one, and keeps nothing of them but numbers."""

    images: dict[_Key, _Tally] = field(default_factory=dict)
    masks: dict[_Key, _Tally] = field(default_factory=dict)
    structure: str = ""
    count: int = 0
    without_mask: int = 0
    raised: list[str] = field(default_factory=list)

    def take(self, sample: Sample) -> None:
        """Take a sample in."""
        self.count += 1
        self.structure = self.structure or sample.structure
        self.without_mask += sample.mask is None
        for tallies, values, dtype in (
            (self.images, sample.image, sample.image_dtype),
            (self.masks, sample.mask, sample.mask_dtype),
        ):
            if values is not None and values.size:
                _add(tallies.setdefault((dtype, values.shape), _Tally()), values)

    def lost(self, failed: Failed) -> None:
        """Take in that a sample could not be had."""
        self.raised.append(f"{failed.name}: {failed.reason}")

    def facts(self, made: Made) -> Yielded:
        """Return what was seen."""
        return Yielded(
            kind=made.kind,
            examined=self.count,
            structure=self.structure,
            images=_forms(self.images)[:FORMS],
            masks=_forms(self.masks)[:FORMS],
            raised=tuple(self.raised[:RAISED]),
        )


def _add(tally: _Tally, values: Values) -> None:
    numbers = values.astype(np.float64)
    tally.count += 1
    tally.low, tally.high = min(tally.low, float(numbers.min())), max(tally.high, float(numbers.max()))
    tally.mean += (float(numbers.mean()) - tally.mean) / tally.count
    tally.std += (float(numbers.std()) - tally.std) / tally.count


def _forms(tallies: dict[_Key, _Tally]) -> tuple[Form, ...]:
    ranked = sorted(tallies.items(), key=lambda item: (-item[1].count, item[0]))
    return tuple(Form(dtype, shape, t.count, t.low, t.high, t.mean, t.std) for (dtype, shape), t in ranked)
