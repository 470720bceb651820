"""The fingerprint that training left in the first normalisation: which preprocessing its running statistics remember.

Each candidate's batch statistics are compared with the stored ones, on one evaluation of the tape up to that layer.
What stands in front of it is affine as a rule (a convolution): then the stored means also tell the mean pixels of
training's pictures, and a candidate under which those would be none is out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from unetdoctor.engine.bench import Bench, NotApplicableError, measuring
from unetdoctor.engine.chains import IMAGENET, applied, candidates, flipped, from_parameters
from unetdoctor.engine.evaluation import Change
from unetdoctor.engine.front import Front, front_of
from unetdoctor.engine.observation import Observed
from unetdoctor.engine.weights import norm_statistics, normalisations
from unetdoctor.facts import Candidate, Chain, FedValues, Fingerprint, ModelFacts, Remedy

if TYPE_CHECKING:
    from unetdoctor.engine.examination import Examination

ACTION, DIVISION = "preprocess", "divide_input"
_EPS = 1e-12
_EVEN = 1e-4
MOST_PICTURES = 4
"""Photographs, at most, on which all normalisations are asked as well: each costs a pass for every way to feed it."""
LARGEST = 50.0
"""Nats of one channel that count: one filter that saw nothing in training must not decide."""
HABIT = {"CLIP": 2.0, "each picture": 4.0, "whole-number": 4.0}
"""Nats that are added to what fits nearly anything, or what its likeness to a more usual one hides: CLIP's numbers are
ImageNet's within a fifth, and pictures that are each brought to mean 0 fit all networks of normalised inputs. What a
person declares carries none: who says CLIP is not told that ImageNet is more usual."""
BRIGHTNESS, CHROMA, CONTRAST = (115.0, 40.0), (20.0, 20.0), (55.0, 0.4)
"""(usual, spread) of training pictures: mean pixel, red and blue over and under green, pixel deviation (a factor).
ImageNet, as published: 114, 7 and 13, 58. Ten photographs that are at hand, with their spread (`python -m
tests.fingerprint.photographs`): 100 (29), 21 (44) and 13 (19), 52 (a factor of e^.4). Training sets cut from them:
91-154, 18-118 and 2-25, 40-67. A set is narrower than its photographs: retina, at 118, is the one beyond the spread."""
PLAUSIBILITY = 0.5
"""Weight of those against the distance. With .5 and a chroma spread of 20, 199 of 200 single unseen pictures of ten
networks are named rightly (`python -m tests.fingerprint`); without, 140 of 200."""
_IMAGENET_NEAR = 6.0
"""Levels between the mean pixels that the statistics stand for and ImageNet's own, up to which they are those."""


def fingerprint(examination: Examination, remedies: tuple[Remedy, ...] = ()) -> Fingerprint | None:
    """Return which preprocessing the statistics remember; None where no photograph was fed."""
    seen = [s for s in examination.alive if s.probe.name in examination.pixels]
    if not seen:
        return None
    fed = examination.chain
    if remedies:
        known = examination.evidence().fingerprint
        chosen = [from_parameters(r.parameters) for r in remedies if r.action == ACTION]
        if known is None or not chosen:
            return known
        shown = seen[: 1 if examination.slow else MOST_PICTURES]
        return replace(known, fed=chosen[-1], gap=_mean([_everywhere(examination, s, chosen[-1])[0] for s in shown]))
    found = ranked(seen, examination.pixels, fed, declared=examination.declared)
    if found.winner is None or found.op is None:
        return found
    found = replace(found, place=examination.subject.place(seen[0].tape.entries[found.op].layer))
    shown = seen[: 1 if examination.slow else MOST_PICTURES]
    as_fed = [_everywhere(examination, s, None) for s in shown]
    winner = found.candidates[0].chain
    told = [c for c in (winner, flipped(winner), flipped(fed)) if c.kind != "function"]
    measured = tuple(_measured(examination, shown, as_fed, c) if c.chain in told else c for c in found.candidates)
    return replace(found, gap=_mean([gap for gap, _ in as_fed]), candidates=measured)


def _measured(
    examination: Examination, shown: Sequence[Observed], as_fed: Sequence[tuple[float, Tensor]], candidate: Candidate
) -> Candidate:
    """Return a candidate with what all normalisations and the output say of it."""
    under = [_everywhere(examination, seen, candidate.chain) for seen in shown]
    change = _mean([_moved(before, after) for (_, before), (_, after) in zip(as_fed, under, strict=True)])
    return replace(candidate, gap=_mean([gap for gap, _ in under]), change=change)


def _moved(before: Tensor, after: Tensor) -> float:
    spread = float(before.float().std(correction=0))
    return float((after.float() - before.float()).square().mean().sqrt()) / spread if spread else math.inf


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def ranked(seen: Sequence[Observed], pixels: dict[str, Tensor], fed: Chain, *, declared: bool) -> Fingerprint:
    """Return the candidates, best first, or why nothing can be told."""
    blank = Fingerprint(fed, declared, len(seen))
    even = all(float(pixels[s.probe.name].std()) < _EVEN for s in seen)
    if even:
        return replace(blank, reason="the picture is one even tone")
    front = front_of(seen[0].tape)
    if isinstance(front, str):
        return replace(blank, reason=front)
    try:
        return _ranked(seen, pixels, front, blank)
    except (RuntimeError, ValueError, IndexError, TypeError, NotApplicableError):
        return replace(blank, reason="what stands in front of the first normalisation cannot be evaluated again")


def _ranked(seen: Sequence[Observed], pixels: dict[str, Tensor], front: Front, blank: Fingerprint) -> Fingerprint:
    shape = pixels[seen[0].probe.name].shape
    chains = candidates(shape[1])
    chains += () if blank.fed in chains or blank.fed.kind == "function" else (blank.fed,)
    affine = front.affine(seen[0].tape, seen[0].inputs, tuple(shape))
    pictures, found = [pixels[s.probe.name] for s in seen], []
    for chain in chains:
        fed = [(s, applied(chain, pixels[s.probe.name])) for s in seen]
        habit = 0.0 if blank.declared and chain == blank.fed else _habit(chain)
        found.append(_candidate(chain, habit, _batch(front, fed), front, affine, pictures))
    if blank.fed.kind == "function":
        fed = [(s, s.inputs[front.position(s.inputs, s.probe.shape)]) for s in seen]
        found.append(_candidate(blank.fed, 0.0, _batch(front, fed), front, None, []))
    found.sort(key=lambda c: c.score if math.isfinite(c.score) else math.inf)
    imagenet = affine is not None and shape[1] == 3 and _is_imagenet(found)
    colours = torch.stack([255 * x.mean(dim=(0, 2, 3)) for x in pictures]).mean(dim=0)[:3].tolist()
    return replace(
        blank,
        op=front.op,
        channels=len(front.mean),
        candidates=tuple(found),
        imagenet=imagenet,
        seen=tuple(colours) if shape[1] == 3 else (),
    )


def _batch(front: Front, fed: Sequence[tuple[Observed, Tensor]]) -> tuple[Tensor, Tensor]:
    """Return (mean, variance) of each channel over the pictures together."""
    pairs = [front.statistics(s.tape, s.inputs, x) for s, x in fed]
    mean = torch.stack([m for m, _ in pairs]).mean(dim=0)
    square = torch.stack([v + m.square() for m, v in pairs]).mean(dim=0)
    return mean, (square - mean.square()).clamp_min(0)


def divergence(mean: Tensor, variance: Tensor, stored_mean: Tensor, stored_variance: Tensor) -> float:
    """Return the Kullback-Leibler divergence of two normal distributions a channel, mean over channels, in nats."""
    ratio = (variance + _EPS) / (stored_variance + _EPS)
    shift = (mean - stored_mean).square() / (stored_variance + _EPS)
    return float((0.5 * (ratio + shift - 1 - ratio.log())).clamp(max=LARGEST).mean())


def _habit(chain: Chain) -> float:
    return next((nats for name, nats in HABIT.items() if chain.name.startswith(name)), 0.0)


def _candidate(
    chain: Chain,
    habit: float,
    batch: tuple[Tensor, Tensor],
    front: Front,
    affine: tuple[Tensor, Tensor] | None,
    pictures: Sequence[Tensor],
) -> Candidate:
    distance = divergence(*batch, front.mean, front.variance)
    if affine is None or chain.kind != "affine":
        return Candidate(chain, distance, habit, habit=habit)
    told = front.inputs_mean(*affine)
    gain, offset = ((v * len(told))[: len(told)] if len(v) == 1 else v for v in (chain.gain, chain.offset))
    means = [(m - o) / g for m, g, o in zip(told, gain, offset, strict=False)]
    means = [*means[:3][::-1], *means[3:]] if chain.flipped else means
    weights = front.variance / front.variance.sum()
    wider = float((weights * ((front.variance + _EPS) / (batch[1] + _EPS)).log()).sum()) / 2
    spread = float(torch.stack([(255 * x).std(dim=(2, 3)).mean() for x in pictures]).mean())
    handicap = habit + PLAUSIBILITY * _oddity(means, spread * math.exp(wider))
    return Candidate(chain, distance, handicap, tuple(means), habit)


def _oddity(means: Sequence[float], contrast: float) -> float:
    """Return how unusual pictures of these mean pixels and this deviation are: half the squared deviations."""
    terms = [(sum(means) / len(means) - BRIGHTNESS[0]) / BRIGHTNESS[1]]
    terms.append(math.log(max(contrast, _EPS) / CONTRAST[0]) / CONTRAST[1])
    if len(means) == 3:
        red, green, blue = means
        terms += [(red - green - CHROMA[0] / 2) / CHROMA[1], (green - blue - CHROMA[0] / 2) / CHROMA[1]]
    return sum(t * t for t in terms) / 2


def _is_imagenet(found: Sequence[Candidate]) -> bool:
    """Return whether the statistics, read as ImageNet's preprocessing, stand for ImageNet's own mean pixels."""
    usual = next((c for c in found if c.chain.name == "ImageNet mean and std" and not c.chain.flipped), None)
    if usual is None or not usual.pixels or found[0].chain.name != usual.chain.name:
        return False
    return all(abs(p - 255 * m) <= _IMAGENET_NEAR for p, m in zip(usual.pixels, IMAGENET[0], strict=True))


def _everywhere(examination: Examination, seen: Observed, chain: Chain | None) -> tuple[float, Tensor]:
    """Return the distance over all normalisations, and what is drawn, with the picture fed in another way."""
    found: dict[int, tuple[Tensor, Tensor]] = {}
    norms = {op: layer for op, layer in normalisations(seen.tape).items() if not seen.tape.entries[op].training}
    change = Change({op: measuring(found, op) for op in norms})
    if chain is not None:
        change.inputs = _exchanged(seen.inputs, examination.pixels[seen.probe.name], chain)
    tensor, _ = examination.evaluate(seen, change)
    buffers = dict(examination.subject.model.named_buffers())
    gaps = []
    for op, (mean, variance) in found.items():
        stored = [buffers.get(f"{norms[op]}.running_{part}") for part in ("mean", "var")]
        if stored[0] is not None and stored[1] is not None and stored[0].numel() == mean.numel():
            gaps.append(divergence(mean, variance, stored[0].float(), stored[1].float()))
    return (sum(gaps) / len(gaps) if gaps else math.nan), tensor


def _exchanged(inputs: tuple[Tensor, ...], pixels: Tensor, chain: Chain) -> tuple[Tensor, ...]:
    """Return what forward() is given, with the picture as another preprocessing makes it."""
    new, done = [], False
    for x in inputs:
        here = not done and tuple(x.shape) == tuple(pixels.shape)
        new.append(applied(chain, pixels.to(x.device)).to(x.dtype) if here else x)
        done |= here
    if not done:
        raise NotApplicableError("no argument of forward() is the picture as it was read")
    return tuple(new)


def preprocess(bench: Bench, remedy: Remedy) -> Change:
    """Feed the photograph in another way; what is no photograph stays as it is."""
    if bench.pixels is None:
        return Change()
    return Change(inputs=_exchanged(bench.inputs, bench.pixels, from_parameters(remedy.parameters)))


def divide_input(bench: Bench, remedy: Remedy) -> Change:
    """Divide what a person feeds by a number; what was whole becomes floating, and what is made here stays."""
    if not bench.real:
        return Change()
    by = float(remedy.parameters["by"])
    if not any(x.dim() > 2 for x in bench.inputs):
        raise NotApplicableError("no picture is fed")
    return Change(inputs=tuple(x.float() / by if x.dim() > 2 else x for x in bench.inputs))


ACTIONS = {ACTION: preprocess, DIVISION: divide_input}
"""Remedies of what is fed."""


def feeds(remedies: tuple[Remedy, ...]) -> bool:
    """Return whether any of these changes what is fed, so that each pass has a change of its own."""
    return any(remedy.action in ACTIONS for remedy in remedies)


def fed_values(examination: Examination, remedies: tuple[Remedy, ...] = ()) -> FedValues | None:
    """Return the values of the first input that a person feeds; None where all are made here."""
    seen = next((s for s in examination.seen if s.probe.real or s.probe.name == "given"), None)
    if seen is None or not seen.inputs:
        return None
    x = next((t for t in seen.inputs if tuple(t.shape) == seen.probe.shape), seen.inputs[0])
    if not x.numel() or x.is_complex():
        return None
    values = x.detach().float()
    for remedy in remedies:
        if remedy.action == DIVISION:
            values = values / float(remedy.parameters["by"])
    low, high = (float(v) for v in torch.aminmax(values))
    parameters = [str(p.dtype)[6:] for p in examination.subject.model.parameters() if p.is_floating_point()]
    return FedValues(
        dtype=str(x.dtype)[6:],
        minimum=low,
        maximum=high,
        std=float(values.std(correction=0)),
        whole=bool((values == values.round()).all()),
        wanted=max(set(parameters), key=parameters.count) if parameters else "",
        shift=_shift(seen, values),
    )


def model_fed(examination: Examination, remedies: tuple[Remedy, ...]) -> ModelFacts:
    """Return the model's numbers with what its normalisations are given under these remedies."""
    main, found = examination.main, dict[int, tuple[Tensor, Tensor]]()
    inputs = examination.change(main, remedies).inputs
    examination.evaluate(main, Change({op: measuring(found, op) for op in normalisations(main.tape)}, inputs=inputs))
    norms = norm_statistics(examination.subject.model, main.tape, found, examination.subject.place)
    return replace(examination.evidence().model, norms=norms)


def _shift(seen: Observed, values: Tensor) -> float:
    """Return how far the batch's means at the first normalisation lie from the stored ones; NaN where there is none."""
    front = front_of(seen.tape)
    if isinstance(front, str):
        return math.nan
    try:
        mean, _ = front.statistics(seen.tape, seen.inputs, values)
    except (RuntimeError, ValueError, IndexError, TypeError):
        return math.nan
    return float(((mean - front.mean).abs() * (front.variance + _EPS).rsqrt()).mean())
