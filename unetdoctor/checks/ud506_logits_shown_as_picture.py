"""UD506: an output without a final activation is shown in a range that it does not keep."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.pictures import best, display, op_at, place
from unetdoctor.checks.remedies import final_activation
from unetdoctor.facts import Evidence, Finding, Kind, Reading, Severity

OUTSIDE_LIMIT = 10.0
"""Share of values outside the declared range, in %. Under 5: the overshoot of a linear restoration head. 97: logits
shown as 0..1."""
ENDS = {(0.0, 1.0): "sigmoid", (-1.0, 1.0): "tanh"}
"""Range -> the activation that keeps it."""


class LogitsShownAsPicture(Check):
    """The network returns logits, and they are shown, saved or thresholded as if they were values of a range.

    Symptom
        Black and burnt areas, speckles where uint8 wraps, a mask that is far too small at a threshold of .5.
    Cause
        Training applied the activation within the loss (BCEWithLogitsLoss, CrossEntropyLoss); inference does not.
    Remedy
        sigmoid once before showing (tanh for -1..1), or a threshold of 0.
    Source
        "Why is my UNet model producing a grayscale output?" and "Why are inferences from a DeepLabV3 model trained on a
        custom dataset producing black images?"; 97 % of logits lie outside 0..1. Judged only where a range was declared
        (`--range`), since an output without activation may be anything.
    """

    code = "UD506"
    name = "logits-shown-as-picture"
    kind = Kind.CAUSE
    axes = (2, 3)

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for an output without final activation under a declared range."""
        chosen = best(evidence, lambda x: -x.outside)
        wanted = evidence.intent.display_range
        if chosen is None or wanted is None or chosen[1].activation or chosen[1].display.decode != "as is":
            return
        run, output = chosen
        kind = ENDS.get(wanted)
        last = op_at(run, output.drawn_by)
        where = place(evidence, run, output)
        yield cls.finding(
            f"No activation follows {where.text}: {shown(100 * output.outside)} % of its values, "
            f"{shown(output.minimum)} to {shown(output.maximum)}, lie outside {display(output)} (at most "
            f"{OUTSIDE_LIMIT:g} %).",
            [Reading("share of values outside the declared range", 100 * output.outside, "%", upper=OUTSIDE_LIMIT)],
            place=where,
            severity=Severity.WARNING if evidence.model.trained else Severity.NOTE,
            remedies=[final_activation(kind, cause=cls.code)] if kind else [],
            op=last.index if last is not None else None,
            patch=f"picture = torch.{kind}(output)" if kind else "",
        )
