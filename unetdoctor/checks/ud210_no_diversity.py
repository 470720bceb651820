"""UD210: a generator draws the same picture for every latent."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.pictures import CHANGE_LIMIT, most_changed
from unetdoctor.checks.remedies import ACTIVATIONS, EVERY_LAYER, LATENTS, STATISTICS, last_layer_advice
from unetdoctor.facts import Evidence, Finding, Kind, Place, Reading, Severity


class NoDiversity(Check):
    """The generator draws the same picture whatever latent it is given.

    Symptom
        A batch of equal pictures.
    Cause
        Latents that hardly vary (UD409), a normalisation that takes the latent away, running statistics that were
        never filled (UD308), a signal that dies on its way (UD403), or a collapsed training.
    Remedy
        That of the cause; a collapsed training needs another training.
    Source
        "Why a No trained GAN generator using 3 channels only produce grey images?". Latents scaled by 0.01 leave 0.007
        8-bit levels of deviation in eval(), while BatchNorm hides them in train().
    """

    code = "UD210"
    name = "no-diversity"
    kind = Kind.SYMPTOM
    reads_comparisons = True
    counterfactuals = (*LATENTS, *STATISTICS, *EVERY_LAYER, *last_layer_advice("UD302"), *ACTIVATIONS)

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for the pair of batches between which the output changes most."""
        pair, _ = most_changed(evidence, "latents")
        if pair is None:
            return
        change = 100 * pair.relative
        place = evidence.model.last.place if evidence.model.last is not None else Place()
        yield cls.finding(
            f"The picture drawn by {place.text} changes by {shown(change)} % of its own deviation (at least "
            f"{CHANGE_LIMIT:g} %) from `{pair.first}` to `{pair.second}`.",
            [
                Reading("change of the picture between two latents", change, "%", lower=CHANGE_LIMIT),
                Reading("the same on the display scale", pair.difference_8bit, "8-bit levels"),
            ],
            place=place,
            severity=Severity.ERROR if evidence.model.trained else Severity.NOTE,
        )
