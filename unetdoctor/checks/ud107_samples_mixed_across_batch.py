"""UD107: what a sample becomes depends on the other samples of its batch."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check
from unetdoctor.checks.graph import is_normalisation
from unetdoctor.facts import Evidence, Finding, Kind, Op, Reading, Severity

DIFFERENCE_LIMIT = 1e-4
"""Difference of the first sample's output, alone and in its batch, over the output's spread. Under 5e-6: 35 sound
networks in float32. .2-1.3: batch statistics in eval(), a softmax over the batch."""
ROUNDING_LIMIT = 50
"""The same in rounding errors of one operation, where these are coarse: half precision, TF32 on CUDA, an output whose
mean is far larger than its spread. Four networks as 12 +- .003 in float32: at most .03; sick: 390."""
_REDUCTIONS = ("mean", "var", "std", "var_mean", "std_mean", "sum", "amax", "amin", "max", "min", "linalg_vector_norm")


class SamplesMixedAcrossBatch(Check):
    """In eval(), the output of a sample depends on the other samples of its batch.

    Symptom
        The same picture is drawn otherwise alone than among others; results change with the batch size.
    Cause
        Normalisation on batch statistics in eval(); a softmax, sum or reshape over the axis of the samples where that
        of the channels was meant.
    Remedy
        Name the axis of the channels (dim=1); keep the batch as the first axis in every view; let eval() reach the
        layer.
    Source
        One pass with the first sample alone against the same sample in the batch: relative difference at most 4.5e-6
        in 35 sound networks, 0.22 to 0.41 in sick ones. A network that draws random numbers is not examined; one that
        normalises over the batch by design gets a note.
    """

    code = "UD107"
    name = "samples-mixed-across-batch"
    kind = Kind.CAUSE

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding where the first sample was fed alone as well."""
        alone, run = evidence.isolation, evidence.main
        if alone is None or run is None:
            return
        limit = max(DIFFERENCE_LIMIT, ROUNDING_LIMIT * alone.precision)
        op = next((x for x in run.ops if x.index == alone.origin), None)
        where = f", first behind `{op.name}` at {op.place.text}{_how(op)}" if op is not None else ""
        yield cls.finding(
            f"Alone, the first of {alone.samples} samples comes out {alone.relative:.2g} of the output's spread (at "
            f"most {limit:.2g}) away from what it is in the batch{where}.",
            [Reading("difference of a sample alone and in its batch", alone.relative, "x", upper=limit)],
            place=op.place if op is not None else None,
            severity=Severity.NOTE if _by_design(op) or _is_finish(evidence, op) else Severity.WARNING,
            op=alone.origin,
            patch=_patch(op),
        )


def _how(op: Op) -> str:
    if is_normalisation(op):
        return ", which takes the statistics of the batch"
    return ", which reduces over the samples" if op.name in _REDUCTIONS else ""


def _by_design(op: Op | None) -> bool:
    """Return whether the network is meant to look at the whole batch, or UD004 says why it does.

    A layer without stored statistics is meant to; one that has them was left in training mode.
    """
    return op is not None and (op.name in _REDUCTIONS or is_normalisation(op))


def _is_finish(evidence: Evidence, op: Op | None) -> bool:
    """Return whether the op is the softmax that draws the output: its axis is UD504's."""
    return op is not None and any(x.op == op.index and x.dim is not None for x in evidence.finishes)


def _patch(op: Op | None) -> str:
    if op is None:
        return ""
    if is_normalisation(op):
        return "model.eval()  # and no train() of this layer behind it"
    return "torch.softmax(x, dim=1)  # dim 0 counts the samples" if "softmax" in op.name else ""
