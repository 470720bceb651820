"""UD615: mean and deviation of the pictures, against the normalisation in use."""

import math
from collections.abc import Iterator

from unetdoctor.checks.check import Check
from unetdoctor.checks.datasets import paste
from unetdoctor.facts import Dataset, Evidence, Finding, Kind, Reading, Severity, Tally

SHIFT_LIMIT = 1.0
"""Mean of the pictures under the declared normalisation, in its own deviations. Photographs under ImageNet's: .1-.5;
medical and satellite sets under it: up to .9; a mean on the scale 0..255 used on 0..1: above 100."""
SPREAD_LIMIT = 3.0
"""Factor between the deviation of the pictures and the declared one. Photographs under ImageNet's: .8-1.3; dark
medical sets: down to .4; another scale: 255."""
LEVELS = 65535
"""Scale of the sums in the totals: 0 is black, 65535 is white, as they were measured of every sound picture."""
_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


class DatasetStatistics(Check):
    """Mean and deviation of the pictures do not fit the normalisation that was declared.

    Symptom
        A pretrained network that learns slowly, or sees everything too dark or too bright.
    Cause
        Mean and deviation on another scale (123.675 for pictures in 0..1), of another data set, or in another order of
        channels.
    Remedy
        Normalise with the statistics of the pictures, or with those that the weights were trained with.
    Source
        "Why are inferences from a DeepLabV3 model trained on a custom dataset producing black images?". Weights
        pretrained on ImageNet want ImageNet's numbers whatever the data set's own are: only another scale is a warning.
    """

    code = "UD615"
    name = "dataset-statistics"
    kind = Kind.CAUSE
    reads_data = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding with the statistics of the pictures that were decoded."""
        data = evidence.data
        if data is None or not data.totals.pixels:
            return
        mean, std = statistics(data)
        said = f"The pictures have the mean {_row(mean)} and the deviation {_row(std)} in 0..1"
        given = data.declared.mean, data.declared.std
        if not given[0] or not given[1] or not all(given[1]):
            yield cls.finding(f"{said}.", [Reading("mean of the pictures", sum(mean) / 3)])
            return
        shift = max(abs(m - g) / s for m, g, s in zip(mean, _three(given[0]), _three(given[1]), strict=True))
        spread = max(_factor(d, s) for d, s in zip(std, _three(given[1]), strict=True))
        yield cls.finding(
            f"{said}; normalised with {_row(_three(given[0]))} and {_row(_three(given[1]))} their mean lies {shift:.2g}"
            f" deviations from 0 (at most {SHIFT_LIMIT:g}).",
            [
                Reading("distance of the mean from 0 after normalising", shift, "deviations", upper=SHIFT_LIMIT),
                Reading("factor between the deviations", spread, "x", upper=SPREAD_LIMIT),
            ],
            severity=Severity.WARNING if max(given[0]) > 1 or given != _IMAGENET else Severity.NOTE,
            remedies=paste(
                cls.code,
                "normalise with the statistics of the pictures",
                f"transforms.Normalize([{_row(mean)}], [{_row(std)}])",
                Tally(),
            ),
        )


def statistics(data: Dataset) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and standard deviation of red, green and blue in 0..1."""
    pixels = data.totals.pixels
    mean = tuple(total / pixels / LEVELS for total in data.totals.sums)
    variance = (square / pixels / LEVELS**2 - m * m for square, m in zip(data.totals.squares, mean, strict=True))
    return mean, tuple(math.sqrt(max(x, 0.0)) for x in variance)


def _three(values: tuple[float, ...]) -> tuple[float, ...]:
    return values * 3 if len(values) == 1 else values[:3]


def _factor(first: float, second: float) -> float:
    return max(first / second, second / first) if first and second else math.inf


def _row(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:.3f}" if value < 10 else f"{value:.4g}" for value in values)
