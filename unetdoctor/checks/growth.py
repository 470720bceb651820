"""Where the signal blows up on its way to the last layer, and stays so until it gets there."""

from dataclasses import dataclass

from unetdoctor.checks.graph import has_wrong_statistics
from unetdoctor.checks.layers import HIDDEN_SCALE_LIMITS, HIDDEN_SIGNAL_LIMITS, hidden, scale, transfer
from unetdoctor.facts import Evidence, Op, Run

GROWTH_LIMIT = 100.0
"""Signal that the last layer reads over that behind the first layer. .01-1.5: 31 fresh networks, 1.3 behind 0..255 as
well; .6-16: 14 trained ones; 47: BatchNorm that was never filled. 740-2500: sick ones."""
ARRIVING_LIMIT = 100.0
"""The signal itself. Up to 3: the same sound networks; 192: behind 0..255, without normalisation. 600-3500: sick
ones."""


@dataclass(frozen=True)
class Growth:
    """How the signal grows until the last layer reads it."""

    op: Op
    """The first operation behind which it is too large; where it never is, the one that the last layer reads."""
    arriving: Op
    """The operation whose result the last layer reads."""
    ratio: float
    """Signal there over that behind the first layer."""
    signal: float
    """Signal there."""

    @property
    def explodes(self) -> bool:
        """Whether the signal is too large, in itself and beside that behind the first layer."""
        return _too_large(self.signal, self.ratio)


def growth(evidence: Evidence) -> Growth | None:
    """Return how the signal of the main run grows; None where it is unknown, or where something else makes it grow.

    A hidden layer far beyond every usual scale and wrong running statistics are said by their own checks.
    """
    run = evidence.main
    if run is None or run.output is None or run.output.drawn_by is None or run.output.non_finite:
        return None
    first = next((op for op in run.ops if op.weighted and _signal(op) > 0), None)
    read = max(_read_by(run, run.output.drawn_by), key=_signal, default=None)
    if first is None or read is None or read.index <= first.index or _signal(read) != _signal(read):
        return None
    reference, signal = _signal(first), _signal(read)
    op = _origin(run, read, reference) if _too_large(signal, signal / reference) else read
    found = Growth(op, read, signal / reference, signal)
    return None if found.explodes and _is_said(evidence, run, op) else found


def _too_large(signal: float, ratio: float) -> bool:
    return signal > ARRIVING_LIMIT and ratio > GROWTH_LIMIT


def _signal(op: Op) -> float:
    return op.statistics.signal if op.statistics is not None else float("nan")


def _read_by(run: Run, index: int) -> list[Op]:
    """Return the nearest ops with numbers whose results this one reads; views have none of their own."""
    ops = {op.index: op for op in run.ops}
    found, waiting, seen = [], list(ops[index].inputs if index in ops else ()), set()
    while waiting:
        at = waiting.pop()
        op = ops.get(at)
        if op is None or at in seen:
            continue
        seen.add(at)
        if op.statistics is None:
            waiting.extend(op.inputs)
        else:
            found.append(op)
    return found


def _origin(run: Run, read: Op, reference: float) -> Op:
    """Return the earliest op from which on every result up to `read` is too large."""
    origin, waiting, seen = read, [read], {read.index}
    while waiting:
        op = waiting.pop()
        origin = min(origin, op, key=lambda x: x.index)
        for source in _read_by(run, op.index):
            if source.index not in seen and _too_large(_signal(source), _signal(source) / reference):
                seen.add(source.index)
                waiting.append(source)
    return origin


def _is_said(evidence: Evidence, run: Run, op: Op) -> bool:
    before = [x for x in run.ops if x.index <= op.index]
    never_filled = any(x.pristine and x.used_stored for x in evidence.model.norms)
    off = [x for x in hidden(evidence) if scale(x) > HIDDEN_SCALE_LIMITS[1] and transfer(x) > HIDDEN_SIGNAL_LIMITS[1]]
    return never_filled or any(has_wrong_statistics(evidence, x) for x in before) or bool(off)
