"""UD402: a hidden activation that is pinned at its ends."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.graph import PINNED_LIMIT, biased_in_front, pinned_activation
from unetdoctor.checks.remedies import zero_bias
from unetdoctor.facts import Evidence, Finding, Kind, Op, Reading, Remedy, Run, Severity


class SaturatedActivation(Check):
    """A hidden tanh or sigmoid is pinned at its ends, and tells its inputs apart no longer.

    Symptom
        One even tone, or pictures without shades; training that does not move, since no gradient passes.
    Cause
        Inputs in 0..255 that were never normalised; weights or a bias in front that are far too large.
    Remedy
        Normalise in front of it, zero the bias; ReLU where no ends are wanted.
    Source
        "Why do untrained 3-channel GAN generators produce only grayscale images?". Only where everything must pass: a
        gate that is open or shut lets its features pass beside it, and is made for that. A binary code is pinned by
        design, so that it is a note unless an experiment cures a picture.
    """

    code = "UD402"
    name = "saturated-activation"
    kind = Kind.CAUSE

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for the activation with the largest share of values at an end."""
        run, found = evidence.main, pinned_activation(evidence)
        if run is None or found is None:
            return
        op, share = found
        yield cls.finding(
            f"{shown(100 * share)} % of what `{op.name}` at {op.place.text} lets through lies at one of its ends (at "
            f"most {PINNED_LIMIT:g} %), on every one of {len(evidence.outputs)} inputs.",
            [Reading("share of values at an end", 100 * share, "%", upper=PINNED_LIMIT)],
            place=op.place,
            severity=Severity.NOTE,
            remedies=_remedies(run, op),
            op=op.index,
        )


def _remedies(run: Run, op: Op) -> Iterator[Remedy]:
    layer = biased_in_front(run, op)
    if layer:
        yield zero_bias(layer, "UD402")
    yield Remedy(
        "centre_input",
        op.place,
        {"op": op.index},
        f"normalise in front of `{op.name}`",
        f"nn.BatchNorm2d(channels)  # in front of `{op.name}`",
        "UD402",
        2,
    )
