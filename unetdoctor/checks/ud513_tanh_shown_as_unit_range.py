"""UD513: a tanh output is shown as 0..1."""

import math
from collections.abc import Iterator

from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.pictures import best, display, inputs, op_at, place
from unetdoctor.facts import DisplayRange, Evidence, Finding, Kind, Output, Reading, Remedy, Severity

OUTSIDE_LIMIT = 10.0
"""Share of values outside the declared range, in %. 0: mapped to it. 11-68: tanh shown as 0..1."""


class TanhShownAsUnitRange(Check):
    """The network ends with tanh (-1..1), and its output is shown or saved as 0..1.

    Symptom
        Crushed blacks: everything below 0 is black, or wraps to white in uint8.
    Cause
        save_image, imshow or `* 255` without mapping the range back.
    Remedy
        (x + 1) / 2 before showing, or save_image(..., normalize=True, value_range=(-1, 1)).
    Source
        "Why a No trained GAN generator using 3 channels only produce grey images?"; 68 % of a tanh head lie outside
        0..1, and 68 % wrap. Judged where a range was declared.
    """

    code = "UD513"
    name = "tanh-shown-as-unit-range"
    kind = Kind.CAUSE
    axes = (2, 3)

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for an output whose activation has two finite ends, under a declared range."""
        chosen = best(evidence, lambda x: -x.outside)
        if chosen is None or evidence.intent.display_range is None:
            return
        run, output = chosen
        op = op_at(run, output.activation_op)
        ends = _ends(evidence, output)
        if ends is None:
            return
        where = op.place if op is not None else place(evidence, run, output)
        yield cls.finding(
            f"`{output.activation}` at {where.text} draws {ends[0]:g}..{ends[1]:g}, shown as {display(output)}: "
            f"{shown(100 * output.outside)} % of the values lie outside (at most {OUTSIDE_LIMIT:g} %) "
            f"{inputs(evidence)}.",
            [Reading("share of values outside the declared range", 100 * output.outside, "%", upper=OUTSIDE_LIMIT)],
            place=where,
            severity=Severity.WARNING if evidence.model.trained else Severity.NOTE,
            remedies=[_mapped(cls.code, ends, output.display)],
            op=output.activation_op,
        )


def _ends(evidence: Evidence, output: Output) -> tuple[float, float] | None:
    """Return the ends of what tanh and the operations behind it can give; None for other activations."""
    last = evidence.finishes[-1] if evidence.finishes else None
    if last is None or last.op != output.activation_op or not last.ends or last.kind not in ("tanh", "hardtanh"):
        return None
    return (last.low, last.high) if math.isfinite(last.low) and math.isfinite(last.high) else None


def _mapped(code: str, ends: tuple[float, float], display: DisplayRange) -> Remedy:
    factor = (display.high - display.low) / (ends[1] - ends[0])
    shift = display.low - ends[0] * factor
    patch = (
        "picture = (output + 1) / 2" if (factor, shift) == (0.5, 0.5) else f"picture = output * {factor:g} + {shift:g}"
    )
    return Remedy(
        action="scale_output",
        parameters={"factor": factor, "shift": shift},
        title=f"map {ends[0]:g}..{ends[1]:g} to {display.low:g}..{display.high:g} before showing",
        patch=patch,
        cause=code,
        scope=0,
    )
