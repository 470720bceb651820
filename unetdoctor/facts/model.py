"""The model as numbers: its weighted layers, its normalisation layers, itself."""

from dataclasses import dataclass

from unetdoctor.facts.findings import Place


@dataclass(frozen=True)
class LayerWeights:
    """One weighted layer (convolution, transposed convolution, linear) as numbers."""

    layer: str
    """Dotted name."""
    place: Place
    """Where it is made."""
    kind: str
    """`convolution`, `transposed convolution`, `linear`, `embedding`, `other`."""
    shape: tuple[int, ...]
    """Shape of the weight as stored."""
    transposed: bool
    """Whether dim 1 (and not dim 0) counts the outputs."""
    groups: int
    """Groups of the convolution."""
    fan_in: int
    """Inputs per output value."""
    mean: float
    """Mean of the finite weights."""
    std: float
    """Standard deviation of the finite weights."""
    largest: float
    """Largest absolute weight."""
    gain: float
    """std * sqrt(fan_in): 1/sqrt(3) = 0.58 for PyTorch's default, sqrt(2) for kaiming, about 1 for xavier."""
    default_std: float
    """Standard deviation that PyTorch's own initialisation gives a layer of this shape."""
    zero: float
    """Share of weights that are exactly 0, 0..1."""
    non_finite: int
    """NaN and infinite weights and biases."""
    row_cosine: float
    """Smallest cosine between two filters (rows); NaN with one filter or zero rows."""
    row_difference: float
    """Largest difference between two filters over the largest absolute weight; NaN with one filter."""
    bias: tuple[float, ...]
    """The bias values of a layer with at most 64 outputs; empty without bias or with more."""
    bias_largest: float
    """Largest absolute bias; 0 without one."""
    state: str
    """`fresh` (bears the fingerprint of an initialisation), `trained`, or `degenerate` (constant, equal rows, zero)."""
    scheme: str
    """The initialisation recognised: `default`, `uniform`, `normal`, `truncated normal`, `constant`, `zero`, ``."""
    op: int | None
    """Index of the first op that consumes it; None where it never ran."""
    output_std: float
    """Standard deviation of that op's result; NaN where unknown."""
    signal_in: float
    """Signal of that op's activation input; NaN where unknown."""
    signal_out: float
    """Signal of that op's result; NaN where unknown."""
    level_in: float = float("nan")
    """Root mean square of that op's activation input; NaN where unknown."""
    dead_filters: int = 0
    """Filters without weight (zero or denormal) in a layer that has some; 0 where all are."""
    unread_inputs: int = 0
    """Input channels that no filter reads, in a layer that reads some."""


@dataclass(frozen=True)
class NormStatistics:
    """One normalisation layer with running statistics."""

    layer: str
    """Dotted name."""
    place: Place
    """Where it is made."""
    channels: int
    """Number of channels."""
    pristine: bool
    """Running mean all 0 and running variance all 1, which no pass in train() leaves."""
    affine_pristine: bool
    """Weight all equal and bias all 0, or no affine parameters."""
    counter: int | None
    """num_batches_tracked; None where there is none."""
    used_stored: bool
    """Whether a run in eval() normalised with the stored statistics."""
    mean_shift: float
    """Mean over channels of |batch mean - running mean| / sqrt(running variance) on the main probe; NaN if unknown.
    Where a photograph varies less than the stored variance: on the photograph that fits best, else the probe."""
    log_variance_ratio: float
    """Mean over channels of ln(batch variance / running variance) on the same; NaN if unknown."""
    op: int | None
    """Index of the op that consumes it."""


@dataclass(frozen=True)
class Unregistered:
    """A trainable tensor that runs and that `parameters()` does not give."""

    name: str
    """Where it was found: `blocks[0].weight`; empty where no attribute of a module leads to it."""
    holder: str
    """The attribute that holds it: `blocks`; empty where there is none."""
    kind: str
    """Type of that attribute: `list`, `tuple`, `dict`."""
    shape: tuple[int, ...]
    """Its shape."""
    place: Place
    """Where the attribute is made, else where the tensor is read."""
    op: int | None
    """Index of the first op that reads it."""


@dataclass(frozen=True)
class Precision:
    """The parameters of one floating type."""

    dtype: str
    """`float32`, `float16`, ..."""
    tensors: int
    """How many there are."""
    place: Place
    """The first layer that holds one."""


@dataclass(frozen=True)
class ModelFacts:
    """The model as a whole."""

    name: str
    """Class or file name."""
    kind: str
    """`eager`, `torchscript` or `exported`."""
    parameters: int
    """Number of trainable and frozen parameter values."""
    layers: tuple[LayerWeights, ...]
    """Weighted layers in registration order."""
    norms: tuple[NormStatistics, ...]
    """Normalisation layers with running statistics."""
    non_finite: tuple[tuple[str, int], ...]
    """(parameter or buffer name, number of NaN and infinite values) of those that have any."""
    weights_given: bool
    """Whether a weights file was loaded."""
    trained: bool
    """Weights were given, or some layer or norm bears traces of training."""
    last_layer: str
    """Name of the weighted layer that drew the output; empty where unknown."""
    residual_output: bool
    """Whether the output is a sum with the input or an earlier picture (then a zero last layer may be by design)."""
    timestep_input: bool
    """Whether forward() takes a timestep, or embeds one of its own (diffusion networks start with a zero last layer by
    design)."""

    unregistered: tuple[Unregistered, ...] = ()
    """Trainable tensors that ran and are not registered."""
    precisions: tuple[Precision, ...] = ()
    """Types of its floating parameters, the most frequent one first."""
    idle: tuple[tuple[str, int], ...] = ()
    """(name, number of values) of registered parameters on which nothing that the main pass returned depends."""
    shifts: tuple[tuple[str, bool], ...] = ()
    """(layer, whether its shift is no longer the one value it was made with) of every normalisation with scale and
    shift, stored statistics or not."""
    damaged: tuple[str, ...] | None = None
    """Names of tensors whose bytes in the weights file differ from the checksum saved with them; None where no
    checksum was looked at."""

    def layer(self, name: str) -> LayerWeights | None:
        """Return the weighted layer of this name."""
        return next((x for x in self.layers if x.layer == name), None)

    @property
    def last(self) -> LayerWeights | None:
        """The weighted layer that drew the output."""
        return self.layer(self.last_layer) if self.last_layer else None
