"""UD212: one output channel is constant while others live."""

import math
from collections.abc import Iterator
from statistics import median

from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.pictures import inputs, op_at, place, readable
from unetdoctor.checks.remedies import last_layer_advice
from unetdoctor.facts import Evidence, Finding, Kind, Output, Reading, Run, Severity, Task

RATIO_LIMIT = 1e-3
"""Spread of a channel before the final activation over the median of the living ones. 0: a pruned or never trained
filter. .1 and more: the dullest channel of sound samples."""
ALPHA = 3
"""Index of the opacity in a picture of four channels, constant by design."""
_FUNCTION = "postprocess"
"""The operation that stands for the person's function."""
_PAIR = 2  # one of two logits held constant is a binary head


class DeadOutputChannel(Check):
    """One channel of the output is constant while the others vary: a colour is missing, or a class can never win.

    Symptom
        A picture without one of its colours; a class that appears everywhere or nowhere.
    Cause
        A filter of the last layer without weight: pruned, masked by its loss, or never reached by a gradient.
    Remedy
        Initialise that filter and train it; look at whether the loss ever sees this channel.
    Source
        "Why is my UNet model producing a grayscale output?" and "Why are inferences from a DeepLabV3 model trained on a
        custom dataset producing black images?". A channel is judged by its spread before the activation, relative to
        its neighbours, so that a class that is absent from a picture does not count as dead.
    """

    code = "UD212"
    name = "dead-output-channel"
    kind = Kind.SYMPTOM
    counterfactuals = last_layer_advice("UD302")

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for the output: its dullest channel, each channel on the input that favours it most."""
        task = evidence.intent.effective
        ratios: dict[int, float] = {}
        for output in (x for _, x in evidence.outputs if readable(x)):
            for index, ratio in _ratios(output):
                if not (task.is_picture and len(output.channels) > ALPHA and index == ALPHA):
                    ratios[index] = max(ratio, ratios.get(index, ratio))
        if not ratios or evidence.painted:
            return
        run, output = evidence.outputs[0]
        if _is_coloured(run, output):
            return
        where = place(evidence, run, output)
        dead = [index for index, ratio in ratios.items() if ratio < RATIO_LIMIT]
        worst = min(ratios.values())
        judged = len(ratios) > _PAIR and (task.is_picture or task in (Task.MULTICLASS, Task.MULTILABEL))
        named = f"channel {', '.join(map(str, dead[:8]))} is constant" if dead else "every channel lives"
        yield cls.finding(
            f"Of {len(ratios)} channels drawn by {where.text} {named}: the dullest spreads by {shown(worst)} of the "
            f"median of the living ones (at least {RATIO_LIMIT:g}) {inputs(evidence)}.",
            [Reading("spread of the dullest channel over the median of the living", worst, "x", lower=RATIO_LIMIT)],
            place=where,
            severity=_severity(evidence.model.trained, judged),
            op=output.drawn_by,
        )


def _is_coloured(run: Run, output: Output) -> bool:
    """Return whether the person's function colours what has another number of channels: a heat map lacks a colour."""
    drawn = op_at(run, output.drawn_by)
    made = _FUNCTION in output.final_ops and drawn is not None and len(drawn.shape) > 3
    return made and drawn is not None and drawn.shape[1] != len(output.channels)


def _severity(trained: bool, judged: bool) -> Severity:
    if not trained:
        return Severity.NOTE
    return Severity.ERROR if judged else Severity.WARNING


def _ratios(output: Output) -> Iterator[tuple[int, float]]:
    """Yield (channel, its spread over the median of the living ones), where any lives."""
    known = [x for x in output.channels if not math.isnan(x.raw_spread)]
    living = [x.raw_spread for x in known if x.raw_spread > 0]
    if living and len(known) > 1:
        middle = median(living)
        yield from ((x.index, x.raw_spread / middle) for x in known)
