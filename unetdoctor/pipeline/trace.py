"""The course of `unetdoctor trace`: load, find an input, watch one real forward pass."""

from typing import Any

from unetdoctor.checks.graph import non_finite_origin
from unetdoctor.engine.environment import environment
from unetdoctor.engine.loading.errors import guarded
from unetdoctor.engine.observation import observe, operations
from unetdoctor.engine.probes import make_probes
from unetdoctor.facts import Op, Request, Run, RunBlock, Trace
from unetdoctor.pipeline.loading import loaded_with_input, refuse_unknown_output, setting_of, target_of

COLLAPSE = 0.02
"""Signal over the largest before it, judged together with GONE. Under .01: the sick sample of a signal that vanishes,
from its sixth operation on; and the sound trained sample, whose bottom holds .007 of its largest signal."""
GONE = 0.01
"""The signal itself. .002: that sick sample. .04: the weakest layer of that sound one."""


def run(request: Request, channel: Any) -> Trace:
    """Return every operation of one forward pass of the network of a request."""
    loaded, chosen = loaded_with_input(request, channel)
    setting = setting_of(loaded, request)
    channel.stage("forward")
    probe = make_probes(chosen, request, request.device)[0]
    seen = guarded(
        channel.guard, "forward", lambda: observe(setting, probe.probe, probe.args, probe.kwargs, verify=False)
    )
    if seen.crash is None and seen.output is None:
        refuse_unknown_output(request, seen.returned, "trace")
    ops = operations(seen, setting)
    origin = non_finite_origin(Run(probe.probe, ops, None, (), seen.crash, seen.seconds, True))
    return Trace(
        target=target_of(loaded, request, sum(op.weighted for op in ops)),
        input=chosen.choice,
        probe=probe.probe.description,
        ops=ops,
        output=tuple(seen.output.shape) if seen.output is not None else (),
        path=seen.path,
        environment=environment(request.device),
        timings=RunBlock(worker_seconds=seen.seconds),
        non_finite=origin.index if origin is not None else None,
        collapse=first_collapse(ops),
        crash=seen.crash,
    )


def first_collapse(ops: tuple[Op, ...]) -> int | None:
    """Return the index of the weighted operation from which on the signal stays next to nothing of what it was.

    Only what every later weighted operation confirms is a collapse: a small residual branch is none.
    """
    known = [op for op in ops if op.weighted and op.statistics is not None and op.statistics.finite]
    signals = [op.statistics.signal for op in known if op.statistics is not None]
    largest = 0.0
    for number, (op, signal) in enumerate(zip(known, signals, strict=True)):
        if max(signals[number:]) < min(COLLAPSE * largest, GONE):
            return op.index
        largest = max(largest, signal)
    return None
