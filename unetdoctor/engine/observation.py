"""One forward pass under observation: its tape, its numbers, its picture, or its crash."""

import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor

from unetdoctor.engine.bench import measuring
from unetdoctor.engine.constants import name_kernels
from unetdoctor.engine.crash import crash_of
from unetdoctor.engine.drawing import Drawing, is_weighted, trace
from unetdoctor.engine.evaluation import Change, DivergedError, Intervening, Snapshot, evaluate
from unetdoctor.engine.postprocessing import PostprocessError
from unetdoctor.engine.recorder import Recorder
from unetdoctor.engine.returned import Found, choose, described, find_tensors
from unetdoctor.engine.script_sites import name_modules
from unetdoctor.engine.setting import Setting
from unetdoctor.engine.skips import Join, find_joins
from unetdoctor.engine.statistics import Statistics
from unetdoctor.engine.tape import Entry, Leaf, Ref, Tape, tensors
from unetdoctor.engine.weights import SLOW_PRODUCTS, normalisations, products_of, static_references
from unetdoctor.facts import Crash, Op, Output, Place, Probe, TensorStatistics

MOST_BRANCHES = 6
"""Joins, the last ones, of which verifying the first pass keeps what ablation starts from."""
LAST_KEPT = 8
"""Latest small results of a slow pass that are kept while it runs: what its final activation read is among them."""
LARGEST_KEPT = 1_000_000
"""Values of such a result at most."""


@dataclass
class Observed:
    """One probe's pass, with its tensors: lives in the engine only."""

    probe: Probe
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    tape: Tape
    statistics: dict[int, TensorStatistics]
    seconds: float
    crash: Crash | None = None
    path: str = ""
    others: tuple[tuple[str, tuple[int, ...]], ...] = ()
    returned: tuple[tuple[str, tuple[int, ...]], ...] = ()
    """(path, shape) of every tensor that forward() returned."""
    chosen: str = ""
    """The rule that chose the output among them; what was returned instead of tensors where there is none."""
    output: Tensor | None = None
    raw: Tensor | None = None
    drawing: Drawing | None = None
    verified: bool | None = None
    """Whether the evaluated tape gives the observed output bit for bit; None where that was not looked at yet."""
    snapshot: Snapshot | None = None
    """Before the last layer's operation."""
    branches: dict[int, Snapshot] = field(default_factory=dict)
    """Before each join of the first pass, until its skip connections were measured."""
    drawn: dict[Ref, Tensor] = field(default_factory=dict)
    """With them: what was drawn, and everything else that was returned."""
    values: dict[Ref | Leaf, Tensor] = field(default_factory=dict)
    """Evaluated static weights."""
    batch: dict[int, tuple[Tensor, Tensor]] = field(default_factory=dict)
    """(mean, variance) of the batch at each normalisation with running statistics."""
    quiet: dict[int, float] = field(default_factory=dict)
    """Share of sampled channels that are 0 everywhere, of each activation that can die."""
    pinned: dict[int, float] = field(default_factory=dict)
    """Share of the sample at an end, of each activation with two ends."""

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """Every tensor among the arguments."""
        return tuple(t for _, t in find_tensors((self.args, self.kwargs)))


class Tried(NamedTuple):
    """One pass under remedies."""

    inputs: tuple[Tensor, ...] | None
    """What was fed, where that was changed."""
    tensor: Tensor
    """The chosen output."""
    output: Output
    """Its numbers."""


def observe(
    setting: Setting,
    probe: Probe,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    verify: bool,
    like: Drawing | None = None,
) -> Observed:
    """Run the model once and keep what happened; an exception of the model's becomes a crash with its partial tape.

    `verify` evaluates the tape at once (`verify_now` does it later); `like` is the drawing of an earlier pass: what the
    final activation reads is then kept on the way, as it is, where small, in a first pass that takes long. `raw` is
    None where it is not known.
    """
    statistics = Statistics()
    kept: deque[tuple[Ref, Tensor]] = deque(maxlen=LAST_KEPT)
    spent = 0.0

    def watch(op: int, entry: Entry, result: Any) -> None:
        nonlocal spent
        statistics(op, entry, result)
        spent += products_of(recorder.tape, entry)
        slow = like is None and spent > SLOW_PRODUCTS
        for slot, tensor in enumerate(tensors(result)):
            if (slow and tensor.numel() <= LARGEST_KEPT) or (like is not None and Ref(op, slot) == like.raw):
                kept.append((Ref(op, slot), tensor.detach()))

    inputs = tuple(t for _, t in find_tensors((args, kwargs)))
    recorder = Recorder(setting.model, inputs, watch, setting.source_root)
    start = time.perf_counter()
    found: Found = []
    returned, raised = None, None
    try:
        with recorder:
            returned = setting.call(args, kwargs)
            found = find_tensors(returned)
    except PostprocessError:
        raise
    except Exception as exception:  # noqa: BLE001 - user code: what it raises is evidence
        raised = exception
    recorder.restore()
    tape = recorder.tape
    if next(setting.model.named_parameters(), None) is None:
        name_kernels(tape)
    name_modules(setting.model, tape)
    _name_nameless(tape)
    if setting.after is not None:
        setting.after.place(tape)
    seen = Observed(probe, args, kwargs, tape, statistics.collect(), time.perf_counter() - start)
    seen.quiet, seen.pinned = statistics.quiet(), statistics.pinned()
    if raised is not None:
        seen.crash = crash_of(setting, tape, raised, tuple(inputs[0].shape) if inputs else ())
        return seen
    seen.chosen = described(returned)
    _find_output(setting, seen, recorder, found)
    if seen.output is not None and verify:
        verify_now(setting, seen)
    elif seen.drawing is not None:
        seen.raw = seen.output if seen.drawing.raw == seen.drawing.output else _unwritten(seen, kept)
    return seen


def _unwritten(seen: Observed, kept: Iterable[tuple[Ref, Tensor]]) -> Tensor | None:
    """Return what the final activation read, if it was kept and nothing wrote to it since."""
    assert seen.drawing is not None
    raw = seen.drawing.raw
    if any(entry.traits.mutated for entry in seen.tape.entries[raw.op + 1 :]):
        return None
    return next((tensor for ref, tensor in kept if ref == raw), None)


def _find_output(setting: Setting, seen: Observed, recorder: Recorder, found: Found) -> None:
    """Choose the tensor that is the picture among what forward() returned."""
    size = seen.probe.shape
    origins = [recorder.origin(tensor) for _, tensor in found]
    seen.tape.outputs = [(path, origin) for (path, _), origin in zip(found, origins, strict=True)]
    drawn = [i for i, origin in enumerate(origins) if isinstance(origin, Ref)]  # not an input handed back
    if drawn and setting.output is None:
        found, origins = [found[i] for i in drawn], [origins[i] for i in drawn]
    seen.returned = tuple((path, tuple(t.shape)) for path, t in found)
    chosen, rule = choose(found, size, setting.output, lambda i: _is_feature(seen.tape, origins, i))
    if chosen is None:
        return
    seen.chosen = rule
    seen.path, seen.output = found[chosen][0], found[chosen][1].detach()
    seen.others = tuple(pair for i, pair in enumerate(seen.returned) if i != chosen)
    reference = origins[chosen]
    if isinstance(reference, Ref):
        seen.drawing = trace(seen.tape, reference)


def _is_feature(tape: Tape, origins: Sequence[Ref | Leaf | None], number: int) -> bool:
    """Whether a weighted operation draws another output from this one: then it is what the picture was made of."""
    origin = origins[number]
    if not isinstance(origin, Ref):
        return False
    later = tape.downstream({origin.op})
    others = [o for i, o in enumerate(origins) if i != number and isinstance(o, Ref) and o.op in later - {origin.op}]
    return any(trace(tape, other).drawn_by in later - {origin.op} for other in others)


def verify_now(setting: Setting, seen: Observed, *, whole: bool = False) -> None:
    """Evaluate the tape, compare it bit for bit, and take what trials need on the way, `whole` what ablation needs."""
    drawing, tape = seen.drawing, seen.tape
    seen.verified = False
    if drawing is None or seen.output is None:
        return
    start = trial_start(tape, drawing)
    static = static_references(tape)
    drawn = returned_references(tape, drawing) if whole else ()
    wanted: tuple[Ref | Leaf, ...] = (drawing.output, drawing.raw, *drawn, *static)
    branches = branch_points(find_joins(tape)[-MOST_BRANCHES:]) if whole else ()
    change = Change(interventions={op: measuring(seen.batch, op) for op in normalisations(tape)})
    try:
        values, snapshots = evaluate(
            tape,
            wanted,
            change=change,
            take=(*branches, *(() if start is None else (start,))),
            device=setting.device,
            seed=setting.seed,
        )
    except Exception:  # noqa: BLE001 - a tape that cannot be evaluated is not used
        values, snapshots = {}, {}
    if values and _equal(values[drawing.output], seen.output):
        seen.verified, seen.raw = True, values[drawing.raw]
        seen.values = {ref: values[ref] for ref in static}
        seen.drawn = {ref: values[ref] for ref in (drawing.output, drawing.raw, *drawn)} if branches else {}
        seen.branches = {op: snapshots[op] for op in branches}
        seen.snapshot = snapshots.get(start) if start is not None else None
        return
    mode = Intervening(tape, Change(), capture=(drawing.raw,))
    try:
        with tape.leaves_kept(), mode:
            setting.call(seen.args, seen.kwargs)
    except (DivergedError, RuntimeError):
        return
    seen.raw = mode.captured.get(drawing.raw)


def returned_references(tape: Tape, drawing: Drawing) -> tuple[Ref, ...]:
    """Return what the last layer drew, and everything that was returned beside the chosen output."""
    others = tuple(ref for _, ref in tape.outputs if isinstance(ref, Ref) and ref != drawing.output)
    return others if drawing.drawn_by is None else (Ref(drawing.drawn_by, 0), *others)


def branch_points(joins: tuple[Join, ...]) -> tuple[int, ...]:
    """Return the operations before which a branch is replaced, in order."""
    return tuple(sorted({part.op for join in joins for part in (join.skip, join.deep)}))


def _equal(a: Tensor, b: Tensor) -> bool:
    if torch.equal(a, b):
        return True
    return a.shape == b.shape and a.dtype == b.dtype and bool(((a == b) | ((a != a) & (b != b))).all())


def trial_start(tape: Tape, drawing: Drawing) -> int | None:
    """Return the operation before which a trial on the last layer starts: its weight's own preparation included."""
    start = drawing.drawn_by
    while start is not None and start > 0 and tape.entries[start - 1].static:
        start -= 1
    return start


def _name_nameless(tape: Tape) -> None:
    """Where neither a parameter nor the call stack names the layer (TorchScript), the producer's layer stands in."""
    for op, entry in enumerate(tape.entries):
        if not entry.layer and not entry.parameters:
            entry.layer = next((tape.entries[p].layer for p in reversed(tape.producers(op)) if p >= 0), "")


def place_of(entry: Entry, setting: Setting) -> Place:
    """Return where an operation was called."""
    return Place(entry.layer, setting.shown_path(entry.file), entry.line or None, entry.name)


def _is_broken(seen: Observed, op: int) -> bool:
    """Return whether an operation on parameters and constants alone makes values that are not finite."""
    return op in seen.statistics and not seen.statistics[op].finite


def operations(seen: Observed, setting: Setting) -> tuple[Op, ...]:
    """Return the tape as facts."""
    tape = seen.tape
    return tuple(
        Op(
            index=op,
            name=entry.name,
            place=place_of(entry, setting),
            inputs=tape.producers(op),
            shape=entry.shape,
            input_shapes=entry.input_shapes,
            parameters=entry.parameters,
            statistics=seen.statistics.get(op),
            training=entry.training,
            weighted=is_weighted(entry),
            is_view=entry.traits.view,
        )
        for op, entry in enumerate(tape.entries)
        if not entry.static or _is_broken(seen, op)
    )
