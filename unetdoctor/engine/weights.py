"""Weighted and normalising layers of a model as numbers, found through the operations that consume them."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from unetdoctor.engine import fingerprints
from unetdoctor.engine.drawing import CONVOLUTIONS, NORMALISATIONS, is_weighted
from unetdoctor.engine.filters import as_rows, spread, unread, without_weight
from unetdoctor.engine.tape import Entry, Leaf, Ref, Tape, argument, owner, references
from unetdoctor.facts import LayerWeights, NormStatistics, Place, TensorStatistics

TRAINED_SHARE = 0.2
"""Share of layers (or of norms with a bias) that bear training before a model counts as trained."""
NOWHERE = (math.nan, math.nan, math.nan, math.nan)
"""Signal of a layer that did not run."""
SLOW_PRODUCTS = 1e10
"""Multiplications of one pass (about 0.1 s on two cores) from which trials no longer look at every probe."""
_ROWS = 32
_BIASES = 64


@dataclass(frozen=True)
class WeightUse:
    """Where a layer's weight enters the tape."""

    layer: str
    op: int
    weight: Ref | Leaf
    transposed: bool
    groups: int
    stride: int
    linear: bool


def _weight_reference(tape: Tape, op: int) -> Ref | Leaf | None:
    """Return the static tensor argument of the largest shape: the kernel or the matrix."""
    entry = tape.entries[op]
    if entry.name in CONVOLUTIONS and isinstance(entry.args[1], (Ref, Leaf)):
        found: Ref | Leaf = entry.args[1]
        return found
    live = set(tape.activations(op))
    static = [r for r in tape.inputs_of(op) if r not in live]
    named = [r for r in static if isinstance(r, Ref) or tape.leaves[r.index].tensor.dim() >= 2]
    return named[-1] if named else None


def weight_uses(tape: Tape, drawn_by: int | None = None) -> dict[str, WeightUse]:
    """Return the first use of every weighted layer, in order of execution; of the last layer, the use that draws."""
    uses: dict[str, WeightUse] = {}
    for op, entry in enumerate(tape.entries):
        if not is_weighted(entry) or not entry.parameters:
            continue
        reference = _weight_reference(tape, op)
        if reference is None or (entry.layer in uses and op != drawn_by):
            continue
        stride = argument(entry.args, entry.kwargs, entry.traits, "stride")
        uses[entry.layer] = WeightUse(
            layer=entry.layer,
            op=op,
            weight=reference,
            transposed=bool(argument(entry.args, entry.kwargs, entry.traits, "transposed")),
            groups=int(argument(entry.args, entry.kwargs, entry.traits, "groups") or 1),
            stride=math.prod(stride) if isinstance(stride, (list, tuple)) and stride else 1,
            linear=entry.name not in CONVOLUTIONS,
        )
    return uses


def products(tape: Tape, start: int = 0) -> float:
    """Return about how many multiplications the weighted operations of a pass need from operation `start` on.

    It stands for the cost of a pass, and is the same on every run.
    """
    return sum((products_of(tape, entry) for entry in tape.entries[start:]), start=0.0)


def products_of(tape: Tape, entry: Entry) -> float:
    """Return the same of one operation."""
    if not is_weighted(entry) or len(entry.shape) < 2:
        return 0.0
    sizes = [tape.leaves[r.index].tensor.numel() for r in references(entry.args) if isinstance(r, Leaf)]
    channels = entry.shape[1] if entry.name in CONVOLUTIONS else entry.shape[-1]
    return math.prod(entry.shape) * max(sizes, default=0) / max(channels, 1)


def default_fan(weight: Tensor) -> int:
    """Return the fan-in that PyTorch's own initialisation computes (dim 1, also for transposed convolutions)."""
    return max(math.prod(weight.shape[1:]), 1)


def resolve(tape: Tape, reference: Ref | Leaf, values: dict[Ref | Leaf, Tensor]) -> Tensor | None:
    """Return the tensor behind a weight's reference: a parameter, a view of one, or an evaluated static result."""
    if isinstance(reference, Leaf):
        return tape.leaves[reference.index].tensor
    if reference in values:
        return values[reference]
    return None


def static_references(tape: Tape) -> tuple[Ref, ...]:
    """Return references of computed weights (transposed views, weight normalisation), to evaluate with the tape."""
    return tuple(u.weight for u in weight_uses(tape).values() if isinstance(u.weight, Ref))


def _signal(tape: Tape, statistics: dict[int, TensorStatistics], op: int) -> tuple[float, float, float, float]:
    """Return (std out, signal in, signal out, level in) of an operation."""
    out = statistics.get(op)
    sources = [r.op for r in tape.activations(op) if isinstance(r, Ref)]
    source = max(sources, default=None)
    while source is not None and source not in statistics:
        source = max((r.op for r in tape.activations(source) if isinstance(r, Ref)), default=None)
    before = statistics[source] if source is not None else None
    signal, level = (before.signal, math.hypot(before.mean, before.std)) if before else (math.nan, math.nan)
    return (out.std if out else math.nan, signal, out.signal if out else math.nan, level)


def layer_weights(
    model: nn.Module,
    tape: Tape,
    values: dict[Ref | Leaf, Tensor],
    statistics: dict[int, TensorStatistics],
    place: Callable[[str], Place],
    drawn_by: int | None = None,
) -> tuple[LayerWeights, ...]:
    """Return every weighted layer that ran, then those that never ran, as numbers."""
    parameters = dict(model.named_parameters())
    found = []
    uses = weight_uses(tape, drawn_by)
    for use in uses.values():
        weight = resolve(tape, use.weight, values)
        if weight is None:
            continue
        if use.linear and isinstance(use.weight, Ref):
            weight = weight.t() if weight.dim() == 2 else weight
        bias = parameters.get(f"{use.layer}.bias")
        found.append(numbers(use, weight, bias, _signal(tape, statistics, use.op), place(use.layer)))
    for name, weight in parameters.items():
        layer = owner(name)
        if weight.dim() < 2 or layer in uses or not name.endswith("weight"):
            continue
        use = WeightUse(layer, -1, Leaf(-1), False, 1, 1, weight.dim() == 2)
        found.append(numbers(use, weight, parameters.get(f"{layer}.bias"), NOWHERE, place(layer)))
    return tuple(found)


def _cosines(rows: Tensor) -> tuple[float, float]:
    """Return (smallest cosine, largest difference over the largest weight) among up to 32 filters."""
    if rows.shape[0] < 2:
        return math.nan, math.nan
    some = rows[:: max(rows.shape[0] // _ROWS, 1)][:_ROWS].float()
    largest = float(some.abs().max())
    difference = float((some.amax(dim=0) - some.amin(dim=0)).max()) / largest if largest > 0 else math.nan
    norms = some.norm(dim=1)
    if not bool((norms > 0).all()):
        return math.nan, difference
    unit = some / norms[:, None]
    return float((unit @ unit.T).min()), difference


def _state(weight: Tensor, rows: Tensor, bias: Tensor | None, likeness: tuple[float, float]) -> tuple[str, str]:
    """Return what the weights bear: (fresh, trained or degenerate; scheme)."""
    bound = 1 / math.sqrt(default_fan(weight))
    seen = fingerprints.mark(weight, rows, bound, *likeness)
    if seen.state == "fresh" and bias is not None and fingerprints.bias_trained(bias, bound):
        return "trained", ""
    return seen.state, seen.scheme


def likeness_of(weight: Tensor, layer: LayerWeights) -> tuple[float, float]:
    """Return (smallest cosine, largest difference over the largest weight) among filters in the place of a layer's."""
    return _cosines(as_rows(weight.detach().float(), layer.transposed, layer.groups))


def marked(layer: LayerWeights, weight: Tensor, bias: Tensor | None) -> LayerWeights:
    """Return a layer with the fingerprint of other weights."""
    w = weight.detach().float()
    rows = as_rows(w, layer.transposed, layer.groups)
    state, scheme = _state(w, rows, bias, _cosines(rows))
    return replace(layer, state=state, scheme=scheme)


def numbers(
    use: WeightUse, weight: Tensor, bias: Tensor | None, signal: tuple[float, float, float, float], place: Place
) -> LayerWeights:
    """Return a weight as numbers; `signal` is (std out, signal in, signal out, level in)."""
    w = weight.detach().float()
    rows = as_rows(w, use.transposed, use.groups)
    cosine, difference = _cosines(rows)
    fan = default_fan(weight)
    bound = 1 / math.sqrt(fan)
    state, scheme = _state(w, rows, bias, (cosine, difference))
    finite = rows if scheme != "non-finite" else rows[torch.isfinite(rows)][None]
    std, mean = spread(finite) if finite.numel() else (math.nan, math.nan)
    inputs = rows.shape[1] / (use.stride if use.transposed else 1)
    biases = bias.detach().float() if bias is not None else None
    bad = int((~torch.isfinite(w)).sum()) if scheme == "non-finite" else 0
    if biases is not None:
        bad += int((~torch.isfinite(biases)).sum())
    oriented = not (use.linear and isinstance(use.weight, Leaf))  # x @ w has its filters in columns
    kind = "linear" if use.linear else "transposed convolution" if use.transposed else "convolution"
    return LayerWeights(
        layer=use.layer,
        place=place,
        kind=kind,
        shape=tuple(weight.shape),
        transposed=use.transposed,
        groups=use.groups,
        fan_in=max(round(inputs), 1),
        mean=mean,
        std=std,
        largest=max(abs(float(x)) for x in torch.aminmax(finite)) if finite.numel() else math.nan,
        gain=std * math.sqrt(inputs),
        default_std=bound / math.sqrt(3),
        zero=1 - int(torch.count_nonzero(w)) / max(w.numel(), 1),
        non_finite=bad,
        row_cosine=cosine,
        row_difference=difference,
        bias=tuple(biases.tolist()) if biases is not None and biases.numel() <= _BIASES else (),
        bias_largest=float(biases.abs().max()) if biases is not None and biases.numel() else 0.0,
        state=state,
        scheme=scheme,
        op=use.op if use.op >= 0 else None,
        output_std=signal[0],
        signal_in=signal[1],
        signal_out=signal[2],
        level_in=signal[3],
        dead_filters=int(without_weight(rows).sum()) if oriented else 0,
        unread_inputs=int(unread(w, use.transposed, use.groups).sum()) if oriented else 0,
    )


def by_channel(values: Tensor, channels: int) -> Tensor:
    """Return one number a channel: instance normalisation keeps those of each sample apart."""
    return values.reshape(-1, channels).mean(dim=0)


def normalisations(tape: Tape) -> dict[int, str]:
    """Return {operation: layer} of the normalisations that carry running statistics."""
    found = {}
    for op, entry in enumerate(tape.entries):
        if entry.name in NORMALISATIONS and isinstance(
            argument(entry.args, entry.kwargs, entry.traits, "running_mean"), (Ref, Leaf)
        ):
            found[op] = entry.layer
    return found


def norm_statistics(
    model: nn.Module,
    tape: Tape,
    batch: dict[int, tuple[Tensor, Tensor]],
    place: Callable[[str], Place],
    exchanged: dict[str, Tensor] | None = None,
) -> tuple[NormStatistics, ...]:
    """Return the normalisation layers as numbers; `batch` holds each operation's (mean, variance) where measured.

    `exchanged` are buffers that stand in for the model's own, by name.
    """
    buffers, parameters = {**dict(model.named_buffers()), **(exchanged or {})}, dict(model.named_parameters())
    found: list[NormStatistics] = []
    for op, layer in normalisations(tape).items():
        mean, variance = buffers.get(f"{layer}.running_mean"), buffers.get(f"{layer}.running_var")
        if mean is None or variance is None or any(n.layer == layer for n in found):
            continue
        counter = buffers.get(f"{layer}.num_batches_tracked")
        bias = parameters.get(f"{layer}.bias")
        still = bool((mean == 0).all()) and bool((variance == 1).all())
        shift = ratio = math.nan
        if op in batch:
            batch_mean, batch_variance = (by_channel(x, mean.numel()) for x in batch[op])
            shift = float(((batch_mean - mean).abs() / (variance + 1e-12).sqrt()).mean())
            ratio = float(((batch_variance + 1e-12) / (variance + 1e-12)).log().mean())
        found.append(
            NormStatistics(
                layer=layer,
                place=place(layer),
                channels=mean.numel(),
                pristine=still,
                affine_pristine=bias is None or bool((bias == 0).all()),
                counter=None if counter is None else int(counter),
                used_stored=not tape.entries[op].training,
                mean_shift=shift,
                log_variance_ratio=ratio,
                op=op,
            )
        )
    return tuple(found)


def is_trained(layers: tuple[LayerWeights, ...], norms: tuple[NormStatistics, ...]) -> bool:
    """Whether enough layers bear traces of training."""
    told = [x for x in layers if x.state != "degenerate" and math.prod(x.shape) >= fingerprints.MIN_WEIGHTS]
    told = told or [x for x in layers if x.state != "degenerate"]
    if told and sum(x.state == "trained" for x in told) / len(told) >= TRAINED_SHARE:
        return True
    return bool(norms) and sum(not n.affine_pristine for n in norms) / len(norms) >= 0.5
