"""What the preprocessing fingerprint says, as UD601 and UD602 read it."""

from collections.abc import Sequence

from unetdoctor.facts import Candidate, Chain, Evidence, Fingerprint, Remedy

EXCESS_LIMIT = 1.0
"""Nats by which what is fed may score worse than the best candidate, in whichever order of channels it scores better.
The true preprocessing on 600 single unseen pictures of ten trained networks: 0. Wrong ones in the median: 2-5 between
ImageNet, CLIP and -1..1, 4-100 between scales."""
CERTAIN = 1.0
"""Nats by which the batch itself, whatever colours are usual, must lie nearer under the other order of channels before
it counts as the true one. Where it was truly exchanged: 2.3-18 in retina, .6-2 in half of the pictures of stained
tissue, up to 1.9 in mixed photographs. Where it was not, in data that is unusually blue: up to 1.2, one picture of 200
beyond 1.0."""
CAST_LIMIT = 150.0
"""Levels by which red over blue in the pictures may differ from that of training's, in the order in which they are fed,
before the order is wrong for certain: three deviations among ten single photographs (50; `python -m
tests.fingerprint.photographs`). Up to 117: photographs of a cool scene in a network of warm ones, held out and fed as
in training, of which 8 of 20 were accused by the distance alone. 200-230: retina and warm scenes, truly exchanged.
Mixed photographs and stained tissue, exchanged: 60-110, which only masks tell."""
HARMLESS = 0.1
"""Change of the output, over its deviation, up to which another preprocessing changes nothing that is seen."""
OVERALL = "distance from the stored statistics, all layers"
WORSE = 2.0
"""Times the distance of the best preprocessing over all normalisations, beyond which the layers behind the first, which
chose it, bear it out."""
DEFAULT = "0..1"


def limit_of(told: Fingerprint, chain: Chain) -> float:
    """Return the distance over all normalisations up to which a preprocessing is as good as this one, rounded up."""
    return float(f"{WORSE * told.gap_of(chain):.2g}")


def excess(told: Fingerprint, chain: Chain) -> float:
    """Return by how much a preprocessing scores worse than the best; NaN where it is no candidate."""
    winner, own = told.winner, told.of(chain)
    return float("nan") if winner is None or own is None else own.score - winner.score


def beyond(told: Fingerprint, chain: Chain) -> float:
    """Return the same for a preprocessing in whichever order of channels it scores better."""
    other = turned(told, chain)
    own = excess(told, chain)
    return own if other is None else min(own, excess(told, other.chain))


def turned(told: Fingerprint, chain: Chain) -> Candidate | None:
    """Return the candidate that differs from this preprocessing in the order of channels alone."""
    alike = (c for c in told.candidates if c.chain.name == chain.name and c.chain.flipped is not chain.flipped)
    return next(alike, None)


def is_turned(told: Fingerprint, chain: Chain) -> bool:
    """Return whether the winner is this preprocessing with red and blue exchanged."""
    other = turned(told, chain)
    return other is not None and other == told.winner


def order_is_certain(told: Fingerprint) -> bool:
    """Return whether the pictures themselves tell the order of channels that the winner has.

    A cool picture in a network of warm ones does not: its colours must be none that pictures of training had.
    """
    winner = told.winner
    other = None if winner is None else turned(told, winner.chain)
    if winner is None or other is None:
        return winner is not None
    if other.distance - winner.distance < CERTAIN or other.score - winner.score <= EXCESS_LIMIT:
        return False
    return len(told.seen) == 3 and len(other.pixels) == 3 and cast(told, other) > CAST_LIMIT


def cast(told: Fingerprint, candidate: Candidate) -> float:
    """Return by how many levels red over blue differs between the pictures and training's under a candidate."""
    return abs((told.seen[0] - told.seen[2]) - (candidate.pixels[0] - candidate.pixels[2]))


def as_good(told: Fingerprint) -> str:
    """Say which other preprocessings fit as well as the winner, and are only less usual; empty for none."""
    winner = told.winner
    if winner is None:
        return ""
    best_fit = winner.score - winner.habit
    names = [
        c.chain.name
        for c in told.candidates
        if c.habit and c.chain.flipped is winner.chain.flipped and c.score - c.habit - best_fit <= EXCESS_LIMIT
    ]
    names = [name for name in names if name != winner.chain.name]
    if not names:
        return ""
    return f" {' and '.join(names)} cannot be told from it and {'draw' if len(names) > 1 else 'draws'} nearly the same."


def best(told: Fingerprint, flipped: bool = False) -> Chain:
    """Return the winner; where nobody can tell the order of channels, in the given one."""
    assert told.winner is not None
    chain = told.winner.chain
    other = turned(told, chain)
    return chain if chain.flipped is flipped or other is None or order_is_certain(told) else other.chain


def sure(told: Fingerprint) -> bool:
    """Return whether the winner, and not 0..1, is to be fed where nobody declared anything."""
    own = told.named(DEFAULT)
    if own is None:
        return False
    return beyond(told, own.chain) > EXCESS_LIMIT or (is_turned(told, own.chain) and order_is_certain(told))


def wrongly_fed(told: Fingerprint | None) -> bool:
    """Return whether the picture is fed otherwise than training's were."""
    return told is not None and told.winner is not None and beyond(told, told.fed) > EXCESS_LIMIT


def misfed(evidence: Evidence) -> bool:
    """Return whether what is fed is the fault, so that what is drawn and normalised tells nothing else."""
    told = evidence.fingerprint
    if wrongly_fed(told) or is_bytes(evidence):
        return True
    return told is not None and told.declared and is_turned(told, told.fed) and order_is_certain(told)


SHIFT_LIMIT = 20.0
"""Mean distance of the batch's means from the stored ones at the first normalisation, in stored deviations, from which
values of 0..255 are not what training fed. Trained networks on their own pictures: .1-1.3, networks of 0..1 fed with
-1..1 or ImageNet's: up to 6. Fed with 0..255: 150-1100."""
BYTES = 64.0
"""Largest value from which values are taken for pixels 0..255."""


def is_bytes(evidence: Evidence) -> bool:
    """Return whether a person feeds tensors of 0..255 to a network that was trained on far smaller values."""
    values = evidence.values
    if values is None or evidence.fingerprint is not None or values.minimum < 0 or values.maximum <= BYTES:
        return False
    return values.shift > SHIFT_LIMIT


def feeding(chain: Chain, cause: str) -> Remedy:
    """Return the remedy that feeds another preprocessing."""
    return Remedy(
        action="preprocess",
        parameters={
            "name": chain.name,
            "gain": list(chain.gain),
            "offset": list(chain.offset),
            "flipped": chain.flipped,
            "kind": chain.kind,
        },
        title="exchange red and blue before it is fed" if cause == "UD602" else f"feed the picture as {chain.text}",
        patch="x = x[:, [2, 1, 0]]" if cause == "UD602" else code(chain),
        cause=cause,
        scope=0,
    )


def code(chain: Chain) -> str:
    """Return the lines that make what is fed of `pixels`, an RGB array of bytes [H, W, 3]."""
    source = "pixels[..., ::-1].copy()" if chain.flipped else "pixels"
    tensor = f"torch.from_numpy({source}).permute(2, 0, 1)[None].float()"
    if chain.kind == "whole":
        return f"x = {tensor} // 255"
    if chain.kind == "standardised":
        return f"x = {tensor}\nx = (x - x.mean()) / x.std()"
    if set(chain.offset) == {0.0} and len(set(chain.gain)) == 1:
        divisor = 1 / chain.gain[0]
        return f"x = {tensor}" + ("" if divisor == 1 else f" / {divisor:g}")
    std = [1 / (255 * g) for g in chain.gain]
    mean = [-o * s for o, s in zip(chain.offset, std, strict=False)]
    if len(set(chain.gain)) == 1 and chain.gain[0] == 1:
        return f"x = {tensor} - torch.tensor({_rounded([-o for o in chain.offset])}).view(1, -1, 1, 1)"
    shape = ".view(1, -1, 1, 1)"
    return f"x = {tensor} / 255\nx = (x - torch.tensor({_rounded(mean)}){shape}) / torch.tensor({_rounded(std)}){shape}"


def options(chain: Chain) -> str:
    """Return the options that declare a preprocessing; empty for what they cannot say."""
    if chain.kind != "affine":
        return ""
    std = [1 / (255 * g) for g in chain.gain]
    parts = []
    if set(chain.offset) == {0.0} and len(set(chain.gain)) == 1:
        parts.append(f"--scale {1 / chain.gain[0]:g}")
    elif set(chain.gain) == {1.0}:
        parts.append(f"--scale 1 --mean {_comma([-o for o in chain.offset])}")
    else:
        parts.append(f"--mean {_comma([-o * s for o, s in zip(chain.offset, std, strict=True)])} --std {_comma(std)}")
    return " ".join([*parts, *(["--channels bgr"] if chain.flipped else [])])


def _rounded(values: Sequence[float]) -> str:
    return "[" + ", ".join(f"{v:.6g}" for v in values) + "]"


def _comma(values: Sequence[float]) -> str:
    return ",".join(f"{v:.6g}" for v in values)


def stands_for(candidate: Candidate | None) -> str:
    """Return which pixels the stored means stand for under a candidate: `R 125, G 93, B 84`; empty where unknown."""
    if candidate is None or len(candidate.pixels) != 3:
        return ""
    return ", ".join(f"{name} {pixel:.0f}" for name, pixel in zip("RGB", candidate.pixels, strict=True))


def left_by_imagenet(told: Fingerprint) -> str:
    """Say what cannot be known where the statistics are ImageNet's own."""
    if not told.imagenet:
        return ""
    return " They are ImageNet's own: a backbone taken over frozen shows them, whatever the rest was trained with."
