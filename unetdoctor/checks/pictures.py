"""Questions about the output that several checks ask."""

from collections.abc import Callable
from statistics import fmean

from unetdoctor.facts import Comparison, Evidence, Op, Output, Place, Reading, Run, Severity

FLAT_SPREAD = 14.0
"""p99 - p1 within a channel, mean over channels, in 8-bit levels, of 0..255. Grey pictures: at most 12.6. Sound ones:
at least 28.6."""
FLAT_STD = 5.0
"""Its standard deviation. Grey pictures: at most 2.6; sound ones: at least 5.9. Few bright dots on black have a
spread of 0 and a large deviation: they are a picture."""
CHANGE_LIMIT = 5.0
"""Change of the output between two batches of latents over its own deviation, in %. 0: collapsed. 98-140: sound
generators."""
READABLE = 0.5
"""Share of values that must be finite for anything else to be read. 0: all NaN, which is non-finite-output's."""
BYTES = "bytes"
"""Source of the display range of an 8-bit picture, which is no class map."""
_WHOLE = ("int", "uint", "bool")
_DECISIONS = {"argmax", "gt", "ge", "lt", "le", "round", "sign", "where", "topk", "max"}


def best(evidence: Evidence, favour: Callable[[Output], float]) -> tuple[Run, Output] | None:
    """Return the run whose output is largest by `favour`; NaN counts as least.

    Constant probes are left out, and outputs that are not finite: of those nothing else is to be said.
    """
    pairs = [pair for pair in evidence.outputs if readable(pair[1])]
    return max(pairs, key=lambda pair: _order(favour(pair[1])), default=None)


def worst(evidence: Evidence) -> tuple[Run, Output] | None:
    """Return the run with the largest share of non-finite values; constant probes only where all others are finite.

    What a finite output hides counts as the output does.
    """
    found = max(evidence.outputs, key=lambda pair: pair[1].non_finite, default=None)
    if found is not None and found[1].non_finite:
        return found
    if evidence.hidden is not None:
        return next((pair for pair in evidence.outputs if pair[0].probe.name == evidence.hidden.probe), found)
    even = [(run, run.output) for run in evidence.runs if run.output is not None and run.probe.constant]
    return next((pair for pair in even if pair[1].non_finite), found)


def non_finite_share(evidence: Evidence, output: Output) -> float:
    """Return the share of values that are not finite, 0..1: of the output, else of what it hides."""
    return output.non_finite or (evidence.hidden.share if evidence.hidden is not None else 0.0)


def _order(value: float) -> float:
    return value if value == value else float("-inf")


def contrast(output: Output) -> tuple[float, float]:
    """Return (spread, standard deviation) within a channel, mean over channels: an even colour is as flat as grey."""
    if not output.channels:
        return output.spread_8bit, output.std_8bit
    return fmean(x.spread_8bit for x in output.channels), fmean(x.std_8bit for x in output.channels)


def flatness(output: Output) -> tuple[Reading, Reading]:
    """Return spread and deviation with the limits of a flat picture, which count only together."""
    spread, std = contrast(output)
    return (
        Reading("spread of the picture (p99 - p1)", spread, "8-bit levels", lower=FLAT_SPREAD),
        Reading("standard deviation of the picture", std, "8-bit levels", lower=FLAT_STD),
    )


def severity(evidence: Evidence) -> Severity:
    """Return how bad a symptom of the picture is; a fresh network is dull by nature."""
    if not evidence.model.trained:
        return Severity.NOTE
    return Severity.ERROR if evidence.intent.effective.is_picture else Severity.WARNING


def op_at(run: Run, index: int | None) -> Op | None:
    """Return the op with this index."""
    return next((op for op in run.ops if op.index == index), None)


def place(evidence: Evidence, run: Run, output: Output) -> Place:
    """Return the layer that drew the output, as far as it is known."""
    last = evidence.model.last
    if last is not None:
        return last.place
    op = op_at(run, output.drawn_by)
    return op.place if op is not None else Place()


def readable(output: Output) -> bool:
    """Return whether enough of the output is finite to judge more than that."""
    return output.non_finite <= 1 - READABLE


def is_sure(evidence: Evidence, output: Output) -> bool:
    """Return whether the task is more than a guess: declared, or told by a final activation, a latent or a sum."""
    intent = evidence.intent
    told = output.activation in ("sigmoid", "softmax", "log_softmax")
    return intent.declared or told or intent.effective.is_picture


def is_hard(output: Output) -> bool:
    """Return whether the output holds decisions (ids, a thresholded mask): constant on an input without objects."""
    ids = holds_ids(output) and output.display.source != BYTES
    return ids or bool(_DECISIONS & set(output.final_ops))


def most_changed(evidence: Evidence, kind: str) -> tuple[Comparison | None, int]:
    """Return the pair of inputs of this kind between which the output moves most, and how many pairs there are.

    Pairs with a constant input, or with an output that is not finite, are left out.
    """
    left_out = {run.probe.name for run in evidence.runs if run.probe.constant}
    left_out |= {run.probe.name for run in evidence.runs if run.output is not None and not readable(run.output)}
    pairs = [x for x in evidence.comparisons if x.kind == kind and not left_out & {x.first, x.second}]
    return max(pairs, key=lambda x: _order(x.relative), default=None), len(pairs)


def holds_ids(output: Output) -> bool:
    """Return whether the output holds whole numbers: class ids, not a picture or scores."""
    return output.dtype.startswith(_WHOLE)


def display(output: Output) -> str:
    """Return how the output is shown: `-1..1 (tanh)`."""
    return f"{output.display.low:g}..{output.display.high:g} ({output.display.source})"


def inputs(evidence: Evidence) -> str:
    """Return over how many inputs a symptom was judged: `on every one of 3 inputs`."""
    count = len(evidence.outputs)
    return "on the one input" if count == 1 else f"on the best of {count} inputs"
