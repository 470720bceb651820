"""UD410: the output changes with the seed."""

from collections.abc import Iterator, Sequence

from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.graph import drops
from unetdoctor.facts import Evidence, Finding, Kind, Op, Reading, Remedy, Severity

DIFFERENCE_LIMIT = 1e-4
"""Difference of the output under another seed, over its spread. 0: networks that draw nothing, in eval(). .1-1.4: noise
injection, a sampled latent, dropout left on."""
MASK_LIMIT = 0.1
"""The same from which a mask, which nobody samples, is a warning."""


class RandomInEval(Check):
    """In eval() the output changes with the seed: some operation draws random numbers.

    Symptom
        The same picture comes out otherwise every time.
    Cause
        Noise injection or a sampled latent, by design; dropout left on (UD004 names it); Python's or numpy's random
        numbers in forward().
    Remedy
        Draw only while self.training is true; use the mean of the distribution at inference; else seed every call.
    Source
        Two equal runs that differ. Of 139 networks some are random in eval() by design (VAEs sample, generators inject
        noise): a note. A trained mask is a warning.
    """

    code = "UD410"
    name = "random-in-eval"
    kind = Kind.CAUSE
    proves_itself = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for the main pass; none where no seed makes it repeat."""
        run, chance = evidence.main, evidence.chance
        if run is None or run.output is None:
            return
        name = "difference under another seed"
        if chance is None:
            yield cls.finding("Nothing that is drawn (0 operations) changes the output.", [_reading(name, 0.0)])
            return
        if chance.repeated and not chance.drawing:
            return  # not the seed's doing: UD804 says so
        drawing = [op for op in run.ops if op.index in chance.drawing]
        first = drawing[0] if drawing else None
        where = f"`{first.name}` at {first.place.text}" if first is not None else "something outside torch's operations"
        yield cls.finding(
            f"Under another seed the same input comes out {shown(chance.relative)} of the output's spread away "
            f"(at most {DIFFERENCE_LIMIT:g}): {where} draws random numbers.",
            [_reading(name, chance.relative)],
            place=first.place if first is not None else None,
            severity=_severity(evidence, drawing),
            remedies=[_remedy()] if drawing else (),
            op=first.index if first is not None else None,
        )


def _reading(name: str, value: float) -> Reading:
    return Reading(name, value, "x", upper=DIFFERENCE_LIMIT)


def _severity(evidence: Evidence, drawing: Sequence[Op]) -> Severity:
    """Return how bad it is; dropout is said by its own check."""
    dropping = bool(drawing) and all(drops(op) for op in drawing)
    mask = evidence.intent.effective.is_segmentation and evidence.model.trained
    grave = evidence.chance is not None and evidence.chance.relative > MASK_LIMIT
    return Severity.WARNING if mask and grave and not dropping else Severity.NOTE


def _remedy() -> Remedy:
    return Remedy(
        "without_chance",
        title="put the mean of its distribution in the place of what is drawn",
        patch="noise = torch.randn_like(x) if self.training else torch.zeros_like(x)",
        cause="UD410",
        scope=0,
    )
