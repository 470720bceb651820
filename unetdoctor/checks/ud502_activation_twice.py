"""UD502: a final activation is applied to the result of another one."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.pictures import op_at, readable
from unetdoctor.facts import Evidence, Finding, Finish, Kind, Op, Output, Place, Reading, Remedy, Run, Severity

FINAL = ("sigmoid", "tanh", "softmax", "log_softmax")
"""Functions that end a network once."""
SQUEEZING = (*FINAL, "clamp", "hardtanh")
"""Functions whose result lies within bounds."""
SOUND_REACH = 0.9
"""Share of its range that the second function can still reach, from which it takes nothing away. A softmax of a
log_softmax: 1; a sigmoid of 4 tanh(x): .96. tanh twice: .76; sigmoid of tanh: .46; sigmoid twice: .23."""
NEAR = 0.1
"""Part of what two activations leave within which a trained network's values reach both ends of it. Seven of nine
networks that segment, twice: 0-.01; not sure of themselves: .04-.15. Applied once, they are between 0 and 1."""
_OUTSIDE = 1e-4
"""Rounding at the ends of a range."""
_REACHED = "part of its range that the final activation can reach"
_USED = "part of its range that its values use"


class ActivationTwice(Check):
    """A sigmoid, softmax or tanh gets what another one has already squeezed.

    Symptom
        Sigmoid twice: every value between .5 and .7311, so that a threshold of .5 marks everything. Softmax twice over
        C classes: no probability above e / (e + C - 1). Tanh twice: no black and no white.
    Cause
        The network ends with an activation, and a caller, a library's `activation=` or the loss applies it again.
    Remedy
        Apply one of the two only.
    Source
        An introduction to the U-Net; sigmoid twice leaves [.5007, .7306], a foreground of 100 % and a Dice of .165.
        Read from the graph: only changes of shape and size and operations with numbers, as in (tanh(x) + 1) / 2, may
        lie between the two. Where the graph does not tell (a sigmoid that is written out), the values of a trained
        network do: all between the two ends, and both reached.
    """

    code = "UD502"
    name = "activation-twice"
    kind = Kind.CAUSE
    proves_itself = True
    proof_is_error = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for the last function of a head that ends with one of them; none where ids come out."""
        run = evidence.main
        outputs = [x for _, x in evidence.outputs if readable(x)]
        if run is None or not outputs:
            return
        ends = evidence.finishes
        second = ends[-1] if ends and ends[-1].kind in FINAL and ends[-1].handed is not None else None
        place = _place(run, second)
        confined = _confined(outputs) if evidence.model.trained and evidence.intent.effective.is_segmentation else None
        if confined is not None and ends and ends[-1].ends and ends[-1].kind != confined.kind:
            confined = None
        if second is not None:
            first = next((a for a, b in pairwise(ends) if b is second and a.kind in SQUEEZING and a.handed), None)
            alone = second.dim is not None and second.size == 1  # a softmax of one value with itself is UD503's
            reach = 1.0 if first is None or alone else _reach(_range(first), second)
            if first is not None and reach < SOUND_REACH:
                yield cls._read_from_the_graph(evidence, first, second, reach, outputs)
                return
        if confined is not None:
            yield cls._read_from_the_values(confined, second, place)
        elif second is not None:
            used = max(_used(x, second) for x in outputs)
            yield cls.finding(
                f"Only one activation, `{second.kind}` at {place.text}, ends the network.",
                [Reading(_REACHED, 100 * reach, "%", lower=100 * SOUND_REACH), Reading(_USED, 100 * used, "%")],
                place=place,
                op=second.op,
            )
        elif evidence.model.trained and _are_probabilities(outputs):
            used = _highest(outputs) - _lowest(outputs)
            yield cls.finding("The values use more than two activations leave.", [Reading(_USED, 100 * used, "%")])

    @classmethod
    def _read_from_the_graph(
        cls, evidence: Evidence, first: Finish, second: Finish, reach: float, outputs: list[Output]
    ) -> Finding:
        run = evidence.main
        place = _place(run, second)
        before = op_at(run, first.op) if run is not None else None
        used = max(_used(x, second) for x in outputs)
        low, high = _range(first)
        moved = "" if first.ends else f", brought to {shown(low)} to {shown(high)}"
        return cls.finding(
            f"`{second.kind}` at {place.text} is applied to the result of `{first.kind}`{_at(before)}{moved}: it can "
            f"reach {shown(100 * reach)} % of its range, and its values use {shown(100 * used)} %.",
            [Reading(_REACHED, 100 * reach, "%", lower=100 * SOUND_REACH), Reading(_USED, 100 * used, "%")],
            place=place,
            severity=_severity(evidence, first, second),
            remedies=[_drop(cls.code, first, place) if first.ends else _drop(cls.code, second, place, "last")],
            op=second.op,
        )

    @classmethod
    def _read_from_the_values(cls, confined: "_Confined", second: Finish | None, place: Place) -> Finding:
        left = 100 * (confined.high - confined.low)
        used = 100 * (confined.largest - confined.smallest)
        return cls.finding(
            f"On every input the values lie between {confined.smallest:.4f} and {confined.largest:.4f} and reach both "
            f"ends of {confined.low:.4f} to {confined.high:.4f}, which is what {confined.kind} applied twice leaves: "
            f"they use {shown(used)} % of its range (more than {shown(left)} % where it is applied once).",
            [Reading(_USED, used, "%", lower=left + 100 * _OUTSIDE)],
            place=place,
            severity=Severity.ERROR if confined.kind == "sigmoid" else Severity.WARNING,
            remedies=[_drop(cls.code, second, place, "last")] if second is not None else [_structural(cls.code)],
            op=second.op if second is not None else None,
        )


@dataclass(frozen=True)
class _Confined:
    """Values between the two ends that an activation applied twice leaves."""

    kind: str
    low: float
    high: float
    smallest: float
    largest: float


def _place(run: Run | None, finish: Finish | None) -> Place:
    last = op_at(run, finish.op) if run is not None and finish is not None else None
    return last.place if last is not None else Place()


def _lowest(outputs: list[Output]) -> float:
    return min(x.minimum for x in outputs)


def _highest(outputs: list[Output]) -> float:
    return max(x.maximum for x in outputs)


def _are_probabilities(outputs: list[Output]) -> bool:
    return _lowest(outputs) >= -_OUTSIDE and _highest(outputs) <= 1 + _OUTSIDE


def _confined(outputs: list[Output]) -> _Confined | None:
    """Return what all values keep between and reach, where an activation applied twice leaves just that."""
    count = len(outputs[0].channels)
    sums = [x.head.channel_sum_error for x in outputs if x.head is not None]
    shares = count > 1 and bool(sums) and max(sums) < _OUTSIDE * count
    low = 1 / (math.e + count - 1) if shares else 0.5
    high = math.e / (math.e + count - 1) if shares else math.e / (math.e + 1)
    smallest, largest, near = _lowest(outputs), _highest(outputs), NEAR * (high - low)
    inside = low - _OUTSIDE <= smallest <= low + near and high - near <= largest <= high + _OUTSIDE
    return _Confined("softmax" if shares else "sigmoid", low, high, smallest, largest) if inside else None


def _drop(code: str, dropped: Finish, place: Place, which: str = "first") -> Remedy:
    said = "without the last" if which == "last" else "without the"
    behind = "" if which == "last" else " before it"
    return Remedy(
        action="skip_operation",
        place=place,
        parameters={"op": dropped.op},
        title=f"apply one activation only, {said} `{dropped.kind}`{behind}",
        patch="return logits  # and the activation once, where they are read",
        cause=code,
        scope=1,
    )


def _structural(code: str) -> Remedy:
    return Remedy(
        action="structural",
        title="apply one activation only",
        patch="return logits  # and the activation once, where they are read",
        cause=code,
        scope=1,
    )


def _at(op: Op | None) -> str:
    return f" (line {op.place.line})" if op is not None and op.place.line else ""


def _severity(evidence: Evidence, first: Finish, second: Finish) -> Severity:
    """Return how bad it is: a sigmoid of what is never negative marks everything, unless the classes are compared."""
    low, _ = _range(first)
    everything = second.kind == "sigmoid" and low >= 0 and first.kind != "softmax"
    return Severity.ERROR if everything and evidence.model.trained else Severity.WARNING


def _used(output: Output, second: Finish) -> float:
    """Return which part of the range of this activation the output uses."""
    if second.kind == "log_softmax":
        return math.exp(min(output.maximum, 0.0)) - math.exp(min(output.minimum, 0.0))
    low, high = second.handed or (second.low, second.high)
    return (output.maximum - output.minimum) / (high - low) if high > low else 0.0


def _range(first: Finish) -> tuple[float, float]:
    """Return the smallest and the largest value that the second function reads."""
    if first.kind == "log_softmax":
        return -math.inf, 0.0
    return first.handed or (first.low, first.high)


def _reach(read: tuple[float, float], second: Finish) -> float:
    """Return the part of its range that the second can reach on what it reads."""
    low, high = read
    if second.kind == "tanh":
        return (math.tanh(high) - math.tanh(low)) / 2
    rest = 1 if second.kind == "sigmoid" else second.size - 1
    if second.kind == "sigmoid":
        return _share(high, 0.0, rest) - _share(low, 0.0, rest)
    return _share(high, low, rest) - _share(low, high, rest)


def _share(one: float, others: float, count: int) -> float:
    """Return the probability of a score among `count` others: exp(one) / (exp(one) + count * exp(others))."""
    return 1 / (1 + count * math.exp(min(others - one, 700.0))) if one > -math.inf else 0.0
