"""UD804: the same input and the same seed give another output."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check, shown
from unetdoctor.facts import Evidence, Finding, Kind, Reading, Severity

DIFFERENCE_LIMIT = 0.0
"""Difference of two runs with one seed, over the output's spread. 0: sound networks on a CPU, bit for bit. Above: state
that is kept between calls, memory that was never filled, a generator of one's own, atomic additions on CUDA."""


class NotDeterministic(Check):
    """The same input with the same seed gives another output on this device.

    Symptom
        Results cannot be reproduced; an experiment that changes nothing changes the picture.
    Cause
        State that forward() keeps between calls, torch.empty that is never filled, a generator that is not seeded with
        the others, operations that add in no fixed order on CUDA.
    Remedy
        torch.use_deterministic_algorithms(True) names the operation on CUDA; state belongs in arguments.
    Source
        Two runs of one input under one seed, made only where the recorded pass could not be repeated bit for bit, or
        the first sample alone could not be compared with its batch: 0 in every sound network on a CPU.
    """

    code = "UD804"
    name = "not-deterministic"
    kind = Kind.NOTE

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding where the main pass was repeated."""
        chance, run = evidence.chance, evidence.main
        if chance is None or run is None:
            return
        yield cls.finding(
            f"Two runs of one input under one seed lie {shown(chance.repeated)} of the output's spread apart (at most "
            f"{DIFFERENCE_LIMIT:g}).",
            [Reading("difference of two equal runs", chance.repeated, "x", upper=DIFFERENCE_LIMIT)],
            severity=Severity.NOTE,
        )
