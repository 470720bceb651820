"""UD309: running statistics that do not belong to what the network computes."""

import math
from collections.abc import Iterator, Sequence

from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.feeding import misfed
from unetdoctor.checks.graph import apart, statistics_gap, statistics_limit, stored_statistics
from unetdoctor.checks.pictures import best, contrast, flatness, most_changed
from unetdoctor.checks.remedies import statistics_for
from unetdoctor.facts import Evidence, Finding, Kind, NormStatistics, Reading, Remedy, Severity

ABSURD_LIMIT = 15.0
"""|ln(batch variance / stored variance)| of a layer behind the first normalisation. Trained networks on noise: up to
3.5; one trained on 0..255 and fed with N(0, 1): 7.9 at its first layer, 5.8 behind it. Stored variances times 1e6 or
1e-6: 18-52."""
ABSURD_FRESH_LIMIT = 10.0
"""The same of statistics that were filled around fresh weights, which normalise what they were filled with. Up to 1:
filled by passes in train(). 13.6-14: variances times 1e6."""
CALM_LIMIT, CALM_SHIFT = 5.0, 0.5
"""Largest gap by which the variance of one's own pictures may be too small, and deviations by which their mean may lie
off, to be a note where the picture is not dull: they have less contrast than those of training. 4.5 and .13: a sound
network with ReLU in front of its normalisation (Dice .73) on three unseen photographs. 5.6-6.4: statistics of other
weights."""
GAP_LIMIT = 0.7
"""How far the output may lie from the one on the photographs' own statistics, over the spread of both. 12 sound
networks on 1 to 6 photographs like those of training: .07-.43, one .61 and, with a single photograph, .69. The same
with statistics that were reset, of other channels or four times as wide: .54-3.0; halfway to a reset, or of a fifth of
the training: .41-1.5. Where no variance is off as well it is a note."""
GAP_PICTURES = 3
"""Photographs, as rich in contrast as those of training, from which that is judged."""
DULL_LOGITS = 0.5
"""Spread of a mask's logits under which it is flat."""
DULL_CHANGE = 0.05
"""Change of the output between two inputs under which it is the same, over its deviation."""


class BatchnormStatisticsWrong(Check):
    """The stored statistics of a normalisation layer are far from those of what it normalises.

    Symptom
        One even tone, saturated colours, or the same picture for every input in eval(); sound in train().
    Cause
        Statistics of other weights (an EMA copy, a checkpoint that was merged or resumed); training with batches of
        one; a diverged pass in train() that left huge variances; inputs on another scale than in training; skip
        connections that are concatenated in another order than in training.
    Remedy
        Feed what training fed, join what training joined; else fill the statistics anew with some tens of passes in
        train() over real inputs. The other order of concatenations, batch statistics and recalibrated ones are tried,
        and the picture's own check reads the result.
    Source
        Resetting the statistics of a trained network takes the Dice from .94 to .30. Noise is not what a network was
        trained on, and sound networks differ on it by a factor of e^3.5: a gap counts only where it is beyond that and
        the picture is dull, where one's own pictures are fed, or where no input could explain it. Where they are fed
        otherwise than in training, UD601 says so, and the statistics are not judged. With photographs the output on
        stored statistics (eval) is set beside the one on statistics averaged over them (train).
    """

    code = "UD309"
    name = "batchnorm-statistics-wrong"
    kind = Kind.CAUSE
    proves_itself = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for the layer with the largest gap; layers that were never filled are left out."""
        norms = stored_statistics(evidence)
        real = evidence.main is not None and evidence.main.probe.real
        told = real or _is_dull(evidence)
        judged = norms if told else [x for x in norms if x.layer != evidence.model.norms[0].layer]
        if not judged or misfed(evidence):
            return
        limit = statistics_limit(evidence) if told else _absurd_limit(evidence)
        most = max(judged, key=statistics_gap)
        gap = statistics_gap(most)
        variance = Reading("logarithm of batch over stored variance", gap, upper=limit)
        between = _between_modes(evidence)
        yield cls.finding(
            f"At {most.place.text} the variance of the batch is {apart(most)} than the stored one "
            f"(at most {shown(math.exp(limit))} times), and its mean {shown(most.mean_shift)} deviations away."
            f"{_said(between, evidence)}",
            [variance, *between],
            place=most.place,
            severity=Severity.NOTE
            if variance.holds
            else _severity(evidence, absurd=_is_absurd(evidence, norms), real=real and not _is_calm(evidence, most)),
            remedies=() if variance.holds else (*_exchanged(evidence, limit), *statistics_for(evidence)),
            op=norms[0].op,
        )


def _exchanged(evidence: Evidence, limit: float) -> Iterator[Remedy]:
    """Yield the other order of every concatenation of two branches, where the stored statistics fit that one."""
    joins = sorted({x.join: x for x in evidence.skips if x.kind == "cat"}.items())
    if joins and evidence.exchanged_gap <= limit:
        yield Remedy(
            action="exchange_joined",
            place=joins[0][1].place,
            parameters={"joins": [op for op, _ in joins]},
            title="concatenate each skip connection and its deep branch in the other order",
            patch="x = torch.cat([b, a], dim=1)  # where the code has [a, b]",
            cause="UD309",
            scope=0,
        )


def _between_modes(evidence: Evidence) -> list[Reading]:
    """Return how far eval() and train() lie apart on photographs; without a bound where these are few."""
    if evidence.modes is None:
        return []
    told = evidence.modes.pictures >= GAP_PICTURES
    upper = GAP_LIMIT if told and evidence.model.trained else None
    return [Reading("difference between eval and train mode", evidence.modes.relative, "x", upper=upper)]


def _said(between: Sequence[Reading], evidence: Evidence) -> str:
    if not between or evidence.modes is None:
        return ""
    count = evidence.modes.pictures
    own = "of the photograph itself" if count == 1 else f"averaged over the {count} photographs"
    limit = f" (at most {GAP_LIMIT:g})" if between[0].upper is not None else ""
    return f" On statistics {own} the output differs by {shown(between[0].value)} of its spread{limit}."


def _severity(evidence: Evidence, *, absurd: bool, real: bool) -> Severity:
    """Return how bad it is: statistics that no input explains make what training left useless."""
    if absurd and real and evidence.model.trained:
        return Severity.ERROR
    return Severity.WARNING if absurd or real else Severity.NOTE


def _is_calm(evidence: Evidence, norm: NormStatistics) -> bool:
    """Return whether pictures that are calmer than training's explain the gap."""
    calm = norm.log_variance_ratio < 0 and norm.mean_shift < CALM_SHIFT
    return calm and statistics_gap(norm) <= CALM_LIMIT and not _is_dull(evidence)


def _absurd_limit(evidence: Evidence) -> float:
    return ABSURD_LIMIT if evidence.model.trained else ABSURD_FRESH_LIMIT


def _is_absurd(evidence: Evidence, norms: Sequence[NormStatistics]) -> bool:
    """Return whether no input explains a gap: one behind the network's first normalisation."""
    first = evidence.model.norms[0].layer
    return any(statistics_gap(x) > _absurd_limit(evidence) for x in norms if x.layer != first)


def _is_dull(evidence: Evidence) -> bool:
    """Return whether the picture has no contrast or does not depend on the input: then an experiment can tell."""
    segmentation = evidence.intent.effective.is_segmentation
    chosen = best(evidence, lambda x: x.raw_spread if segmentation else contrast(x)[0])
    if chosen is None:
        return False
    flat = (
        chosen[1].raw_spread < DULL_LOGITS
        if segmentation
        else not any(reading.holds for reading in flatness(chosen[1]))
    )
    moved = [most_changed(evidence, kind)[0] for kind in ("inputs", "latents")]
    return flat or any(x is not None and x.relative < DULL_CHANGE for x in moved)
