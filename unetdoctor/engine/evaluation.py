"""Evaluate a tape without the model's Python, or run the model itself under the same interventions.

An intervention stands in for one operation: it gets the operator and its arguments and returns what the operator would
have returned. Nothing is written into the model: leaves that the pass writes to are copied first.
"""

import copy
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from unetdoctor.engine.mode import Mode
from unetdoctor.engine.replaced import ours
from unetdoctor.engine.tape import DETACH, Entry, Leaf, Ref, Tape, tensors

Intervention = Callable[[Any, tuple[Any, ...], dict[str, Any]], Any]
"""(operator, arguments, keyword arguments) -> what stands in for the operator's result."""


Observer = Callable[[int, Entry, Any], None]
"""(index, operation, result): looks at every operation as it is evaluated."""


class DivergedError(RuntimeError):
    """The model, run again, did not execute the operations of its tape."""


@dataclass
class Snapshot:
    """What the operations from `op` on read of everything before."""

    op: int
    values: dict[Ref, Tensor]
    leaves: dict[int, Tensor]
    rng: tuple[Any, ...] | None


@dataclass
class Change:
    """A counterfactual: operations replaced, leaves exchanged by name, inputs exchanged, the output redrawn."""

    interventions: dict[int, Intervention] = field(default_factory=dict)
    leaves: dict[str, Tensor] = field(default_factory=dict)
    inputs: tuple[Tensor, ...] | None = None

    def first_op(self, tape: Tape) -> int:
        """Return the earliest operation that the change touches."""
        if self.inputs is not None:
            return 0
        touched = list(self.interventions)
        for op, entry in enumerate(tape.entries):
            if not self.leaves.keys().isdisjoint(entry.parameters):
                touched.append(op)
        return min(touched, default=len(tape.entries))


@contextmanager
def isolated_random_state(seed: int, device: torch.device | str = "cpu") -> Iterator[None]:
    """Seed torch, random and numpy for the block and give every generator back its state afterwards."""
    python_state, numpy_state = random.getstate(), np.random.get_state()
    kind = torch.device(device)
    devices = [kind.index or 0] if kind.type == "cuda" else []
    try:
        with torch.random.fork_rng(devices=devices, enabled=True):
            torch.default_generator.manual_seed(seed)
            if devices:
                torch.cuda.manual_seed_all(seed)  # torch.manual_seed() keeps a stack where CUDA has not begun: 1 ms
            random.seed(seed)
            np.random.seed(seed)
            yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)


def rng_state(device: torch.device | str) -> tuple[Any, ...]:
    """Return torch's generator states for this device."""
    kind = torch.device(device)
    return (torch.get_rng_state(), torch.cuda.get_rng_state(kind) if kind.type == "cuda" else None)


def set_rng_state(state: tuple[Any, ...], device: torch.device | str) -> None:
    """Set torch's generator states."""
    torch.set_rng_state(state[0])
    if state[1] is not None:
        torch.cuda.set_rng_state(state[1], torch.device(device))


def _last_uses(tape: Tape, start: int, wanted: set[Ref]) -> dict[int, list[Ref]]:
    """Return, for each operation, the references that nothing reads after it."""
    last: dict[Ref, int] = {}
    for op in range(start, len(tape.entries)):
        for ref in tape.inputs_of(op):
            if isinstance(ref, Ref):
                last[ref] = op
    uses: dict[int, list[Ref]] = {}
    for ref, op in last.items():
        if ref not in wanted:
            uses.setdefault(op, []).append(ref)
    return uses


def frontier(tape: Tape, start: int, wanted: set[Ref]) -> set[Ref]:
    """Return references to results before `start` that operations from `start` on, or the outputs, read."""
    needed = {ref for op in range(start, len(tape.entries)) for ref in tape.inputs_of(op) if isinstance(ref, Ref)}
    return {ref for ref in needed | wanted if ref.op < start}


class _Evaluation:
    """One evaluation of a tape: values by reference, freed after their last use."""

    def __init__(self, tape: Tape, change: Change) -> None:
        self.tape, self.change = tape, change
        self.values: dict[Ref, Tensor] = {}
        self.leaves: dict[int, Tensor] = {}
        self.read: set[Ref] | None = None
        """Results that anything reads; others are dropped at once."""
        self.result: Any = None

    def leaf(self, index: int) -> Tensor:
        if index in self.leaves:
            return self.leaves[index]
        known = self.tape.leaves[index]
        tensor = known.tensor
        if known.kind == "input" and self.change.inputs is not None:
            tensor = self.change.inputs[int(known.name)]
        elif known.name in self.change.leaves and known.kind == "parameter":
            tensor = self.change.leaves[known.name]
        if index in self.tape.mutated_leaves:
            tensor = tensor.detach().clone()
            self.leaves[index] = tensor
        return tensor

    def decode(self, value: Any) -> Any:
        if isinstance(value, Ref):
            return self.values[value]
        if isinstance(value, Leaf):
            return self.leaf(value.index)
        if isinstance(value, list):
            return [self.decode(item) for item in value]
        if isinstance(value, tuple):
            return tuple([self.decode(item) for item in value])
        return value

    def step(self, op: int, entry: Entry) -> None:
        args = tuple([self.decode(a) for a in entry.args])
        kwargs = {key: self.decode(value) for key, value in entry.kwargs.items()}
        act = self.change.interventions.get(op)
        out = entry.func(*args, **kwargs) if act is None else act(entry.func, args, kwargs)
        for slot, tensor in enumerate(tensors(out)):
            if self.read is None or Ref(op, slot) in self.read:
                self.values[Ref(op, slot)] = tensor
        self.result = out


def evaluate(
    tape: Tape,
    wanted: tuple[Ref | Leaf, ...],
    *,
    change: Change | None = None,
    snapshot: Snapshot | None = None,
    take: tuple[int, ...] = (),
    device: torch.device | str = "cpu",
    seed: int = 0,
    gradients: bool = False,
    observe: Observer | None = None,
) -> tuple[dict[Ref | Leaf, Tensor], dict[int, Snapshot]]:
    """Run a tape, whole or from a snapshot, under a change.

    Returns the wanted values by reference and, for each operation in `take`, a snapshot of what it and its followers
    read. Raises what an operation raises (a changed shape that does not fit, for one).
    """
    change = change or Change()
    run = _Evaluation(tape, change)
    start = 0
    keep = {ref for ref in wanted if isinstance(ref, Ref)}
    snapshots: dict[int, Snapshot] = {}
    drawn = isolated_random_state(seed, device) if tape.random else nullcontext()  # seeding takes a millisecond
    with drawn, torch.set_grad_enabled(gradients):
        if snapshot is not None:
            start = snapshot.op
            values, leaves = _copied(tape, snapshot)
            run.values.update(values)
            run.leaves.update(leaves)
            if snapshot.rng is not None:
                set_rng_state(snapshot.rng, device)
        fronts = {op: frontier(tape, op, keep) for op in take}
        held = keep.union(*fronts.values()) if fronts else keep
        uses = _last_uses(tape, start, held)
        run.read = held.union(
            *({r for r in tape.inputs_of(op) if isinstance(r, Ref)} for op in range(start, len(tape.entries)))
        )
        for op in range(start, len(tape.entries)):
            entry = tape.entries[op]
            if op in fronts:
                snapshots[op] = _taken(tape, op, run, fronts.pop(op), device)
            run.step(op, entry)
            if observe is not None:
                observe(op, entry, run.result)
            for ref in uses.get(op, ()):
                run.values.pop(ref, None)
        found = {ref: run.values[ref] if isinstance(ref, Ref) else run.leaf(ref.index) for ref in wanted}
    return found, snapshots


def _writes_after(tape: Tape, op: int) -> bool:
    return any(e.traits.mutated for e in tape.entries[op:])


def _taken(tape: Tape, op: int, run: _Evaluation, front: set[Ref], device: torch.device | str) -> Snapshot:
    values = {ref: run.values[ref].detach() for ref in front}
    leaves = dict(run.leaves)
    if _writes_after(tape, op):  # one deepcopy keeps shared storages shared
        values, leaves = copy.deepcopy((values, leaves))
    return Snapshot(op, values, leaves, rng_state(device) if tape.random else None)


def _copied(tape: Tape, snapshot: Snapshot) -> tuple[dict[Ref, Tensor], dict[int, Tensor]]:
    if _writes_after(tape, snapshot.op):
        copied: tuple[dict[Ref, Tensor], dict[int, Tensor]] = copy.deepcopy((snapshot.values, snapshot.leaves))
        return copied
    return dict(snapshot.values), dict(snapshot.leaves)


class Intervening(Mode):
    """Runs the model itself under a change, where a tape cannot stand in for it.

    Operations are counted as on the tape. `rule(func, args, kwargs)` stands in for every
    operation without an intervention (after a crash the tape ends early). Raises DivergedError when the model leaves
    its tape before the last operation that the change touches.
    """

    def __init__(
        self,
        tape: Tape,
        change: Change,
        capture: tuple[Ref, ...] = (),
        rule: Callable[[Any, tuple[Any, ...], dict[str, Any]], Any] | None = None,
    ) -> None:
        super().__init__()
        self._tape, self._change, self._rule = tape, change, rule
        self._op = 0
        self._capture = set(capture)
        self.captured: dict[Ref, Tensor] = {}
        self._exchanged = {
            (leaf.tensor.data_ptr(), leaf.tensor.shape): change.leaves[leaf.name]
            for leaf in tape.leaves
            if leaf.kind == "parameter" and leaf.name in change.leaves
        }
        self._last = max(change.interventions, default=-1)

    def _swap(self, value: Any) -> Any:
        if isinstance(value, Tensor):
            return self._exchanged.get((value.data_ptr(), value.shape), value)
        if isinstance(value, (list, tuple)):
            return type(value)([self._swap(item) for item in value])
        return value

    @ours
    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func is DETACH:
            return func(*args)
        op, self._op = self._op, self._op + 1
        if op <= self._last and self._tape.entries[op].func is not func:
            raise DivergedError(f"operation {op} was {self._tape.entries[op].name}, now {func}")
        if self._exchanged:
            args, kwargs = self._swap(args), {key: self._swap(value) for key, value in kwargs.items()}
        act = self._change.interventions.get(op)
        if act is not None:
            out = act(func, args, kwargs)
        elif self._rule is not None:
            out = self._rule(func, args, kwargs)
        else:
            out = func(*args, **kwargs)
        for slot, tensor in enumerate(tensors(out)):
            if Ref(op, slot) in self._capture:
                self.captured[Ref(op, slot)] = tensor
        return out
