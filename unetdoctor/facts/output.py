"""An output tensor as numbers and pictures: what a person would see, in 8-bit units."""

from dataclasses import dataclass

from unetdoctor.facts.head import HeadNumbers, LossNumbers


@dataclass(frozen=True)
class DisplayRange:
    """The two output values that a viewer shows as black (0) and white (255)."""

    low: float
    """Value shown as black."""
    high: float
    """Value shown as white."""
    decode: str
    """How the tensor becomes a picture: `as is`, `sigmoid` or `softmax`."""
    source: str
    """Where the range comes from: `declared`, `tanh`, `sigmoid`, `values in 0..1`, ..."""


@dataclass(frozen=True)
class Channel:
    """One output channel over the whole batch; 8-bit fields are on the 0..255 display scale, after `DisplayRange`."""

    index: int
    """Channel number."""
    minimum: float
    """Smallest raw value (NaN and Inf left out)."""
    maximum: float
    """Largest raw value."""
    mean: float
    """Mean raw value."""
    std: float
    """Standard deviation of the raw values."""
    mean_8bit: float
    """Mean on the display scale, clipped to 0..255."""
    std_8bit: float
    """Standard deviation on the display scale, clipped."""
    p1_8bit: float
    """First percentile."""
    p99_8bit: float
    """Ninety-ninth percentile."""
    levels: int
    """Number of different 8-bit levels that occur."""
    histogram: tuple[int, ...]
    """32 equal bins over 0..255."""
    raw_spread: float
    """Standard deviation of the values before the final activation within samples (mean over samples)."""

    @property
    def spread_8bit(self) -> float:
        """p99 - p1: the contrast that a person sees."""
        return self.p99_8bit - self.p1_8bit


@dataclass(frozen=True)
class Colours:
    """The colours of a drawn picture beside those of the photograph that was fed, both on the 0..255 display scale."""

    straight: float
    """Correlation of its red and blue with those of the photograph, brightness left out; mean of the two."""
    exchanged: float
    """Correlation of its red with the photograph's blue and of its blue with the red."""
    brightness: float
    """Correlation of the brightness: whether both show the same."""
    tint: float
    """Spread of the photograph's red minus blue: how much colour there is to be told apart."""
    offsets: tuple[float, ...]
    """Mean of picture minus photograph in each channel."""
    rest: float
    """Spread of that difference within a channel, the largest of them."""


@dataclass(frozen=True)
class Output:
    """One output tensor of one run, read as a picture or mask."""

    path: str
    """Where forward() returned it: `output`, `output['out']`, `output[0]`."""
    shape: tuple[int, ...]
    """Full shape, [N, C, H, W] for pictures."""
    dtype: str
    """Torch dtype name without `torch.`."""
    drawn_by: int | None
    """Index of the last weighted op that the output depends on."""
    final_ops: tuple[str, ...]
    """Names of the ops between that op and the output, in order (`tanh`, `_softmax`, `upsample_bilinear2d`)."""
    activation: str
    """The final activation among them, empty for none: `tanh`, `sigmoid`, `softmax`, `relu`, `clamp`, ..."""
    activation_op: int | None
    """Index of that op."""
    display: DisplayRange
    """How it is shown."""
    channels: tuple[Channel, ...]
    """Numbers per channel."""
    count: int
    """Number of values."""
    nan: int
    """How many are NaN."""
    infinite: int
    """How many are +Inf or -Inf."""
    minimum: float
    """Smallest finite value."""
    maximum: float
    """Largest finite value."""
    mean_8bit: float
    """Mean of the shown picture over all channels."""
    std_8bit: float
    """Standard deviation of the shown picture over all channels and samples."""
    spread_8bit: float
    """p99 - p1 of the shown picture over all channels and samples; for `softmax` the largest spread of a channel."""
    raw_spread: float
    """Largest `raw_spread` of any channel: what the last layer draws before the final activation, in raw units."""
    channel_difference_8bit: float
    """Largest difference between two channels at one place, on the display scale; NaN with one."""
    channel_difference_raw: float
    """Largest difference between two channels before the final activation, over the largest `raw_spread`."""
    channel_correlation: float
    """Smallest correlation between two channels before the final activation; 1.0 where they are equal bit for bit and
    vary; NaN with one channel or without variance."""
    chroma_8bit: float
    """Mean of |value - mean over channels| on the display scale; NaN with one channel."""
    at_low: float
    """Share of finite values within one 8-bit level of black or below it, 0..1."""
    at_high: float
    """Share within one 8-bit level of white or above it."""
    outside: float
    """Share of finite values outside the display range by more than half a level."""
    sample_difference_8bit: float
    """Root mean square difference between samples of the batch on the display scale; NaN with one sample."""
    class_shares: tuple[float, ...]
    """Share of places at which each channel is the largest (with one channel, [below, above] the threshold); empty for
    pictures of several channels, where no class is meant."""
    head: HeadNumbers | None = None
    """What it says of the head that drew it."""
    colours: Colours | None = None
    """Its colours beside those of the photograph that was fed; None where there are none to compare."""
    loss: LossNumbers | None = None
    """What the loss that was declared, or read from the model's file, makes of it."""

    @property
    def non_finite(self) -> float:
        """Share of values that are NaN or infinite, 0..1."""
        return (self.nan + self.infinite) / self.count if self.count else 0.0

    @property
    def holds_ids(self) -> bool:
        """Whether whole numbers of one channel come out that are no picture: class ids."""
        whole = self.dtype.startswith(("int", "uint")) and self.display.source not in ("bytes", "0 and 1")
        return whole and len(self.channels) == 1


@dataclass(frozen=True)
class Decoding:
    """One usual way of turning the raw output into an 8-bit picture, and what a person would see of it."""

    name: str
    """`as is`, `clamped`, `sigmoid`, `softmax and argmax`, `-1..1`, `0..255`, `min-max`, `declared`."""
    formula: str
    """How it is computed from the output `y`: `(y + 1) / 2`."""
    spread_8bit: float
    """p99 - p1 on the 0..255 scale; NaN for class ids."""
    clipped: float
    """Share of the values that lie outside black..white and are cut off, in %; of `as is`, that wrap around in a cast
    to 8 bits."""
    classes: int
    """Number of classes that win somewhere; 0 where the reading draws no classes."""
    supported: bool
    """Whether the evidence speaks for this one."""
    why: str = ""
    """The evidence of the supported one: `declared`, `tanh`, `logits`, ..."""
    preview: str = ""
    """Name of its preview; empty where no pictures were wanted."""


@dataclass(frozen=True)
class Preview:
    """8-bit pixels that lie in a raw file of the worker's scratch folder."""

    name: str
    """File stem, made of safe characters: `noise-channel-0`, `trial-1`."""
    title: str
    """What a person reads above it."""
    caption: str
    """The range printed on it, and how it was decoded."""
    width: int
    """Pixels."""
    height: int
    """Pixels."""
    mode: str
    """Pillow mode: `L`, `RGB`."""
    role: str
    """`input`, `truth` (a mask), `read` (classes beside it), `errors`,
    `displayed`, `stretched`, `picture`, `classes`, `overlay`, `trial`, `decoding`; of the parent: `sheet`,
    `signal`, `anatomy`, `worst` (pairs of an audit)."""
    file: str
    """Name of the raw file; after the parent has written its PNG, the path of that."""
    size: int
    """Bytes of the raw file."""
    sha256: str
    """Hash of the raw file."""
    legend: tuple[tuple[str, str], ...] = ()
    """(colour as #rrggbb, label) of a class map."""
