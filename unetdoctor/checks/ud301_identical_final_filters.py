"""UD301: the rows of the last layer are equal."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check, either, shown
from unetdoctor.checks.layers import has_symmetry, outputs
from unetdoctor.checks.remedies import initialise_last
from unetdoctor.facts import Evidence, Finding, Kind, Reading, Severity

DIFFERENCE_LIMIT = 0.1
"""Largest difference between two filters over the largest weight, in %. 0: copies. About 100: drawn at random."""
COSINE_LIMIT = 0.9999
"""Smallest cosine between two filters. 1.000: copies. At most .39: last layers of sound networks."""


class IdenticalFinalFilters(Check):
    """All filters of the last layer are equal, so that all channels draw the same picture.

    Symptom
        R = G = B: a monochrome picture (UD202), whatever the rest of the network does.
    Cause
        The layer was filled with a constant, or one filter was copied. Equal filters get equal gradients as long as
        their targets agree, so that grey targets keep them equal.
    Remedy
        Draw the filters at random: the layer's own reset_parameters(), xavier_uniform_ or kaiming_normal_. Usual
        initialisations never make filters equal.
    Source
        "Why do untrained 3-channel GAN generators produce only grayscale images?". Measured: fill_(1.0) gives R = G = B
        exactly; the cosine is 1.000 in sick and at most .39 in sound ones.
    """

    code = "UD301"
    name = "identical-final-filters"
    kind = Kind.CAUSE
    proves_itself = True
    reads_weights_alone = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for the last layer, where it has several filters with weights."""
        last = evidence.model.last
        if last is None or not has_symmetry(last) or last.zero == 1 or last.row_difference != last.row_difference:
            return
        difference = 100 * last.row_difference
        readings = [Reading("largest difference between two filters", difference, "%", lower=DIFFERENCE_LIMIT)]
        if last.row_cosine == last.row_cosine:
            readings.append(Reading("smallest cosine between two filters", last.row_cosine, upper=COSINE_LIMIT))
        likeness = "different" if any(x.holds for x in readings) else "identical"
        yield cls.finding(
            f"The {outputs(last)} filters of {last.place.text} are {likeness}: they differ by at most "
            f"{shown(difference)} % of the largest weight (at least {DIFFERENCE_LIMIT:g} %), with a smallest cosine of "
            f"{last.row_cosine:.4f} (at most {COSINE_LIMIT}).",
            either(*readings),
            place=last.place,
            severity=Severity.NOTE if _draws_one_channel(evidence) else Severity.ERROR,
            remedies=[
                initialise_last(scheme, cls.code, last.layer)
                for scheme in ("default", "xavier_uniform", "kaiming_fan_in")
            ],
            op=last.op,
        )


def _draws_one_channel(evidence: Evidence) -> bool:
    """Return whether there is one channel only, so that equal filters make a smooth start of a pixel shuffle (ICNR)."""
    run = evidence.main
    return run is not None and run.output is not None and len(run.output.channels) == 1
