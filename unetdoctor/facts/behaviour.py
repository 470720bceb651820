"""What further looks at a pass tell: where values stop being finite, which channels are dead, what chance changes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Hidden:
    """Values of the last weighted layer that are NaN or infinite, where the output that is made of them is finite."""

    probe: str
    """Name of the probe."""
    share: float
    """Share of that layer's values, 0..1."""
    by: str
    """The operation that hides them: `argmax`, `gt`, `nan_to_num`, `postprocess`, ...; empty where none was seen."""


@dataclass(frozen=True)
class BrokenOp:
    """One operation whose result is not finite although everything that it reads is."""

    probe: str
    """Name of the probe in whose pass it happened."""
    op: int
    """Its index."""
    count: int
    """NaN and infinite values of its result."""
    size: int
    """Values of its result."""
    operands: tuple[tuple[str, float, float], ...]
    """(argument, smallest, largest value) of the tensors that it reads."""
    wider: bool
    """Whether its result is finite when it is computed in float64."""
    dtype: str
    """Torch dtype of its result."""


@dataclass(frozen=True)
class DeadActivation:
    """One activation that cuts off what is below 0, in front of the last layer."""

    op: int
    """Its index in the main run."""
    channels: int
    """Its channels."""
    dead: int
    """Channels that are 0 everywhere, in every sample of every varied probe."""


@dataclass(frozen=True)
class Chance:
    """The main output, drawn again from the same input."""

    drawing: tuple[int, ...]
    """Indices of the operations that draw random numbers; empty where the numbers come from elsewhere."""
    relative: float
    """Root mean square difference under another seed, over the output's spread."""
    repeated: float
    """The same under the same seed."""


@dataclass(frozen=True)
class HalfPrecision:
    """The pass with the largest value, every result rounded to half precision."""

    probe: str
    """Name of its probe."""
    float16: float
    """Share of the output that is not finite when every result is rounded to float16, 0..1."""
    bfloat16: float
    """The same for bfloat16."""


@dataclass(frozen=True)
class PinnedActivation:
    """One activation with two ends (tanh, sigmoid), in front of the last layer."""

    op: int
    """Its index in the main run."""
    share: float
    """Share of its values within a hundredth of its range of an end, 0..1; the least of all varied probes."""


@dataclass(frozen=True)
class PlaceNorm:
    """One normalisation of the main run that takes each sample for itself: over groups of channels, or over places."""

    op: int
    """Its index."""
    values: int
    """Values that are normalised together."""
    epsilon: float
    """What it adds to the variance."""
    flat: float
    """Share of what is normalised together whose variance lies under epsilon, 0..1; 0 without a look where the result
    varies, NaN where that is not known."""
    signal_in: float
    """Signal of what it reads; NaN where unknown."""
    signal_out: float
    """Signal of its result; NaN where unknown."""


@dataclass(frozen=True)
class ModeGap:
    """How far the output on stored statistics lies from the one on statistics of the person's photographs."""

    pictures: int
    """Photographs over which the statistics were averaged: those as rich in contrast as training's."""
    relative: float
    """Root mean square difference of the two outputs over the spread of both together."""
