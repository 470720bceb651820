"""Questions to the graph of ops that several checks ask."""

import math
from collections.abc import Callable

from unetdoctor.checks.check import shown
from unetdoctor.facts import DeadActivation, Evidence, NormStatistics, Op, PlaceNorm, Run, Severity

FEWEST_CHANNELS = 4
"""Channels of an activation from which their share says something."""
DEAD_LIMIT = 98.0
"""Share of dead channels of an activation, in %. Sound networks: up to 69. Networks that training killed: 99-100."""
PINNED_LIMIT = 95.0
"""Share of a hidden activation's values within a hundredth of its range of an end, in %. tanh and sigmoid networks
trained on 0..1: 0. Killed by their learning rate: 80-100. Trained on 0..255: 97-99 in the first layer alone, and they
still draw."""
NO_SIGNAL = 0.01
"""Signal behind a pinned activation at or below which it is the same everywhere. Open and shut by turns: about 1."""
FLAT_LIMIT = 95.0
"""Share of what a normalisation takes together whose variance lies under its eps, in %. 0: 220 group and instance
normalisations of 15 sound networks. 100: one value, or an even area."""
PASSED_LIMIT = 0.1
"""Signal behind such a normalisation over that in front. Up to 1e-5: everything is taken away. .55 and more is left
behind the same 220; 316: a signal so weak that eps alone scales it, which a layer in front is to blame for."""
STATISTICS_LIMIT = 4.0
"""|ln(batch variance / stored variance)| of a normalisation layer. Trained networks on noise: up to 3.5. Statistics of
another network, or means ten deviations away: 5-28; so does an input on another scale than in training: 7.9."""
REAL_LIMIT = 3.5
"""The same where the person's own pictures are fed. 10 trained networks on pictures like those of their training: up to
0.64. Their averaged weights beside the statistics of other ones: 5.6-6.4; pictures on another scale: 7.9."""
_HUGE = 700.0
"""Largest exponent of e that is a number."""
_CARRIES_SCALE = ("relu", "relu_", "leaky_relu", "leaky_relu_", "prelu", "dropout", "native_dropout", "max_pool2d")
_CARRIES_SCALE_AND_MORE = (*_CARRIES_SCALE, "silu", "silu_", "gelu", "mul", "mul_", "div", "div_")
_SUMS = ("add", "add_", "sub", "sub_")


def is_normalisation(op: Op) -> bool:
    """Return whether the op normalises: batch, instance, group or layer normalisation."""
    return "_norm" in op.name and not op.name.startswith("linalg")


def consumers(run: Run, index: int) -> list[Op]:
    """Return the ops that read the result of the op with this index."""
    return [op for op in run.ops if index in op.inputs]


def _follow(run: Run, index: int, through: tuple[str, ...]) -> list[Op]:
    """Return the first ops behind this one that do more than the ops named in `through` and views do."""
    found: list[Op] = []
    waiting = [index]
    while waiting:
        for op in consumers(run, waiting.pop()):
            if op.is_view or op.name in through:
                waiting.append(op.index)
            else:
                found.append(op)
    return found


def normalised_by(run: Run, index: int) -> Op | None:
    """Return the normalisation that takes the scale of this op's result away; None where something else reads it."""
    readers = _follow(run, index, _CARRIES_SCALE)
    return readers[0] if readers and all(map(is_normalisation, readers)) else None


def joins_a_sum(run: Run, index: int) -> bool:
    """Return whether this op's result is only added to another branch: a residual branch is small by design."""
    readers = _follow(run, index, _CARRIES_SCALE_AND_MORE)
    return bool(readers) and all(op.name in _SUMS for op in readers)


def adds_to_its_input(run: Run) -> bool:
    """Return whether what the last layer draws is added to the network's input, as restoring networks do."""
    drawn_by = run.output.drawn_by if run.output is not None else None
    if drawn_by is None:
        return False
    ops = {op.index: op for op in run.ops}
    waiting = [op.index for op in run.ops if op.index > drawn_by and op.name in _SUMS]
    seen: set[int] = set()
    while waiting:
        op = ops.get(waiting.pop())
        if op is None or op.index in seen or op.weighted:
            continue
        seen.add(op.index)
        if -1 in op.inputs:
            return True
        waiting.extend(op.inputs)
    return False


def bottlenecks(run: Run, target: int) -> tuple[Op, ...]:
    """Return the ops before `target` that everything from the network's input must pass on its way to it, in order.

    The tape is in order of execution, so an op is one where no result made before it is read behind it.
    """
    ops = {op.index: op for op in run.ops if op.index <= target}
    reached: set[int] = {-1}
    for index, op in ops.items():
        if reached.intersection(op.inputs):
            reached.add(index)
    needed: set[int] = set()
    waiting = [target]
    while waiting:
        index = waiting.pop()
        if index in reached and index not in needed:
            needed.add(index)
            waiting.extend(ops[index].inputs if index in ops else ())
    last_read = {index: index for index in needed}
    for index in needed - {-1}:
        for source in needed.intersection(ops[index].inputs):
            last_read[source] = max(last_read[source], index)
    found = []
    furthest = -1
    for index in sorted(needed):
        if furthest <= index < target and index >= 0:
            found.append(ops[index])
        furthest = max(furthest, last_read[index])
    return tuple(found)


def cut(run: Run | None) -> Op | None:
    """Return the first op behind which nothing at all is left of a varied input, where everything must pass it.

    Only what lies before the op that drew the output: a last layer of zeros is how some networks start.
    """
    if run is None or run.probe.constant or run.output is None or run.output.drawn_by is None:
        return None
    for op in bottlenecks(run, run.output.drawn_by):
        if op.statistics is not None and op.statistics.signal == 0 and places(op.shape) > 1:
            return op
    return None


def places(shape: tuple[int, ...]) -> int:
    """Return at how many places each channel of a map, or each feature of tokens, has a value."""
    return math.prod(shape) // max(shape[1] if len(shape) > 3 else shape[-1], 1) if shape else 0


def non_finite_origin(run: Run) -> Op | None:
    """Return the first op of the non-finite chain that reaches the end of the run, or what drew the output.

    Walked backwards, so that an attention mask of -Inf that softmax takes away again is no origin.
    """
    ops = {op.index: op for op in run.ops}
    ends = [op for op in run.ops if op.statistics is not None][-1:]
    if run.output is not None and run.output.drawn_by in ops:  # an auxiliary head may run behind it
        ends.append(ops[run.output.drawn_by])
    ends = [op for op in ends if op.statistics is not None and not op.statistics.finite]
    if not ends:
        return None
    origin = ends[0]
    seen: set[int] = set()
    waiting = [origin.index]
    while waiting:
        op = ops[waiting.pop()]
        seen.add(op.index)
        if op.statistics is not None:
            origin = min(origin, op, key=lambda x: x.index)
        for index in op.inputs:
            source = ops.get(index)
            if source is not None and index not in seen and (source.statistics is None or not source.statistics.finite):
                waiting.append(index)
    return origin


def non_finite_severity(run: Run, origin: Op | None) -> Severity:
    """Return how bad non-finite values are: a picture of one tone that is brought to a deviation of 1 is no picture."""
    if not run.probe.constant:
        return Severity.ERROR
    first = min((op.index for op in run.ops if op.weighted), default=None)
    behind = origin is not None and first is not None and origin.index > first
    return Severity.WARNING if behind else Severity.NOTE


def layer_in_front(run: Run, index: int, holds: Callable[[Op], bool]) -> Op | None:
    """Return the nearest op in front of this one, along its first operands, of which `holds` is true."""
    ops = {op.index: op for op in run.ops}
    op = ops.get(index)
    while op is not None:
        op = ops.get(op.inputs[0]) if op.inputs else None
        if op is not None and holds(op):
            return op
    return None


def dead_activation(evidence: Evidence) -> tuple[Op, DeadActivation] | None:
    """Return the activation with the largest share of dead channels, the first of several; None where there is none."""
    run = evidence.main
    known = [x for x in evidence.dead if x.channels >= FEWEST_CHANNELS]
    if run is None or not known:
        return None
    most = max(known, key=lambda x: x.dead / x.channels)
    return next(((op, most) for op in run.ops if op.index == most.op), None)


def pinned_activation(evidence: Evidence) -> tuple[Op, float] | None:
    """Return the activation with the largest share of values at an end among those that everything must pass."""
    run = evidence.main
    if run is None or run.output is None or run.output.drawn_by is None or not evidence.pinned:
        return None
    shares = {x.op: x.share for x in evidence.pinned}
    passed = [op for op in bottlenecks(run, run.output.drawn_by) if op.index in shares]
    most = max(passed, key=lambda op: shares[op.index], default=None)
    return None if most is None else (most, shares[most.index])


def biased_in_front(run: Run, op: Op) -> str:
    """Return the nearest layer with a bias in front of this op; empty where there is none with a name."""
    found = layer_in_front(run, op.index, lambda x: any(name.endswith(".bias") for name in x.parameters))
    return found.place.layer if found is not None else ""


def is_blocked_before(evidence: Evidence, op: Op) -> bool:
    """Return whether a dead activation, or one pinned to the same end everywhere, stands in front of this op.

    Or a normalisation, perhaps the op itself, that takes the signal away.
    """
    if any(is_flattening(norm) and norm.op <= op.index for norm in evidence.place_norms):
        return True
    dead, pinned = dead_activation(evidence), pinned_activation(evidence)
    if dead is not None and dead[0].index < op.index and 100 * dead[1].dead > DEAD_LIMIT * dead[1].channels:
        return True
    if pinned is None or pinned[0].index > op.index or pinned[0].statistics is None:
        return False
    return 100 * pinned[1] > PINNED_LIMIT and pinned[0].statistics.signal <= NO_SIGNAL


def is_flattening(norm: PlaceNorm) -> bool:
    """Return whether a normalisation takes a signal away that is even within what it takes together."""
    return 100 * norm.flat > FLAT_LIMIT and norm.signal_out < PASSED_LIMIT * norm.signal_in


def statistics_gap(norm: NormStatistics) -> float:
    """Return how far the variances of the batch lie from the stored ones, as a logarithm."""
    return abs(norm.log_variance_ratio)


def apart(norm: NormStatistics) -> str:
    """Say how many times the variance of the batch is that which is stored."""
    times = shown(math.exp(min(statistics_gap(norm), _HUGE)))
    return f"{times} times {'larger' if norm.log_variance_ratio > 0 else 'smaller'}"


def stored_statistics(evidence: Evidence) -> list[NormStatistics]:
    """Return the normalisation layers that use filled running statistics and ran, in order of execution.

    Those behind an operation that leaves nothing of the input are left out: a batch of one value says nothing of them.
    """
    norms = [x for x in evidence.model.norms if x.used_stored and not x.pristine and statistics_gap(x) >= 0]
    severed = cut(evidence.main)
    if severed is not None and not is_normalisation(severed):
        norms = [x for x in norms if x.op is None or x.op <= severed.index]
    return sorted(norms, key=lambda x: x.op if x.op is not None else 0)


def has_wrong_statistics(evidence: Evidence, op: Op) -> bool:
    """Return whether this op normalises with filled statistics that are far from those of its batch."""
    norms = [x for x in stored_statistics(evidence) if x.layer == op.place.layer]
    return is_normalisation(op) and any(statistics_gap(x) > STATISTICS_LIMIT for x in norms)


def statistics_limit(evidence: Evidence) -> float:
    """Return the gap from which on stored statistics are not those of what is fed."""
    return REAL_LIMIT if evidence.main is not None and evidence.main.probe.real else STATISTICS_LIMIT


def drops(op: Op) -> bool:
    """Return whether the op drops values at random, as dropout does in training."""
    return op.name.startswith("bernoulli") or (op.name == "native_dropout" and op.training is True)


def takes_batch_statistics(op: Op) -> bool:
    """Return whether the op normalises with the statistics of the batch although it has stored ones."""
    stored = any(name.endswith("running_mean") for name in op.parameters)
    return is_normalisation(op) and op.training is True and stored


def overflow_in_half(evidence: Evidence, origin: Op) -> bool:
    """Return whether this op makes non-finite values only because float16 does not reach far enough."""
    return any(x.op == origin.index and x.dtype == "float16" and x.wider for x in evidence.broken)
