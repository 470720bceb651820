"""UD507: a ReLU ends the network, or stands in front of the activation that does."""

import math
from collections.abc import Iterator

from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.pictures import op_at, readable
from unetdoctor.checks.remedies import final_activation
from unetdoctor.facts import Evidence, Finding, Finish, Kind, Place, Reading, Remedy, Severity

ZERO_LIMIT = 20.0
"""Share of values that are exactly 0, in %, on the input with the fewest. 52-88: masks behind a ReLU. 0: the same
without it. 38: a depth network, by design."""
_SIX = 6.0
_CUTS = ("relu", "hardtanh", "clamp")


_FLOORS = {"relu": 0.0, "softplus": 0.0, "gelu": -0.17, "silu": -0.279}
"""Functions that give nothing, or next to nothing, below 0 -> the least that they give."""
REACH_LIMIT = 90.0
"""Part of its range, in %, that the final sigmoid or tanh can reach. 50-57: behind relu, gelu, silu, softplus. 100:
alone."""


class ReluOnOutput(Check):
    """The last operation is a ReLU: the negative half of what the network draws is gone.

    So it is where sigmoid or tanh follow at once: no probability falls under .5, no pixel under mid-grey.

    Symptom
        A mask that is full at a probability of .5 (no logit is negative), black areas in a picture; or an output of 0
        that never learns, since no gradient comes through.
    Cause
        The last block is built like the others, with its activation.
    Remedy
        No activation behind the last layer; sigmoid or tanh where the target has a range.
    Source
        88.5 % zeros, and an output of 0 everywhere without normalisation. An error where a mask was declared, a warning
        where a picture was; depth, counts and other targets that are never negative end so by design, so that elsewhere
        it is a note.
    """

    code = "UD507"
    name = "relu-on-output"
    kind = Kind.CAUSE
    proves_itself = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding where the network ends with a function that cuts at 0, or one in front of the last."""
        yield from cls._in_front(evidence)
        run = evidence.main
        finish = evidence.finishes[-1] if evidence.finishes else None
        zeros = [100 * x.head.zeros for _, x in evidence.outputs if readable(x) and x.head is not None]
        if run is None or finish is None or not zeros or not _cuts(finish):
            return
        op = op_at(run, finish.op)
        where = op.place if op is not None else Place()
        yield cls.finding(
            f"`{op.name if op is not None else finish.kind}` at {where.text} ends the network: {shown(min(zeros))} % "
            f"of the values or more are exactly 0 on each of {len(zeros)} inputs (at most {ZERO_LIMIT:g} %).",
            [Reading("share of values that are exactly 0", min(zeros), "%", upper=ZERO_LIMIT)],
            place=where,
            severity=_severity(evidence),
            remedies=[final_activation("identity", cause=cls.code)],
            op=finish.op,
            patch="return logits  # without the activation of the last block",
        )

    @classmethod
    def _in_front(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for a final sigmoid or tanh, with what stands right in front of it."""
        run, ends = evidence.main, evidence.finishes
        if run is None or not ends or not ends[-1].ends or ends[-1].kind not in ("sigmoid", "tanh"):
            return
        last, first = ends[-1], ends[-2] if len(ends) > 1 and ends[-2].ends and ends[-2].kind in _FLOORS else None
        low = -math.inf if first is None else first.low if math.isfinite(first.low) else _FLOORS[first.kind]
        squash = math.tanh(low) / 2 + 0.5 if last.kind == "tanh" else 1 / (1 + math.exp(-low)) if first else 0.0
        reach = 100 * (1 - squash)
        op = op_at(run, last.op)
        where = op.place if op is not None else Place()
        before = f"gets what `{first.kind}` leaves: it" if first is not None else "gets what the last layer draws: it"
        yield cls.finding(
            f"`{last.kind}` at {where.text} {before} can reach {shown(reach)} % of its range (at least "
            f"{REACH_LIMIT:g} %).",
            [Reading("part of its range that the final activation can reach", reach, "%", lower=REACH_LIMIT)],
            place=where,
            severity=Severity.WARNING,
            remedies=[_without(first, where)] if first is not None else (),
            op=last.op,
        )

    @classmethod
    def is_proof(cls, finding: Finding, evidence: Evidence) -> bool:
        """Return whether half of the range of a final activation comes back: that is no matter of taste."""
        return finding.readings[0].unit == "%" and finding.readings[0].lower == REACH_LIMIT


def _without(first: Finish, place: Place) -> Remedy:
    return Remedy(
        action="skip_operation",
        place=place,
        parameters={"op": first.op},
        title=f"leave `{first.kind}` out: the last layer's values go to the final activation as they are",
        patch="return torch.sigmoid(self.head(x))  # nothing between the last layer and the final activation",
        cause="UD507",
        scope=1,
    )


def _cuts(finish: Finish) -> bool:
    """Return whether it is a ReLU, or one with an end at 6; clamp(0, 1) keeps a picture in its range."""
    return finish.ends and finish.kind in _CUTS and finish.low == 0 and finish.high in (math.inf, _SIX)


def _severity(evidence: Evidence) -> Severity:
    task = evidence.intent.task
    if task.is_segmentation and evidence.model.trained:
        return Severity.ERROR
    return Severity.WARNING if task.is_segmentation or task.is_picture else Severity.NOTE
