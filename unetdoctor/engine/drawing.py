"""Questions to the graph of a tape: which operation drew the output, what its final activation is and can reach."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from unetdoctor.engine.tape import Entry, Leaf, Ref, Tape, argument

CONVOLUTIONS = {"convolution", "_convolution", "cudnn_convolution", "cudnn_convolution_transpose", "mkldnn_convolution"}
PRODUCTS = {"addmm", "mm", "linear", "addmv", "mv", "baddbmm", "bmm"}
NORMALISATIONS = {
    "native_batch_norm",
    "_native_batch_norm_legit",
    "_native_batch_norm_legit_no_training",
    "cudnn_batch_norm",
    "miopen_batch_norm",
    "native_group_norm",
    "native_layer_norm",
    "_batch_norm_with_update",
    "_batch_norm_no_update",
    "batch_norm",
}
ACTIVATIONS = {
    "sigmoid": "sigmoid",
    "hardsigmoid": "sigmoid",
    "tanh": "tanh",
    "_softmax": "softmax",
    "softmax": "softmax",
    "_log_softmax": "log_softmax",
    "relu": "relu",
    "hardtanh": "hardtanh",
    "clamp": "clamp",
    "clamp_min": "relu",
    "clamp_max": "clamp",
    "leaky_relu": "leaky_relu",
    "elu": "elu",
    "gelu": "gelu",
    "silu": "silu",
    "softplus": "softplus",
    "log_sigmoid_forward": "log_sigmoid",
}
CHOOSING = {"argmax", "argmin", "max"}
"""What chooses a class; `max` with its second result."""
COMPARING = {"gt", "ge", "lt", "le", "eq", "ne"}
"""What decides between yes and no."""
_SCALARS = {"add", "sub", "rsub", "mul", "div"}
_CURVES: dict[str, Callable[[float, float], float]] = {
    "exp": lambda value, _: math.exp(value),
    "sqrt": lambda value, _: math.sqrt(value),
    "reciprocal": lambda value, _: 1 / value,
    "abs": lambda value, _: abs(value),
    "pow": math.pow,
}
"""What makes a quantity of a number (and an exponent), such as a depth of its logarithm."""
_WALK = 400


@dataclass(frozen=True)
class Drawing:
    """How an output came to be."""

    output: Ref
    drawn_by: int | None
    """Last weighted operation on the way."""
    chain: tuple[str, ...]
    """Names of the operations after it, views left out, in order."""
    activation: str
    activation_op: int | None
    low: float
    """Smallest value that the final activation and what follows can give; -inf where unbounded."""
    high: float
    raw: Ref
    """What the final activation reads; the output itself without one."""
    affine: tuple[tuple[str, float], ...]
    """Operations with one number after the activation, and functions of one, in order."""
    residual: bool
    """Whether the output is a sum of what was drawn and the network's own input, which reached it through no weight."""
    curve: str = ""
    """Last function that makes a quantity of what is drawn: `exp`; empty without one."""


def plain(name: str) -> str:
    """Return an operator's name without the mark of its in-place form."""
    return name[:-1] if name.endswith("_") and not name.startswith("__") else name


def is_weighted(entry: Entry) -> bool:
    """Whether the operation applies a kernel or weight matrix that the input does not make."""
    if entry.name in CONVOLUTIONS:
        return True
    return entry.name in PRODUCTS and bool(entry.parameters)


def scalar(entry: Entry) -> tuple[str, float] | None:
    """Return (operation, number) of `x op number`, None for anything else."""
    name = plain(entry.name)
    if name not in _SCALARS or len(entry.args) < 2 or not isinstance(entry.args[1], (int, float)):
        return None
    return name, float(entry.args[1])


def curve(entry: Entry) -> tuple[str, float] | None:
    """Return (function, exponent) of a function that makes a quantity of a number, None for anything else."""
    name = plain(entry.name)
    if name == "neg":
        return "mul", -1.0
    exponent = entry.args[1] if name == "pow" and len(entry.args) > 1 else 0.0
    return (name, float(exponent)) if name in _CURVES and isinstance(exponent, (int, float)) else None


def shifted(low: float, high: float, affine: tuple[tuple[str, float], ...]) -> tuple[float, float]:
    """Return the bounds after scalar operations and functions; infinite where they cannot be told."""
    for name, number in affine:
        ends = [_apply(name, low, number), _apply(name, high, number)]
        if name in _CURVES and low < 0 < high:  # its turning point, or a pole
            ends = [0.0, *ends] if name == "abs" or (name == "pow" and number > 0) else ends
            ends = [-math.inf, math.inf] if name == "reciprocal" or number < 0 else ends
        low, high = min(ends), max(ends)
    return low, high


def _apply(name: str, value: float, number: float) -> float:
    if name in _CURVES:
        try:
            return _CURVES[name](value, number)
        except (ValueError, OverflowError, ZeroDivisionError):
            return 0.0 if name == "sqrt" else math.inf
    if name == "add":
        return value + number
    if name == "sub":
        return value - number
    if name == "rsub":
        return number - value
    if name == "mul":
        return value * number
    return value / number if number else math.nan


def bounds(entry: Entry) -> tuple[float, float]:
    """Return the values between which this activation's result lies."""
    kind = ACTIVATIONS.get(plain(entry.name), "")
    if kind in ("sigmoid", "softmax"):
        return 0.0, 1.0
    if kind == "tanh":
        return -1.0, 1.0
    if plain(entry.name) == "hardtanh":
        ends = entry.args[1:3]
        return float(ends[0] if ends else -1.0), float(ends[1] if len(ends) > 1 else 1.0)
    if plain(entry.name) in ("clamp", "clamp_min", "clamp_max"):
        low = argument(entry.args, entry.kwargs, entry.traits, "min")
        high = argument(entry.args, entry.kwargs, entry.traits, "max")
        known = [x if isinstance(x, (int, float)) else None for x in (low, high)]
        return -math.inf if known[0] is None else float(known[0]), math.inf if known[1] is None else float(known[1])
    if kind == "relu":
        return 0.0, math.inf
    return -math.inf, math.inf


def embeds_time(tape: Tape, fed: tuple[int, ...]) -> bool:
    """Return whether sines and cosines of one number a sample are taken, as of a timestep that the network chooses."""
    waves = {plain(e.name) for e in tape.entries if len(e.shape) == 2 and e.shape[0] in (1, *fed[:1]) and e.floating}
    return {"sin", "cos"} <= waves


def _after_weights(tape: Tape) -> set[int]:
    """Return the operations that are weighted or depend on one that is."""
    return tape.downstream({op for op, entry in enumerate(tape.entries) if is_weighted(entry)})


def trace(tape: Tape, output: Ref) -> Drawing:
    """Walk back from an output to the weighted operation that drew it."""
    chain: list[str] = []
    affine: list[tuple[str, float]] = []
    activation, activation_op, raw, curved = "", None, output, ""
    low, high = -math.inf, math.inf
    open_end, residual = True, False
    op: int | None = output.op
    weighted = _after_weights(tape)
    for _ in range(_WALK):
        if op is None:
            break
        entry = tape.entries[op]
        if is_weighted(entry):
            break
        sources = [ref for ref in tape.activations(op) if isinstance(ref, Ref)]
        from_input = any(isinstance(ref, Leaf) for ref in tape.activations(op))
        if not entry.traits.view:
            chain.append(plain(entry.name))
        name = plain(entry.name)
        if open_end and name in ACTIVATIONS and not entry.traits.view:
            activation, activation_op = ACTIVATIONS[name], op
            low, high = shifted(*bounds(entry), tuple(reversed(affine)))
            raw = sources[0] if sources else output
            open_end = False
        elif open_end and (number := scalar(entry)) is not None:
            affine.append(number)
        elif open_end and (function := curve(entry)) is not None:
            affine.append(function)
            curved = curved or (function[0] if function[0] in _CURVES else "")
        elif len({ref.op for ref in sources}) + from_input > 1 and name not in ("cat", "stack"):
            open_end = False
            bare = from_input or any(ref.op not in weighted for ref in sources)
            residual = residual or (name in ("add", "sub") and bare)
        op = max((ref.op for ref in sources), key=lambda o: (o in weighted, o), default=None)
    return Drawing(
        output=output,
        drawn_by=op,
        chain=tuple(reversed(chain)),
        activation=activation,
        activation_op=activation_op,
        low=low,
        high=high,
        raw=raw,
        affine=tuple(reversed(affine)) if activation_op is not None else (),
        residual=residual,
        curve=curved,
    )
