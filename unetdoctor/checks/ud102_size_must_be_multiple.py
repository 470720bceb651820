"""UD102: only sizes divisible by a number pass."""

from collections.abc import Iterator

from unetdoctor.checks.borders import borders, same_padding
from unetdoctor.checks.check import Check
from unetdoctor.checks.remedies import pad_input
from unetdoctor.facts import Crash, Evidence, Finding, Kind, Reading, Remedy, Run, Severity, ShapeSweep

LEAST_REFUSED = 6
"""Sizes that were refused beside the one that passed, from which on the network is said to take that one alone. The
sweep tries a dozen: powers of two above and below, and sums with the smallest."""
MULTIPLE_LIMIT = 1
"""Number that height and width must be divisible by. 1: any size passes (torchvision's deeplabv3 and fcn). 8, 16, 32:
U-Nets of depth 3, 4, 5. Half of all image networks refuse 97x97, so that a larger one is worth a note and no more,
unless the size that was asked for fails."""

_RANK = 4
_Sides = tuple[int, int]


class SizeMustBeMultiple(Check):
    """The network takes only heights and widths that are divisible by a certain number.

    Symptom
        Pictures of some sizes pass and others crash in a skip connection.
    Cause
        Each pool or stride halves the size; where a half is rounded, the decoder cannot come back to it. A linear layer
        or a table of positions behind the encoder even fixes it to one size. A map that shrank below the kernel that
        reads it ends in a crash as well.
    Remedy
        Pad the input to the multiple and crop the output back; resize it where there is one size only.
    Source
        An introduction to the U-Net; ten fake-tensor passes found 8 and 32 correctly on networks of depth 3 and 5.
    """

    code = "UD102"
    name = "size-must-be-multiple"
    kind = Kind.CAUSE
    axes = (2,)

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding where the sizes were swept and a multiple was found."""
        sweep = evidence.shapes
        run = evidence.crashed
        if run is not None and run.crash is not None and (small := _too_small(run.crash)) is not None:
            yield cls._small(evidence, run, run.crash, small)
        if sweep is not None and sweep.multiple is None and _takes_one(sweep):
            yield cls._one_size(sweep)
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

    @classmethod
    def _small(cls, evidence: Evidence, run: Run, crash: Crash, sides: tuple[_Sides, _Sides]) -> Finding:
        read, kernel = sides
        known = borders(evidence, run)
        before = ""
        if known.losing:
            before = f"; {len(known.losing)} convolutions without padding take {known.lost} pixels, at {known.named}"
        size = _enough(evidence.shapes, crash.input_shape[-2:]) if evidence.shapes else None
        padding = [same_padding(known.losing, evidence, cls.code)] if known.losing else []
        return cls.finding(
            f"`{crash.op}` at {crash.place.text} reads a map of {read[0]}x{read[1]} with a kernel of "
            f"{kernel[0]}x{kernel[1]}, of an input of {crash.input_shape[-2]}x{crash.input_shape[-1]}{before}.",
            [Reading("smallest side of the map", min(read), "pixels", lower=max(kernel))],
            place=crash.place,
            remedies=[*padding, *([_resize(size, cls.code)] if size else [])],
            op=len(run.ops),
        )

    @classmethod
    def _one_size(cls, sweep: ShapeSweep) -> Finding:
        (height, width), asked = sweep.passing[0], sweep.asked
        refused = asked is not None and asked in sweep.failing
        said = f", and {asked[0]}x{asked[1]} is not it" if refused and asked else ""
        return cls.finding(
            f"Of {len(sweep.failing) + 1} sizes of the model's input only {height}x{width} passes{said}.",
            [Reading("multiple of a valid size", float(max(height, width)), "pixels", upper=MULTIPLE_LIMIT)],
            severity=Severity.ERROR if refused else Severity.NOTE,
            remedies=[_resize((height, width), cls.code)],
        )


def _enough(sweep: ShapeSweep, asked: tuple[int, ...]) -> _Sides | None:
    """Return the smallest size that passes and has no smaller side; else the one that passes of the nearest area."""
    area = asked[0] * asked[1]
    larger = [s for s in sweep.passing if s[0] >= asked[0] and s[1] >= asked[1]]
    if larger:
        return min(larger, key=lambda s: s[0] * s[1])
    return min(sweep.passing, key=lambda s: (abs(s[0] * s[1] - area), s), default=None)


def _resize(size: _Sides, cause: str) -> Remedy:
    height, width = size
    return Remedy(
        action="enlarge_input",
        parameters={"size": [height, width]},
        title=f"resize the input to {height}x{width}",
        patch=f"x = F.interpolate(x, size=({height}, {width}))",
        cause=cause,
        scope=0,
    )


def _too_small(crash: Crash) -> tuple[_Sides, _Sides] | None:
    """Return (sides of the map, sides of the kernel) of a convolution whose map is smaller than its kernel."""
    weight = next((x.shape for x in crash.operands if x.parameter and len(x.shape) == _RANK), None)
    read = next((x.shape for x in crash.operands if not x.parameter and len(x.shape) == _RANK), None)
    if "Kernel size" not in crash.message or weight is None or read is None or len(crash.input_shape) != _RANK:
        return None
    small = any(side < kernel for side, kernel in zip(read[2:], weight[2:], strict=True))
    return ((read[2], read[3]), (weight[2], weight[3])) if small else None


def _takes_one(sweep: ShapeSweep) -> bool:
    return len(sweep.passing) == 1 and len(sweep.failing) >= LEAST_REFUSED


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
