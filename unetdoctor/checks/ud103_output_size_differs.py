"""UD103: the output has another height or width than the input."""

from collections.abc import Iterator

from unetdoctor.checks.borders import Borders, borders, same_padding
from unetdoctor.checks.check import Check
from unetdoctor.checks.remedies import pad_input
from unetdoctor.facts import Evidence, Finding, Kind, Reading, Remedy, Severity, SizeLaw

DIFFERENCE_LIMIT = 0
"""Difference in height or width between input and output, in pixels. 0: UNETR, SwinUNETR, UperNet and smp's SegFormer.
49 on 64x64: a patch discriminator, by design. 184: the U-Net of 2015, whose convolutions do not pad (its paper)."""
DESIGNED = (2, 4, 8, 16, 32)
"""Parts of the input's size at which a network draws by design, its user resizing the logits: 4 in SegFormer and BEiT,
8 in torchvision's LRASPP before it resizes. Where one of them divides the size exactly, no picture is ill."""
FEW_CHANNELS = 4
"""Length of the last axis up to which it may hold channels: 1, 3, 4. 8: the narrowest pictures that are fed."""

_Size = tuple[int, int]
_Laws = tuple[SizeLaw | None, ...]


class OutputSizeDiffers(Check):
    """The output has another height or width than the input, and than the masks where some are given.

    Symptom
        The mask is smaller than the picture; a loss refuses it, or an overlay is shifted.
    Cause
        A constant difference: convolutions without padding. A constant ratio: logits at a quarter of the size, by
        design in SegFormer and its kin; above 1, super-resolution, which is well. A remainder: a pool that rounded down
        and was only doubled again.
    Remedy
        Interpolate the logits to the input's size; pad the convolutions; for a remainder, pad the input to the
        multiple and crop.
    Source
        An introduction to the U-Net. A note, and a warning where segmentation was declared or where the size that was
        asked for leaves a remainder. Where some convolutions lose the border that others pad, a warning, and an error
        where a task was declared: the U-Net of 2015 pads none, by design. The size law is found on 6 to 14 other sizes,
        without arithmetic.
    """

    code = "UD103"
    name = "output-size-differs"
    kind = Kind.SYMPTOM
    own_remedies_only = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for the main pass, where both input and output are pictures."""
        run = evidence.main
        if run is None or run.output is None or evidence.latent is not None:
            return
        if len(run.probe.shape) != 4 or len(run.output.shape) != 4:
            return
        if run.probe.shape[3] <= FEW_CHANNELS and run.probe.shape[1:3] == run.output.shape[1:3]:
            return
        if run.output.shape[3] <= FEW_CHANNELS and run.probe.shape[2:] == run.output.shape[1:3]:
            return
        fed, out = _sides(run.probe.shape), _sides(run.output.shape)
        place = evidence.model.last.place if evidence.model.last is not None else None
        sizes = f"{out[0]}x{out[1]} for an input of {fed[0]}x{fed[1]}"
        ratio = out[0] / fed[0]
        if out[0] % fed[0] == 0 and out == (fed[0] * int(ratio), fed[1] * int(ratio)) and ratio > 1:
            yield cls.finding(
                f"The output is {sizes}: super-resolution by {ratio:g}.",
                [Reading("output size over input size", ratio, "x")],
                place=place,
            )
            return
        if evidence.scores is not None and out == evidence.scores.size:
            yield cls.finding(
                f"The output is {out[0]}x{out[1]}, as the masks are.",
                [Reading("difference between output and masks", 0, "pixels", upper=DIFFERENCE_LIMIT)],
                place=place,
            )
            return
        laws = _kept(evidence.shapes.laws if evidence.shapes is not None else (), fed, out)
        known = borders(evidence, run)
        why, cause, remedies = _explained(fed, out, laws, known, evidence)
        times = _times(laws) if cause == "valid" else 1
        difference = max(abs(a * times - b) for a, b in zip(fed, out, strict=True))
        off = f"off {times} times that" if times > 1 else "off"
        yield cls.finding(
            f"The output is {sizes}, {difference} pixels {off} (limit {DIFFERENCE_LIMIT}){why}.",
            [Reading("difference between input and output size", difference, "pixels", upper=DIFFERENCE_LIMIT)],
            place=known.losing[-1].place if cause == "valid" and known.mixed else place,
            severity=_severity(evidence, cause, known),
            remedies=remedies,
            op=run.output.drawn_by,
        )


def _sides(shape: tuple[int, ...]) -> _Size:
    return shape[2], shape[3]


def _severity(evidence: Evidence, cause: str, known: Borders) -> Severity:
    """Return how bad it is: a border that some convolutions lose and others keep is no design."""
    intent = evidence.intent
    if cause == "valid" and known.mixed:
        return Severity.ERROR if intent.declared else Severity.WARNING
    asked = bool(evidence.request.inputs or evidence.request.images)
    if cause == "ratio":
        return Severity.NOTE
    return Severity.WARNING if intent.task.is_segmentation or (asked and cause == "remainder") else Severity.NOTE


def _kept(laws: _Laws, fed: _Size, out: _Size) -> _Laws:
    """Return laws that this pass keeps to; none where something else, such as a person's function, made its size."""
    kept = all(law is None or law.of(side) == drawn for law, side, drawn in zip(laws, fed, out, strict=False))
    return laws if kept else ()


def _times(laws: _Laws) -> int:
    """Return how often the input's size the output is meant to be, by laws of one factor; 0 where there is none."""
    found = {(law.factor // law.step if law.factor % law.step == 0 else 0) for law in laws if law is not None}
    return found.pop() if len(found) == 1 else 0


def _explained(
    fed: _Size, out: _Size, laws: _Laws, borders: Borders, evidence: Evidence
) -> tuple[str, str, tuple[Remedy, ...]]:
    """Return (why, in words; the kind of cause; what is tried)."""
    resize = Remedy(
        action="resize_output",
        title="interpolate the output to the input's size",
        patch='y = F.interpolate(model(x), size=x.shape[-2:], mode="bilinear")',
        cause="UD103",
        scope=0,
    )
    if fed == out:
        return "", "", ()
    known = [law for law in laws if law is not None]
    rule = f"; height is {known[0].text}, width {known[1].text}" if len(known) == 2 else ""
    if known and _times(laws) and all(law.offset < 0 for law in known):
        same = same_padding(borders.losing, evidence, "UD103")
        tried = (same, resize) if _times(laws) == 1 else (same,)
        if not borders.losing:
            return f"{rule}: a constant difference", "constant", tried[1:]
        kept = f" at {borders.named}, where {len(borders.keeping)} others pad" if borders.mixed else ""
        return f"{rule}: convolutions without padding{kept}", "valid", tried
    rounds = any(law is not None and side % law.step for side, law in zip(fed, laws, strict=False))
    if known and rounds and all(law.factor == law.step for law in known):
        steps = tuple(law.step if law is not None else 1 for law in laws)
        pad = pad_input((steps[0], steps[1]), "UD103", fed)
        return f"{rule}: a pool or stride leaves a remainder", "remainder", (pad, resize)
    if fed[0] * out[1] == fed[1] * out[0] and fed[0] % out[0] == 0:
        times = fed[0] // out[0]
        return f": logits at 1/{times} of the size{rule}", "ratio" if times in DESIGNED else "", (resize,)
    if known and all((law.factor, law.step, law.offset) == (1, known[0].step, 0) for law in known):
        return f": logits at 1/{known[0].step} of the size, rounded{rule}", "", (resize,)
    return rule, "", (resize,)
