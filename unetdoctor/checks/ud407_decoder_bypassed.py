"""UD407: the deep branch has no effect on the output: a skip connection draws the picture alone."""

from collections.abc import Iterator
from dataclasses import replace

from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.remedies import initialise_layer
from unetdoctor.checks.skips import (
    FRESH_LIMIT,
    LOUD,
    NOTHING,
    fresh_slice,
    is_dead,
    is_known,
    joining,
    judged,
    left_joined,
    text,
)
from unetdoctor.facts import Evidence, Finding, Kind, Reading, Remedy, Severity, Skip

TRAINED_LIMIT = 1e-5
"""Least influence of the deep branch on the output of a trained network, over the output's own spread. Cut off, or with
zero weights: exactly 0. 21 sound networks (14 of three libraries), trained for a moment, on three inputs: 6.7e-4 and
more at the coarsest join, .09 and more at the finest."""


class DecoderBypassed(Check):
    """The deep branch has no effect on the output: all that is drawn comes through a skip connection.

    Symptom
        Sharp borders without sense: the network sees a few pixels at a time and knows nothing of the whole picture.
    Cause
        The deep branch is multiplied by zero or dead, its weights in the layer that reads it are zero, or what the
        decoder drew is overwritten.
    Remedy
        Let the decoder's features reach the join, and the next layer read all of it; draw the weights that read them,
        or an upsampling layer of zeros, anew. Each is tried, and the influence is measured again.
    Source
        Measured by replacing the branch by its mean in every channel where it is joined: sound networks of 3 libraries
        move by 7e-4 of their output's spread and more, those cut off by exactly 0. A network that adds a
        correction to its own input is left out: there a small correction is the aim.
    """

    code = "UD407"
    name = "decoder-bypassed"
    kind = Kind.CAUSE
    proves_itself = True
    proof_is_error = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for each join whose deep branch was replaced."""
        limit = TRAINED_LIMIT if evidence.model.trained else FRESH_LIMIT
        joins = {x.join: x for x in judged(evidence) if is_known(x.deep_influence) and x.reaches and not x.from_input}
        finest = max(joins, default=None)
        for skip in joins.values():
            if is_dead(evidence, skip.deep_shut_at):
                continue
            dead = skip.deep_influence <= NOTHING and skip.join == finest and evidence.model.trained
            grave = Severity.ERROR if dead else Severity.WARNING
            yield cls.finding(
                f"What comes up from {text(skip.bottom_size)} and is joined at {text(skip.join_size)} at "
                f"{skip.place.text} moves the output by {shown(skip.deep_influence)} of its spread (at least "
                f"{limit:g}){_why(skip)}.",
                [Reading(_name(skip), skip.deep_influence, "of the spread", lower=limit)],
                place=skip.place,
                severity=grave if evidence.model.trained else _fresh_severity(skip),
                remedies=_remedies(skip),
                op=skip.join,
            )


def _fresh_severity(skip: Skip) -> Severity:
    """Return how bad it is before training: no initialisation zeroes the weights of one branch beside another's."""
    half_zero = skip.weight > 0 and skip.deep_weight <= NOTHING * skip.weight
    return Severity.WARNING if half_zero or _severed(skip) else Severity.NOTE


def _severed(skip: Skip) -> bool:
    """Return whether the deep branch is lost on the way, and that is not how a branch is made to start as nothing."""
    if skip.deep_signal <= NOTHING:
        lost = skip.deep_cut or (bool(skip.deep_blank.layer) and not skip.deep_starts)
    else:
        lost = skip.overwritten and skip.deep_signal > LOUD * skip.signal
    return skip.kind == "cat" and skip.deep_influence <= 0 < skip.influence and lost


def _name(skip: Skip) -> str:
    return f"influence of the deep branch at {text(skip.join_size)}"


def _why(skip: Skip) -> str:
    if skip.deep_signal <= NOTHING:
        blank = f", since the weights of {skip.deep_blank.layer} are all zero" if skip.deep_blank.layer else ""
        return f": it carries one constant in every channel{blank}"
    if skip.deep_weight <= NOTHING * skip.weight:
        return f": the weights of {skip.consumer.layer} that read it are zero"
    return ""


def _remedies(skip: Skip) -> Iterator[Remedy]:
    if skip.deep_weight <= NOTHING * skip.weight:
        yield fresh_slice(skip, "deep", "UD407")
    elif skip.deep_signal <= NOTHING and skip.deep_blank.layer:
        yield replace(initialise_layer(skip.deep_blank, "UD407"), action="fresh_branch", parameters=_at(skip))
    elif skip.deep_signal <= NOTHING and skip.deep_cut:
        yield Remedy(
            action="reconnect_skip",
            place=skip.place,
            parameters={**_at(skip), "branch": "deep", "at": skip.deep_cut_at},
            title="join what the decoder drew, unchanged",
            patch=f"joined = {joining(skip)}  # deep: what the decoder drew, unchanged",
            cause="UD407",
            scope=1,
        )
    elif skip.overwritten:
        yield left_joined(skip, "UD407")
    else:
        yield Remedy(
            action="structural",
            place=skip.place,
            title="let what the decoder drew reach the join",
            cause="UD407",
            scope=2,
        )


def _at(skip: Skip) -> dict[str, object]:
    return {"join": skip.join, "operand": skip.operand}
