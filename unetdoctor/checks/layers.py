"""Questions about weighted layers that several checks ask, and how a layer is written in Python."""

import json
import math

from unetdoctor.facts import Evidence, LayerWeights, Place, Reading

_JUDGED = ("convolution", "transposed convolution", "linear")
CONSTANT = 1e-4
"""Standard deviation over the largest weight. 1e-7: a constant and its rounding. .58: uniform."""
VARIES = 0.1
"""Signal over level under which an input hardly varies. .6-1: behind ReLU, in fresh and trained networks. .001: what
dead statistics leave."""
_DEFAULT_GAIN = 1 / math.sqrt(3)


def hidden(evidence: Evidence) -> tuple[LayerWeights, ...]:
    """Return the weighted layers before the one that drew the output."""
    last = evidence.model.last_layer
    return tuple(x for x in evidence.model.layers if x.layer != last and x.kind in _JUDGED)


def size(layer: LayerWeights) -> int:
    """Return the number of weights."""
    return math.prod(layer.shape)


def outputs(layer: LayerWeights) -> int:
    """Return the number of filters: output channels or features."""
    return layer.shape[1] * layer.groups if layer.transposed else layer.shape[0]


def scale(layer: LayerWeights) -> float:
    """Return the layer's gain over that of a fresh layer: 1 for default, 2.4 for kaiming; NaN for zero weights.

    A constant weight has no scale either, only rounding. Transposed convolutions have two fans, and initialisations
    use both: the reading nearer to 1 counts.
    """
    if not layer.std > CONSTANT * layer.largest:
        return math.nan
    ratios = (layer.gain / _DEFAULT_GAIN, layer.std / layer.default_std if layer.default_std > 0 else math.nan)
    if not all(0 < ratio < math.inf for ratio in ratios):
        return math.nan
    return min(ratios, key=lambda ratio: abs(math.log(ratio)))


def transfer(layer: LayerWeights) -> float:
    """Return what the layer does to the signal: signal out over signal in; NaN where unknown or nothing comes in.

    Where the input hardly varies around its level, what varies behind the layer comes from the padded borders: then it
    counts over that level.
    """
    constant = layer.signal_in < VARIES * layer.level_in
    before = layer.level_in if constant else layer.signal_in
    return layer.signal_out / before if layer.signal_in > 0 else math.nan


def scale_readings(
    layer: LayerWeights, weights: tuple[float, float], signal: tuple[float, float]
) -> tuple[Reading, Reading]:
    """Return the layer's scale and what it does to the signal, each with its bounds on the side where it errs.

    A large weight that is scaled down at run time (equalised learning rate) changes nothing, so the two count together.
    """
    value = scale(layer)
    small = value < 1
    return (
        Reading("gain relative to a fresh layer", value, "x", lower=weights[0], upper=weights[1]),
        Reading(
            "signal out over signal in",
            transfer(layer),
            "x",
            lower=signal[0] if small else None,
            upper=None if small else signal[1],
        ),
    )


def written(layer: str, root: str = "model") -> str:
    """Return the Python expression of a layer: `model.main[9]` for `main.9`."""
    path = root
    for part in layer.split(".") if layer else ():
        if part.isdecimal():
            path += f"[{part}]"
        elif part.isidentifier():
            path += f".{part}"
        else:
            return f"{root}.get_submodule({json.dumps(layer)})"
    return path


def place_of(evidence: Evidence, parameter: str) -> Place:
    """Return where the layer stands that owns this parameter or buffer."""
    owner = parameter.rpartition(".")[0]
    norm = next((x for x in evidence.model.norms if x.layer == owner), None)
    layer = evidence.model.layer(owner) or norm
    return layer.place if layer is not None else Place(layer=owner)


def has_symmetry(layer: LayerWeights) -> bool:
    """Return whether several filters read the same channels: those of a depthwise layer never meet."""
    return size(layer) > 1 and outputs(layer) // max(layer.groups, 1) > 1
