"""UD308: running statistics that were never filled, and are used."""

from collections.abc import Iterator, Sequence

from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.graph import apart, statistics_gap
from unetdoctor.checks.loads import owners, torn
from unetdoctor.checks.remedies import statistics_for
from unetdoctor.facts import Evidence, Finding, Kind, NormStatistics, Reading, Severity

COUNT_LIMIT = 0
"""Normalisation layers that use statistics that were never filled. 0: trained networks. All of them: a fresh network,
or a checkpoint without buffers."""
SHIFT_LIMIT = 0.5
"""|batch mean - running mean| in running deviations; with VARIANCE_LIMIT, the right preprocessing scores .65-1.2 in a
trained network and a wrong one 2.2-3.1 times that. Under it the fresh statistics do no harm."""
VARIANCE_LIMIT = 0.7
"""|ln(batch variance / running variance)|. 0: the batch looks as stored; .7: a factor of 2."""


class BatchNormNeverUpdated(Check):
    """Normalisation layers use running statistics that were never filled: every mean 0, every variance 1.

    Symptom
        Grey in eval() and sound in train(); or wrong colours and no shades, where the weights were trained.
    Cause
        eval() on a network that never ran in train(); a checkpoint or an EMA copy without the buffers; statistics
        reset.
    Remedy
        Fill the statistics with some tens of passes in train() over real inputs, or save and load the buffers.
    Source
        "Why a No trained GAN generator using 3 channels only produce grey images?". The grey generator has 0.7-0.9
        levels of deviation in eval() and 70-82 after 60 passes in train(). Resetting trained statistics takes the Dice
        from .94 to .30. A fresh network is legitimately so.
    """

    code = "UD308"
    name = "batchnorm-never-updated"
    kind = Kind.CAUSE
    proves_itself = True
    reads_weights_alone = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for all normalisation layers together."""
        norms = [x for x in evidence.model.norms if x.used_stored]
        if not norms:
            return
        never = [x for x in norms if x.pristine]
        pristine = [x for x in never if not _got_nothing(evidence, x.layer)]
        if never and not pristine:
            yield cls.finding(
                f"{len(never)} of {len(norms)} normalisation layers use statistics that were never filled, and none "
                f"of them got a value from the weights that were loaded: UD001 and UD002 name the blocks.",
                [Reading("normalisation layers with statistics never filled", len(never), "layers")],
            )
            return
        first = pristine[0] if pristine else norms[0]
        shift = _largest(x.mean_shift for x in pristine or norms)
        variance = _largest(x.log_variance_ratio for x in pristine or norms)
        readings = []
        if shift is not None and variance is not None:
            bound = bool(pristine)  # others are judged by UD309
            readings = [
                Reading("logarithm of batch over stored variance", variance, upper=VARIANCE_LIMIT if bound else None),
                Reading("shift of the batch mean", shift, "deviations", upper=SHIFT_LIMIT if bound else None),
            ]
        readings.append(
            Reading("normalisation layers with statistics never filled", len(pristine), "layers", upper=COUNT_LIMIT)
        )
        yield cls.finding(
            f"{len(pristine)} of {len(norms)} normalisation layers use statistics that were never filled (at most "
            f"{COUNT_LIMIT})"
            + (f", the first at {first.place.text}{_far(pristine)}." if pristine else " in the model."),
            readings,
            place=first.place if pristine else None,
            severity=_severity(evidence, pristine, readings),
            remedies=statistics_for(evidence),
            op=first.op if pristine else None,
        )


def _got_nothing(evidence: Evidence, layer: str) -> bool:
    """Return whether a load left out a layer's weight as well, or tore it: no matter of its statistics alone."""
    loads = [x for x in evidence.loads if x.common]
    names = (f"{x.module}.{name}" if x.module else name for x in loads for name in x.missing)
    return f"{layer}.weight" in names or any(layer in owners(x) and torn(x, evidence) for x in loads)


def _largest(values: Iterator[float]) -> float | None:
    return max((abs(x) for x in values if x == x), default=None)


def _far(norms: Sequence[NormStatistics]) -> str:
    """Say which layer's statistics lie furthest from those of the batch, and how far."""
    told = [x for x in norms if x.mean_shift == x.mean_shift and x.log_variance_ratio == x.log_variance_ratio]
    if not told:
        return ""
    most = max(told, key=statistics_gap)
    where = f"furthest off is {most.place.text}: " if len(norms) > 1 else ""
    return (
        f"; {where}the variance of the batch is {apart(most)} than the stored one, and its mean "
        f"{shown(most.mean_shift)} deviations away"
    )


def _severity(evidence: Evidence, pristine: Sequence[NormStatistics], readings: Sequence[Reading]) -> Severity:
    """Return how bad it is: a fresh network has fresh statistics, a folded one keeps its own in weight and bias."""
    harmless = len(readings) > 1 and all(x.holds for x in readings[:-1])
    if not evidence.model.trained or harmless:
        return Severity.NOTE
    folded = all(x.counter is None and not x.affine_pristine for x in pristine)
    return Severity.WARNING if folded else Severity.ERROR
