"""The grid that a network draws where there is no picture, and the blocks that it draws a picture in."""

from dataclasses import dataclass

from unetdoctor.facts.findings import Place


@dataclass(frozen=True)
class Maker:
    """An operation that puts pixels between pixels with weights of their own for each of their places."""

    op: int
    """Index of the operation."""
    place: Place
    """Where it is."""
    kind: str
    """`transposed convolution` or `pixel shuffle`."""
    kernel: tuple[int, ...]
    """Its kernel; of a pixel shuffle, that of the convolution before it."""
    stride: tuple[int, ...]
    """Factor of each side."""
    imbalance: float = float("nan")
    """Of a transposed convolution: energy of the sums over the taps that fall on each pixel of a cell, around their
    mean, over the energy of that mean. 0: balanced. Taps that are all equal, 3x3 with stride 2: .23. Drawn at random:
    about 3, since their mean is next to nothing."""
    follows: float = float("nan")
    """Share of that which is as the number of taps that fall on each pixel."""

    @property
    def uneven(self) -> bool:
        """Whether the kernel covers some places more often than others: it is not divisible by the stride."""
        pairs = zip(self.kernel, self.stride, strict=False)
        return self.kind == "transposed convolution" and any(kernel % stride for kernel, stride in pairs)


@dataclass(frozen=True)
class Grid:
    """How much of a grid the output holds, with an even input and with a picture."""

    probe: str
    """Pass whose input was evened out to its mean colour."""
    period: int
    """Pixels after which the strongest grid repeats itself."""
    even: float
    """Root mean square of that grid on the even input, over the spread of the output on the picture."""
    picture: float
    """The same grid in what is drawn of the picture, over its spread."""
    makers: tuple[Maker, ...]
    """Operations that can draw a grid, in order."""


@dataclass(frozen=True)
class Blocks:
    """An enlargement by repeated pixels through which the picture is drawn last."""

    op: int
    """Index of the operation."""
    place: Place
    """Where it is."""
    factor: int
    """Pixels of a block's side."""
    equal: float
    """Share of neighbouring pixels that are equal, in %."""
