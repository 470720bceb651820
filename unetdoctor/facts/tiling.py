"""How far the border of a tile reaches into what is drawn."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TileSeam:
    """A tile beside the same part of the whole picture."""

    reach: int
    """Pixels of the input from the cut on within which the tile draws something else than the whole picture."""
    measured: int
    """Width of the tile: farther than that nothing was looked at."""
    stride: int
    """Largest step of the network's maps: overlaps are multiples of it."""
    border: float
    """Difference at the cut over the output's spread."""
    tolerance: float
    """Difference over that spread up to which the tile draws what the whole draws."""

    @property
    def overlap(self) -> int:
        """Overlap of tiles without a seam: the reach, rounded up to a multiple of the stride."""
        return -(-self.reach // self.stride) * self.stride
