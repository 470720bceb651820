"""UD401: an activation whose channels are dead."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.graph import DEAD_LIMIT, dead_activation, layer_in_front
from unetdoctor.checks.layers import written
from unetdoctor.checks.remedies import initialise_layer
from unetdoctor.facts import Evidence, Finding, Kind, Op, Place, Reading, Remedy, Run, Severity


class DeadRelu(Check):
    """An activation lets nothing through: its channels are 0 everywhere, on every input.

    Symptom
        One even tone, or the same picture for every input: what lies behind draws its biases alone. No gradient
        reaches what lies in front, so that training cannot bring it back.
    Cause
        A step of training that was too large and pushed a bias far below 0; weights that are all negative behind an
        activation that is never negative.
    Remedy
        Set the bias in front to zero or initialise that layer anew, and train with a smaller learning rate; LeakyReLU
        cannot die.
    Source
        Recipe 6: with a learning rate of 0.3 and no normalisation one layer is 100 % dead and the picture's deviation
        exactly 0. A dead branch that a skip connection bypasses leaves the picture working, and stays a note; no
        initialisation leaves a whole layer dead.
    """

    code = "UD401"
    name = "dead-relu"
    kind = Kind.CAUSE

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for the activation with the most dead channels."""
        run, found = evidence.main, dead_activation(evidence)
        if run is None or found is None:
            return
        op, numbers = found
        share = 100 * numbers.dead / numbers.channels
        yield cls.finding(
            f"Behind `{op.name}` at {op.place.text} {numbers.dead} of {numbers.channels} channels ({shown(share)} %, "
            f"at most {DEAD_LIMIT:g} %) are 0 everywhere, on every one of {len(evidence.outputs)} inputs.",
            [Reading("share of dead channels", share, "%", upper=DEAD_LIMIT)],
            place=op.place,
            severity=Severity.NOTE if evidence.model.trained else Severity.WARNING,
            remedies=_remedies(run, op),
            op=op.index,
        )


def _remedies(run: Run, op: Op) -> Iterator[Remedy]:
    biased = layer_in_front(run, op.index, lambda x: any(name.endswith(".bias") for name in x.parameters))
    weighted = layer_in_front(run, op.index, lambda x: x.weighted)
    if biased is not None and biased.place.layer:
        layer = biased.place.layer
        yield Remedy(
            "zero_bias",
            Place(layer=layer),
            {"layers": layer},
            f"zero the bias of {layer}",
            f"nn.init.zeros_({written(layer)}.bias)",
            "UD401",
            1,
        )
    if weighted is not None and weighted.place.layer:
        yield initialise_layer(weighted.place, "UD401")
    yield Remedy(
        "leaky_slope", op.place, {"op": op.index}, f"LeakyReLU in place of `{op.name}`", "nn.LeakyReLU(0.2)", "UD401", 2
    )
