"""UD312: a group or instance normalisation on features that do not vary within what it takes together."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check, either, shown
from unetdoctor.checks.graph import FLAT_LIMIT, PASSED_LIMIT, bottlenecks, is_flattening
from unetdoctor.checks.layers import written
from unetdoctor.checks.pictures import op_at
from unetdoctor.facts import Evidence, Finding, Kind, Op, PlaceNorm, Reading, Remedy, Run, Severity


class NormOnFlatFeatures(Check):
    """A group or instance normalisation is given features that do not vary within what it takes together.

    Symptom
        The same picture for every input or latent, or an even tone: what differs between samples was subtracted as
        a mean, and what is left of the network draws its biases, or noise that is scaled up.
    Cause
        GroupNorm with one channel a group on a map of one pixel, behind a global pool or in front of a generator's
        first up-sampling; InstanceNorm on a vector that was spread out to an even map; constant areas.
    Remedy
        Leave the normalisation out there, or take all channels together (GroupNorm(1, channels)); both are tried.
    Source
        Two public threads on flat pictures; on an even picture, a trained network with InstanceNorm makes 469 times
        more of noise than on a real one, one with BatchNorm 3.4 times, and that is how it is meant. Therefore features
        are judged on the main input, which varies, and never on an even one. Where a layer in front lost the signal
        already, the normalisation is not to blame.
    """

    code = "UD312"
    name = "norm-on-flat-features"
    kind = Kind.CAUSE

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield a finding for each normalisation that takes a signal away, and one for all others."""
        run = evidence.main
        if run is None:
            return
        flat = [x for x in evidence.place_norms if is_flattening(x)]
        for norm in flat:
            op = op_at(run, norm.op)
            if op is not None:
                yield cls._flattened(evidence, run, norm, op)
        others = [x for x in evidence.place_norms if x not in flat and x.flat == x.flat]
        if others:
            yield cls.finding(
                f"{len(others)} group and instance normalisations are given features that vary, or pass them on.",
                [Reading("normalisations that pass the signal on", len(others), "layers", lower=1)],
            )

    @classmethod
    def _flattened(cls, evidence: Evidence, run: Run, norm: PlaceNorm, op: Op) -> Finding:
        passed = norm.signal_out / norm.signal_in
        values = f"{norm.values} value{'s' * (norm.values != 1)}"
        return cls.finding(
            f"`{op.name}` at {op.place.text} takes {values} together, and {shown(100 * norm.flat)} % of "
            f"what it takes together are even (variance under eps, {norm.epsilon:g}; at most {FLAT_LIMIT:g} %): it "
            f"passes {shown(passed)} of the signal (at least {PASSED_LIMIT:g}).",
            either(
                Reading("share of even features", 100 * norm.flat, "%", upper=FLAT_LIMIT),
                Reading("signal behind the normalisation over that in front", passed, "x", lower=PASSED_LIMIT),
            ),
            place=op.place,
            severity=Severity.WARNING if _everything_passes(run, op) else Severity.NOTE,
            remedies=_remedies(op),
            op=op.index,
        )


def _everything_passes(run: Run, op: Op) -> bool:
    drawn_by = run.output.drawn_by if run.output is not None else None
    return drawn_by is not None and any(x.index == op.index for x in bottlenecks(run, drawn_by))


def _remedies(op: Op) -> Iterator[Remedy]:
    layer = op.place.layer
    target = written(layer) if layer else "norm"
    channels = op.shape[1] if len(op.shape) > 1 else 1
    if op.name == "native_group_norm" and channels > 1:
        yield Remedy(
            action="one_group",
            place=op.place,
            parameters={"op": op.index},
            title=f"take all channels together at {op.place.text}",
            patch=f"{target} = nn.GroupNorm(1, {channels})",
            cause="UD312",
            scope=1,
        )
    yield Remedy(
        action="skip_operation",
        place=op.place,
        parameters={"op": op.index},
        title=f"leave the normalisation at {op.place.text} out",
        patch=f"{target} = nn.Identity()",
        cause="UD312",
        scope=1,
    )
