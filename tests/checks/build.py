"""Evidence of a sound, trained network that draws colour pictures; tests change the one thing that they are about."""

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from unetdoctor.checks import by_code
from unetdoctor.facts import (
    Channel,
    Comparison,
    Crash,
    DisplayRange,
    Evidence,
    Finding,
    Intent,
    LayerWeights,
    ModelFacts,
    NormStatistics,
    Op,
    Operand,
    Output,
    Place,
    Probe,
    Request,
    Run,
    Task,
    TensorStatistics,
)

NAN = math.nan
PICTURE = Intent(inferred_task=Task.GENERATOR)
MASK = Intent(inferred_task=Task.MULTICLASS)
OTHER = Intent(inferred_task=Task.REGRESSION)
FRESH_STD = 1 / math.sqrt(3 * 16 * 9)


def place(layer: str = "draw", line: int = 30) -> Place:
    """A place in the model's file."""
    return Place(layer=layer, file="model.py", line=line)


def channel(index: int = 0, **fields: Any) -> Channel:
    """One varied channel."""
    numbers = {"minimum": -0.9, "maximum": 0.9, "mean": 0.0, "std": 0.4}
    shown = {"mean_8bit": 128.0, "std_8bit": 50.0, "p1_8bit": 20.0, "p99_8bit": 235.0}
    base = Channel(index=index, **numbers, **shown, levels=200, histogram=(1,) * 32, raw_spread=0.4)
    return replace(base, **fields)


def flat(index: int = 0, level: float = 128.0, spread: float = 2.0, **fields: Any) -> Channel:
    """One channel of an even tone."""
    return channel(
        index,
        mean_8bit=level,
        p1_8bit=level - spread / 2,
        p99_8bit=level + spread / 2,
        **{"std_8bit": spread / 4, "raw_spread": 0.004, **fields},
    )


def output(channels: Iterable[Channel] | None = None, **fields: Any) -> Output:
    """A sound picture of three channels behind tanh."""
    drawn = tuple(channels) if channels is not None else tuple(channel(index) for index in range(3))
    base = Output(
        path="output",
        shape=(4, len(drawn), 32, 32),
        dtype="float32",
        drawn_by=4,
        final_ops=("tanh",),
        activation="tanh",
        activation_op=5,
        display=DisplayRange(-1.0, 1.0, "as is", "tanh"),
        channels=drawn,
        count=12288,
        nan=0,
        infinite=0,
        minimum=-0.9,
        maximum=0.9,
        mean_8bit=128.0,
        std_8bit=50.0,
        spread_8bit=215.0,
        raw_spread=max((x.raw_spread for x in drawn), default=0.4),
        channel_difference_8bit=120.0,
        channel_difference_raw=3.0,
        channel_correlation=0.4,
        chroma_8bit=30.0,
        at_low=0.01,
        at_high=0.01,
        outside=0.0,
        sample_difference_8bit=60.0,
        class_shares=(0.3, 0.3, 0.4),
    )
    return replace(base, **fields)


def logits(**fields: Any) -> Output:
    """Sound logits of four classes."""
    drawn = [channel(index, raw_spread=2.0 + index) for index in range(4)]
    display = DisplayRange(0.0, 1.0, "softmax", "softmax")
    return output(drawn, **{"activation": "", "activation_op": None, "final_ops": (), "display": display, **fields})


def statistics(signal: float = 0.5, **fields: Any) -> TensorStatistics:
    """Numbers of a sound result."""
    return replace(TensorStatistics(minimum=-2.0, maximum=2.0, mean=0.0, std=0.6, signal=signal), **fields)


def op(index: int, name: str, layer: str, inputs: tuple[int, ...], **fields: Any) -> Op:
    """One operation on a 4x16x32x32 tensor."""
    base = Op(
        index=index,
        name=name,
        place=Place(layer=layer, file="model.py", line=40 + index, op=name),
        inputs=inputs,
        shape=(4, 16, 32, 32),
        input_shapes=((4, 16, 32, 32),) * len(inputs),
        parameters=(f"{layer}.weight",) if name == "convolution" else (),
        statistics=statistics(),
        training=None,
        weighted=name == "convolution",
    )
    return replace(base, **fields)


def ops() -> tuple[Op, ...]:
    """Two hidden convolutions with ReLU, the last one, tanh."""
    return (
        op(0, "convolution", "stem", (-1,)),
        op(1, "relu", "", (0,)),
        op(2, "convolution", "deep", (1,)),
        op(3, "relu", "", (2,)),
        op(4, "convolution", "draw", (3,), shape=(4, 3, 32, 32)),
        op(5, "tanh", "", (4,), shape=(4, 3, 32, 32)),
    )


def run(name: str = "noise", drawn: Output | None = None, **fields: Any) -> Run:
    """One forward pass."""
    base = Run(
        probe=Probe(name=name, shape=(4, 3, 32, 32), real=False, constant=name == "zeros"),
        ops=ops(),
        output=drawn if drawn is not None else output(),
        others=(),
        crash=None,
        seconds=0.01,
        verified=True,
    )
    return replace(base, **fields)


def layer(name: str = "draw", **fields: Any) -> LayerWeights:
    """A sound, trained 3x3 convolution with 16 inputs."""
    base = LayerWeights(
        layer=name,
        place=place(name),
        kind="convolution",
        shape=(16, 16, 3, 3),
        transposed=False,
        groups=1,
        fan_in=144,
        mean=0.0,
        std=FRESH_STD,
        largest=0.15,
        gain=1 / math.sqrt(3),
        default_std=FRESH_STD,
        zero=0.0,
        non_finite=0,
        row_cosine=0.1,
        row_difference=1.2,
        bias=(0.05,) * 3,
        bias_largest=0.05,
        state="trained",
        scheme="",
        op={"stem": 0, "deep": 2, "draw": 4}.get(name),
        output_std=0.6,
        signal_in=0.6,
        signal_out=0.5,
    )
    return replace(base, **fields)


def last(**fields: Any) -> LayerWeights:
    """The sound last layer: three filters."""
    return layer("draw", **{"shape": (3, 16, 3, 3), **fields})


def scaled(base: LayerWeights, factor: float, **fields: Any) -> LayerWeights:
    """A layer with its weights, and what it passes on, multiplied."""
    scaled_fields = {
        "std": base.std * factor,
        "gain": base.gain * factor,
        "largest": base.largest * factor,
        "signal_out": base.signal_out * factor,
    }
    return replace(base, **{**scaled_fields, **fields})


def norm(name: str = "norm", **fields: Any) -> NormStatistics:
    """A BatchNorm whose statistics were filled."""
    base = NormStatistics(
        layer=name,
        place=place(name, 20),
        channels=16,
        pristine=False,
        affine_pristine=False,
        counter=80,
        used_stored=True,
        mean_shift=0.2,
        log_variance_ratio=-0.1,
        op=1,
    )
    return replace(base, **fields)


def pristine(name: str = "norm", **fields: Any) -> NormStatistics:
    """A BatchNorm that never saw a batch."""
    never = {"pristine": True, "affine_pristine": True, "counter": 0, "mean_shift": 3.0, "log_variance_ratio": -2.0}
    return norm(name, **{**never, **fields})


def model(*layers: LayerWeights, **fields: Any) -> ModelFacts:
    """A trained network of three layers, or of those given."""
    base = ModelFacts(
        name="Net",
        kind="eager",
        parameters=5000,
        layers=layers or (layer("stem"), layer("deep"), last()),
        norms=(),
        non_finite=(),
        weights_given=False,
        trained=True,
        last_layer="draw",
        residual_output=False,
        timestep_input=False,
    )
    return replace(base, **fields)


def comparison(relative: float, kind: str = "inputs", first: str = "noise", second: str = "natural") -> Comparison:
    """Two outputs that differ by this share of their deviation."""
    return Comparison(kind, first, second, difference=relative * 0.5, scale=0.5, difference_8bit=relative * 60)


def evidence(*outputs: Output, trained: bool = True, **fields: Any) -> Evidence:
    """Evidence of a sound network: two runs, or one for each output given."""
    names = ("noise", "natural", "second-noise", "fourth")
    drawn = outputs or (output(), output())
    base = Evidence(
        request=Request(target="model.py"),
        intent=PICTURE,
        model=model(trained=trained),
        runs=tuple(run(name, x) for name, x in zip(names, drawn, strict=False)),
        comparisons=(comparison(1.2), comparison(1.3, "latents")),
    )
    return replace(base, **fields)


def crash(
    op_name: str = "cat", shapes: Iterable[tuple[int, ...]] = ((2, 16, 25, 25), (2, 16, 24, 24)), **fields: Any
) -> Crash:
    """A join of an encoder's and a decoder's tensor that failed."""
    drawn = zip(shapes, (3, 9), ("enc3", "up3"), strict=False)
    base = Crash(
        type="RuntimeError",
        message="Sizes of tensors must match except in dimension 1.\nmore",
        op=op_name,
        dimension=1 if op_name == "cat" else None,
        operands=tuple(Operand(shape=shape, drawn_by=at, place=Place(layer=name)) for shape, at, name in drawn),
        place=place("dec3", 55),
        input_shape=(2, 3, 100, 100),
    )
    return replace(base, **fields)


def crashed(failure: Crash | None = None, **fields: Any) -> Evidence:
    """Evidence of a network whose only run crashed."""
    return evidence(**{"runs": (run(output=None, crash=failure or crash()),), "comparisons": (), **fields})


def examine(code: str, given: Evidence) -> list[Finding]:
    """The findings of one check."""
    return list(by_code(code).examine(given))


def only(code: str, given: Evidence) -> Finding:
    """The one finding of a check."""
    findings = examine(code, given)
    assert len(findings) == 1, findings
    return findings[0]
