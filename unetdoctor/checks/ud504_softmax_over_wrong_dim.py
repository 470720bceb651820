"""UD504: the final softmax, or the argmax, runs over the samples, the height or the width."""

from collections.abc import Iterator, Sequence

from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.pictures import op_at, readable
from unetdoctor.facts import (
    Attention,
    Evidence,
    Finding,
    Finish,
    Kind,
    Misread,
    Output,
    Place,
    Reading,
    Remedy,
    Severity,
    Task,
)

SUM_LIMIT = 0.05
"""Largest distance of a sum over the channels from 1. 2e-7: a softmax over the channels. 1-2: one over samples, height
or width."""
_PICTURE_AXES = 4
_WEIGHTS = "distance of attention weights from a sum of 1"
WEIGHTS_LIMIT = 0.05
"""Mean distance from 1 of the weights that attention sums with. 0-2e-7: softmax over the keys. .38: over the queries.
15: over four heads."""
FOLLOWS_LIMIT = 50.0
"""Part of the colours of a class map that the class with the largest score tells, in %. 100: sound maps, less where
small parts are taken away or doubtful places are grey. 0-.2: scores that were reshaped; 0: another size."""


class SoftmaxOverWrongDim(Check):
    """A softmax or argmax runs over another axis than the one that is summed or chosen over.

    Symptom
        At the output, stripes or even grey instead of probabilities; a picture that changes with the others in its
        batch. Of an argmax: a map of [N, C, W] that holds row numbers, where class ids of [N, H, W] are meant. Where
        nothing says that classes are meant, it is a note: some networks look for the row of a surface in every column.
    Cause
        dim=0, -1 or 2 (or none) of softmax or argmax, where the channels of [N, C, H, W] are axis 1; in attention that
        is written out, a softmax over heads or queries where the product with the values sums over keys.
    Remedy
        dim=1 for channels; dim=-1 for scores of attention.
    Source
        The axis of the channels is followed on the graph from the layer that drew the output, through every permutation
        and view; sums over channels of the drawn values confirm it. A softmax over all places together (a heatmap) is
        none of these and is not judged. Of attention the weights are followed from the product of queries and keys to
        the product with the values; where other arithmetic lies between, nothing is said. The sums lie 1 to 2 from 1
        where the dimension is wrong, 2e-7 where it is right.
    """

    code = "UD504"
    name = "softmax-over-wrong-dim"
    kind = Kind.CAUSE
    proves_itself = True
    proof_is_error = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for a final softmax whose axes are known, and one for an argmax that ends the network."""
        yield from cls._decision(evidence)
        yield from cls._by_function(evidence)
        yield from cls._attention(evidence)
        run = evidence.main
        sums = [x.head.channel_sum_error for _, x in evidence.outputs if readable(x) and x.head is not None]
        finish = evidence.finishes[-1] if evidence.finishes else None
        if run is None or finish is None or not sums or not _known(finish):
            return
        op = op_at(run, finish.op)
        where = op.place if op is not None else Place()
        wrong = finish.dim != finish.channels
        channels = finish.shape[finish.channels or 0]
        noun = "channels are" if channels > 1 else "channel is"
        yield cls.finding(
            f"`{finish.kind}` at {where.text} runs over axis {finish.dim} ({finish.size} {_axis(finish)}) of "
            f"{'x'.join(map(str, finish.shape))}, whose {channels} {noun} axis {finish.channels}: sums over the "
            f"channels are up to {shown(max(sums))} away from 1 (at most {SUM_LIMIT:g}).",
            [Reading("distance of channel sums from 1", max(sums), upper=SUM_LIMIT if wrong else None)],
            place=where,
            severity=Severity.ERROR if evidence.model.trained else Severity.WARNING,
            remedies=[_over_channels(finish, where) if channels > 1 else _sigmoid(finish, where)],
            op=finish.op,
        )

    @classmethod
    def is_proof(cls, finding: Finding, evidence: Evidence) -> bool:
        """Return whether its own reading is proof of harm: a network can be trained to another kind of attention."""
        return finding.readings[0].name != _WEIGHTS

    @classmethod
    def _attention(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for all attention that is written out."""
        found = evidence.attentions
        if not found:
            return
        wrong = [x for x in found if x.error > WEIGHTS_LIMIT and x.dim != x.right]
        worst = max(wrong or found, key=lambda x: x.error)
        yield cls.finding(
            f"`softmax` at {worst.place.text} runs over axis {worst.dim} of {'x'.join(map(str, worst.shape))}, and the "
            f"product with the values sums over axis {worst.right}: these weights add up to 1 give or take "
            f"{shown(worst.error)} (at most {WEIGHTS_LIMIT:g}). Layers of attention of this kind: {len(wrong)} of "
            f"{len(found)}.",
            [Reading(_WEIGHTS, worst.error, upper=WEIGHTS_LIMIT if wrong else None)],
            place=worst.place,
            severity=Severity.WARNING,
            remedies=[_over_keys(wrong)] if wrong else (),
            op=worst.op,
        )

    @classmethod
    def _decision(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield a finding for a final argmax over one axis of [N, C, H, W]; points of a heatmap are another task."""
        run = evidence.main
        finish = evidence.finishes[-1] if evidence.finishes else None
        if run is None or finish is None or finish.kind != "argmax" or not _has_axes(finish):
            return
        op = op_at(run, finish.op)
        where = op.place if op is not None else Place()
        channels = finish.channels or 0
        if finish.shape[channels] == 1:  # depths of a cost volume
            return
        wanted = tuple(size for axis, size in enumerate(finish.shape) if axis != channels)
        wrong = finish.dim != channels
        agreeing = _agreeing(run.output, finish, wanted) if wrong and run.output is not None else len(wanted)
        yield cls.finding(
            f"`argmax` at {where.text} runs over axis {finish.dim} ({finish.size} {_axis(finish)}) of "
            f"{'x'.join(map(str, finish.shape))}, whose {finish.shape[channels]} channels are axis {channels}: "
            f"{agreeing} of {len(wanted)} axes of the result are those of a class map.",
            [Reading("axes that are those of a class map", agreeing, "axes", lower=len(wanted))],
            place=where,
            severity=_gravity(evidence, finish),
            remedies=[_over_channels(finish, where)],
            op=finish.op,
        )

    @classmethod
    def _by_function(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield a finding for a function through NumPy or Pillow whose picture another axis explains."""
        found = evidence.misread
        if found is None:
            return
        yield cls.finding(
            f"The function at {found.place.text} draws the largest of {found.how}, and not the class with the largest "
            f"score: that tells {100 * max(found.follows, 0):.0f} % of its colours (at least {FOLLOWS_LIMIT:g} %).",
            [
                Reading(
                    "colours that the class with the largest score tells", 100 * found.follows, "%", lower=FOLLOWS_LIMIT
                )
            ],
            place=found.place,
            severity=Severity.ERROR if evidence.model.trained else Severity.WARNING,
            remedies=[_class_of_channels(found, cls.code)],
            op=found.op,
        )


def _over_keys(wrong: Sequence[Attention]) -> Remedy:
    first = wrong[0]
    dim = -1 if first.right == len(first.shape) - 1 else first.right
    return Remedy(
        action="attend_over",
        place=first.place,
        parameters={"axes": [[x.op, x.right] for x in wrong]},
        title=f"softmax over axis {first.right}, which the product with the values sums over",
        patch=f"weights = scores.softmax(dim={dim})",
        cause="UD504",
        scope=1,
    )


def _class_of_channels(found: Misread, code: str) -> Remedy:
    return Remedy(
        action="choose_class",
        place=found.place,
        parameters={"classes": found.classes},
        title="take the largest over axis 1, the channels",
        patch="ids = y.argmax(1)[0]  # class ids [H, W]; from [C, H, W] to [H, W, C]: transpose(1, 2, 0), no reshape",
        cause=code,
        scope=1,
    )


def _agreeing(output: Output, finish: Finish, wanted: tuple[int, ...]) -> int:
    """Return how many axes of what was drawn have the size that they have in a class map."""
    drawn = output.shape
    if len(drawn) == len(finish.shape):  # keepdim
        single = next((axis for axis, size in enumerate(drawn) if size == 1), len(drawn))
        drawn = (*drawn[:single], *drawn[single + 1 :])
    return sum(a == b for a, b in zip(drawn, wanted, strict=False))


def _gravity(evidence: Evidence, finish: Finish) -> Severity:
    """Return how bad it is: the row of a surface in every column is a task of its own, class ids are none of it."""
    intent, channels = evidence.intent, finish.shape[finish.channels or 0]
    declared = intent.task is Task.MULTICLASS or intent.classes == channels
    scored = any(x.kind in ("softmax", "log_softmax") and x.dim == x.channels for x in evidence.finishes)
    return Severity.ERROR if declared or scored else Severity.NOTE


def _over_channels(finish: Finish, place: Place) -> Remedy:
    return Remedy(
        action="softmax_over",
        place=place,
        parameters={"op": finish.op, "dim": finish.channels},
        title=f"{finish.kind} over axis {finish.channels}",
        patch=f"torch.{finish.kind}(logits, dim={finish.channels})",
        cause="UD504",
        scope=1,
    )


def _sigmoid(finish: Finish, place: Place) -> Remedy:
    return Remedy(
        action="decide_one_channel",
        place=place,
        parameters={"ops": [finish.op], "threshold": 0.0},
        title="sigmoid instead of it, since there is one channel",
        patch="return torch.sigmoid(logits)",
        cause="UD504",
        scope=1,
    )


def _known(finish: Finish) -> bool:
    """Return whether its axes are known; one channel compared with itself is UD503's."""
    return _has_axes(finish) and finish.kind in ("softmax", "log_softmax")


def _has_axes(finish: Finish) -> bool:
    known = finish.dim is not None and finish.channels is not None and len(finish.shape) >= _PICTURE_AXES
    return known and finish.ends and max(finish.size, finish.shape[finish.channels or 0]) > 1


def _axis(finish: Finish) -> str:
    if finish.dim == 0:
        return "samples"
    return "channels" if finish.dim == finish.channels else "rows or columns"
