"""UD209: the output is the same whatever goes in."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.graph import cut
from unetdoctor.checks.pictures import is_hard, is_sure, most_changed
from unetdoctor.checks.remedies import ACTIVATIONS, EVERY_LAYER, STATISTICS, last_layer_advice
from unetdoctor.facts import Evidence, Finding, Kind, Place, Reading, Severity

CHANGE_LIMIT = 1.0
"""Change of the output between two inputs over its own deviation, in %. 0: ignores its input, as 13 of 126 fresh
networks do whose BatchNorm was never filled. 100-140: two independent pictures."""


class IgnoresItsInput(Check):
    """The output stays the same when the input changes.

    Symptom
        The same picture or mask for every image.
    Cause
        Running statistics that were never filled (UD308), a signal that dies on its way (UD403), a last layer without
        weight (UD303), a training that only learned the average.
    Remedy
        That of the cause.
    Source
        "Why a No trained GAN generator using 3 channels only produce grey images?". 13 of 126 sound fresh networks
        ignore their input in eval() with unfilled BatchNorm: a note.
    """

    code = "UD209"
    name = "ignores-its-input"
    kind = Kind.SYMPTOM
    reads_comparisons = True
    counterfactuals = (*STATISTICS, *last_layer_advice("UD302"), *EVERY_LAYER, *ACTIVATIONS)

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for the pair of inputs between which the output changes most; constant inputs left out."""
        pair, count = most_changed(evidence, "inputs")
        if pair is None or any(is_hard(output) for _, output in evidence.outputs):
            return
        change = 100 * pair.relative
        place = evidence.model.last.place if evidence.model.last is not None else Place()
        yield cls.finding(
            f"The output drawn by {place.text} changes by {shown(change)} % of its own deviation (at least "
            f"{CHANGE_LIMIT:g} %) from `{pair.first}` to `{pair.second}`, the best of {count} pairs of inputs.",
            [
                Reading("change of the output between two inputs", change, "%", lower=CHANGE_LIMIT),
                Reading("the same on the display scale", pair.difference_8bit, "8-bit levels"),
            ],
            place=place,
            severity=_severity(evidence, change),
        )


def _severity(evidence: Evidence, change: float) -> Severity:
    """Return how bad it is; what is no picture and no certain mask can be silent on inputs of ours by design.

    Not where nothing at all of the person's own pictures comes through.
    """
    if not evidence.model.trained:
        return Severity.NOTE
    own = evidence.main is not None and evidence.main.probe.real
    severed = own and change == 0 and cut(evidence.main) is not None
    sure = all(is_sure(evidence, output) for _, output in evidence.outputs)
    return Severity.ERROR if severed or sure else Severity.WARNING
