"""Questions to the scores beside a person's masks that several checks ask."""

from unetdoctor.checks.pictures import op_at
from unetdoctor.facts import Evidence, MaskScores, Output, Place, Run

FITS = 0.6
"""Dice from which an output fits its masks well enough to say what is wrong with the rest. 0-.5: swapped classes,
a wrong threshold, noise. .83-1: seven trained networks, whole or with a coarse, shifted or blocky output."""


def judged(evidence: Evidence) -> MaskScores | None:
    """Return the scores of a trained network; None without masks, and for fresh weights, of which they say nothing."""
    return evidence.scores if evidence.model.trained else None


def fits(evidence: Evidence) -> bool:
    """Return whether the output of a trained network fits the masks, as they were read."""
    scores = judged(evidence)
    return scores is not None and scores.dice >= FITS


def marked_run(evidence: Evidence) -> tuple[Run, Output] | None:
    """Return the first pass that has a mask, with its output."""
    if evidence.scores is None:
        return None
    first = evidence.scores.pairs[0]
    return next(((r, r.output) for r in evidence.runs if r.probe.name == first and r.output is not None), None)


def ending(evidence: Evidence) -> tuple[Place, int | None]:
    """Return where the output is decided, and its op: the last one that is known, else what drew it."""
    pair = marked_run(evidence)
    if pair is None:
        return Place(), None
    run, output = pair
    op = op_at(run, output.activation_op) or op_at(run, output.drawn_by)
    return (op.place, op.index) if op is not None else (Place(), None)


def pictures(scores: MaskScores) -> str:
    """Return over how many pictures something was counted: `over 3 pictures with masks`."""
    count = len(scores.pairs)
    return "beside the one mask" if count == 1 else f"over {count} pictures with masks"
