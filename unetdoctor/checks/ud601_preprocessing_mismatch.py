"""UD601: the picture is fed otherwise than the pictures of training were."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.feeding import (
    EXCESS_LIMIT,
    HARMLESS,
    OVERALL,
    WORSE,
    excess,
    feeding,
    is_turned,
    left_by_imagenet,
    options,
    stands_for,
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
        Recipe 5; FACTS.md section 3. The batch's own statistics at the first normalisation are compared with the
        stored ones under some twenty preprocessings; where a convolution stands in front, the stored means also tell
        the mean pixels of training. Of single unseen pictures of ten trained networks 199 of 200 are named rightly.
        Where nothing was declared the picture is fed as the statistics say, and this is a note. A backbone that was
        taken over frozen remembers ImageNet, whatever it is fed.
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
        if not told.declared and sure(told):
            yield cls._presumed(told)
        elif not is_turned(told, told.fed):
            yield cls._declared(told)

    @classmethod
    def is_proof(cls, finding: Finding, evidence: Evidence) -> bool:
        """Return whether it changes what is drawn."""
        return evidence.fingerprint is not None and evidence.fingerprint.change > HARMLESS

    @classmethod
    def _declared(cls, told: Fingerprint) -> Finding:
        assert told.winner is not None
        best = told.winner
        over = excess(told, told.fed)
        worse = not told.gap <= told.best_gap
        if over == 0:
            message = f"The picture is fed as {told.fed.text}, as the statistics of {told.place.text} remember it."
        else:
            pixels, meant = stands_for(told.of(told.fed)), stands_for(best)
            sides = f", where training's mean pixel is {meant} instead of {pixels}" if pixels and meant else ""
            message = (
                f"The picture is fed as {told.fed.text}; the statistics of {told.place.text} fit {best.chain.text} "
                f"better by {shown(over)} nats (at most {EXCESS_LIMIT:g}){sides}.{left_by_imagenet(told)}"
            )
        ill = over > EXCESS_LIMIT
        return cls.finding(
            message,
            [
                Reading(OVERALL, told.gap, "nats", upper=WORSE * told.best_gap if ill and worse else None),
                Reading("distance beyond that of the best preprocessing", over, "nats", upper=EXCESS_LIMIT),
            ],
            place=told.place,
            severity=Severity.WARNING if worse and not told.imagenet else Severity.NOTE,
            remedies=[feeding(best.chain, cls.code)],
            op=told.op,
        )

    @classmethod
    def _presumed(cls, told: Fingerprint) -> Finding:
        """Say that nothing was declared, and what is fed instead of 0..1."""
        assert told.winner is not None
        usual = told.named("0..1")
        over = float("nan") if usual is None else excess(told, usual.chain)
        said = options(told.winner.chain)
        declare = f" Declare it with {said}, or what your own code does, to have that judged." if said else ""
        return cls.finding(
            f"No preprocessing was declared, so the picture is fed as the statistics of {told.place.text} remember it: "
            f"{told.winner.chain.text}; 0..1 fits worse by {shown(over)} nats.{left_by_imagenet(told)}{declare}",
            [Reading("distance of 0..1 beyond that of the best preprocessing", over, "nats", upper=EXCESS_LIMIT)],
            place=told.place,
            severity=Severity.NOTE,
            op=told.op,
        )
