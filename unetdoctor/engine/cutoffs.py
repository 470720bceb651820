"""Thresholds inside a network: what they compare, how far that reaches, and how many places lie on either side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from unetdoctor.engine.bench import Bench, NotApplicableError
from unetdoctor.engine.drawing import plain, trace
from unetdoctor.engine.evaluation import Change
from unetdoctor.engine.observation import place_of
from unetdoctor.engine.tail import alike, tail
from unetdoctor.engine.tape import Entry, Ref, tensors
from unetdoctor.facts import Cutoff, Remedy

if TYPE_CHECKING:
    from unetdoctor.engine.examination import Examination

_ORDERING = {"gt", "ge", "lt", "le"}


def cutoff(examination: Examination, remedies: tuple[Remedy, ...] = ()) -> Cutoff | None:
    """Return the last comparison with a number that the output comes from, perhaps under remedies; None without one."""
    main = examination.main
    if main.drawing is None:
        return None
    found = [op for op in tail(main.tape, main.drawing) if _compares(main.tape.entries[op])]
    if not found:
        return None
    op, entry = found[-1], main.tape.entries[found[-1]]
    drawing = trace(main.tape, entry.args[0])
    moved = [r.parameters["threshold"] for r in remedies if r.action == "cut_at" and r.parameters["op"] == op]
    shares = []
    for seen in alike(examination):
        change = examination.change(seen, remedies) if remedies else Change()
        share = _share(examination, seen, change, op)
        if share is not None:
            shares.append(min(share, 1 - share))
    if not shares:
        return None
    return Cutoff(
        op=op,
        place=place_of(entry, examination.setting),
        name=plain(entry.name),
        threshold=float(str(moved[-1])) if moved else float(entry.args[1]),
        low=drawing.low,
        high=drawing.high,
        activation=drawing.activation,
        split=max(shares),
        moved=bool(moved),
    )


def _compares(entry: Entry) -> bool:
    ordered = plain(entry.name) in _ORDERING and len(entry.args) > 1 and isinstance(entry.args[0], Ref)
    return ordered and isinstance(entry.args[1], (int, float))


def _share(examination: Examination, seen: Any, change: Change, op: int) -> float | None:
    """Return the share of places where the comparison holds in one pass."""
    held: list[float] = []

    def watch(index: int, _entry: Entry, result: Any) -> None:
        if index == op:
            held.extend(x.float().mean().item() for x in tensors(result) if x.numel())

    act = change.interventions.get(op, _as_it_is)
    whole = Change(interventions={**change.interventions, op: act}, leaves=change.leaves, inputs=change.inputs)
    examination.evaluate(seen, whole, observe=watch)
    return held[-1] if held else None


def _as_it_is(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return func(*args, **kwargs)


def cut_at(bench: Bench, remedy: Remedy) -> Change:
    """Compare with another number."""
    op, threshold = int(str(remedy.parameters["op"])), float(str(remedy.parameters["threshold"]))
    if op >= len(bench.tape.entries) or not _compares(bench.tape.entries[op]):
        raise NotApplicableError("this pass has no such comparison")

    def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return func(args[0], threshold, *args[2:], **kwargs)

    return Change(interventions={op: act})
