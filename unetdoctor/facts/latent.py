"""What a generator is fed."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Latent:
    """What a generator was fed."""

    shape: tuple[int, ...]
    """[N, Z] or [N, Z, 1, 1]."""
    std: float
    """Standard deviation of all values."""
    minimum: float
    """Smallest value."""
    maximum: float
    """Largest value."""
    declared: bool
    """Whether the person gave it (`--input ...:LOW..HIGH`); a probe of ours is N(0, 1)."""
