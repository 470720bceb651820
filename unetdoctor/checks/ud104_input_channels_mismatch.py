"""UD104: the input has other channels than the first layer reads."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check
from unetdoctor.checks.stem import Stem, refused_stem
from unetdoctor.facts import Evidence, Finding, Kind, Reading, Remedy, Severity

_BANDS = {"1": 1, "L": 1, "P": 1, "I": 1, "F": 1, "I;16": 1, "LA": 2, "PA": 2, "RGB": 3, "YCbCr": 3, "LAB": 3, "HSV": 3,
          "RGBA": 4, "CMYK": 4}  # fmt: skip
"""Bands of a picture file, by its Pillow mode."""


class InputChannelsMismatch(Check):
    """The input has another number of channels than the network's first layer reads.

    Symptom
        RuntimeError in the first convolution: expected input to have 3 channels, but got 1 (or 4).
    Cause
        A grey picture (L), one with transparency (RGBA, LA), a palette (P), 16 bits or CMYK was loaded as it is; or the
        network was built for other pictures.
    Remedy
        Convert the picture when it is loaded: repeat grey, drop alpha, take the luminance; each is tried. Or build the
        network with the channels of the pictures.
    Source
        Pillow's convert("RGB") turns 16-bit pictures white: photographs given with --image are decoded explicitly, and
        the note says how.
    """

    code = "UD104"
    name = "input-channels-mismatch"
    kind = Kind.CAUSE

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for the first layer, where its channels are known, and one for each photograph."""
        stem = refused_stem(evidence)
        if stem is not None and not stem.channels_last:
            yield cls._refused(stem)
        for run in evidence.runs:
            bands = _BANDS.get(run.probe.mode)
            if bands is None or len(run.probe.shape) < 2 or run.crash is not None:
                continue  # of a pass that crashed, nobody knows what the network reads
            channels = run.probe.shape[1]
            how = run.probe.description or run.probe.name
            yield cls.finding(
                f"The picture has {bands} band{'s' * (bands != 1)} ({run.probe.mode}), and the network reads "
                f"{channels}: it was fed as {how}.",
                [Reading("bands of the picture", bands, "bands", lower=channels, upper=channels)],
                severity=Severity.NOTE,
            )

    @classmethod
    def _refused(cls, stem: Stem) -> Finding:
        shape = list(stem.input_shape)
        shape[1] = stem.wanted
        command = f"--input {','.join(map(str, shape))}"
        return cls.finding(
            f"The first layer, {stem.place.text}, reads {stem.wanted} channel{'s' * (stem.wanted != 1)} (exactly "
            f"{stem.wanted}) and was given {stem.given}, an input of {list(stem.input_shape)}; the network takes "
            f"{command}.",
            [Reading("channels given", stem.given, "channels", lower=stem.wanted, upper=stem.wanted)],
            place=stem.place,
            remedies=_remedies(stem),
            op=0,
        )


def _remedies(stem: Stem) -> Iterator[Remedy]:
    wanted, given = stem.wanted, stem.given
    if wanted == 1 and given >= 3:
        yield Remedy(
            action="luminance",
            title="feed the luminance",
            patch="x = (x[:, :3] * torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(1, keepdim=True)",
            cause="UD104",
            scope=0,
        )
    if given > wanted:
        what = "alpha" if (given, wanted) in ((4, 3), (2, 1)) else f"the channels from {wanted} on"
        yield Remedy(
            action="drop_channels",
            parameters={"channels": wanted},
            title=f"drop {what}",
            patch=f"x = x[:, :{wanted}]",
            cause="UD104",
            scope=0,
        )
    else:
        what = "the grey channel" if given == 1 else "the channels"
        patch = f"x = x.repeat(1, {wanted}, 1, 1)" if given == 1 else ""
        yield Remedy(
            action="repeat_channels",
            parameters={"channels": wanted},
            title=f"repeat {what} to make {wanted}",
            patch=patch,
            cause="UD104",
            scope=0,
        )
