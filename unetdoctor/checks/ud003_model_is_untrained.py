"""UD003: no weights were given, and no layer bears a trace of training."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check, shown
from unetdoctor.facts import Evidence, Finding, Kind, Reading, Severity

FRESH_LIMIT = 80.0
"""Share of layers that bear the fingerprint of an initialisation, in %. 0: six trained networks. 56: only the encoder
was loaded. 100: nothing was ever loaded. It binds only where neither a weights file nor any layer speaks for
training."""


class ModelIsUntrained(Check):
    """The network is fresh: no weights were given and no layer was ever trained.

    Symptom
        Grey, dull or noisy pictures, as they are to be expected: a fresh network cannot draw. Nothing is at fault.
    Cause
        The weights still bear the fingerprint of their initialisation, and no normalisation layer has counted a batch.
    Remedy
        Train the network, or hand its weights over with --weights. Judge the picture of a fresh network with batch
        statistics: the grey generator shows 0.7-0.9 8-bit levels in eval() and 83-85 in train().
    Source
        "Why do untrained 3-channel GAN generators produce only grayscale images?" and "Why a No trained GAN generator
        using 3 channels only produce grey images?"; the fingerprint marks 100 % of the convolutions of networks that
        were never loaded and 0 % of six trained ones.
    """

    code = "UD003"
    name = "model-is-untrained"
    kind = Kind.NOTE
    reads_weights_alone = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for the model as a whole."""
        model = evidence.model
        if not model.layers:
            return
        untrained = not model.weights_given and not model.trained
        fresh = 100 * sum(x.state == "fresh" for x in model.layers) / len(model.layers)
        trained = sum(x.state == "trained" for x in model.layers)
        state = "The network is untrained" if untrained else "The network is trained"
        traces = f"{trained} of them show{'s' * (trained == 1)}" if trained else "none of them shows"
        why = "a weights file was given" if model.weights_given else f"{traces} traces of training"
        yield cls.finding(
            f"{state}: {shown(fresh)} % of its {len(model.layers)} weighted layers are as initialised, and {why}.",
            (
                Reading("layers as initialised", fresh, "%", upper=FRESH_LIMIT if untrained else None),
                Reading("layers with traces of training", trained, "layers", lower=1 if untrained else None),
            ),
            severity=Severity.NOTE,
        )
