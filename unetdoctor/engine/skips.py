"""Skip connections, found from the graph of a tape: never from the names of classes.

A join is a `cat` or an `add` whose operands parted earlier. One of them is the deep branch: since they parted, it alone
went through a lower resolution, was looked at there by a kernel that sees more than one place, and was brought back up.
The others are skips. What multiplies a branch as an attention map is no part of it: a gate that looks at the deep
branch, or at a pooled one, does not make a skip deep.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from unetdoctor.engine.drawing import CONVOLUTIONS, NORMALISATIONS, plain
from unetdoctor.engine.tape import Entry, Leaf, Ref, Tape, argument

STEP = 1.5
"""Factor between two resolutions: a crop by a few pixels, as convolutions without padding need it, is none."""
_RISING = {"pixel_shuffle", "max_unpool2d", "max_unpool3d", "grid_sampler", "grid_sampler_2d", "grid_sampler_3d"}
_GATES = {"sigmoid", "hardsigmoid", "_softmax", "softmax", "hardtanh", "tanh"}
_CARRY_GATE = {"div", "expand", "repeat", "clone", "_to_copy", "mul", "mean"}
_GATE_WALK = 8
POINTWISE = {"relu", "leaky_relu", "silu", "gelu", "elu", "dropout", "native_dropout", "prelu", *NORMALISATIONS}
"""What acts on each channel alone, or leaves channels where they are."""
Size = tuple[int, ...]


@dataclass(frozen=True)
class Part:
    """One branch where it is joined."""

    op: int
    """Operation that joins it: another one than the join's where a list was joined in two steps."""
    position: int
    """Its place among what that operation joins."""
    ref: Ref | Leaf
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Join:
    """One skip branch at one join."""

    op: int
    skip: Part
    deep: Part
    kind: str
    gated: bool
    source: int
    """Operation at which it parts; -1 for the network's input."""
    size: Size
    join_size: Size
    bottom: int
    """Operation at the lowest resolution of the deep branch."""
    from_input: bool


def operands(entry: Entry) -> tuple[Ref | Leaf, ...]:
    """Return what a `cat` or an `add` joins, by position; empty for other operations."""
    name = plain(entry.name)
    if name == "cat":
        joined = entry.args[0] if entry.args else ()
    elif name == "add":
        joined = entry.args[:2]
    else:
        return ()
    return tuple(joined) if len(joined) > 1 and all(isinstance(x, (Ref, Leaf)) for x in joined) else ()


def find_joins(tape: Tape) -> tuple[Join, ...]:
    """Return every skip branch of every join, in the order of the tape."""
    graph = _Graph(tape)
    joins = tuple(graph.joins())
    drawn = 0
    for _, ref in tape.outputs:
        drawn |= graph.at(ref) if ref is not None else 0
    truly = tape.upstream()
    # What the output reads through a gate alone is the inside of an attention gate, not a join.
    return tuple(join for join in joins if drawn >> (join.op + 1) & 1 or join.op not in truly)


class _Graph:
    """The operations before each operation, as bits: bit 0 is the network's input, bit n + 1 operation n."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.before: list[int] = []
        self.gated = 0
        self.rising = 0
        self.weighted = 0
        self.mixing: list[tuple[int, Size]] = []
        for op, entry in enumerate(tape.entries):
            self.before.append(self._before(op, entry))
            bit = 1 << (op + 1)
            if _rises(tape, op, entry):
                self.rising |= bit
            if entry.name in CONVOLUTIONS and not entry.static:
                self.weighted |= bit
                if _kernel(tape, entry) > 1:
                    self.mixing.append((op, entry.shape[2:]))

    def _before(self, op: int, entry: Entry) -> int:
        bits = 1 << (op + 1)
        if entry.static:
            return bits
        refs = self.tape.activations(op)
        if plain(entry.name) == "mul" and len(refs) == 2:
            kept = [ref for ref in refs if not self._is_gate(ref)]
            if len(kept) == 1:
                refs = tuple(kept)
                self.gated |= bits
        for ref in refs:
            bits |= self.at(ref)
        return bits

    def at(self, ref: Ref | Leaf) -> int:
        """Return the operations that a reference depends on, its own included."""
        if isinstance(ref, Ref):
            return 0 if self.tape.entries[ref.op].static else self.before[ref.op]
        return int(self.tape.leaves[ref.index].kind == "input")

    def _is_gate(self, ref: Ref | Leaf) -> bool:
        for _ in range(_GATE_WALK):
            if not isinstance(ref, Ref):
                return False
            entry = self.tape.entries[ref.op]
            name = plain(entry.name)
            if name in _GATES:
                return True
            sources = self.tape.activations(ref.op)
            if len(sources) != 1 or not (entry.traits.view or name in _CARRY_GATE or name.startswith("upsample_")):
                return False
            ref = sources[0]
        return False

    def joins(self) -> Iterator[Join]:
        """Yield every skip branch of every join."""
        readers = self._readers()
        inner = {op for op, by in readers.items() if self._is_cat(op) and len(by) == 1 and self._is_cat(by[0])}
        for op, entry in enumerate(self.tape.entries):
            parts = self._parts(op, inner)
            if op in inner or len(entry.shape) < 3 or len({self.at(part.ref) for part in parts}) < 2:
                continue
            if any(len(x.shape) != len(entry.shape) or x.shape[2:] != entry.shape[2:] for x in parts):
                continue  # an embedding or a pooled vector, spread over every place
            deep = self._deep(parts, entry.shape[2:])
            for part in parts if deep is not None else ():
                join = self._join(op, part, deep) if deep is not None and part is not deep else None
                if join is not None:
                    yield join

    def _readers(self) -> dict[int, list[int]]:
        readers: dict[int, list[int]] = {}
        for op in range(len(self.tape.entries)):
            for source in set(self.tape.producers(op)):
                readers.setdefault(source, []).append(op)
        return readers

    def _is_cat(self, op: int) -> bool:
        entry = self.tape.entries[op]
        dim = argument(entry.args, entry.kwargs, entry.traits, "dim")
        return entry.name == "cat" and dim in (1, 1 - len(entry.shape))

    def _parts(self, op: int, inner: set[int]) -> list[Part]:
        """Return what an operation joins; what was joined just before is taken apart again."""
        entry = self.tape.entries[op]
        if entry.name == "cat" and not self._is_cat(op):
            return []
        found = []
        for position, ref in enumerate(operands(entry)):
            if isinstance(ref, Ref) and ref.op in inner:
                found += self._parts(ref.op, inner)
            else:
                found.append(Part(op, position, ref, _shape_of(self.tape, ref)))
        return found

    def _deep(self, parts: list[Part], size: Size) -> Part | None:
        """Return the branch that went deepest; None where none was below this resolution and came back."""
        found: tuple[tuple[int, float, int], Part] | None = None
        for part in parts:
            lows = [self._lowest(part.ref, other.ref) for other in parts if other is not part]
            areas = [
                math.prod(self._size_of(low)) for low in lows if low is not None and _is_lower(self._size_of(low), size)
            ]
            if areas and (found is None or (len(areas), -min(areas), part.position) > found[0]):
                found = (len(areas), -min(areas), part.position), part
        return None if found is None else found[1]

    def _lowest(self, ref: Ref | Leaf, other: Ref | Leaf) -> int | None:
        """Return the operation at the lowest resolution that `ref` alone went through; None where it was no lower."""
        own = self.at(ref) & ~self.at(other)
        if not own & self.rising:
            return None
        size = self._size_of(self._source(ref, other))
        lower = [op for op, at in self.mixing if own >> (op + 1) & 1 and _is_lower(at, size)]
        return min(lower, key=lambda op: (math.prod(self._size_of(op)), -op), default=None)

    def _source(self, ref: Ref | Leaf, other: Ref | Leaf) -> int:
        """Return the last operation that both depend on; -1 for the network's input."""
        return (self.at(ref) & self.at(other)).bit_length() - 2

    def _parting(self, part: Part, deep: Part, size: Size) -> int:
        """Return where a skip parts: where it is drawn, if that is a stage of a decoder of its own."""
        own = self.at(part.ref) & ~self.at(deep.ref)
        last_rise = (own & self.rising).bit_length() - 2
        drawn = [
            op for op, at in self.mixing if own >> (op + 1) & 1 and op > last_rise >= 0 and not _is_lower(at, size)
        ]
        return part.ref.op if drawn and isinstance(part.ref, Ref) else self._source(part.ref, deep.ref)

    def _size_of(self, op: int) -> Size:
        if op >= 0:
            return self.tape.entries[op].shape[2:]
        return next((tuple(x.tensor.shape[2:]) for x in self.tape.leaves if x.kind == "input"), ())

    def _join(self, op: int, part: Part, deep: Part) -> Join | None:
        bottom = self._lowest(deep.ref, part.ref)
        shared = self.at(part.ref) & self.at(deep.ref)
        if bottom is None or not shared:
            return None
        entry = self.tape.entries[op]
        own = self.at(part.ref) & ~shared
        source = self._parting(part, deep, entry.shape[2:])
        return Join(
            op=op,
            skip=part,
            deep=deep,
            kind=plain(entry.name),
            gated=bool(own & self.gated),
            source=source,
            size=self._size_of(source),
            join_size=entry.shape[2:],
            bottom=bottom,
            from_input=source < 0 and not own & self.weighted,
        )


def _shape_of(tape: Tape, ref: Ref | Leaf) -> Size:
    if isinstance(ref, Leaf):
        return tuple(tape.leaves[ref.index].tensor.shape)
    return tape.entries[ref.op].shape if ref.slot == 0 else ()


def _is_lower(size: Size, than: Size) -> bool:
    if len(size) != len(than):
        return False
    return any(a * STEP <= b for a, b in zip(size, than, strict=True))


def _kernel(tape: Tape, entry: Entry) -> int:
    """Return the places that a convolution's kernel sees."""
    weight = entry.args[1]
    if isinstance(weight, Leaf):
        return math.prod(tape.leaves[weight.index].tensor.shape[2:])
    return math.prod(tape.entries[weight.op].shape[2:]) if isinstance(weight, Ref) else 1


def _rises(tape: Tape, op: int, entry: Entry) -> bool:
    """Whether the operation brings its input to a higher resolution."""
    name = plain(entry.name)
    if not (name.startswith("upsample_") or name in _RISING or entry.name in CONVOLUTIONS):
        return False
    read = entry.input_shapes[0] if entry.input_shapes else ()
    return len(read) == len(entry.shape) > 2 and _is_lower(read[2:], entry.shape[2:])


@dataclass(frozen=True)
class Consumer:
    """The convolution that reads a concatenation, with the part of its weight that reads each branch."""

    op: int
    skip: tuple[slice, ...]
    deep: tuple[slice, ...]


def consumer(tape: Tape, join: Join) -> Consumer | None:
    """Return the one convolution that reads a concatenation; None where there are several, or it works in groups."""
    op: int | None = join.op
    while op is not None:
        readers = [i for i in range(op + 1, len(tape.entries)) if op in tape.producers(i)]
        op = readers[0] if len(readers) == 1 else None
        if op is None or tape.entries[op].name in CONVOLUTIONS:
            break
        if plain(tape.entries[op].name) not in POINTWISE:
            return None
    if op is None or join.kind != "cat" or {join.skip.op, join.deep.op} != {join.op}:
        return None
    entry = tape.entries[op]
    if argument(entry.args, entry.kwargs, entry.traits, "groups") != 1:
        return None
    transposed = bool(argument(entry.args, entry.kwargs, entry.traits, "transposed"))
    shapes = [_shape_of(tape, ref) for ref in operands(tape.entries[join.op])]

    def part(position: int) -> tuple[slice, ...]:
        start = sum(shape[1] for shape in shapes[:position])
        taken = slice(start, start + shapes[position][1])
        return (taken,) if transposed else (slice(None), taken)

    return Consumer(op, part(join.skip.position), part(join.deep.position))
