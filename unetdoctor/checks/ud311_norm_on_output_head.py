"""UD311: a normalisation right before the output."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.graph import is_normalisation
from unetdoctor.checks.pictures import readable
from unetdoctor.facts import Evidence, Finding, Kind, Op, Output, Reading, Remedy, Run, Severity

DRIFT_LIMIT = 0.05
"""Deviation of a channel's mean between pictures over its deviation within one. .0036-.015: instance normalisation
before tanh. .107-1.99: the same networks without it. Read from the input on which it is largest."""
_NEAR = 2


class NormOnOutputHead(Check):
    """A normalisation within two operations of the output gives every picture the same mean and contrast.

    Symptom
        All pictures are equally bright and equally coloured, whatever goes in; night and day look alike.
    Cause
        The last block is built like the others, with its instance, group or layer normalisation.
    Remedy
        No normalisation behind the last layer.
    Source
        A deviation of .0036 with it against 1.99 without. Batch normalisation with stored statistics does the same to
        every picture and takes nothing away, layer normalisation works on each place by itself: neither is judged.
    """

    code = "UD311"
    name = "norm-on-output-head"
    kind = Kind.CAUSE
    axes = (2, 3)
    proves_itself = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding where a normalisation stands among the last operations."""
        run = evidence.main
        norm = _near_the_end(run, run.output) if run is not None and run.output is not None else None
        drifts = [x.head.mean_drift for _, x in evidence.outputs if readable(x) and x.head is not None]
        drifts = [x for x in drifts if x == x]
        if norm is None or not drifts:
            return
        yield cls.finding(
            f"`{norm.name}` at {norm.place.text} stands right before the output: the means of its channels differ "
            f"between pictures by {shown(max(drifts))} of the deviation within one (at least {DRIFT_LIMIT:g}).",
            [Reading("deviation of channel means over that within a picture", max(drifts), "x", lower=DRIFT_LIMIT)],
            place=norm.place,
            severity=_severity(evidence),
            remedies=[
                Remedy(
                    action="skip_operation",
                    place=norm.place,
                    parameters={"op": norm.index},
                    title="leave this normalisation out",
                    patch="nn.Identity()  # in its place",
                    cause=cls.code,
                    scope=1,
                )
            ],
            op=norm.index,
        )


def _near_the_end(run: Run, output: Output) -> Op | None:
    """Return the normalisation among the last operations behind the layer that drew the output."""
    if not any("_norm" in name for name in output.final_ops[-_NEAR:]):
        return None
    behind = [op for op in run.ops if output.drawn_by is not None and op.index > output.drawn_by]
    norm = next((op for op in reversed(behind) if is_normalisation(op)), None)
    own = norm is not None and norm.training is not False and "layer" not in norm.name
    return norm if own else None


def _severity(evidence: Evidence) -> Severity:
    seen = evidence.intent.effective.is_picture and evidence.model.trained
    return Severity.WARNING if seen else Severity.NOTE
