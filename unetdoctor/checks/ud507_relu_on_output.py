"""UD507: a ReLU ends the network."""

import math
from collections.abc import Iterator

from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.pictures import op_at, readable
from unetdoctor.checks.remedies import final_activation
from unetdoctor.facts import Evidence, Finding, Finish, Kind, Place, Reading, Severity

ZERO_LIMIT = 20.0
"""Share of values that are exactly 0, in %, on the input with the fewest. 52-88: masks behind a ReLU. 0: the same
without it. 38: a depth network, by design."""
_SIX = 6.0
_CUTS = ("relu", "hardtanh", "clamp")


class ReluOnOutput(Check):
    """The last operation is a ReLU: the negative half of what the network draws is gone.

    Symptom
        A mask that is full at a probability of .5 (no logit is negative), black areas in a picture; or an output of 0
        that never learns, since no gradient comes through.
    Cause
        The last block is built like the others, with its activation.
    Remedy
        No activation behind the last layer; sigmoid or tanh where the target has a range.
    Source
        Recipe 16: 88.5 % zeros, and an output of 0 everywhere without normalisation. An error where a mask was
        declared, a warning where a picture was; depth, counts and other targets that are never negative end so by
        design, so that elsewhere it is a note.
    """

    code = "UD507"
    name = "relu-on-output"
    kind = Kind.CAUSE
    proves_itself = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding where the network ends with a function that cuts at 0."""
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


def _cuts(finish: Finish) -> bool:
    """Return whether it is a ReLU, or one with an end at 6; clamp(0, 1) keeps a picture in its range."""
    return finish.ends and finish.kind in _CUTS and finish.low == 0 and finish.high in (math.inf, _SIX)


def _severity(evidence: Evidence) -> Severity:
    task = evidence.intent.task
    if task.is_segmentation and evidence.model.trained:
        return Severity.ERROR
    return Severity.WARNING if task.is_segmentation or task.is_picture else Severity.NOTE
