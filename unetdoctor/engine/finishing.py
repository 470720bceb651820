"""Remedies on the functions that end a network: leave one out, turn its axis, put a threshold in its place."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from unetdoctor.engine.bench import Bench, NotApplicableError
from unetdoctor.engine.drawing import plain
from unetdoctor.engine.evaluation import Change, Intervention
from unetdoctor.facts import Remedy


def _named(bench: Bench, op: int, *names: str) -> str:
    """Return the name of an operation; raises NotApplicableError where this pass has no such one there."""
    entries = bench.tape.entries
    name = plain(entries[op].name) if op < len(entries) else ""
    if not name or (names and name not in names):
        raise NotApplicableError("this pass has no such operation")
    return name


def skip_operation(bench: Bench, remedy: Remedy) -> Change:
    """Hand on what an operation reads as it is."""
    op = int(remedy.parameters["op"])
    _named(bench, op)

    def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        out = func(*args, **kwargs)
        kept = args[0].clone()
        return kept if isinstance(out, Tensor) else type(out)([kept, *out[1:]])

    return Change(interventions={op: act})


def as_activated(bench: Bench, remedy: Remedy) -> Change:
    """Hand out what the final tanh or sigmoid draws, in 0..1, without the arithmetic behind it."""
    drawing = bench.drawing
    at, end = drawing.activation_op, drawing.output.op
    entries = bench.tape.entries
    if at is None or drawing.activation not in ("tanh", "sigmoid") or at == end:
        raise NotApplicableError("nothing lies behind a final tanh or sigmoid")
    if entries[at].shape != entries[end].shape:
        raise NotApplicableError("what lies behind the final activation changes the shape")
    kept: list[Tensor] = []

    def keep(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        out: Tensor = func(*args, **kwargs)
        kept[:] = [out.clone()]
        return out

    def put(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return (kept[0] + 1) / 2 if drawing.activation == "tanh" else kept[0]

    return Change(interventions={at: keep, end: put})


def without_masks(bench: Bench, remedy: Remedy) -> Change:
    """Hand on of each operation the operand that says most, as it is."""
    ops = [int(op) for op in remedy.parameters["ops"]]
    for op in ops:
        _named(bench, op)
    return Change(interventions=dict.fromkeys(ops, _fullest))


def _fullest(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    out = func(*args, **kwargs)
    operands = [x for x in args if isinstance(x, Tensor) and x.is_floating_point()]
    fullest = max(operands, key=lambda x: x.float().std(correction=0).item())
    return fullest.expand(out.shape).clone()


def softmax_over(bench: Bench, remedy: Remedy) -> Change:
    """Let a softmax, or an argmax, run over another axis."""
    op, dim = int(remedy.parameters["op"]), int(remedy.parameters["dim"])
    _named(bench, op, "_softmax", "softmax", "_log_softmax", "argmax", "max")

    def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return func(args[0], dim, *args[2:], **kwargs)

    return Change(interventions={op: act})


def decide_one_channel(bench: Bench, remedy: Remedy) -> Change:
    """Put sigmoid in the place of every softmax over one value, and a threshold in the place of an argmax."""
    threshold = float(remedy.parameters["threshold"])
    stand_ins: dict[str, Intervention] = {
        "_softmax": _sigmoid,
        "softmax": _sigmoid,
        "_log_softmax": _log_sigmoid,
        "argmax": _above(threshold),
        "max": _above(threshold),
    }
    return Change(
        interventions={int(op): stand_ins[_named(bench, int(op), *stand_ins)] for op in remedy.parameters["ops"]}
    )


def _sigmoid(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor:
    return torch.sigmoid(args[0])


def _log_sigmoid(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor:
    return torch.nn.functional.logsigmoid(args[0])


def _above(threshold: float) -> Intervention:
    def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        out = func(*args, **kwargs)
        ids = out if isinstance(out, Tensor) else out[1]
        decided = (args[0] > threshold).to(ids.dtype).reshape(ids.shape)
        return decided if isinstance(out, Tensor) else type(out)([out[0], decided])

    return act


def scale_output(bench: Bench, remedy: Remedy) -> Change:
    """Multiply the output by a factor and add a number."""
    factor, shift = float(remedy.parameters["factor"]), float(remedy.parameters["shift"])
    drawing = bench.drawing

    def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        out = func(*args, **kwargs)
        if not isinstance(out, Tensor):
            raise NotApplicableError("the output is one of several results of its operation")
        return out * factor + shift

    return Change(interventions={drawing.output.op: act})


ACTIONS: dict[str, Callable[[Bench, Remedy], Change]] = {
    "skip_operation": skip_operation,
    "as_activated": as_activated,
    "without_masks": without_masks,
    "softmax_over": softmax_over,
    "decide_one_channel": decide_one_channel,
    "scale_output": scale_output,
}
"""Actions on what ends a network, a part of `remedies.ACTIONS`."""
