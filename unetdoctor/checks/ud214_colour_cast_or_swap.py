"""UD214: a restored picture has red and blue exchanged, or one colour shifted, against the photograph that was fed."""

from collections.abc import Iterator
from statistics import median

from unetdoctor.checks.check import Check, either, shown
from unetdoctor.checks.graph import adds_to_its_input
from unetdoctor.checks.pictures import place, readable
from unetdoctor.facts import Colours, Evidence, Finding, Kind, Output, Reading, Remedy, Run, Severity

STRAIGHT_LIMIT = 0.0
"""Correlation of red and blue with those of the photograph, brightness left out. .5-1: 18 changes of three photographs
that keep their colours (noise, blur, gamma, white balance, saturation). -.95: exchanged."""
EXCHANGED_LIMIT = 0.9
"""Correlation of red with the photograph's blue, and the reverse. -.95 to 0: the same. .92-.96: every colour turned
to its opposite, which nothing that restores does. .94-1: exchanged."""
OFFSET_LIMIT = 16.0
"""Mean difference of one channel from the photograph beyond that of the middle one, in 8-bit levels. 2: trained
restorers. 20: the means of ImageNet added in the wrong order. 25-50: a bias."""
CONSTANT_LIMIT = 5.0
"""That difference over its own spread. Up to 3.9: another white balance or saturation, of any strength. 7 and more: a
constant; 2-10 where it is clipped."""
SAME_PICTURE = 0.8
"""Correlation of the brightness from which on both show the same. Gamma, posterised, equalised: .89-1 on five
photographs; strong noise or blur: .64-.93. Mirrored, edges, negative: at most .44; solarised: .53-.81."""
FEWEST_TINTS = 8.0
"""Spread of the photograph's red minus blue, in 8-bit levels, from which on its colours are told apart. 22-68: five
photographs. 0: grey. Bleached to 1-7, noise of .05 leaves correlations of .02-.33 of either order."""


class ColourCastOrSwap(Check):
    """Red and blue are exchanged against the photograph that was fed, or one colour is shifted by a constant.

    Symptom
        Blue faces and orange skies; a picture with a cast, as if through coloured glass.
    Cause
        OpenCV's BGR written as RGB (or read as such on one side only); a mean that is subtracted from the input in
        one order of channels and added to the output in another, or a bias of the last layer.
    Remedy
        Exchange the channels of the output (`output.flip(1)`), or add the mean that was subtracted; both are tried.
    Source
        5 of 303 public threads. Judged for a trained network that restores: it adds to the photograph, or draws it
        larger. Of any other that draws the same picture it is a note: a translation may be meant to exchange warm and
        cold. Another white balance scales its channels and shifts none by a constant. Probes of ours are no
        photographs, so that nothing is said of them.
    """

    code = "UD214"
    name = "colour-cast-or-swap"
    kind = Kind.SYMPTOM
    axes = (2,)

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield a finding on the order of the colours and one on their shift, each on the photograph that speaks best.

        The shift is judged where the order is right.
        """
        if not (evidence.model.trained and evidence.intent.effective.is_picture):
            return
        known = [(run, x, x.colours) for run, x in evidence.outputs if x.colours is not None and readable(x)]
        known = [(run, x, c) for run, x, c in known if c.brightness > SAME_PICTURE]
        tinted = [(run, x, c) for run, x, c in known if c.tint > FEWEST_TINTS]
        order = None
        if tinted:
            order = cls._order(evidence, *max(tinted, key=lambda pair: pair[2].straight - pair[2].exchanged))
            yield order
        if known and not (order is not None and order.ill):
            yield cls._offset(evidence, *min(known, key=lambda pair: _cast(pair[2])[1]))

    @classmethod
    def _order(cls, evidence: Evidence, run: Run, output: Output, colours: Colours) -> Finding:
        where = place(evidence, run, output)
        return cls.finding(
            f"Red and blue drawn by {where.text} go with the photograph's own by {shown(colours.straight)} (at least "
            f"{STRAIGHT_LIMIT:g}) and with each other's by {shown(colours.exchanged)} (at most {EXCHANGED_LIMIT:g}) on "
            f"`{run.probe.name}`.",
            either(
                Reading("correlation with red and blue exchanged", colours.exchanged, upper=EXCHANGED_LIMIT),
                Reading("correlation of red and blue with the photograph's", colours.straight, lower=STRAIGHT_LIMIT),
            ),
            place=where,
            severity=Severity.ERROR if _restores(run, output) else Severity.NOTE,
            remedies=(
                Remedy(
                    action="exchange_colours",
                    title="exchange red and blue of the output",
                    patch="output = output.flip(1)  # BGR to RGB",
                    scope=0,
                ),
            ),
            op=output.drawn_by,
        )

    @classmethod
    def _offset(cls, evidence: Evidence, run: Run, output: Output, colours: Colours) -> Finding:
        where = place(evidence, run, output)
        channel, cast = _cast(colours)
        constant = cast / colours.rest if colours.rest > 0 else float("inf")
        scale = (output.display.high - output.display.low) / 255
        offsets = [round(x * scale, 4) for x in colours.offsets]
        return cls.finding(
            f"Channel {channel} drawn by {where.text} is shifted by {shown(cast)} of 255 levels against the photograph "
            f"(at most {OFFSET_LIMIT:g} beyond the middle channel), {shown(constant)} times what the difference varies "
            f"(at most {CONSTANT_LIMIT:g}), on `{run.probe.name}`.",
            either(
                Reading("shift of one channel", cast, "8-bit levels", upper=OFFSET_LIMIT),
                Reading("shift over the spread of the difference", constant, "x", upper=CONSTANT_LIMIT),
            ),
            place=where,
            severity=Severity.WARNING if _restores(run, output) else Severity.NOTE,
            remedies=(
                Remedy(
                    action="subtract_offsets",
                    parameters={"offsets": offsets},
                    title="take the shift of each channel away",
                    patch=f"output = output - torch.tensor({offsets}).view(1, 3, 1, 1)",
                    scope=0,
                ),
            ),
            op=output.drawn_by,
        )


def _restores(run: Run, output: Output) -> bool:
    """Return whether the network is made to keep the colours: it adds to its input, or draws it larger."""
    larger = len(output.shape) == len(run.probe.shape) and output.shape[-1] > run.probe.shape[-1]
    return larger or adds_to_its_input(run)


def _cast(colours: Colours) -> tuple[int, float]:
    """Return (channel, shift) of the channel that is shifted most beyond the middle one."""
    middle = median(colours.offsets)
    shifts = [abs(x - middle) for x in colours.offsets]
    most = max(range(len(shifts)), key=shifts.__getitem__)
    return most, shifts[most]
