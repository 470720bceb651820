"""Masks behind the last layer that let nothing through."""

from unetdoctor.facts import Op, Run

_MASKING = ("mul", "mul_", "where", "masked_fill", "masked_fill_")


def dead_masks(run: Run | None) -> tuple[Op, ...]:
    """Return the products behind the last layer that make a constant of a signal, where nothing else is handed out."""
    if run is None or run.output is None or run.output.drawn_by is None or run.probe.constant:
        return ()
    drawn_by = run.output.drawn_by
    ops = {op.index: op for op in run.ops}
    behind = {drawn_by}
    for op in run.ops:
        if behind.intersection(op.inputs):
            behind.add(op.index)
    end = ops[max(behind)]
    if end.index == drawn_by or end.statistics is None or end.statistics.signal != 0:
        return ()
    found, waiting, seen = [], [end.index], set[int]()
    while waiting:
        op = ops[waiting.pop()]
        if op.index in seen or op.index <= drawn_by:
            continue
        seen.add(op.index)
        alive = [x for x in op.inputs if x < 0 or _signal(ops, x) > 0]
        if alive and op.statistics is not None:
            found.append(op)
        else:
            waiting.extend(x for x in op.inputs if x in ops)
    return tuple(sorted(found, key=lambda x: x.index)) if all(_masks_out(x) for x in found) else ()


def _masks_out(op: Op) -> bool:
    return op.name in _MASKING and not op.parameters


def _signal(ops: dict[int, Op], index: int) -> float:
    """Return the signal of a result, of a view that of what it shows."""
    op = ops.get(index)
    while op is not None and op.statistics is None and op.is_view and op.inputs:
        op = ops.get(op.inputs[0])
    return op.statistics.signal if op is not None and op.statistics is not None else 0.0
