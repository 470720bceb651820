"""UD109: the output lies beside the masks, by a constant shift or a growth from the middle."""

from collections.abc import Iterator

from unetdoctor.checks.beside import FITS, ending, judged, pictures
from unetdoctor.checks.check import Check, shown
from unetdoctor.facts import Evidence, Finding, Kind, MaskScores, Reading, Remedy, Severity, Shift

SHIFT_LIMIT = 0.75
"""Pixels of the mask by which outlines lie beside it. At most .34: seven trained networks. .98-1.01: moved by a pixel.
Half a pixel (.17-.65) cannot be told from what training leaves, and costs a Dice of .01."""
GROWTH_LIMIT = 1.0
"""Pixels by which outlines at the picture's edge lie further out. At most .65: those networks. 1.4-2.8: logits enlarged
four times with align_corners the other way, in five of seven networks."""
STEADY = 0.65
"""Largest difference of one picture or one axis in that growth, over it. .57-1.3: align_corners. .74-7: coarse logits,
whose growth is chance. Two of five align_corners are found in three pictures of 64x64, and no coarse one."""
CERTAIN = 0.4
"""Largest difference between one picture and all of them, over the shift. Up to .34 where outlines are moved alike;
above 1 where pictures differ: coarse and blocky outputs, and swapped classes."""
ALONE = 2.0
"""What one picture's shift must be, over the limits above, since there is no other to confirm it."""
_INTERPOLATED = {"upsample_bilinear2d", "upsample_bicubic2d"}


class HalfPixelShift(Check):
    """The output lies beside the masks: shifted by a constant part of a pixel or more, or grown from the middle.

    Symptom
        Outlines that miss the object on the same side of every picture; a Dice that stays a few hundredths too low.
    Cause
        align_corners other than in training, padding at one side alone, a crop that is not in the middle, weights from
        a library that pads otherwise, half a pixel of resizing.
    Remedy
        The other align_corners, or the shift put back. The experiments do both.
    Source
        Found from the outlines of the decided classes, to first order (Lucas and Kanade, 1981), over all pictures
        together; only where every picture says the same.
    """

    code = "UD109"
    name = "half-pixel-shift"
    kind = Kind.CAUSE
    axes = (2,)
    proves_itself = True
    proof_is_error = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for an output that overlaps with its masks."""
        scores = judged(evidence)
        if scores is None or scores.shift is None or not scores.dice >= FITS:
            return
        shift = scores.shift
        alone = ALONE if len(scores.pairs) == 1 else 1.0
        growth = abs(shift.grows)
        moved = shift.largest > alone * SHIFT_LIMIT and shift.scatter <= CERTAIN * shift.largest
        steady = shift.scatter <= CERTAIN * growth and shift.unrest <= STEADY * growth
        grown = growth > alone * GROWTH_LIMIT and steady and _interpolates(evidence)
        where, op = ending(evidence)
        yield cls.finding(
            f"The output lies {_told(shift)} the masks (at most {alone * SHIFT_LIMIT:g} pixels) and is "
            f"{shown(growth)} pixels {'larger' if shift.grows > 0 else 'smaller'} at the picture's edge (at most "
            f"{alone * GROWTH_LIMIT:g}) {pictures(scores)}, which differ by {shown(shift.scatter)}.",
            _readings(shift, moved, grown, alone),
            place=where,
            severity=Severity.WARNING,
            remedies=_remedies(scores, shift, cls.code, moved=moved, flips=_interpolates(evidence)),
            op=op,
        )


def _interpolates(evidence: Evidence) -> bool:
    """Return whether anything is enlarged that has an align_corners."""
    return evidence.main is not None and any(op.name in _INTERPOLATED for op in evidence.main.ops)


def _readings(shift: Shift, moved: bool, grown: bool, alone: float) -> list[Reading]:
    known = [
        Reading("shift of the output beside the masks", shift.largest, "pixels", upper=alone * SHIFT_LIMIT),
        Reading("growth of the output at the edge", abs(shift.grows), "pixels", upper=alone * GROWTH_LIMIT),
    ]
    sure = [moved or known[0].holds, grown or known[1].holds]
    free = [r if s else Reading(r.name, r.value, r.unit) for r, s in zip(known, sure, strict=True)]
    return [*free, Reading("difference between pictures", shift.scatter, "pixels")]


def _told(shift: Shift) -> str:
    down = f"{shown(abs(shift.down))} pixels {'below' if shift.down > 0 else 'above'}"
    right = f"{shown(abs(shift.right))} {'to the right of' if shift.right > 0 else 'to the left of'}"
    return f"{down} and {right}"


def _remedies(scores: MaskScores, shift: Shift, code: str, *, moved: bool, flips: bool) -> list[Remedy]:
    found = []
    for which, title in (("last", "at the last interpolation"), ("all", "at every interpolation")) if flips else ():
        found.append(
            Remedy(
                action="flip_align_corners",
                parameters={"which": which},
                title=f"the other align_corners {title}",
                patch='F.interpolate(..., mode="bilinear", align_corners=...)  # as in training',
                cause=code,
                scope=1,
            )
        )
    return [*found, _put_back(scores, shift, code)] if moved else found


def _put_back(scores: MaskScores, shift: Shift, code: str) -> Remedy:
    down, right = shift.down / scores.size[0], shift.right / scores.size[1]
    return Remedy(
        action="shift_output",
        parameters={"down": down, "right": right},
        title=f"put the output back by {-shift.down:+.2g} (down) and {-shift.right:+.2g} pixels (right)",
        patch=f"theta = torch.tensor([[[1, 0, {2 * right:.4g}], [0, 1, {2 * down:.4g}]]])\n"
        "grid = F.affine_grid(theta.expand(len(y), 2, 3), y.shape, align_corners=False)\n"
        "y = F.grid_sample(y, grid, align_corners=False)  # better: the cause, in padding, cropping or resizing",
        cause=code,
        scope=0,
    )
