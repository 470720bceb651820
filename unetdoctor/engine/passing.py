"""What becomes of a joined map before a layer reads it, and of a branch before it is joined: cut or merely arranged."""

from collections.abc import Iterator, Mapping

from unetdoctor.engine.drawing import plain
from unetdoctor.engine.liveliness import floor_of
from unetdoctor.engine.skips import POINTWISE
from unetdoctor.engine.tape import Entry, Leaf, Ref, Tape
from unetdoctor.facts import TensorStatistics

_ARRANGES = {"cat", "slice", "clone", "copy", "_to_copy", "mul", "where", "masked_fill", "contiguous", "index_put"}
_ARRANGES |= {"slice_scatter", "select_scatter", "constant_pad_nd", "fill", "zero", "div", "stack"}
"""What moves, scales or overwrites values, and computes nothing else: no activation, which can be shut by itself."""
_MAKES_CONSTANTS = {"zeros_like", "ones_like", "full_like", "new_zeros", "new_ones", "new_full"}
"""What reads a tensor's shape alone."""


def _arranges(entry: Entry) -> bool:
    """Return whether an operation merely arranges: none does that training can change (a gate that starts at 0)."""
    return (entry.traits.view or plain(entry.name) in _ARRANGES) and not entry.parameters


def arranged(tape: Tape, join: int) -> tuple[int, tuple[int, ...]]:
    """Return (what is read of the join, the operations that can overwrite it before a layer reads it, in order).

    What is read is the join or the activation that alone reads it. It is overwritten by what makes a map of its shape
    again, or writes into it.
    """
    base = _activated(tape, join)
    carried, shape = {base}, tape.entries[base].shape
    found = []
    for op in range(base + 1, len(tape.entries)):
        entry = tape.entries[op]
        if not carried.intersection(tape.producers(op)) or plain(entry.name) in _MAKES_CONSTANTS:
            continue
        if not _arranges(entry):
            continue
        carried.add(op)
        if entry.traits.mutated or (entry.shape == shape and not entry.traits.view):
            found.append(op)
    return base, tuple(found)


def _activated(tape: Tape, op: int) -> int:
    """Return the last of the pointwise operations that alone read what `op` draws; `op` where there is none."""
    while True:
        readers = [i for i in range(op + 1, len(tape.entries)) if op in tape.producers(i)]
        if len(readers) != 1 or plain(tape.entries[readers[0]].name) not in POINTWISE:
            return op
        op = readers[0]


def behind(tape: Tape, op: int) -> Ref | None:
    """Return what was drawn last before it was merely arranged, of the same shape; None where `op` itself draws."""
    shape, waiting, seen = tape.entries[op].shape, [op], {op}
    while waiting:
        for source in _arranged_from(tape, waiting.pop()):
            if source in seen:
                continue
            seen.add(source)
            entry = tape.entries[source]
            if not _passes(entry) and entry.shape == shape and not entry.static:
                return Ref(source, 0)
            waiting.append(source)
    return None


def cut_at(tape: Tape, statistics: Mapping[int, TensorStatistics], branch: Ref | Leaf) -> int:
    """Return the operation that merely arranges what varies, and behind which a branch is even; -1 without one.

    Layers may lie between it and the join: of an even map they draw an even one.
    """
    return _even_from(tape, statistics, branch)[0]


def shut_at(tape: Tape, statistics: Mapping[int, TensorStatistics], branch: Ref | Leaf) -> int:
    """Return the activation that is 0 everywhere although it reads what varies, where that makes a branch even; or -1.

    Layers may lie between it and the join.
    """
    return _even_from(tape, statistics, branch)[1]


def _even_from(tape: Tape, statistics: Mapping[int, TensorStatistics], branch: Ref | Leaf) -> tuple[int, int]:
    """Return (what cuts a branch, the activation that shuts it); -1 for what does not."""

    def varies(op: int) -> bool:
        return op in statistics and statistics[op].signal > 0

    ref = branch
    while isinstance(ref, Ref):
        drawn = behind(tape, ref.op)
        if drawn is not None and varies(drawn.op):
            return ref.op, -1
        sources = tape.activations(ref.op) if drawn is None else (drawn,)
        if varies(ref.op) or not sources:
            break
        if isinstance(sources[0], Ref) and varies(sources[0].op) and floor_of(tape.entries[ref.op]) is not None:
            return -1, ref.op
        ref = sources[0]
    return -1, -1


def is_blotted(tape: Tape, op: int) -> bool:
    """Return whether an operation reads one thing that the network computed, and else constants: a gate reads two."""
    if op < 0:
        return False
    made = [ref for ref in tape.inputs_of(op) if isinstance(ref, Ref) and _made_constant(tape.entries[ref.op])]
    read, computed = tape.inputs_of(op), [ref for ref in tape.activations(op) if ref not in made]
    others = [ref for ref in read if ref not in computed and ref not in made]
    constant = all(isinstance(ref, Leaf) and tape.leaves[ref.index].kind == "constant" for ref in others)
    return len(computed) == 1 and constant


def _passes(entry: Entry) -> bool:
    return _arranges(entry) or _made_constant(entry)


def _made_constant(entry: Entry) -> bool:
    """Return whether an operation takes the shape of what it reads, and none of its values."""
    return plain(entry.name) in _MAKES_CONSTANTS


def _arranged_from(tape: Tape, op: int) -> Iterator[int]:
    entry = tape.entries[op]
    if _passes(entry):
        yield from (source for source in tape.producers(op) if source >= 0)
