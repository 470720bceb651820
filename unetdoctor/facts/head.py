"""What ends a network: the functions between the layer that drew the output and the output, and their numbers."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finish:
    """One function through which all that is drawn goes, behind the last weighted layer."""

    op: int
    """Index of its op."""
    kind: str
    """`sigmoid`, `tanh`, `softmax`, `log_softmax`, `argmax`, `relu`, ..."""
    dim: int | None
    """Axis over which it runs, counted from the front; None for a function of single values."""
    shape: tuple[int, ...]
    """Shape of what it reads."""
    channels: int | None
    """Axis of the channels there; None where that is not known."""
    ends: bool
    """Whether only changes of shape and size, and decisions, lie between it and the next one or the output."""
    low: float = float("-inf")
    """Smallest value that it can give."""
    high: float = float("inf")
    """Largest value that it can give."""
    handed: tuple[float, float] | None = None
    """Smallest and largest value that reach the next one, or the output, where only scalar operations and what `ends`
    allows lie between; None where something else does."""

    @property
    def size(self) -> int:
        """Number of values over which it runs; 0 for a function of single values."""
        return 0 if self.dim is None or self.dim >= len(self.shape) else self.shape[self.dim]


@dataclass(frozen=True)
class HeadNumbers:
    """What an output says of the head that drew it, beside the picture."""

    channel_sum_error: float
    """Largest distance of a sum over channels from 1 (of exponentials, for log_softmax); NaN with one channel."""
    zeros: float
    """Share of values that are exactly 0, 0..1."""
    margin: float
    """Mean lead, before the final activation, of the class that wins most over the best of the others; of one channel,
    the mean distance from the threshold on the side where most values lie. NaN where there are no scores."""
    margin_spread: float
    """Standard deviation of that lead over places and samples."""
    margin_least: float
    """Smallest lead of that class: negative where another one wins."""
    mean_drift: float
    """Standard deviation over samples of a channel's mean, over the deviation within a sample, mean over channels; NaN
    with one sample."""


@dataclass(frozen=True)
class LossNumbers:
    """What a loss makes of the values that a head can draw."""

    loss: str
    """`bce`, `bce-with-logits`, `cross-entropy`, `nll`."""
    least: float
    """The loss where the output says its target as clearly as its range allows: 0 for a loss that fits."""
    outside: float
    """Share of values that this loss refuses, 0..1."""
    gradient_left: float
    """Mean absolute gradient of a value there: 0 for a loss that fits."""
    gradient_wrong: float
    """The same where the output says the opposite: 0 where nothing can be learned."""
