"""UD306: a hidden layer is far too small or too large."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.graph import joins_a_sum, normalised_by
from unetdoctor.checks.layers import HIDDEN_SCALE_LIMITS as SCALE_LIMITS
from unetdoctor.checks.layers import HIDDEN_SIGNAL_LIMITS as SIGNAL_LIMITS
from unetdoctor.checks.layers import hidden, scale_readings, written
from unetdoctor.checks.remedies import initialise_all, initialise_layer
from unetdoctor.facts import Evidence, Finding, Kind, LayerWeights, Reading, Remedy, Severity

BEYOND_EVERY_SCHEME = (0.005, 600.0)
"""Gain over that of a fresh layer, outside of which no usual initialisation lies."""


class WeightScaleOff(Check):
    """A hidden layer's weights are far off every usual scheme, and the signal collapses or blows up there.

    Symptom
        An even picture, since the layers behind draw their biases alone; or pure colours and NaN.
    Cause
        A scale factor, a gain or a standard deviation in the initialisation that does not fit the layer's fan-in.
    Remedy
        Rescale or initialise the layer; for the whole network kaiming_normal_ with mode="fan_in".
    Source
        "Why do untrained 3-channel GAN generators produce only grayscale images?" and "Why a No trained GAN generator
        using 3 channels only produce grey images?". PyTorch's default (kaiming_uniform_ with a = sqrt 5, gain 0.58) is
        usual. A layer whose result is normalised behind it, or only added to another branch, is judged leniently: its
        scale is taken away, or small by design. Kaiming fan-in on all layers brought the grey generator from 0.9 to
        23-28 levels.
    """

    code = "UD306"
    name = "weight-scale-off"
    kind = Kind.CAUSE

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield a finding for every hidden layer that is off, and one for all others together."""
        known = [(x, scale_readings(x, SCALE_LIMITS, SIGNAL_LIMITS)) for x in hidden(evidence)]
        known = [(x, readings) for x, readings in known if all(r.value == r.value for r in readings)]
        off = [(x, r) for x, r in known if not any(y.holds for y in r) and not _made_up_for(evidence, x)]
        for layer, (gain, signal) in off:
            yield cls.finding(
                f"The gain of {layer.place.text} is {shown(gain.value)} times that of a fresh layer (sound: "
                f"{SCALE_LIMITS[0]:g} to {SCALE_LIMITS[1]:g}), and it passes {shown(signal.value)} of its input's "
                f"signal (sound: {SIGNAL_LIMITS[0]:g} to {SIGNAL_LIMITS[1]:g}).",
                (gain, signal),
                place=layer.place,
                severity=_severity(evidence, layer, gain),
                remedies=_remedies(layer),
                op=layer.op,
            )
        if len(known) > len(off):
            yield cls.finding(
                f"{len(known) - len(off)} of {len(known)} hidden layers of the model have a sound scale "
                f"({SCALE_LIMITS[0]:g} to {SCALE_LIMITS[1]:g} times that of a fresh layer), or one that does no harm.",
                [Reading("layers of a sound scale", len(known) - len(off), "layers", lower=1)],
            )


def _made_up_for(evidence: Evidence, layer: LayerWeights) -> bool:
    """Return whether a normalisation behind the layer takes its scale away: one whose statistics were filled."""
    run = evidence.main
    behind = normalised_by(run, layer.op) if run is not None and layer.op is not None else None
    if behind is None:
        return False
    return not any(x.op == behind.index and x.pristine and x.used_stored for x in evidence.model.norms)


def _severity(evidence: Evidence, layer: LayerWeights, gain: Reading) -> Severity:
    run = evidence.main
    if run is not None and layer.op is not None and joins_a_sum(run, layer.op):
        return Severity.NOTE
    if not BEYOND_EVERY_SCHEME[0] <= gain.value <= BEYOND_EVERY_SCHEME[1]:
        return Severity.ERROR
    return Severity.WARNING if evidence.model.trained else Severity.NOTE


def _remedies(layer: LayerWeights) -> Iterator[Remedy]:
    yield initialise_layer(layer.place, "UD306")
    yield Remedy(
        action="rescale",
        place=layer.place,
        parameters={"layers": layer.layer},
        title=f"rescale {layer.layer} to the gain of a fresh layer",
        patch=f"with torch.no_grad():\n    {written(layer.layer)}.weight.mul_({layer.default_std / layer.std:.4g})",
        cause="UD306",
        scope=1,
    )
    yield initialise_all("kaiming_fan_in")
