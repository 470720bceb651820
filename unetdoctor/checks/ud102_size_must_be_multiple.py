"""UD102: only sizes divisible by a number pass."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check
from unetdoctor.checks.remedies import pad_input
from unetdoctor.facts import Evidence, Finding, Kind, Reading, Severity, ShapeSweep

MULTIPLE_LIMIT = 1
"""Number that height and width must be divisible by. 1: any size passes (torchvision's deeplabv3 and fcn). 8, 16, 32:
U-Nets of depth 3, 4, 5. Half of all image networks refuse 97x97, so that a larger one is worth a note and no more,
unless the size that was asked for fails."""


class SizeMustBeMultiple(Check):
    """The network takes only heights and widths that are divisible by a certain number.

    Symptom
        Pictures of some sizes pass and others crash in a skip connection.
    Cause
        Each pool or stride halves the size; where a half is rounded, the decoder cannot come back to it.
    Remedy
        Pad the input to the multiple and crop the output back.
    Source
        Seed 002; recipe 4: ten fake-tensor passes found 8 and 32 correctly on networks of depth 3 and 5.
    """

    code = "UD102"
    name = "size-must-be-multiple"
    kind = Kind.CAUSE
    axes = (2,)

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding where the sizes were swept and a multiple was found."""
        sweep = evidence.shapes
        if sweep is None or sweep.multiple is None:
            return
        multiples = sweep.multiples or (sweep.multiple, sweep.multiple)
        refused = _refused(sweep, multiples)
        asked = f"{sweep.asked[0]}x{sweep.asked[1]}" if sweep.asked else ""
        verdict = (
            f", and {asked} is not" if refused else f", and {asked} passes" if sweep.asked in sweep.passing else ""
        )
        valid = (
            f"; the next valid size is {sweep.next_valid[0]}x{sweep.next_valid[1]}"
            if refused and sweep.next_valid
            else ""
        )
        yield cls.finding(
            f"{_rule(multiples)} (limit {MULTIPLE_LIMIT}: any size){verdict}{valid}.",
            [Reading("multiple of a valid size", sweep.multiple, "pixels", upper=MULTIPLE_LIMIT)],
            severity=Severity.ERROR if refused else Severity.NOTE,
            remedies=[pad_input(multiples, cls.code, sweep.asked)] if refused else (),
        )


def _rule(multiples: tuple[int, int]) -> str:
    height, width = multiples
    if height == width:
        return f"Height and width of the model's input must be divisible by {height}"
    return f"The height of the model's input must be divisible by {height} and its width by {width}"


def _refused(sweep: ShapeSweep, multiples: tuple[int, int]) -> bool:
    """Return whether the asked size fails because it is not divisible."""
    if sweep.asked is None or sweep.asked not in sweep.failing:
        return False
    return any(side % multiple for side, multiple in zip(sweep.asked, multiples, strict=True))
