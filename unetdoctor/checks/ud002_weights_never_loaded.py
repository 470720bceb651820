"""UD002: weights were loaded, and layers still bear the fingerprint of their initialisation."""

from collections.abc import Iterator, Sequence

from unetdoctor.checks.check import Check, either, shown
from unetdoctor.checks.loads import below, better, by_design, owners, reload, torn
from unetdoctor.facts import Evidence, Finding, Kind, LayerWeights, Reading, Severity, WeightsLoad

FRESH_LIMIT = 10.0
"""Share of the layers that still bear the fingerprint of an initialisation, in %. 0: six trained networks. 56: only
the encoder was loaded. 100: nothing was ever loaded."""
NEVER_LOADED = 80.0
"""The same share, from which the network as a whole was never loaded; and, where every key was filled, the share of
normalisations whose shift is still one value. Fresh files: 100. An encoder as it was made under a decoder that was
trained: 57-97 over seven networks. Eleven trainings of 100 steps of five networks, 31-94 % of whose layers look
fresh: 0."""
PART = 25.0
"""The same share, after a load that took all it was handed and that filled a block of a network in part. 2-12: a new
head, as fine-tuning wants it, a note. 33-56: the first half of the weights of 10 trained networks; what the rest draws
was never learned. A block that is new as a whole (a decoder behind a backbone, an adapter in each block, the end
of a sequence) is a note at any share."""
_NAMED = 4


class WeightsNeverLoaded(Check):
    """Weights were loaded, yet layers are as they were initialised.

    Symptom
        The picture of a fresh network: grey, dull or noise.
    Cause
        Keys that did not match and were dropped, a checkpoint of the encoder alone, or one that was saved before it was
        trained. A network that hands fresh weights from one of its parts to another (a moving average) is well.
    Remedy
        Load every key with strict=True (UD001 names the prefix), or take the checkpoint of the whole network.
    Source
        The fingerprint marks 100 % of the convolutions of networks that were never loaded, 56 % where only the encoder
        was, and 0 % of six trained ones. Layers of fewer than 64 weights show nothing and do not count. A hundred steps
        leave most weights as the library drew them, and move the shift of every normalisation: a file that filled every
        key was never trained only where these are untouched as well.
    """

    code = "UD002"
    name = "weights-never-loaded"
    kind = Kind.CAUSE
    proves_itself = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for each load: how many of the layers below it are fresh, and in which blocks."""
        for load in evidence.loads:
            layers = [x for x in evidence.model.layers if below(x.layer, load.module) and _told(x)]
            if not layers:
                continue
            fresh = [x for x in layers if x.state == "fresh" and (not load.unfilled or x.layer in owners(load))]
            share = 100 * len(fresh) / len(layers)
            reading = better(load)
            upper = FRESH_LIMIT if load.unfilled else None if load.own else NEVER_LOADED
            readings, brief = _readings(load, share, upper, evidence)
            blocks = f" ({', '.join(_blocks(fresh, layers))})" if fresh and load.unfilled else ""
            limit = "" if upper is None or brief else f" (at most {upper:g} %)"
            yield cls.finding(
                f"{shown(share)} % of the {len(layers)} layers of {load.module or 'the network'} are as initialised "
                f"{_after(load, share, brief)}{limit}{blocks}.",
                readings,
                place=fresh[0].place if fresh and share < NEVER_LOADED else None,
                severity=_severity(load, share, torn(load, evidence)),
                remedies=[] if reading is None else [reload(load, reading, cls.code)],
            )


def _readings(
    load: WeightsLoad, share: float, upper: float | None, evidence: Evidence
) -> tuple[tuple[Reading, ...], str]:
    """Return the readings and, where the normalisations alone tell that it was trained, what they tell."""
    first = Reading("layers as initialised", share, "%", upper=upper)
    shifts = [moved for layer, moved in evidence.model.shifts if below(layer, load.module)]
    if load.unfilled or not shifts:
        return (first,), ""
    second = Reading("normalisations as initialised", 100 - 100 * sum(shifts) / len(shifts), "%", upper=upper)
    brief = f"but {sum(shifts)} of {len(shifts)} normalisations have moved: it was trained for few steps"
    return either(first, second), "" if first.holds or not second.holds else brief


def _after(load: WeightsLoad, share: float, brief: str) -> str:
    if load.unfilled:
        return f"after {load.source} filled {load.common} of {load.model} keys"
    if share < NEVER_LOADED or load.own:
        return f"after {load.source} filled every key"
    if brief:
        return f"after {load.source} filled every key, {brief}"
    return f"although {load.source} filled every key: these weights are fresh themselves"


def _severity(load: WeightsLoad, share: float, in_part: bool) -> Severity:
    if by_design(load) and share < NEVER_LOADED:
        return Severity.ERROR if in_part and share >= PART else Severity.NOTE
    return Severity.ERROR if share >= NEVER_LOADED and load.unfilled else Severity.WARNING


def _told(layer: LayerWeights) -> bool:
    """Return whether the weights say anything: a layer of few weights counts as fresh without a scheme."""
    return layer.state == "trained" or (layer.state == "fresh" and layer.scheme != "")


def _blocks(fresh: Sequence[LayerWeights], layers: Sequence[LayerWeights]) -> list[str]:
    """Return the largest blocks that are fresh throughout: `decoder` where every layer below it is."""
    names, all_names = [x.layer for x in fresh], [x.layer for x in layers]
    found: dict[str, None] = {}
    for name in names:
        parts = name.split(".")
        fronts = (".".join(parts[:depth]) for depth in range(1, len(parts) + 1))
        whole = (f for f in fronts if all(other in names for other in all_names if below(other, f)))
        found.setdefault(next(whole, name))
    more = [f"{len(found) - _NAMED} more"] if len(found) > _NAMED else []
    return [*list(found)[:_NAMED], *more]
