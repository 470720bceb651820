"""Sample answers of `sizes` and `trace`, made by hand."""

import math
from dataclasses import replace

from unetdoctor.facts import (
    AskedSize,
    AxisSizes,
    Crash,
    InputChoice,
    Op,
    Operand,
    Place,
    Refusal,
    RunBlock,
    SizeLaw,
    Sizes,
    Target,
    TensorStatistics,
    Trace,
)

TARGET = Target("model.py", "UNet", "python file", (), 31_000_000, 19)
INPUT = InputChoice((2, 3, 64, 64), "first consumed parameter", False, "The first weight reads pictures.")
ROUNDING = ("pool", "model.py:47", "max_pool2d", 25, 12)
REFUSAL = Refusal(
    (100, 100),
    "cat",
    ((2, 256, 24, 24), (2, 256, 25, 25)),
    "Sizes of tensors must match except in dimension 1.",
    Place("ups.1", "model.py", 50),
    (("stem", "", "convolution", 101, 50), ROUNDING),
)


def axis(name: str, **fields: object) -> AxisSizes:
    """One axis of a network of four levels."""
    base = AxisSizes(name, 16, (0,), 16, None, SizeLaw(1, 1), ((48, 48), (64, 64), (65, None)))
    return replace(base, **fields)  # type: ignore[arg-type]


def sizes(**fields: object) -> Sizes:
    """The sizes of a network of four levels."""
    base = Sizes(
        target=TARGET,
        input=INPUT,
        start=(64, 64),
        output=(2, 1, 64, 64),
        path="output",
        axes=(axis("height"), axis("width")),
        smallest=(16, 16),
        batches=((1, True), (2, True)),
        refusal=REFUSAL,
        pad=("height, width = x.shape[-2:]", "x = F.pad(x, (0, -width % 16, 0, -height % 16))", "y = model(x)"),
        asked=(
            AskedSize((100, 100), False, (), REFUSAL, (112, 112), (96, 96)),
            AskedSize((64, 80), True, (2, 1, 64, 80)),
        ),
        passes=35,
    )
    return replace(base, **fields)  # type: ignore[arg-type]


def op(index: int, name: str, layer: str, signal: float = 0.5, **fields: object) -> Op:
    """One operation."""
    base = Op(
        index=index,
        name=name,
        place=Place(layer, "model.py", 40 + index, name),
        inputs=(index - 1,),
        shape=(2, 16, 64, 64),
        input_shapes=((2, 16, 64, 64),),
        parameters=(f"{layer}.weight",) if name == "convolution" else (),
        statistics=TensorStatistics(-1.25, 2.5, 0.1, 0.7, signal),
        training=None,
        weighted=name == "convolution",
    )
    return replace(base, **fields)  # type: ignore[arg-type]


def trace(**fields: object) -> Trace:
    """Five operations in two modules; the fourth result is not finite."""
    nan = TensorStatistics(math.nan, math.nan, math.nan, math.nan, math.nan)
    ops = (
        op(0, "convolution", "down.0.conv"),
        op(1, "relu", "down.0.act"),
        op(2, "view", "down.1", statistics=None, is_view=True),
        op(3, "log", "up.0", statistics=nan, inputs=(-1, 2)),
        op(4, "convolution", "up.0", statistics=replace(nan, minimum=-math.inf, maximum=math.inf)),
    )
    base = Trace(
        TARGET,
        INPUT,
        "N(0, 1)",
        ops,
        (2, 1, 64, 64),
        "output",
        non_finite=3,
        collapse=1,
        timings=RunBlock(worker_seconds=0.12),
    )
    return replace(base, **fields)  # type: ignore[arg-type]


def crashed() -> Trace:
    """A pass that ended in a join."""
    operands = (Operand((2, 8, 24, 24), 2, Place("up")), Operand((8,), None, Place("up"), "up.bias"))
    crash = Crash(
        "RuntimeError", "=Sizes of tensors must match\nmore", "cat", 1, operands, Place("=up", "model.py", 50), (1,)
    )
    return trace(crash=crash, output=(), path="", non_finite=None, collapse=None)
