"""What a pass over shapes remembers of weights, pools and strides."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Weighted:
    """One operation that applied a weight, or was refused while it tried."""

    op: str
    """`convolution`, `transposed convolution`, `linear`, `embedding`."""
    layer: str
    """Name of the layer that holds the weight; empty where unknown."""
    weight: tuple[int, ...]
    """Shape of the weight: [out, in / groups, k, k], transposed [in, out / groups, k, k], linear [out, in]."""
    read: tuple[int, ...]
    """Shape of what it read."""
    channels: int
    """Channels (or features, or entries of a table) that the weight wants."""
    sources: int
    """Bits of the network's inputs that flow into it."""


@dataclass(frozen=True)
class Halving:
    """One pool or convolution with a stride above one."""

    op: str
    """`convolution`, `max_pool2d`, `avg_pool2d`."""
    layer: str
    """Its layer, or the last layer before it."""
    place: str
    """`file.py:12` of the call; empty in TorchScript."""
    stride: int
    """Largest stride."""
    size_in: tuple[int, ...]
    """Spatial size that it read."""
    size_out: tuple[int, ...]
    """Spatial size that it returned."""

    @property
    def rounded(self) -> int | None:
        """The first dimension whose size the stride does not divide."""
        return next((d for d, n in enumerate(self.size_in) if n % self.stride), None)
