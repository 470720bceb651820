"""What becomes of a photograph before it is fed, and which preprocessing the network's own statistics remember."""

from dataclasses import dataclass, field

from unetdoctor.facts.findings import Place


@dataclass(frozen=True)
class Preprocessing:
    """The declared way from pixels 0..255 to what is fed: (pixel / scale - mean) / std, channel by channel."""

    scale: float | None = None
    """What pixels are divided by; None where it was not declared (255 then)."""
    mean: tuple[float, ...] = ()
    """Subtracted after the division; one number or one for each channel as fed; empty for 0."""
    std: tuple[float, ...] = ()
    """Divided by at last; empty for 1."""
    channels: str = ""
    """`rgb` or `bgr`; empty where it was not declared (rgb then)."""
    resize: tuple[int, int] | None = None
    """(height, width) to which photographs are resized; None to choose."""
    interpolation: str = "bilinear"
    """`nearest`, `bilinear` or `bicubic`, with antialiasing where the photograph becomes smaller."""
    function: str | None = None
    """`script.py:function` that makes of a photograph what is fed."""

    @property
    def declared(self) -> bool:
        """Whether the person said anything about values or channels."""
        return bool(self.scale or self.mean or self.std or self.channels or self.function)


@dataclass(frozen=True)
class Chain:
    """One preprocessing: pixel * gain + offset for each channel, in the order in which channels are fed."""

    name: str
    """`0..1`, `ImageNet mean and std`, `declared`."""
    gain: tuple[float, ...] = ()
    """Of each channel, or one for all."""
    offset: tuple[float, ...] = ()
    """Of each channel, or one for all."""
    flipped: bool = False
    """Whether blue is fed first."""
    kind: str = "affine"
    """`affine`; `whole` (pixels // 255); `standardised` (each picture to mean 0 and deviation 1); `function`."""

    @property
    def text(self) -> str:
        """Name with the order of channels, where blue comes first."""
        return f"{self.name}, BGR" if self.flipped else self.name


@dataclass(frozen=True)
class Candidate:
    """One preprocessing and how well the batch under it fits the stored statistics."""

    chain: Chain
    """The preprocessing."""
    distance: float
    """Kullback-Leibler divergence of the batch from the stored statistics, mean over channels, in nats."""
    handicap: float
    """What is added for what cannot be: stored statistics that would stand for pixels which photographs do not have,
    and for preprocessings that fit nearly anything."""
    pixels: tuple[float, ...] = ()
    """Mean pixels (0..255; red, green, blue) of training's pictures, if it was this one; empty where unknown."""
    habit: float = 0.0
    """Part of the handicap that stands for how seldom this one is used, and for nothing that was measured."""
    gap: float = float("nan")
    """The distance over all normalisations, their mean; NaN where it was not measured."""
    change: float = float("nan")
    """Root mean square difference of the output from that as fed, over the deviation of the latter; NaN likewise."""

    @property
    def score(self) -> float:
        """The smaller, the better."""
        return self.distance + self.handicap


@dataclass(frozen=True)
class Fingerprint:
    """Which preprocessing the first normalisation of the network remembers."""

    fed: Chain
    """How the photographs were fed."""
    declared: bool
    """Whether a person said so; else it was chosen here."""
    pictures: int = 0
    """How many photographs it is read from."""
    seen: tuple[float, ...] = ()
    """Their mean pixels (0..255; red, green, blue), whatever was declared; empty where they have no colours."""
    place: Place = field(default_factory=Place)
    """The first normalisation."""
    op: int | None = None
    """Its operation."""
    channels: int = 0
    """Its channels."""
    candidates: tuple[Candidate, ...] = field(default=())
    """Best first, what is fed among them; empty where nothing can be told."""
    reason: str = ""
    """Why nothing can be told; empty where it can."""
    imagenet: bool = False
    """Whether the stored statistics stand for ImageNet's own mean pixels: a backbone that was taken over frozen."""
    gap: float = float("nan")
    """The distance under what is fed, mean over all normalisations and pictures."""

    @property
    def winner(self) -> Candidate | None:
        """The best candidate."""
        return self.candidates[0] if self.candidates else None

    def of(self, chain: Chain) -> Candidate | None:
        """Return the candidate of this preprocessing."""
        return next((c for c in self.candidates if c.chain == chain), None)

    def gap_of(self, chain: Chain) -> float:
        """Return the distance over all normalisations under a preprocessing; NaN where it was not measured."""
        found = self.of(chain)
        return float("nan") if found is None else found.gap

    def change_of(self, chain: Chain) -> float:
        """Return how far it moves the output; NaN where it was not measured."""
        found = self.of(chain)
        return float("nan") if found is None else found.change

    def named(self, name: str) -> Candidate | None:
        """Return the candidate of this name, red first."""
        return next((c for c in self.candidates if c.chain.name == name and not c.chain.flipped), None)


@dataclass(frozen=True)
class FedValues:
    """The values of what a person feeds, before the network's first operation."""

    dtype: str
    """`float32`, `uint8`, `float64`."""
    minimum: float
    """Smallest."""
    maximum: float
    """Largest."""
    std: float
    """Standard deviation."""
    whole: bool
    """Whether every value is a whole number."""
    wanted: str = ""
    """Type of most of the network's parameters."""
    shift: float = float("nan")
    """Mean over channels of the distance of the batch's mean from the stored one at the first normalisation, in stored
    deviations; NaN where there is none."""
