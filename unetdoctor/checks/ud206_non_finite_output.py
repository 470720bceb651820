"""UD206: NaN or Inf in the output."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.graph import non_finite_origin, non_finite_severity
from unetdoctor.checks.pictures import non_finite_share, place, worst
from unetdoctor.checks.remedies import REPLACE_NON_FINITE, STATISTICS
from unetdoctor.facts import Evidence, Finding, Kind, Reading

SHARE_LIMIT = 0.0
"""Share of NaN and infinite values, in %. 0: sound, always. Half-precision overflow left 12.7 % in a measured
network; one NaN weight leaves 100 %."""


class NonFiniteOutput(Check):
    """The output holds NaN or infinite values, which become black when they are cast to 8 bits.

    Symptom
        Black pictures or black holes; NaN cast to uint8 is 0.
    Cause
        Non-finite weights (UD307), an overflow in half precision, a root, logarithm or power of a negative number, a
        division by zero.
    Remedy
        That of the cause, at the first operation whose result is not finite although its operands are: the message
        names it.
    Source
        28 of 303 public threads. A ratio of largest activation to 65504 of 2.1 gave 12.7 % NaN in fp16, one of 0.42
        none.
    """

    code = "UD206"
    name = "non-finite-output"
    kind = Kind.SYMPTOM
    accounted_for_by = ("UD405",)
    warning_is_final = True
    counterfactuals = (REPLACE_NON_FINITE, *STATISTICS)

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for the run with the largest share; a constant input is a picture without a motif."""
        chosen = worst(evidence)
        if chosen is None:
            return
        run, output = chosen
        share = 100 * non_finite_share(evidence, output)
        origin = non_finite_origin(run) if share else None
        where = origin.place if origin is not None else place(evidence, run, output)
        probe = f"`{run.probe.name}`{', which is one even tone' if run.probe.constant else ''}"
        first = f", first after `{origin.name}` at {where.text}" if origin is not None else f", drawn by {where.text}"
        whose = f"the output's values are not finite (at most {SHARE_LIMIT:g} %; {output.nan} NaN and "
        whose += f"{output.infinite} infinite of {output.count})"
        if evidence.hidden is not None and not output.non_finite:
            by = f"`{evidence.hidden.by}`" if evidence.hidden.by else "what follows"
            whose = f"the values that {place(evidence, run, output).text} drew are not finite (at most "
            whose += f"{SHARE_LIMIT:g} %), which {by} hides"
        yield cls.finding(
            f"{shown(share)} % of {whose} on the probe {probe}{first}.",
            [Reading("share of NaN and Inf", share, "%", upper=SHARE_LIMIT)],
            place=where,
            severity=non_finite_severity(run, origin),
            op=origin.index if origin is not None else output.drawn_by,
        )
