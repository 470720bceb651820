"""UD503: a softmax or argmax over one single value."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.pictures import op_at, readable
from unetdoctor.facts import Evidence, Finding, Finish, Kind, Place, Reading, Remedy, Severity

JUDGED = ("softmax", "log_softmax", "argmax")
"""Functions that compare values with one another."""
CONSTANT = 1e-6
"""Largest minus smallest value of the output. 0: softmax (all 1), log_softmax and argmax (all 0) over one value. 1.0: a
sigmoid of the same, trained logits."""


class SoftmaxOnOneChannel(Check):
    """A softmax or argmax runs over an axis of one single value, and draws the same everywhere.

    Symptom
        softmax: 1 everywhere, all white. argmax and log_softmax: 0 everywhere, all black.
    Cause
        A head with one channel that is decoded as if it had one for each class.
    Remedy
        sigmoid for the probability, and a threshold (probability .5, logit 0) for the mask.
    Source
        "Why is my UNet model producing a grayscale output?"; 8 of 303 public threads. Measured there: argmax(1) of one
        channel gives {0}, softmax 1.0; sigmoid > .5 of the same logits a Dice of .80.
    """

    code = "UD503"
    name = "softmax-on-one-channel"
    kind = Kind.CAUSE
    proves_itself = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for the last softmax or argmax that the whole output goes through."""
        run = evidence.main
        outputs = [x for _, x in evidence.outputs if readable(x)]
        judged = [x for x in evidence.finishes if x.kind in JUDGED and _goes_on(x) and x.dim is not None]
        if run is None or not outputs or not judged:
            return
        alone = [x for x in judged if _alone(x)]
        finish = alone[-1] if alone else judged[-1]
        op = op_at(run, finish.op)
        where = op.place if op is not None else Place()
        varied = max(x.maximum - x.minimum for x in outputs)
        yield cls.finding(
            f"`{finish.kind}` at {where.text} runs over axis {finish.dim} with {finish.size} "
            f"value{'s' * (finish.size != 1)} of {_shape(finish)}; its output spans {shown(varied)}.",
            [Reading("span of the output's values", varied, lower=CONSTANT if alone else None)],
            place=where,
            severity=Severity.ERROR,
            remedies=[_decide(cls.code, alone, evidence.finishes, where)] if alone else [],
            op=finish.op,
        )


def _goes_on(finish: Finish) -> bool:
    """Return whether the output follows from it value by value: of one that compares a value with itself, numbers too.

    A threshold and the levels of a mask leave it the same everywhere.
    """
    return finish.ends or (finish.handed is not None and _alone(finish))


def _alone(finish: Finish) -> bool:
    """Return whether it compares one value with itself; one sample of several channels is another axis' fault."""
    if finish.size != 1:
        return False
    known = finish.channels
    return known is None or known == finish.dim or finish.shape[known] == 1


def _decide(code: str, alone: list[Finish], finishes: tuple[Finish, ...], place: Place) -> Remedy:
    decides = alone[-1].kind == "argmax"
    before = [x.kind for x in finishes if x.op < alone[-1].op]
    probabilities = bool(before) and before[-1] in ("softmax", "sigmoid")
    threshold = 0.5 if probabilities else 0.0
    line = "mask = torch.sigmoid(logits) > 0.5" if decides else "return torch.sigmoid(logits)"
    return Remedy(
        action="decide_one_channel",
        place=place,
        parameters={"ops": [x.op for x in alone], "threshold": threshold},
        title="sigmoid and a threshold of 0.5" if decides else "sigmoid instead of it",
        patch=line,
        cause=code,
        scope=1,
    )


def _shape(finish: Finish) -> str:
    return "x".join(map(str, finish.shape))
