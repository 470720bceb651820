"""UD005: forward() raised."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check
from unetdoctor.checks.stem import speaks_of_types
from unetdoctor.facts import Crash, Evidence, Finding, Kind, Operand, Precision, Reading

MESSAGE_LIMIT = 200
"""Characters of the exception's own first line that a message repeats."""


class ForwardCrashed(Check):
    """The forward pass raised an exception, and there is no picture.

    Symptom
        A traceback instead of an output, most often out of torch.cat, of a convolution or of a normalisation layer.
    Cause
        Named where another check knows it: branches of unequal size (UD101), a size that the network does not take
        (UD102). Elsewhere the failing operation and both its operands are the answer: they are shown with the layers
        that drew them.
    Remedy
        That of the cause; for a wrong number of channels, make the layer's input channels those of the operand.
    Source
        An introduction to the U-Net; 19 of 303 public threads are a crash in a skip connection, 12 one in a
        normalisation layer.
    """

    code = "UD005"
    name = "forward-crashed"
    kind = Kind.SYMPTOM
    accounted_for_by = ("UD101", "UD102", "UD104", "UD105", "UD106")

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding: how many of the passes crashed, and where the first one did."""
        if not evidence.runs:
            return
        crashes = sum(run.crash is not None and not run.probe.constant for run in evidence.runs)
        through = sum(run.crash is None for run in evidence.runs)
        reading = Reading("forward passes that raised", crashes, upper=0)
        run = evidence.crashed
        if run is None or run.crash is None or not crashes:
            yield cls.finding(f"{through} of {len(evidence.runs)} forward passes of the model ran through.", [reading])
            return
        odd = _odd_precision(evidence, run.crash)
        if odd is None:
            yield cls.finding(_message(run.crash), [reading], place=run.crash.place, op=len(run.ops))
            return
        yield cls.finding(
            f"{_split(evidence, odd)} {_message(run.crash)}",
            [reading],
            place=odd.place,
            op=len(run.ops),
            patch="model.float()  # one type for all layers; torch.autocast for a pass in half precision",
        )


def _odd_precision(evidence: Evidence, crash: Crash) -> Precision | None:
    """Return the rarer of two types of parameters where the exception speaks of types."""
    precisions = evidence.model.precisions
    if len(precisions) < 2 or not speaks_of_types(crash):
        return None
    return precisions[-1]


def _split(evidence: Evidence, odd: Precision) -> str:
    most = evidence.model.precisions[0]
    return (
        f"{odd.tensors} parameters from {odd.place.text} on are {odd.dtype} and {most.tensors} are {most.dtype}, "
        "which one operation does not take together."
    )


def _message(crash: Crash) -> str:
    lines = crash.message.strip().splitlines()
    where = f"`{crash.op}` at {crash.place.text}" if crash.op else crash.place.text
    operands = " and ".join(map(_operand, crash.operands))
    between = f" on {operands}" if operands else ""
    said = lines[0][:MESSAGE_LIMIT].rstrip(" .") if lines else "no message"
    return f"forward() raised {crash.type} in {where}{between}, with an input of {list(crash.input_shape)}: {said}."


def _operand(operand: Operand) -> str:
    if operand.parameter:
        return f"{list(operand.shape)} ({operand.parameter})"
    if operand.drawn_by == -1:
        return f"{list(operand.shape)} (the network's input)"
    return f"{list(operand.shape)} (from {operand.place.text})"
