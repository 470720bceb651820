"""UD408: skip connections are joined at one another's level."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.skips import text
from unetdoctor.facts import Evidence, Finding, Kind, Reading, Remedy, Severity, Skip

APART_LIMIT = 0.01
"""Distance of what is joined from the level's own skip connection, over its spread. Another level's: 1.0-2.6; with the
skips exchanged: 0."""
MISFIT_LIMIT = 0.6
"""Mean |ln(batch variance / stored variance)| behind crossed joins, from which the weights were not trained so. A U-Net
of residual blocks on its own pictures: .73-1.5 crossed, .26 exchanged."""
MISFIT_RATIO = 1.5
"""The same over what it is with the skips exchanged. 2.8-5.9: trained the other way round. 1: the exchange tells
nothing."""


class SkipsCrossed(Check):
    """Skip connections are joined at one another's level: each was resized to fit, and would fit elsewhere without.

    Symptom
        Blurred borders although the skips have an effect: fine detail is squeezed into the coarse level, and the
        fine level gets an enlarged coarse map.
    Cause
        A list of skips that is read in the order in which it was filled, without reversed(); an interpolate() that was
        put in when torch.cat refused the sizes.
    Remedy
        Read the list from its end, and take the interpolate() out.
    Source
        The resolutions on both sides, read from the graph. The skips are exchanged in an experiment: where the stored
        statistics fit so much better then, that is how the network was trained, and it is an error. A join that also
        gets a skip of its own resolution (full-scale skips, pyramid heads) is in order; none of 50 sound networks has
        a crossed one.
    """

    code = "UD408"
    name = "skips-crossed"
    kind = Kind.CAUSE
    proves_itself = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding over all skip connections of the network."""
        joins = {x.join for x in evidence.skips}
        if len(joins) < 2:
            return
        crossed = _lacking(_crossed(evidence.skips))
        place = crossed[0].place if crossed else evidence.skips[0].place
        yield cls.finding(
            _message(crossed, len(joins)),
            [Reading("joins that get another level's skip connection", len(crossed), "joins", upper=0)],
            place=place,
            severity=Severity.ERROR if evidence.model.trained and _misfit(crossed) else Severity.WARNING,
            remedies=_remedies(crossed) if crossed else (),
            op=crossed[0].join if crossed else evidence.skips[0].join,
        )


def _crossed(skips: Sequence[Skip]) -> list[Skip]:
    """Return the skips of joins without a fitting one, whose own resolution is that of another such join."""
    fitting = {x.join for x in skips if not x.resized}
    lone = [x for x in skips if x.join not in fitting and sum(y.join == x.join for y in skips) == 1]
    while True:
        wanted, offered = {x.join_size for x in lone}, {x.size for x in lone}
        kept = [x for x in lone if x.size in wanted and x.join_size in offered]
        if len(kept) == len(lone):
            return kept
        lone = kept


def _lacking(crossed: list[Skip]) -> list[Skip]:
    """Return the crossed skips but for those that an experiment put in one another's place."""
    return [x for x in crossed if not x.apart <= APART_LIMIT]


def _misfit(crossed: Sequence[Skip]) -> Skip | None:
    """Return the worst of the joins behind which the stored statistics fit far better with the skips exchanged."""
    known = [x for x in crossed if x.misfit > max(MISFIT_LIMIT, MISFIT_RATIO * x.misfit_exchanged)]
    return max(known, key=lambda x: x.misfit, default=None)


def _message(crossed: Sequence[Skip], joins: int) -> str:
    if not crossed:
        return f"{joins} joins get skip connections of their own level."
    said = ", ".join(f"{text(x.size)} is joined at {text(x.join_size)} ({x.place.text})" for x in crossed[:4])
    worst = _misfit(crossed)
    fits = (
        f"; behind {worst.place.text} the variances lie e^{shown(worst.misfit)} from the stored ones, with the skips "
        f"exchanged e^{shown(worst.misfit_exchanged)}"
        if worst
        else ""
    )
    return (
        f"{len(crossed)} of {joins} joins get the skip connection of another level, resized to fit (at most 0): "
        f"{said}{fits}."
    )


def _remedies(crossed: Sequence[Skip]) -> Iterator[Remedy]:
    if any(x.exchangeable for x in crossed):
        yield replace(
            _exchange(crossed), action="exchange_skips", title="join each level's own skip connection", scope=1
        )
    yield _exchange(crossed)


def _exchange(crossed: Sequence[Skip]) -> Remedy:
    return Remedy(
        action="structural",
        place=crossed[0].place,
        title="join each level's own skip connection, and train anew",
        patch="for up, skip in zip(ups, reversed(skips)):  # the last level down is the first level up\n"
        "    x = torch.cat([up(x), skip], dim=1)  # without interpolate()",
        cause="UD408",
        scope=2,
    )
