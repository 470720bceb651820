"""UD406: a skip connection has no effect on the output."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.masking import dead_masks
from unetdoctor.checks.skips import (
    FRESH_LIMIT,
    LOUD,
    NOTHING,
    fresh_slice,
    is_dead,
    is_known,
    is_unread,
    joining,
    judged,
    left_joined,
    text,
)
from unetdoctor.facts import Evidence, Finding, Kind, Reading, Remedy, Severity, Skip

TRAINED_LIMIT = 1e-5
"""Least influence of a skip connection on the output of a trained network, over the output's own spread. Severed, with
zero weights or overwritten: exactly 0. 21 sound networks (14 of three libraries), trained for a moment, on three
inputs: .002 and more; the coarsest skip of a Swin transformer on 2x2 places: 9.6e-5."""


class SkipWithoutEffect(Check):
    """A skip connection has no effect on the output: replaced by its mean, it changes nothing.

    Symptom
        Blurred borders and lost detail: the network draws from its deep branch alone.
    Cause
        The skip is multiplied by zero, its weights in the layer that reads it are zero, it carries one constant, or
        what was joined is overwritten before it is read.
    Remedy
        Join the tensor that the encoder drew; let the next layer read all that was joined; draw the weights that read
        it anew. Each is tried, and the influence is measured again.
    Source
        Measured by replacing the branch by its mean in every channel where it is joined: sound networks of 3 libraries
        move by 1e-4 of their output's spread and more, severed ones by exactly 0. Before training, only what no
        initialisation does is more than a note: zero weights of one branch alone, or a branch that carries a signal and
        is lost between layers.
    """

    code = "UD406"
    name = "skip-without-effect"
    kind = Kind.CAUSE
    proves_itself = True
    proof_is_error = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for each skip connection whose influence was measured; none behind a mask of zeros."""
        if dead_masks(evidence.main):  # UD403 says it
            return
        limit = TRAINED_LIMIT if evidence.model.trained else FRESH_LIMIT
        for skip in judged(evidence):
            if not is_known(skip.influence) or is_dead(evidence, skip.shut_at):
                continue
            yield cls.finding(
                f"The skip connection of {skip.channels} channels at {text(skip.join_size)}, from {skip.source.text} "
                f"to {skip.place.text}, moves the output by {shown(skip.influence)} of its spread (at least "
                f"{limit:g}){_why(skip)}.",
                [Reading(_name(skip), skip.influence, "of the spread", lower=limit)],
                place=skip.place,
                severity=_severity(evidence, skip),
                remedies=_remedies(skip),
                op=skip.join,
            )


def _name(skip: Skip) -> str:
    return f"influence of the skip connection from {skip.source.layer or 'the input'} at {text(skip.join_size)}"


def _severity(evidence: Evidence, skip: Skip) -> Severity:
    if not evidence.model.trained:
        return Severity.WARNING if is_unread(skip) or _severed(skip) else Severity.NOTE
    return Severity.ERROR if skip.influence <= NOTHING and skip.reaches else Severity.WARNING


def _severed(skip: Skip) -> bool:
    """Return whether the skip is lost on the way, through no weight that training could change."""
    lost = skip.cut if skip.signal <= NOTHING else skip.overwritten and skip.signal > LOUD * skip.deep_signal
    joined = skip.kind == "cat" or skip.blotted  # a sum may have a gate that starts at 0
    return skip.reaches and joined and skip.influence <= 0 < skip.deep_influence and lost


def _why(skip: Skip) -> str:
    if not skip.reaches:
        return ": nothing that the output is made of reads the join"
    if skip.signal <= NOTHING:
        return ": it carries one constant in every channel"
    if skip.weight <= NOTHING * skip.deep_weight:
        return f": the weights of {skip.consumer.layer} that read it are zero"
    return ""


def _remedies(skip: Skip) -> Iterator[Remedy]:
    if skip.reaches and skip.signal <= NOTHING and (skip.reconnects or skip.cut):
        yield Remedy(
            action="reconnect_skip",
            place=skip.place,
            parameters={"join": skip.join, "operand": skip.operand, "at": skip.cut_at},
            title=f"join what {skip.source.layer or 'the encoder'} drew",
            patch=f"joined = {joining(skip)}  # skip: the tensor from {skip.source.text}, unchanged",
            cause="UD406",
            scope=1,
        )
    elif skip.weight <= NOTHING * skip.deep_weight:
        yield fresh_slice(skip, "skip", "UD406")
    elif skip.reaches and skip.overwritten:
        yield left_joined(skip, "UD406")
    else:
        yield Remedy(
            action="structural",
            place=skip.place,
            title="let the joined tensor, skip connection included, reach the next layer",
            cause="UD406",
            scope=2,
        )
