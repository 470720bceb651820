"""UD403: the signal dies on its way through the network."""

from collections.abc import Iterator

from unetdoctor.checks.check import Check, either, shown
from unetdoctor.checks.graph import bottlenecks, cut, has_wrong_statistics, is_blocked_before, is_normalisation, places
from unetdoctor.checks.masking import dead_masks
from unetdoctor.checks.pictures import op_at
from unetdoctor.checks.remedies import STATISTICS, initialise_all, initialise_layer
from unetdoctor.facts import Evidence, Finding, Kind, Op, Reading, Remedy, Run, Severity

RELATIVE_LIMIT = 0.02
"""Signal over that behind the first weighted layer. Under .02: the sick sample from its fourth layer on. .3-5: sound
ones."""
ABSOLUTE_LIMIT = 0.01
"""The signal itself. A network fed with 0..255 and normalised falls to .01 of its first signal and still holds 1."""

FADED = 1e-15
"""Signal of what an operation reads under which it cuts nothing off: it was lost on the way there, little by little,
and the squares of which a spread is made are 0 in float32. 1e-26: a fresh network of transformers, 50 layers of
weights of .02 deep. .1 and more: what dead layers of samples read."""


class SignalVanishes(Check):
    """The signal dies on its way: behind some layer, next to nothing is left of what the input says.

    Symptom
        One even tone, or the same picture for every input: the layers behind draw their biases and borders.
    Cause
        Layers that are each a little too small, with no normalisation that makes up for it; or running statistics
        that were never filled; or one dead layer; or, behind the last layer, a mask that is zero everywhere.
    Remedy
        Initialise the network with kaiming fan-in, or from the named layer on; batch statistics prove the other
        cause.
    Source
        "Why a No trained GAN generator using 3 channels only produce grey images?": without BatchNorm its generator is
        truly grey, 0.8 levels with tanh and 0.3 with sigmoid. Judged only where everything must pass (a deep branch
        that a skip connection bypasses is no obstacle), and before the last layer.
    """

    code = "UD403"
    name = "signal-vanishes"
    kind = Kind.CAUSE

    @classmethod
    def examine(cls, evidence: Evidence) -> Iterator[Finding]:
        """Yield one finding: the first layer behind which the signal is lost, else the one with the weakest signal.

        None where a dead or pinned activation or wrong statistics lost it: these are said by their own checks.
        """
        run = evidence.main
        masks = dead_masks(run)
        if masks:
            yield cls._masked(masks)
            return
        severed = cut(run)
        if severed is not None and _faded(run, severed):
            severed = None  # as weak as that, it was lost before
        if severed is not None and not is_normalisation(severed) and not is_blocked_before(evidence, severed):
            if not any(x.op == severed.index and x.largest == 0 for x in evidence.model.layers):  # UD305 says it
                yield cls._severed(evidence, severed)
            return
        profile = _profile(run) if run is not None else ()
        if len(profile) < 2:
            return
        reference = profile[0][1]
        judged = [(op, _readings(signal, reference)) for op, signal in profile[1:]]
        lost = next((x for x in judged if not any(r.holds for r in x[1])), None)
        if lost is not None and (is_blocked_before(evidence, lost[0]) or has_wrong_statistics(evidence, lost[0])):
            return
        op, readings = lost or min(judged, key=lambda x: x[1][0].value)
        yield cls.finding(
            f"Behind `{op.name}` at {op.place.text} the signal is {shown(readings[0].value)} of what it is behind the "
            f"first layer (at least {RELATIVE_LIMIT:g}), {shown(readings[1].value)} itself (at least "
            f"{ABSOLUTE_LIMIT:g}).",
            either(*readings),
            place=op.place,
            severity=Severity.WARNING if evidence.model.trained else Severity.NOTE,
            remedies=_remedies(evidence, op),
            op=op.index,
        )

    @classmethod
    def _masked(cls, masks: tuple[Op, ...]) -> Finding:
        """Return the finding of masks behind the last layer that let nothing through."""
        op, *others = masks
        elsewhere = sorted({x.place.text for x in others} - {op.place.text})
        also = f", and at {', '.join(elsewhere)}," if elsewhere else ""
        return cls.finding(
            f"`{op.name.strip('_')}` at {op.place.text}{also} leaves nothing of what it reads: the signal is "
            f"{shown(0.0)} behind it (at least {ABSOLUTE_LIMIT:g}), and that is all that is handed out.",
            [Reading("signal", 0.0, lower=ABSOLUTE_LIMIT)],
            place=op.place,
            severity=Severity.WARNING,
            remedies=[
                Remedy(
                    action="without_masks",
                    place=op.place,
                    parameters={"ops": [x.index for x in masks]},
                    title=f"leave the mask out at {op.place.text}",
                    patch="return x  # without the product with a mask that is zero everywhere",
                    cause=cls.code,
                    scope=1,
                )
            ],
            op=op.index,
        )

    @classmethod
    def _severed(cls, evidence: Evidence, op: Op) -> Finding:
        """Return the finding of an op behind which nothing is left: what lies behind draws the same for every input."""
        return cls.finding(
            f"Behind `{op.name}` at {op.place.text} nothing is left of the input: the signal is 0 (at least "
            f"{ABSOLUTE_LIMIT:g}), whatever is fed.",
            [Reading("signal", 0.0, lower=ABSOLUTE_LIMIT)],
            place=op.place,
            severity=Severity.WARNING,
            remedies=_remedies(evidence, op) if op.weighted else [_left_out(op)],
            op=op.index,
        )


def _faded(run: Run | None, op: Op) -> bool:
    """Return whether what an operation reads has next to no signal either."""
    sources = [op_at(run, index) for index in op.inputs] if run is not None else []
    known = [x.statistics.signal for x in sources if x is not None and x.statistics is not None]
    return bool(known) and max(known) < FADED


def _left_out(op: Op) -> Remedy:
    return Remedy(
        action="skip_operation",
        place=op.place,
        parameters={"op": op.index},
        title=f"leave `{op.name}` out, so that what it reads goes on",
        patch="",
        cause="UD403",
        scope=1,
    )


def _profile(run: Run) -> tuple[tuple[Op, float], ...]:
    """Return (op, signal) of the layers that everything passes, the last one left out; empty where it is unknown.

    A vector of one picture has one place, and a spread of 0 over it: it is left out.
    """
    if run.output is None or run.output.drawn_by is None:
        return ()
    passed = [
        (op, op.statistics.signal)
        for op in bottlenecks(run, run.output.drawn_by)
        if op.statistics is not None and (op.weighted or is_normalisation(op)) and places(op.shape) > 1
    ]
    known = [x for x in passed if x[1] == x[1]]
    return tuple(known) if known and known[0][1] > 0 else ()


def _readings(signal: float, reference: float) -> tuple[Reading, Reading]:
    return (
        Reading("signal over that behind the first layer", signal / reference, "x", lower=RELATIVE_LIMIT),
        Reading("signal", signal, lower=ABSOLUTE_LIMIT),
    )


def _remedies(evidence: Evidence, op: Op) -> Iterator[Remedy]:
    yield initialise_all("kaiming_fan_in", "UD403")
    if op.weighted and op.place.layer:
        yield initialise_layer(op.place, "UD403", "kaiming_fan_in")
    if any(x.used_stored for x in evidence.model.norms):
        yield from STATISTICS
