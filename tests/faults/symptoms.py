"""Symptoms, measured without the tool: what a network draws before and after a fault."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.faults.building import Fed, called
from tests.faults.fault import Proof
from tests.faults.lessons import LESSONS
from tests.faults.networks import Network
from unetdoctor.facts import Task


@dataclass(frozen=True)
class Seen:
    """One look at what a network draws."""

    module: nn.Module
    given: Fed
    out: Tensor | None
    """The drawn tensor; None where forward() crashed."""
    crash: str
    score: float
    """Dice or PSNR against the truth of a trained network, NaN for a fresh one."""


def look(network: Network, module: nn.Module, given: Fed) -> Seen:
    """Run the network once and measure its score where there is a truth."""
    try:
        out = called(module, given).float()
    except Exception as error:  # a crash is a symptom
        return Seen(module, given, None, f"{type(error).__name__}: {error}", math.nan)
    score = math.nan
    if given.truth is not None:
        good = out.shape[1:2] == (network.classes or out.shape[1],) and out.dim() == 4
        score = LESSONS[network.lesson].score(network, out, given.truth) if good else 0.0
    return Seen(module, given, out, "", score)


def shown(network: Network, out: Tensor) -> Tensor:
    """Return the drawing in 0..1, as a person would show it."""
    if out.dim() == 4 and network.task is Task.MULTICLASS and out.shape[1] > 1:
        return out if _sums_to_one(out) else out.softmax(1)
    if network.activation == "tanh":
        return ((out + 1) / 2).clamp(0, 1)
    if network.task is Task.BINARY:
        probability = network.activation == "sigmoid" or bool(out.min() >= 0 and out.max() <= 1)
        return out if probability else out.sigmoid()
    return out.clamp(0, 1)


def _sums_to_one(out: Tensor) -> bool:
    return bool(((out.sum(1) - 1).abs() < 1e-3).all())


def score_drops(network: Network, before: Seen, after: Seen) -> Proof:
    """Dice loses at least 0.1, or the picture 3 dB, against the truth."""
    least = 0.1 if network.segments else 3.0
    now = 0.0 if after.out is None else after.score
    return Proof("score", before.score, now, before.score - now >= least)


def mask_changes(network: Network, before: Seen, after: Seen) -> Proof:
    """More than a tenth of the pixels change their class; scale alone does not do that, and then no picture is ill."""
    if before.out is None or after.out is None or before.out.shape != after.out.shape:
        return Proof("share of pixels of another class", math.nan, math.nan, False)
    moved = float((before.out.argmax(1) != after.out.argmax(1)).float().mean())
    return Proof("share of pixels of another class", 0.0, moved, moved > 0.1)


def contrast_falls(network: Network, before: Seen, after: Seen) -> Proof:
    """The spread of the shown picture, at least one 8-bit level, falls to a quarter; or (trained) the score falls."""
    if network.task is Task.MULTICLASS:
        return mask_changes(network, before, after)
    proof = _proof(
        before, after, "spread in 8-bit levels", lambda x: _spread(network, x), lambda a, b: a > 1 and b < a / 4
    )
    return proof if proof.changed or math.isnan(before.score) else score_drops(network, before, after)


def channels_meet(network: Network, before: Seen, after: Seen) -> Proof:
    """The channels become equal: their mean distance falls under a twentieth."""
    return _proof(before, after, "distance of channels", lambda x: _gap(x), lambda a, b: b < a / 20)


def channels_vanish(network: Network, before: Seen, after: Seen) -> Proof:
    """Fewer channels come out."""
    return _proof(before, after, "channels", lambda x: float(x.shape[1]), lambda a, b: b < a)


def ends_are_hit(network: Network, before: Seen, after: Seen) -> Proof:
    """At least 30 % more pixels lie within one 8-bit level of an end of the shown range."""
    if network.task is Task.MULTICLASS:
        return mask_changes(network, before, after)
    return _proof(before, after, "share at the ends", lambda x: _ends(shown(network, x)), lambda a, b: b - a > 0.3)


def one_class_wins(network: Network, before: Seen, after: Seen) -> Proof:
    """One class (or one side of the threshold) takes all but a thousandth of the pixels, which it did not before."""

    def share(out: Tensor) -> float:
        return _largest_share(network, out)

    return _proof(before, after, "share of the largest class", share, lambda a, b: b > 0.999 and a < 0.99)


def end_is_reached(network: Network, before: Seen, after: Seen) -> Proof:
    """One class takes everything; or, in a picture, at least 30 % more pixels lie at an end."""
    return (one_class_wins if network.segments else ends_are_hit)(network, before, after)


def probabilities_narrow(network: Network, before: Seen, after: Seen) -> Proof:
    """The range of the shown probabilities shrinks to seven tenths and below."""

    def spread(out: Tensor) -> float:
        picture = shown(network, out)
        return float(picture.max() - picture.min())

    return _proof(before, after, "range of the probabilities", spread, lambda a, b: b < 0.7 * a)


def sums_break(network: Network, before: Seen, after: Seen) -> Proof:
    """The classes of a pixel no longer sum to one."""

    def error(out: Tensor) -> float:
        return float((shown(network, out) if out is before.out else out).sum(1).sub(1).abs().mean())

    return _proof(before, after, "distance of the classes' sum from 1", error, lambda a, b: b > 0.1 > a)


def not_finite(network: Network, before: Seen, after: Seen) -> Proof:
    """NaN or Inf comes out where none did."""

    def share(out: Tensor) -> float:
        return float((~torch.isfinite(out)).float().mean())

    return _proof(before, after, "share of NaN and Inf", share, lambda a, b: a == 0 < b)


def samples_meet(network: Network, before: Seen, after: Seen) -> Proof:
    """The pictures of different latents become alike: their distance falls to a quarter."""
    return _proof(
        before, after, "distance of samples", lambda x: float((x[1:] - x[:-1]).abs().mean()), lambda a, b: b < a / 4
    )


def size_or_crash(network: Network, before: Seen, after: Seen) -> Proof:
    """Forward crashes, or another share of the input's size comes out."""
    if after.out is None:
        return Proof("crash", 0.0, 1.0, before.out is not None)

    def ratio(seen: Seen) -> float:
        assert seen.out is not None
        return seen.out.shape[-1] / seen.given.first.shape[-1]

    return Proof("size out over size in", ratio(before), ratio(after), abs(ratio(before) - ratio(after)) > 0.01)


def crashes(network: Network, before: Seen, after: Seen) -> Proof:
    """Forward crashes where it did not."""
    return Proof("crash", float(before.out is None), float(after.out is None), after.out is None is not before.out)


def picture_changes(network: Network, before: Seen, after: Seen) -> Proof:
    """Trained: the score falls. Fresh: the spread falls to a quarter, or the picture moves by a third of its spread."""
    if not math.isnan(before.score):
        return score_drops(network, before, after)
    fallen = contrast_falls(network, before, after)
    if fallen.changed or before.out is None or after.out is None or before.out.shape != after.out.shape:
        return fallen
    a, b = before.out, after.out
    moved = float((a - b).abs().mean() / a.std().clamp_min(1e-12))
    return Proof("change over the picture's deviation", 0.0, moved, moved > 1 / 3)


def phases_part(network: Network, before: Seen, after: Seen) -> Proof:
    """The means of the pixels' phases modulo 2 part, or blocks of equal pixels appear."""
    parted = _proof(before, after, "deviation of phase means", _phases, lambda a, b: b > 0.1 and b > 3 * a)
    return parted if parted.changed else _proof(before, after, "equal neighbours", _equal, lambda a, b: b - a > 0.3)


def _phases(out: Tensor) -> float:
    side = out.shape[-1] // 2 * 2
    x = out[..., 8 : side - 8, 8 : side - 8] if side > 32 else out[..., :side, :side]
    means = torch.stack([x[..., i::2, j::2].mean((-1, -2)) for i in (0, 1) for j in (0, 1)], -1)
    return float((means.std(-1) / x.std((-1, -2)).clamp_min(1e-12)).mean())


def _equal(out: Tensor) -> float:
    return float(((out[..., 1:] - out[..., :-1]).abs() < 1e-6).float().mean())


def _spread(network: Network, out: Tensor) -> float:
    x = shown(network, out).flatten(2) if out.dim() > 3 else shown(network, out).flatten(1)
    low, high = (torch.quantile(x, q, dim=-1) for q in (0.01, 0.99))
    return float((high - low).mean() * 255)


def _gap(out: Tensor) -> float:
    return float((out[:, 1:] - out[:, :1]).abs().mean()) if out.shape[1] > 1 else 0.0


def _ends(picture: Tensor) -> float:
    return float(((picture < 1 / 255) | (picture > 254 / 255)).float().mean())


def _largest_share(network: Network, out: Tensor) -> float:
    if network.task is Task.MULTICLASS:
        return float(F.one_hot(out.argmax(1)).float().mean((0, 1, 2)).max())
    above = float((shown(network, out) > 0.5).float().mean())
    return max(above, 1 - above)


def _proof(
    before: Seen,
    after: Seen,
    reading: str,
    measure: Callable[[Tensor], float],
    changed: Callable[[float, float], bool],
) -> Proof:
    if before.out is None or after.out is None:
        return Proof(reading, math.nan, math.nan, False)
    a, b = measure(before.out), measure(after.out)
    return Proof(reading, a, b, bool(changed(a, b)))
