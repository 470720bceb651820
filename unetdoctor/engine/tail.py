"""The operations between the layer that drew the output and the output: what they read in each pass."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from unetdoctor.engine.drawing import CHOOSING, COMPARING, Drawing, plain
from unetdoctor.engine.observation import Observed, verify_now
from unetdoctor.engine.tape import Entry, Ref, Tape

if TYPE_CHECKING:
    from unetdoctor.engine.examination import Examination


def tail(tape: Tape, drawing: Drawing) -> tuple[int, ...]:
    """Return the operations behind the last weighted one that the output comes from, in order."""
    if drawing.drawn_by is None:
        return ()
    drawn = tape.downstream({drawing.drawn_by}) - {drawing.drawn_by}
    needed = {drawing.output.op}
    for op in range(drawing.output.op, drawing.drawn_by, -1):
        if op in needed:
            needed.update(source for source in tape.producers(op) if source >= 0)
    return tuple(sorted(drawn & needed))


def decision(tape: Tape, ops: tuple[int, ...]) -> Ref | None:
    """Return the last choice of a class among these operations."""
    for op in reversed(ops):
        name = plain(tape.entries[op].name)
        slot = 1 if name == "max" else 0
        if name in CHOOSING and any(Ref(op, slot) in tape.inputs_of(later) for later in ops):
            return Ref(op, slot)
    return None


def comparison(tape: Tape, ops: tuple[int, ...]) -> Ref | None:
    """Return the last threshold among these operations that another one reads."""
    for op in reversed(ops):
        if plain(tape.entries[op].name) in COMPARING and any(Ref(op, 0) in tape.inputs_of(later) for later in ops):
            return Ref(op, 0)
    return None


def decides(tape: Tape, drawing: Drawing) -> bool:
    """Return whether what is handed out was decided: a class chosen, or a threshold applied."""
    ops = tail(tape, drawing)
    return decision(tape, ops) is not None or any(plain(tape.entries[op].name) in COMPARING for op in ops)


def usable(examination: Examination, seen: Observed) -> bool:
    """Whether the tape of this pass can stand in for the model behind the last weighted layer."""
    if seen.drawing is None or seen.output is None:
        return False
    if seen.verified is None:
        verify_now(examination.setting, seen)
    entries = (seen.tape.entries[op] for op in tail(seen.tape, seen.drawing))
    return bool(seen.verified) and not any(entry.traits.reads_values and not _looks_up(entry) for entry in entries)


def _looks_up(entry: Entry) -> bool:
    """Whether an `index` reads a table at whole numbers, which leaves their shape; a mask would leave a row."""
    ids = entry.input_shapes[-1] if entry.input_shapes else ()
    return entry.name == "index" and bool(ids) and entry.shape[: len(ids)] == ids


def alike(examination: Examination) -> Iterator[Observed]:
    """Yield the passes that ran the main one's program behind the last weighted layer, and can be evaluated."""
    main = examination.main
    program = _program(main)
    for seen in examination.looked_at(compared=True) or [main]:
        if _program(seen) == program and usable(examination, seen):
            yield seen


def _program(seen: Observed) -> list[object]:
    if seen.drawing is None or seen.drawing.drawn_by is None:
        return []
    return [entry.func for entry in seen.tape.entries]


def source(entry: Entry) -> Ref | None:
    """Return the first result of another operation that this one reads."""
    first = entry.args[0] if entry.args else None
    return first if isinstance(first, Ref) else None
