"""UD603: what is fed has a type or a range that no training feeds."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.feeding import BYTES, SHIFT_LIMIT, is_bytes
from unetdoctor.checks.samples import faults, shape
from unetdoctor.facts import (
    Declared,
    Evidence,
    FedValues,
    Finding,
    Kind,
    Place,
    Reading,
    Remedy,
    Run,
    Severity,
    Yielded,
)

EVEN = 1e-6
"""Standard deviation of what is fed up to which it is one tone. 0: one colour. .04 and more: photographs as 0..1."""


class InputDtypeOrRange(Check):
    """Whole numbers, 0..255, float64 or one even tone are fed, or a Dataset yields what a network cannot read.

    Symptom
        A crash that names two types (Byte and Float, Double and Float) or a shape; saturated or empty output without
        one.
    Cause
        torch.from_numpy(image) without .float() and without / 255; NumPy's own float64; a picture that is one tone. In
        a Dataset also [H, W, C], pictures of Pillow, images of several shapes, masks of a type that the loss refuses.
    Remedy
        x.float() / 255, as training did; both are tried. For a Dataset, the line to paste.
    Source
        "Why are inferences from a DeepLabV3 model trained on a custom dataset producing black images?". A network that
        divides by 255 itself is told by its statistics: it is not accused.
    """

    code = "UD603"
    name = "input-dtype-or-range"
    kind = Kind.CAUSE
    reads_samples = True
    proves_itself = True
    proof_is_error = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for the values that a person feeds, or for each thing odd about what a Dataset yields."""
        if evidence.data is not None and evidence.data.yielded is not None:
            yield from cls._yielded(evidence.data.yielded, evidence.data.declared)
        values = evidence.values
        if values is None:
            return
        crashed = evidence.crashed
        if crashed is not None and evidence.main is None and values.dtype != values.wanted and values.wanted:
            if _names_types(crashed):
                yield cls._other_type(values)
            return
        if values.std <= EVEN:
            yield cls._even(values)
            return
        large = is_bytes(evidence)
        shift = values.shift if values.shift == values.shift and evidence.fingerprint is None else 0.0
        said = f"Values of {shown(values.minimum)}..{shown(values.maximum)} ({values.dtype}) are fed"
        if large:
            said += (
                f"; at the first normalisation the batch lies {shown(shift)} deviations from what training left "
                f"(at most {SHIFT_LIMIT:g})"
            )
        bounded = values.minimum >= 0 and values.maximum > BYTES
        yield cls.finding(
            f"{said}.",
            [Reading("shift of the batch mean", shift, "deviations", upper=SHIFT_LIMIT if bounded else None)],
            severity=Severity.WARNING if evidence.model.trained else Severity.NOTE,
            remedies=[_scaled(cls.code)],
            op=0,
        )

    @classmethod
    def _yielded(cls, yielded: Yielded, declared: Declared) -> Iterator[Finding]:
        found = list(faults(yielded, declared))
        for said, severity, count, patch in found:
            yield cls.finding(
                said,
                [Reading("samples that stand out", float(count), "samples", upper=0.0)],
                severity=severity,
                remedies=[Remedy("structural", Place(), {}, "change what the Dataset returns", patch, cls.code)],
            )
        if not found and yielded.images:
            first = yielded.images[0]
            values = f"{shown(first.low)}..{shown(first.high)}"
            yield cls.finding(
                f"All {yielded.examined:,} images are {first.dtype} {shape(first)}, {values}.",
                [Reading("samples that stand out", 0.0, "samples", upper=0.0)],
            )

    @classmethod
    def _even(cls, values: FedValues) -> Finding:
        return cls.finding(
            f"What is fed is one even tone ({shown(values.minimum)}): what is drawn on it does not tell how "
            "pictures are drawn.",
            [Reading("standard deviation of what is fed", values.std, lower=EVEN)],
            severity=Severity.NOTE,
        )

    @classmethod
    def _other_type(cls, values: FedValues) -> Finding:
        return cls.finding(
            f"{values.dtype} is fed, and the weights are {values.wanted}: torch multiplies one type at a time.",
            [Reading("types beside that of the weights", 1.0, "types", upper=0.0)],
            remedies=[_converted(values, cls.code)],
            op=0,
        )


def _names_types(run: Run) -> bool:
    """Return whether what was raised speaks of types."""
    text = run.crash.message.lower() if run.crash is not None else ""
    return any(word in text for word in ("dtype", "type (", "scalar type", "same type", "not implemented for"))


def _converted(values: FedValues, cause: str) -> Remedy:
    by = 255.0 if values.whole and values.maximum > 1 else 1.0
    divided = f" / {by:g}" if by != 1 else ""
    return Remedy(
        action="as_type",
        parameters={"dtype": values.wanted, "by": by},
        title=f"feed {values.wanted}" + (f", divided by {by:g}" if by != 1 else ""),
        patch=f"x = x.to(torch.{values.wanted}){divided}",
        cause=cause,
        scope=0,
    )


def _scaled(cause: str) -> Remedy:
    return Remedy(
        action="divide_input",
        parameters={"by": 255.0},
        title="divide what is fed by 255",
        patch="x = x.float() / 255",
        cause=cause,
        scope=0,
    )
