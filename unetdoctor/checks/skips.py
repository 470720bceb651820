"""Questions about skip connections that several checks ask."""

from unetdoctor.checks.graph import dead_activation, statistics_gap, statistics_limit, stored_statistics
from unetdoctor.facts import Evidence, Remedy, Skip

NOTHING = 1e-6
"""Influence on the output, over its spread, at which a branch is wholly without effect: rounding."""
FRESH_LIMIT = 1e-9
"""The same for fresh networks, whose signal grows weaker from level to level: 1.3e-6 at a sound one's bottom, with
running statistics that were never filled. Exactly 0: severed."""

ALIVE = 1e-3
"""Influence of a branch that nothing drowns. Trained networks: .002 and more."""
LOUD = 1e-3
"""Spread of a branch over that of the other one at the join from which rounding cannot swallow its influence. Below
1e-7 float32 does. The weaker branch of 25 sound networks: .04-1 trained, .0004-1 fresh."""


def is_known(value: float) -> bool:
    """Return whether an influence was measured."""
    return value == value


def judged(evidence: Evidence) -> tuple[Skip, ...]:
    """Return the skips that can be judged: those from the last join on whose deep branch is without effect.

    What was joined before that can reach the output only through the dead branch. Where running statistics are wrong,
    which makes one branch drown the other, only what no statistics bring about is left, and what is well.
    """
    limit = statistics_limit(evidence)
    if any(statistics_gap(x) > limit for x in stored_statistics(evidence)):
        return tuple(x for x in evidence.skips if _is_alive(x) or _is_severed(x))
    dead = [x.join for x in evidence.skips if x.deep_influence <= NOTHING and x.reaches]
    return tuple(x for x in evidence.skips if not dead or x.join >= max(dead))


def _is_alive(skip: Skip) -> bool:
    return skip.influence > ALIVE and not skip.deep_influence <= ALIVE


def _is_severed(skip: Skip) -> bool:
    """Return whether the network's own constants or weights of zero take the skip away."""
    return is_unread(skip) or (skip.cut and skip.blotted and skip.signal <= NOTHING)


def is_unread(skip: Skip) -> bool:
    """Return whether the weights that read the skip are zero, and those beside them are not."""
    return skip.deep_weight > 0 and skip.weight <= NOTHING * skip.deep_weight


def is_dead(evidence: Evidence, activation: int) -> bool:
    """Return whether a branch is even because of the dead activation that UD401 names."""
    found = dead_activation(evidence)
    return found is not None and activation == found[0].index


def text(size: tuple[int, ...]) -> str:
    """Return a resolution: `32x32`."""
    return "x".join(map(str, size))


def fresh_slice(skip: Skip, branch: str, cause: str) -> Remedy:
    """Return new weights for those that read one branch of a concatenation."""
    channels = skip.channels if branch == "skip" else skip.deep_channels
    layer = skip.consumer.layer or "the next layer"
    return Remedy(
        action="fresh_slice",
        place=skip.consumer,
        parameters={"join": skip.join, "operand": skip.operand, "branch": branch},
        title=f"draw the weights of {layer} that read the {branch} branch anew ({channels} channels), and train them",
        patch="",
        cause=cause,
        scope=2,
    )


def joining(skip: Skip) -> str:
    """Return the expression that joins the two branches."""
    return "torch.cat([deep, skip], dim=1)" if skip.kind == "cat" else "deep + skip"


def left_joined(skip: Skip, cause: str) -> Remedy:
    """Return that the next layer reads the whole of what was joined."""
    return Remedy(
        action="leave_joined",
        place=skip.place,
        parameters={"join": skip.join, "operand": skip.operand},
        title="let the next layer read all that was joined: leave out what overwrites part of it",
        patch=f"x = conv({joining(skip)})  # nothing between that sets channels or scales them by 0",
        cause=cause,
        scope=1,
    )
