"""UD601: the picture is fed otherwise than the pictures of training were."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.feeding import (
    DEFAULT,
    EXCESS_LIMIT,
    HARMLESS,
    OVERALL,
    as_good,
    best,
    beyond,
    excess,
    feeding,
    left_by_imagenet,
    limit_of,
    options,
    sure,
)
from unetdoctor.facts import Evidence, Finding, Fingerprint, Kind, Reading, Severity


class PreprocessingMismatch(Check):
    """The declared preprocessing is not the one that the first normalisation remembers.

    Symptom
        A sound, trained network that draws nonsense, one class or an even tone on real pictures, while its training
        log looks well.
    Cause
        ImageNet mean and std forgotten or applied to a network that was trained on 0..1; 0..255 fed for 0..1; divided
        by 255 twice, or by whole numbers; Caffe's means.
    Remedy
        Prepare pictures as training did. What the statistics remember is fed as an experiment, and the masks, where
        there are any, are scored again.
    Source
        The batch's own statistics at the first normalisation are compared with the stored ones under some twenty
        preprocessings; where a convolution stands in front, the stored means also tell the mean pixels of training. All
        of 600 single unseen pictures of ten trained networks are named rightly (`python -m tests.fingerprint`, which
        has held-out networks as well). Where nothing was declared the picture is fed as the statistics say, and this is
        a note. A backbone that was taken over frozen remembers ImageNet, whatever it is fed.
    """

    code = "UD601"
    name = "preprocessing-mismatch"
    kind = Kind.CAUSE
    proves_itself = True
    proof_is_error = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding where photographs are fed and the statistics tell how training's were."""
        told = evidence.fingerprint
        if told is None or told.winner is None:
            return
        yield cls._presumed(told) if not told.declared and sure(told) else cls._declared(told)

    @classmethod
    def is_proof(cls, finding: Finding, evidence: Evidence) -> bool:
        """Return whether it changes what is drawn."""
        told = evidence.fingerprint
        return told is not None and told.change_of(best(told, told.fed.flipped)) > HARMLESS

    @classmethod
    def _declared(cls, told: Fingerprint) -> Finding:
        over, meant = beyond(told, told.fed), best(told, told.fed.flipped)
        ill, worse = over > EXCESS_LIMIT, not told.gap <= told.gap_of(meant)
        message = f"The picture is fed as {told.fed.text}, as the statistics of {told.place.text} remember it."
        if over > 0:
            trained = f"and the network was trained on {meant.text}: " if ill else ""
            message = (
                f"The picture is fed as {told.fed.text}, {trained}the statistics of {told.place.text} fit "
                f"{'that' if ill else meant.text} better by {shown(over)} nats (at most {EXCESS_LIMIT:g})."
                f"{left_by_imagenet(told)}"
            )
        return cls.finding(
            message,
            [
                Reading(OVERALL, told.gap, "nats", upper=limit_of(told, meant) if ill and worse else None),
                Reading("distance beyond that of the best preprocessing", over, "nats", upper=EXCESS_LIMIT),
            ],
            place=told.place,
            severity=Severity.WARNING if worse and not told.imagenet else Severity.NOTE,
            remedies=[feeding(meant, cls.code)],
            op=told.op,
        )

    @classmethod
    def _presumed(cls, told: Fingerprint) -> Finding:
        """Say that nothing was declared, and what is fed instead of 0..1."""
        usual = told.named(DEFAULT)
        over = float("nan") if usual is None else excess(told, usual.chain)
        said = options(told.fed)
        declare = f" Declare it with {said}, or what your own code does, to have that judged." if said else ""
        beside = as_good(told) + left_by_imagenet(told)
        return cls.finding(
            f"No preprocessing was declared, so the picture is fed as the statistics of {told.place.text} remember it: "
            f"{told.fed.text}; {DEFAULT} fits worse by {shown(over)} nats.{beside}{declare}",
            [Reading(f"distance of {DEFAULT} beyond that of the best preprocessing", over, "nats", upper=EXCESS_LIMIT)],
            place=told.place,
            severity=Severity.NOTE,
            op=told.op,
        )
