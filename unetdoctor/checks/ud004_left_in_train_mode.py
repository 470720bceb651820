"""UD004: a part of the network runs as in training although it is in eval()."""

from collections.abc import Iterator, Sequence

from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.graph import drops, takes_batch_statistics
from unetdoctor.facts import Evidence, Finding, Kind, Op, Reading, Remedy, Severity

DIFFERENCE_LIMIT = 1e-4
"""Difference of the output, between a sample alone and in its batch or between two seeds, over its spread. Under 5e-6:
35 sound networks. .07-1.3: batch statistics in eval(), exported in train mode, dropout left on."""
GRAVE_DIFFERENCE = 0.05
"""The same from which a picture is another one. .22-.41: trained networks in train mode."""
COUNT_LIMIT = 0
"""Operations that run as in training, where their effect was not measured. 0: sound networks."""


class LeftInTrainMode(Check):
    """A layer runs as in training although the network is in eval(): on batch statistics, or with dropout on.

    Symptom
        The same picture comes out otherwise alone than in a batch, or otherwise every time; a batch of one is far off.
    Cause
        forward() calls train(); F.dropout or F.batch_norm with training=True; TorchScript or an exported program that
        was made before eval().
    Remedy
        Hand self.training to the functional form; call eval() before the export. Stored statistics and no dropout are
        tried in place of what ran, and the difference is measured again.
    Source
        The first sample alone and in a batch differ by .22-.41 of the spread in train mode, and by less than 1e-6 in
        eval(). Layers that store no statistics take those of the batch by design.
    """

    code = "UD004"
    name = "left-in-train-mode"
    kind = Kind.CAUSE
    proves_itself = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for all operations that run as in training."""
        run = evidence.main
        if run is None or not run.ops:
            return
        norms = [op for op in run.ops if takes_batch_statistics(op)]
        dropping = [op for op in run.ops if drops(op)]
        found = sorted((*norms, *dropping), key=lambda op: op.index)
        readings = _readings(evidence, norms, dropping)
        if not found:
            count = Reading("operations that run as in training", 0, "operations", upper=COUNT_LIMIT)
            yield cls.finding(f"None of {len(run.ops)} operations runs as in training.", [count])
            return
        first = found[0]
        yield cls.finding(
            f"{_what(norms, dropping)} in eval() as in training, first at {first.place.text}: {_said(readings)}.",
            readings,
            place=first.place,
            severity=_severity(evidence, norms),
            remedies=[_remedy(evidence, norms)],
            op=first.index,
        )


def _what(norms: Sequence[Op], dropping: Sequence[Op]) -> str:
    parts = []
    if norms:
        parts.append(f"{len(norms)} normalisation layer{'s' * (len(norms) > 1)}")
    if dropping:
        parts.append(f"{len(dropping)} dropout{'s' * (len(dropping) > 1)}")
    return f"{' and '.join(parts)} run{'s' * (len(norms) + len(dropping) == 1)}"


def _readings(evidence: Evidence, norms: Sequence[Op], dropping: Sequence[Op]) -> list[Reading]:
    """Return what is measured of the effect; the bare count where nothing is."""
    found = []
    if evidence.isolation is not None and (norms or dropping):
        name, relative = "difference of a sample alone and in its batch", evidence.isolation.relative
        found.append(Reading(name, relative, "x", upper=DIFFERENCE_LIMIT))
    if evidence.chance is not None and dropping:
        name, relative = "difference under another seed", evidence.chance.relative
        found.append(Reading(name, relative, "x", upper=DIFFERENCE_LIMIT))
    count = len(norms) + len(dropping)
    return found or [Reading("operations that run as in training", count, "operations", upper=COUNT_LIMIT)]


def _said(readings: Sequence[Reading]) -> str:
    return " and ".join(f"{x.name} {shown(x.value)} (at most {x.upper:g})" for x in readings)


def _severity(evidence: Evidence, norms: Sequence[Op]) -> Severity:
    """Return how bad it is: dropout at inference is meant by some, stored statistics are there to be used.

    Of fresh weights forward() alone can be judged: that what is stored will be passed over, or that a mask is drawn by
    lot.
    """
    if not evidence.model.trained:
        passed_over = bool(norms) and evidence.isolation is not None and evidence.isolation.relative > GRAVE_DIFFERENCE
        drawn = evidence.chance is not None and evidence.chance.relative > GRAVE_DIFFERENCE
        by_lot = drawn and evidence.intent.effective.is_segmentation
        return Severity.WARNING if passed_over or by_lot else Severity.NOTE
    filled = any(not x.pristine for x in evidence.model.norms if any(op.place.layer == x.layer for op in norms))
    mixed = evidence.isolation is not None and evidence.isolation.relative > GRAVE_DIFFERENCE
    return Severity.ERROR if filled and mixed else Severity.WARNING


def _remedy(evidence: Evidence, norms: Sequence[Op]) -> Remedy:
    if evidence.model.kind != "eager":
        patch = "model.eval()  # before torch.jit.trace, torch.jit.script or torch.export.export"
    elif norms:
        patch = "model.eval()  # and no self.train() in forward(); F.batch_norm(..., training=self.training)"
    else:
        patch = "F.dropout(x, p, training=self.training)"
    return Remedy("as_in_eval", title="use stored statistics and drop nothing", patch=patch, cause="UD004", scope=0)
