"""Everything that was measured, as numbers: the only thing that checks read."""

from dataclasses import dataclass

from unetdoctor.facts.attention import Attention
from unetdoctor.facts.behaviour import (
    BrokenOp,
    Chance,
    DeadActivation,
    HalfPrecision,
    Hidden,
    ModeGap,
    PinnedActivation,
    PlaceNorm,
)
from unetdoctor.facts.crash import Crash
from unetdoctor.facts.cutoff import Cutoff
from unetdoctor.facts.dataset import Dataset
from unetdoctor.facts.findings import Place
from unetdoctor.facts.folding import Folding
from unetdoctor.facts.grid import Blocks, Grid
from unetdoctor.facts.head import Finish
from unetdoctor.facts.intent import Intent
from unetdoctor.facts.latent import Latent
from unetdoctor.facts.model import ModelFacts
from unetdoctor.facts.output import Output
from unetdoctor.facts.postprocessing import Cast, Misread, Painting
from unetdoctor.facts.preprocessing import FedValues, Fingerprint
from unetdoctor.facts.request import Request
from unetdoctor.facts.scores import MaskScores
from unetdoctor.facts.size_law import ShapeSweep
from unetdoctor.facts.skips import Skip
from unetdoctor.facts.tiling import TileSeam
from unetdoctor.facts.weights import WeightsLoad


@dataclass(frozen=True)
class TensorStatistics:
    """Numbers of one tensor; the spread is taken from an even subsample, the extremes from every value."""

    minimum: float
    """Smallest value; NaN where any value is NaN."""
    maximum: float
    """Largest value; NaN where any value is NaN."""
    mean: float
    """Mean."""
    std: float
    """Standard deviation over all values."""
    signal: float
    """Root mean square over channels of the standard deviation within a channel (over places and samples): what is left
    of the input, without the channels' own offsets."""

    @property
    def finite(self) -> bool:
        """Whether every value is finite."""
        return abs(self.minimum) < float("inf") and abs(self.maximum) < float("inf")

    @property
    def largest(self) -> float:
        """Largest absolute value."""
        return max(abs(self.minimum), abs(self.maximum))


@dataclass(frozen=True)
class Op:
    """One aten operation of a run."""

    index: int
    """Position on the tape."""
    name: str
    """Operator name without namespace and overload: `convolution`, `native_batch_norm`, `cat`."""
    place: Place
    """Layer that owns it; file and line of the call."""
    inputs: tuple[int, ...]
    """Indices of the ops whose results it reads; -1 for a network input."""
    shape: tuple[int, ...]
    """Shape of its (first) result; empty where it is not a tensor."""
    input_shapes: tuple[tuple[int, ...], ...]
    """Shapes of its tensor arguments in order (activations only, not parameters)."""
    parameters: tuple[str, ...]
    """Full names of the parameters and buffers that it consumes."""
    statistics: TensorStatistics | None
    """Numbers of its result; None for integers, views and crashed ops."""
    training: bool | None
    """For normalisation and dropout: whether it uses batch statistics or drops; None for other ops."""
    weighted: bool
    """Whether it applies a weight matrix or kernel (convolution, linear)."""
    is_view: bool = False
    """Whether its result shares memory with its argument (view, permute, slice)."""


@dataclass(frozen=True)
class Probe:
    """One input that was fed."""

    name: str
    """`noise`, `second-noise`, `zeros`, `natural`, `image-1`, `latents`, `second-latents`, `given`."""
    shape: tuple[int, ...]
    """Shape of the first tensor."""
    real: bool
    """Whether it is the person's own picture."""
    constant: bool
    """Whether every sample is constant (zeros): no contrast is to be expected from it."""
    description: str = ""
    """How it was made: `N(0, 1)`, `1/f noise in 0..1`, `cat.png 256x256 RGB / 255`."""
    mode: str = ""
    """Pillow mode of the picture file: `RGB`, `L`, `RGBA`, `P`; empty for what is no picture."""


@dataclass(frozen=True)
class Run:
    """One forward pass under observation."""

    probe: Probe
    """What was fed."""
    ops: tuple[Op, ...]
    """Every operation; up to the failing one after a crash."""
    output: Output | None
    """The chosen output tensor; None after a crash or where there is none."""
    others: tuple[tuple[str, tuple[int, ...]], ...]
    """(path, shape) of the other output tensors."""
    crash: Crash | None
    """What was raised."""
    seconds: float
    """Duration of the observed pass."""
    verified: bool
    """Whether the evaluated tape gave the observed output bit for bit; else the model itself is run in trials."""
    chosen: str = "it is the only tensor"
    """The rule that chose the output: `it is the only tensor`, `its key is 'out'`; without an output, what forward()
    returned instead of a tensor: `None`, `a generator`."""


@dataclass(frozen=True)
class Comparison:
    """How far the output moved between two runs or two modes."""

    kind: str
    """`inputs` (two inputs of an image network), `latents` (two latents of a generator), `modes` (stored against batch
    statistics)."""
    first: str
    """Name of the first probe."""
    second: str
    """Name of the second probe."""
    difference: float
    """Root mean square difference of the raw outputs."""
    scale: float
    """Root mean square of the first output around its mean."""
    difference_8bit: float
    """Root mean square difference on the display scale."""

    @property
    def relative(self) -> float:
        """`difference` over `scale`; 0 where nothing moved, infinite where only the scale is 0."""
        if self.difference == 0:
            return 0.0
        return self.difference / self.scale if self.scale else float("inf")


@dataclass(frozen=True)
class Isolation:
    """The first sample of the main pass, fed alone as well."""

    samples: int
    """Samples of the batch."""
    relative: float
    """Root mean square difference of its output, alone and in the batch, over the output's spread."""
    precision: float
    """Rounding error of one operation in this type and on this device, over the output's spread."""
    origin: int | None = None
    """Index of the first operation of the main run whose result depends on the other samples; None where unknown."""


@dataclass(frozen=True)
class Evidence:
    """All that was measured of one model under one request."""

    request: Request
    """What was asked."""
    intent: Intent
    """What the picture is meant to be, with what was inferred."""
    model: ModelFacts
    """Weights and layers."""
    runs: tuple[Run, ...]
    """One per probe, the main one first."""
    comparisons: tuple[Comparison, ...] = ()
    """Between runs."""
    shapes: ShapeSweep | None = None
    """Valid sizes, where they were needed."""
    latent: Latent | None = None
    """What a generator was fed."""
    loads: tuple[WeightsLoad, ...] = ()
    """Weights that were loaded, and how much of them fitted."""
    isolation: Isolation | None = None
    """Whether samples depend on one another, where that was looked at."""
    broken: tuple[BrokenOp, ...] = ()
    """Operations that make non-finite values of finite ones, in the pass that draws most of them."""
    hidden: Hidden | None = None
    """What the last layer drew that is not finite, and a finite output hides; None where that is not so."""
    dead: tuple[DeadActivation, ...] = ()
    """Activations in front of the last layer, and how many of their channels never let anything through."""
    pinned: tuple[PinnedActivation, ...] = ()
    """Activations with two ends in front of the last layer, and how much of them lies at an end."""
    place_norms: tuple[PlaceNorm, ...] = ()
    """Group and instance normalisations of the main run."""
    chance: Chance | None = None
    """How far the output moves under another seed; None where nothing is drawn."""
    modes: ModeGap | None = None
    """Stored statistics against those of the photographs; None without photographs or stored statistics."""
    finishes: tuple[Finish, ...] = ()
    """The functions behind the last weighted layer of the main pass, in order."""
    skips: tuple[Skip, ...] = ()
    """Skip connections of the main run with their influence, in order."""
    exchanged_gap: float = float("nan")
    """Largest logarithm of batch over stored variance with every two concatenated branches in the other order; NaN
    where there are none, or where batch and stored variance are close as they are."""
    half: HalfPrecision | None = None
    """What rounding to half precision makes of the output; None where every result fits, or that is how it runs."""
    grid: Grid | None = None
    """The grid of a network with a layer that can draw one."""
    seam: TileSeam | None = None
    """How far the cut of a tile reaches, for a trained network that draws a picture of the input's form."""
    blocks: Blocks | None = None
    """The blocks of equal pixels in which the picture is drawn last."""
    folding: Folding | None = None
    """How the last layer's values are laid out as pixels; None where they are not."""
    attentions: tuple[Attention, ...] = ()
    """Attention written out, in order, where its weights can be followed to the product that sums with them."""
    casts: tuple[Cast, ...] = ()
    """Conversions to whole numbers behind the last weighted layer, those of class ids left out."""
    cutoff: Cutoff | None = None
    """The threshold inside the network that decides what is handed out; None where there is none."""
    fingerprint: Fingerprint | None = None
    """Which preprocessing the network's statistics remember; None where no photograph is fed."""
    values: FedValues | None = None
    """The values that a person feeds; None where inputs are made here."""
    painting: Painting | None = None
    """What class ids are painted with; None where none are chosen and drawn."""
    misread: Misread | None = None
    """The function that compares scores along another axis than the classes; None where none is known to."""
    scores: MaskScores | None = None
    """The outputs beside the masks that were given."""
    data: Dataset | None = None
    """Pictures and masks that were read as files; None where none were."""

    @property
    def main(self) -> Run | None:
        """The first run that did not crash."""
        return next((r for r in self.runs if r.crash is None), None)

    @property
    def outputs(self) -> tuple[tuple[Run, Output], ...]:
        """Every run with its output, those on constant probes left out."""
        return tuple((r, r.output) for r in self.runs if r.output is not None and not r.probe.constant)

    @property
    def painted(self) -> bool:
        """Whether the output's channels are colours of class ids, and not what a layer draws."""
        return self.painting is not None and not self.painting.one_hot

    @property
    def crashed(self) -> Run | None:
        """The first run that crashed."""
        return next((r for r in self.runs if r.crash is not None), None)
