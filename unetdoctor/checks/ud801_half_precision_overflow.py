"""UD801: a result that float16 cannot hold."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.graph import non_finite_origin, overflow_in_half
from unetdoctor.checks.pictures import worst
from unetdoctor.facts import Evidence, Finding, Kind, Op, Reading, Remedy, Run, Severity

LARGEST_HALF = 65504.0
"""Largest number of float16."""
RATIO_LIMIT = 1.0
"""Largest result over LARGEST_HALF. .42: no NaN in float16. 2.1: 12.7 % NaN. 22 fresh networks: .00001-.15."""
_MASKING = 1e30
"""Values from here on stand for infinity in an attention mask, and are written otherwise in half precision."""


class HalfPrecisionOverflow(Check):
    """A result lies beyond the largest number of float16, 65504: in half precision it is infinite, and NaN behind it.

    Symptom
        Black pictures or black holes in half precision, sound ones in float32.
    Cause
        Features or attention scores that training let grow; inputs in 0..255 without normalisation.
    Remedy
        bfloat16, which reaches as far as float32; or float32 for the named block. Both are tried where the network
        runs in float16.
    Source
        28 of 303 public threads; a ratio of 2.1 gave 12.7 % NaN in float16, and bfloat16 a Dice of .9997 against
        float32. Nobody who runs in float32 is hurt, so that this is a note there.
    """

    code = "UD801"
    name = "half-precision-overflow"
    kind = Kind.CAUSE

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding: the operation that overflowed, else the one with the largest result.

        None of a network in bfloat16, which reaches as far as float32.
        """
        chosen = worst(evidence)
        if chosen is None or chosen[1].dtype == "bfloat16":
            return
        origin = non_finite_origin(chosen[0])
        if origin is not None and overflow_in_half(evidence, origin):
            yield cls._overflowed(evidence, origin)
            return
        found = max(
            ((x, op, run) for run, _ in evidence.outputs for op in run.ops for x in _size(op)), default=None, key=_first
        )
        if found is not None:
            yield cls._largest(evidence, *found)

    @classmethod
    def _overflowed(cls, evidence: Evidence, origin: Op) -> Finding:
        broken = next(x for x in evidence.broken if x.op == origin.index)
        return cls.finding(
            f"`{origin.name}` at {origin.place.text} makes {broken.count} of {broken.size} values infinite (at most "
            f"0): they lie beyond {LARGEST_HALF:.0f}, the largest number of float16, and fit a wider type.",
            [Reading("values beyond float16", broken.count, "values", upper=0)],
            place=origin.place,
            remedies=(
                _remedy("bfloat16", "model = model.to(torch.bfloat16)  # or torch.autocast(device, torch.bfloat16)"),
                _remedy("float32", "model = model.float()  # at least for the named block"),
            ),
            op=origin.index,
        )

    @classmethod
    def _largest(cls, evidence: Evidence, value: float, op: Op, run: Run) -> Finding:
        ratio = value / LARGEST_HALF
        half = evidence.half
        told = (
            f"; rounded to float16, {shown(100 * half.float16)} % of the output are not finite, to bfloat16 "
            f"{shown(100 * half.bfloat16)} %"
            if half is not None and ratio > RATIO_LIMIT
            else ""
        )
        return cls.finding(
            f"The largest result is {shown(value)}, by `{op.name}` at {op.place.text}: {shown(ratio)} of what float16 "
            f"holds (at most {RATIO_LIMIT:g}) on the probe `{run.probe.name}`{told}.",
            [Reading("largest result over the largest of float16", ratio, "x", upper=RATIO_LIMIT)],
            place=op.place,
            severity=Severity.NOTE,
            op=op.index,
            patch="with torch.autocast(device, dtype=torch.bfloat16):  # not float16",
        )


def _first(found: tuple[float, Op, Run]) -> float:
    return found[0]


def _size(op: Op) -> Iterator[float]:
    if op.statistics is not None:
        yield from (abs(x) for x in (op.statistics.minimum, op.statistics.maximum) if abs(x) < _MASKING)


def _remedy(dtype: str, patch: str) -> Remedy:
    return Remedy(
        "compute_in", parameters={"dtype": dtype}, title=f"run in {dtype}", patch=patch, cause="UD801", scope=0
    )
