"""UD401: an activation whose channels are dead."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check, shown
from unetdoctor.checks.graph import DEAD_LIMIT, biased_in_front, dead_activation, layer_in_front
from unetdoctor.checks.layers import FILTERS_LIMIT, dead_share
from unetdoctor.checks.remedies import initialise_layer, zero_bias
from unetdoctor.facts import Evidence, Finding, Kind, Op, Reading, Remedy, Run, Severity


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
        With a learning rate of 0.3 and no normalisation one layer is 100 % dead and the picture's deviation exactly 0.
        A dead block that a sum passes by leaves the picture working, and stays a note in a trained network. Where a
        skip connection or the deep branch beside it is even because of it, it is an error. No initialisation leaves a
        whole layer dead.
    """

    code = "UD401"
    name = "dead-relu"
    kind = Kind.CAUSE
    proves_itself = True

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding for the activation with the most dead channels; none where filters have no weight."""
        run, found = evidence.main, dead_activation(evidence)
        if run is None or found is None:
            return
        op, numbers = found
        in_front = layer_in_front(run, op.index, lambda x: x.weighted)
        layer = evidence.model.layer(in_front.place.layer) if in_front is not None else None
        if layer is not None and dead_share(layer) > FILTERS_LIMIT:
            return
        share = 100 * numbers.dead / numbers.channels
        yield cls.finding(
            f"Behind `{op.name}` at {op.place.text} {numbers.dead} of {numbers.channels} channels ({shown(share)} %, "
            f"at most {DEAD_LIMIT:g} %) are 0 everywhere, on every one of {len(evidence.outputs)} inputs.",
            [Reading("share of dead channels", share, "%", upper=DEAD_LIMIT)],
            place=op.place,
            severity=Severity.WARNING if not evidence.model.trained or _shuts(evidence, op) else Severity.NOTE,
            remedies=_remedies(run, op),
            op=op.index,
        )

    @classmethod
    def is_proof(cls, finding: Finding, evidence: Evidence) -> bool:
        """Return whether a whole branch of the network is lost with it."""
        run = evidence.main
        return run is not None and any(_shuts(evidence, op) for op in run.ops if op.index == finding.op)


def _shuts(evidence: Evidence, op: Op) -> bool:
    """Return whether a skip connection or the deep branch beside one is even because of this activation."""
    return any(op.index in (x.shut_at, x.deep_shut_at) for x in evidence.skips)


def _remedies(run: Run, op: Op) -> Iterator[Remedy]:
    weighted = layer_in_front(run, op.index, lambda x: x.weighted)
    layer = biased_in_front(run, op)
    if layer:
        yield zero_bias(layer, "UD401")
    if weighted is not None and weighted.place.layer:
        yield initialise_layer(weighted.place, "UD401")
    yield Remedy(
        "leaky_slope", op.place, {"op": op.index}, f"LeakyReLU in place of `{op.name}`", "nn.LeakyReLU(0.2)", "UD401", 2
    )
