"""UD409: the latents given hardly vary."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.pictures import CHANGE_LIMIT, best, contrast, flatness, most_changed
from unetdoctor.checks.remedies import latent
from unetdoctor.facts import Evidence, Finding, Kind, Reading, Severity

STD_LIMIT = 0.1
"""Standard deviation of the latents. .01: sick sample, of -.01 to .01 or N(0, 1) x 0.01. .29: U(0, 1); .58: U(-1, 1);
1: N(0, 1)."""


class LatentTooNarrow(Check):
    """The latents that the generator was given hardly vary.

    Symptom
        The same picture every time, often flat.
    Cause
        Noise that was scaled, clipped or read wrongly before it reached the generator.
    Remedy
        Draw the latents from N(0, 1), or from the distribution that training used. A trained generator that draws
        varied pictures of such latents was trained on them.
    Source
        "Why a No trained GAN generator using 3 channels only produce grey images?". Measured: latents x 0.01 leave
        0.007 8-bit levels of deviation in eval(); batch statistics hide the fault, 84 levels in train(). Judged only
        where a person gave the latents: our own are N(0, 1).
    """

    code = "UD409"
    name = "latent-too-narrow"
    kind = Kind.CAUSE
    proves_itself = True
    proof_is_error = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for latents that the person gave."""
        fed = evidence.latent
        if fed is None or not (fed.declared or any(run.probe.name == "given" for run in evidence.runs)):
            return
        yield cls.finding(
            f"The latents {list(fed.shape)} given to the model have a standard deviation of {shown(fed.std)} (at least "
            f"{STD_LIMIT:g}) between {shown(fed.minimum)} and {shown(fed.maximum)}.",
            [
                Reading("standard deviation of the latents", fed.std, lower=STD_LIMIT),
                Reading("range of the latents", fed.maximum - fed.minimum),
            ],
            severity=Severity.NOTE if evidence.model.trained and not _suffers(evidence) else Severity.WARNING,
            remedies=[latent("normal"), latent("uniform"), latent("x10")],
            op=0,
        )


def _suffers(evidence: Evidence) -> bool:
    """Return whether the pictures are flat, or alike for different latents."""
    chosen = best(evidence, lambda x: contrast(x)[0])
    flat = chosen is not None and not any(reading.holds for reading in flatness(chosen[1]))
    pair, _ = most_changed(evidence, "latents")
    return flat or (pair is not None and 100 * pair.relative < CHANGE_LIMIT)
