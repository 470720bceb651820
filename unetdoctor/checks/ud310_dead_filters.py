"""UD310: filters without weight in a layer whose other filters have some."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.graph import bottlenecks
from unetdoctor.checks.layers import FILTERS_LIMIT, dead_share, hidden, outputs, size, written
from unetdoctor.facts import Evidence, Finding, Kind, LayerWeights, Reading, Remedy, Severity

SPARSE_LIMIT = 0.2
"""Share of zeros among the weights of the filters that live from which on the layer is pruned by intent. 0: trained
or drawn at random. .5-.95: pruned weight by weight, which leaves small filters without any."""


class DeadFilters(Check):
    """Filters of a layer have no weight: what they draw is their bias, whatever they are shown.

    Symptom
        A picture without one of its colours, a class that never wins; behind a hidden layer, less detail than the
        network could draw.
    Cause
        Filters that were pruned, masked, overwritten or never loaded; weights that decay shrank to nothing, since no
        gradient reached them.
    Remedy
        Draw these filters anew, as large as the others are, and train them; the picture is looked at with them.
    Source
        No filter of 45 sound networks, 14 of them trained, is without weight in a layer that has some. Layers that
        are zero as a whole (zero convolutions, LoRA, the end of a residual branch) start like that by design: UD303
        and UD305 look at them. Where as many input channels of a later layer are not read, or living filters are full
        of zeros as well, the network was pruned by intent.
    """

    code = "UD310"
    name = "dead-filters"
    kind = Kind.CAUSE

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield a finding for the last layer, one for each hidden layer with many, and one for all others."""
        last = evidence.model.last
        if last is not None:
            yield cls._judged(evidence, last, 0.0, "the last layer")
        many = [x for x in hidden(evidence) if dead_share(x) > FILTERS_LIMIT]
        for layer in many:
            yield cls._judged(evidence, layer, FILTERS_LIMIT, "the layer")
        others = [x for x in hidden(evidence) if x not in many]
        if others:
            most = max(others, key=dead_share)
            yield cls.finding(
                f"At most {shown(dead_share(most))} % of the filters of {len(others)} hidden layers have no weight "
                f"(limit {FILTERS_LIMIT:g} %)" + (f", most at {most.place.text}." if most.dead_filters else "."),
                [Reading("filters without weight", dead_share(most), "%", upper=FILTERS_LIMIT)],
            )

    @classmethod
    def _judged(cls, evidence: Evidence, layer: LayerWeights, limit: float, what: str) -> Finding:
        return cls.finding(
            f"{layer.dead_filters} of {outputs(layer)} filters of {what} {layer.place.text} have no weight "
            f"({shown(dead_share(layer))} %, at most {limit:g} %).",
            [Reading(f"filters without weight of {what}", dead_share(layer), "%", upper=limit)],
            place=layer.place,
            severity=_severity(evidence, layer),
            remedies=(_refilled(layer),),
            op=layer.op,
        )


def _severity(evidence: Evidence, layer: LayerWeights) -> Severity:
    if not evidence.model.trained or _is_pruned(evidence, layer):
        return Severity.NOTE
    run = evidence.main
    if layer is evidence.model.last or run is None or run.output is None or run.output.drawn_by is None:
        return Severity.WARNING
    passed = {op.index for op in bottlenecks(run, run.output.drawn_by)}
    return Severity.WARNING if layer.op in passed else Severity.NOTE


def _is_pruned(evidence: Evidence, layer: LayerWeights) -> bool:
    """Return whether the network was pruned: nothing reads the dead filters, or living ones have zeros as well."""
    living = 1 - layer.dead_filters / outputs(layer)
    zeros = layer.zero - layer.dead_filters / outputs(layer)
    unread = any(x.unread_inputs >= layer.dead_filters for x in evidence.model.layers if _inputs(x) == outputs(layer))
    return zeros > SPARSE_LIMIT * living or unread


def _inputs(layer: LayerWeights) -> int:
    return layer.shape[0] if layer.transposed else layer.shape[1] * layer.groups


def _refilled(layer: LayerWeights) -> Remedy:
    weight = f"{written(layer.layer)}.weight"
    deviation = layer.std / max(1 - layer.dead_filters / outputs(layer), 1 / size(layer)) ** 0.5
    kernels = f"{weight}.unbind({int(layer.transposed)})"
    if layer.transposed and layer.groups > 1:
        kernels = f"[k for group in {weight}.chunk({layer.groups}) for k in group.unbind(1)]"
    return Remedy(
        action="refill_filters",
        place=layer.place,
        parameters={"layers": layer.layer},
        title=f"draw the dead filters of {layer.layer} anew",
        patch=f"with torch.no_grad():\n    for kernel in {kernels}:\n"
        f"        if kernel.abs().max() < 1e-12:\n            kernel.normal_(0, {deviation:.4g})",
        cause="UD310",
        scope=1,
    )
