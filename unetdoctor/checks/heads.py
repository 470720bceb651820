"""The line that makes a last layer with another number of channels."""

import math

from unetdoctor.checks.layers import outputs, written
from unetdoctor.checks.pictures import op_at
from unetdoctor.facts import LayerWeights, Run


def head(last: LayerWeights, run: Run, channels: int, wanted: int) -> str:
    """Return the line to paste for the last layer, so that the output has `wanted` channels instead of `channels`.

    A pixel shuffle (or a view) behind the layer makes one channel of several filters: the factor is kept. Empty where
    the filters are not a multiple of the channels, or the layer is none that can be written down.
    """
    filters = outputs(last)
    if filters % channels:
        return ""
    drawn = wanted * (filters // channels)
    target = written(last.layer, "self")
    bias = "" if last.bias or last.bias_largest else ", bias=False"
    was = f"  # was {filters}"
    if last.kind == "linear":
        return f"{target} = nn.Linear({last.shape[1]}, {drawn}{bias}){was}"
    if last.kind not in ("convolution", "transposed convolution"):
        return ""
    kernel = last.shape[2:]
    inputs = last.shape[0] if last.transposed else last.shape[1] * last.groups
    kind = f"nn.Conv{'Transpose' * last.transposed}{len(kernel)}d"
    geometry = f"kernel_size={_tuple(kernel)}{_geometry(last, run)}"
    return f"{target} = {kind}({inputs}, {drawn}, {geometry}{bias}){was}"


def _geometry(last: LayerWeights, run: Run) -> str:
    """Return stride and padding, found from the sizes before and behind the layer; empty for the defaults."""
    op = op_at(run, last.op)
    kernel = last.shape[2:]
    if (
        op is None
        or not op.input_shapes
        or len(op.input_shapes[0]) != len(last.shape)
        or len(op.shape) != len(last.shape)
    ):
        return ""
    small, large = op.input_shapes[0][2:], op.shape[2:]
    if not last.transposed:
        small, large = large, small
    strides = tuple(max(1, round(b / a)) for a, b in zip(small, large, strict=True))
    twice = [(a - 1) * s + k - b for a, b, s, k in zip(small, large, strides, kernel, strict=True)]
    paddings = tuple(max(0, math.ceil(x / 2)) for x in twice)
    extra = tuple(2 * p - x for p, x in zip(paddings, twice, strict=True))
    text = f", stride={_tuple(strides)}" if set(strides) != {1} else ""
    text += f", padding={_tuple(paddings)}" if any(paddings) else ""
    return text + (f", output_padding={_tuple(extra)}" if last.transposed and any(extra) else "")


def _tuple(values: tuple[int, ...]) -> str:
    return str(values[0]) if len(set(values)) == 1 else str(tuple(values))
