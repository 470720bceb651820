"""UD502: a final activation is applied to the result of another one."""

import math
from collections.abc import Iterator
from itertools import pairwise

from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.pictures import op_at, readable
from unetdoctor.facts import Evidence, Finding, Finish, Kind, Op, Output, Place, Reading, Remedy, Severity

FINAL = ("sigmoid", "tanh", "softmax", "log_softmax")
"""Functions that end a network once."""
SOUND_REACH = 0.99
"""Share of its range that the second function can still reach, from which it takes nothing away: a softmax of a
log_softmax is that softmax."""
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
        Seed 002; recipe 12: sigmoid twice leaves [.5007, .7306], a foreground of 100 % and a Dice of .165. Read from
        the graph: only changes of shape and size may lie between the two.
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
        ends = evidence.finishes
        outputs = [x for _, x in evidence.outputs if readable(x)]
        if run is None or not outputs or not ends or ends[-1].kind not in FINAL or not ends[-1].ends:
            return
        second = ends[-1]
        first = next((a for a, b in pairwise(ends) if b is second and a.kind in FINAL and a.ends), None)
        used = max(_used(x, second.kind) for x in outputs)
        last = op_at(run, second.op)
        place = last.place if last is not None else Place()
        alone = second.dim is not None and second.size == 1  # a softmax of one value with itself is UD503's
        reach = 1.0 if first is None or alone else _reach(first, second)
        if first is None or reach >= SOUND_REACH:
            yield cls.finding(
                f"Only one activation, `{second.kind}` at {place.text}, ends the network.",
                [Reading(_REACHED, 100 * reach, "%", lower=100 * SOUND_REACH), Reading(_USED, 100 * used, "%")],
                place=place,
                op=second.op,
            )
            return
        before = op_at(run, first.op)
        yield cls.finding(
            f"`{second.kind}` at {place.text} is applied to the result of `{first.kind}`{_at(before)}: it can reach "
            f"{shown(100 * reach)} % of its range, and its values use {shown(100 * used)} %.",
            [Reading(_REACHED, 100 * reach, "%", lower=100 * SOUND_REACH), Reading(_USED, 100 * used, "%")],
            place=place,
            severity=_severity(evidence, first, second),
            remedies=[_drop(cls.code, first, place)],
            op=second.op,
        )


def _drop(code: str, first: Finish, place: Place) -> Remedy:
    return Remedy(
        action="skip_operation",
        place=place,
        parameters={"op": first.op},
        title=f"apply one activation only, without the `{first.kind}` before it",
        patch="return logits  # and the activation once, where they are read",
        cause=code,
        scope=1,
    )


def _at(op: Op | None) -> str:
    return f" (line {op.place.line})" if op is not None and op.place.line else ""


def _severity(evidence: Evidence, first: Finish, second: Finish) -> Severity:
    """Return how bad it is: two sigmoids mark everything; of two others the order of the values is left."""
    everything = first.kind == second.kind == "sigmoid"
    return Severity.ERROR if everything and evidence.model.trained else Severity.WARNING


def _used(output: Output, kind: str) -> float:
    """Return which part of the range of this activation the output uses."""
    if kind == "log_softmax":
        return math.exp(min(output.maximum, 0.0)) - math.exp(min(output.minimum, 0.0))
    return (output.maximum - output.minimum) / (2 if kind == "tanh" else 1)


def _reach(first: Finish, second: Finish) -> float:
    """Return the part of its range that the second can reach on what the first can give."""
    low, high = (0.0, 1.0) if first.kind != "tanh" else (-1.0, 1.0)
    if first.kind == "log_softmax":
        low, high = -math.inf, 0.0
    if second.kind == "tanh":
        return (math.tanh(high) - math.tanh(low)) / 2
    rest = 1 if second.kind == "sigmoid" else second.size - 1
    if second.kind == "sigmoid":
        return _share(high, 0.0, rest) - _share(low, 0.0, rest)
    return _share(high, low, rest) - _share(low, high, rest)


def _share(one: float, others: float, count: int) -> float:
    """Return the probability of a score among `count` others: exp(one) / (exp(one) + count * exp(others))."""
    mine, theirs = math.exp(one), count * math.exp(others)
    return mine / (mine + theirs) if mine + theirs else 0.0
