"""UD302: the last layer is far too small or too large."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check, either, shown
from unetdoctor.checks.layers import scale_readings, written
from unetdoctor.checks.remedies import initialise_last
from unetdoctor.facts import Evidence, Finding, Kind, LayerWeights, Reading, Remedy, Severity

SCALE_LIMITS = (0.05, 60.0)
"""Gain over that of a fresh layer. .017: a hundredth of a trained layer. .03: heads drawn from N(0, .001), which
exist. 1: PyTorch's default; 2.4: kaiming; 1.7: xavier; up to 55: kaiming fan-out of 512 channels to one. 100 and
more: sick."""
SIGNAL_LIMITS = (0.1, 30.0)
"""Signal out over signal in. .02: sick sample. .6-2.8: sound samples; 9.5: trained on targets of +-255. Weights drawn
from N(0, 1) and scaled at run time have a gain of 22 or more and still about 1 here."""
FRESH_LIMITS = (0.022, 60.0)
"""The same before training, outside of which a picture that is to be seen is not what its author wants. .03-.041: heads
drawn from N(0, .001). .004-.017: a hundredth of a usual scheme."""
BEYOND_EVERY_SCHEME = (0.005, 600.0)
"""Gain over that of a fresh layer, outside of which no usual initialisation lies."""


class FinalLayerScale(Check):
    """The last layer is far smaller or larger than any usual initialisation makes it, and the signal shows it.

    Symptom
        Too small: one even tone, the middle of tanh or sigmoid. Too large: pure colours at the ends of the range.
    Cause
        A scale factor or a gain in the initialisation, weight decay on the head, or a wrong fan.
    Remedy
        Rescale the layer to the gain of a fresh one (std * sqrt(fan_in) = 0.58), or initialise it.
    Source
        "Why do untrained 3-channel GAN generators produce only grayscale images?" and "Why a No trained GAN generator
        using 3 channels only produce grey images?". Gains: default 0.58, xavier about 1, kaiming 1.41, N(0, .02)
        0.6-1.8 on 1,024 to 8,192 inputs. In the grey generator the last layer's scheme was not the cause: xavier left
        0.3-1.1 levels.
    """

    code = "UD302"
    name = "final-layer-scale"
    kind = Kind.CAUSE
    proves_itself = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for the last layer; none where it is zero or its signal is unknown."""
        last = evidence.model.last
        if last is None:
            return
        readings = scale_readings(last, SCALE_LIMITS, SIGNAL_LIMITS)
        if any(x.value != x.value for x in readings):
            return
        gain, signal = readings
        yield cls.finding(
            f"The gain of {last.place.text} is {shown(gain.value)} times that of a fresh layer (sound: "
            f"{SCALE_LIMITS[0]:g} to {SCALE_LIMITS[1]:g}), and it passes {shown(signal.value)} of its input's signal "
            f"(sound: {SIGNAL_LIMITS[0]:g} to {SIGNAL_LIMITS[1]:g}).",
            either(gain, signal),
            place=last.place,
            severity=_severity(evidence, gain),
            remedies=_remedies(last),
            op=last.op,
        )


def _severity(evidence: Evidence, gain: Reading) -> Severity:
    beyond = not BEYOND_EVERY_SCHEME[0] <= gain.value <= BEYOND_EVERY_SCHEME[1]
    model, intent = evidence.model, evidence.intent
    if beyond and (model.trained or not (model.residual_output or model.timestep_input)):
        return Severity.ERROR if intent.declared or intent.effective.is_picture else Severity.WARNING
    by_design = model.residual_output or model.timestep_input
    to_be_seen = intent.effective.is_picture and (intent.declared or evidence.latent is not None) and not by_design
    beyond_heads = not FRESH_LIMITS[0] <= gain.value <= FRESH_LIMITS[1]
    return Severity.WARNING if model.trained or (to_be_seen and beyond_heads) else Severity.NOTE


def _remedies(last: LayerWeights) -> Iterator[Remedy]:
    factor = last.default_std / last.std
    yield Remedy(
        action="rescale",
        parameters={"layers": "last"},
        title="rescale the last layer to the gain of a fresh one",
        patch=f"with torch.no_grad():\n    {written(last.layer)}.weight.mul_({factor:.4g})",
        cause="UD302",
        scope=1,
    )
    for scheme in ("default", "xavier_uniform", "kaiming_fan_in"):
        yield initialise_last(scheme, "UD302", last.layer)
