"""One forward pass under observation: its tape, its numbers, its picture, or its crash."""

import re
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.jit._fuser import optimized_execution

from unetdoctor.engine.drawing import Drawing, is_weighted, trace
from unetdoctor.engine.evaluation import Change, DivergedError, Intervening, Intervention, Snapshot, evaluate
from unetdoctor.engine.evaluation import isolated_random_state as isolated
from unetdoctor.engine.outputs import choose_output, find_tensors
from unetdoctor.engine.recorder import Recorder
from unetdoctor.engine.statistics import Statistics
from unetdoctor.engine.tape import Entry, Leaf, Ref, Tape
from unetdoctor.engine.weights import normalisations, static_references
from unetdoctor.facts import Crash, Op, Operand, Place, Probe, TensorStatistics

_TORCHSCRIPT_LINE = re.compile(r'File "([^"]+)", line (\d+)')
_MESSAGE = 2000


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
    output: Tensor | None = None
    raw: Tensor | None = None
    drawing: Drawing | None = None
    verified: bool = False
    snapshot: Snapshot | None = None
    values: dict[Ref | Leaf, Tensor] = field(default_factory=dict)
    """Evaluated static weights."""
    batch: dict[int, tuple[Tensor, Tensor]] = field(default_factory=dict)
    """(mean, variance) of the batch at each normalisation with running statistics."""

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """Every tensor among the arguments."""
        return tuple(t for _, t in find_tensors((self.args, self.kwargs)))


@dataclass(frozen=True)
class Setting:
    """What stays the same between the passes of one examination."""

    model: nn.Module
    device: torch.device
    seed: int
    source_root: str
    """Directory of the user's own source; empty where there is none."""
    directory: str
    """Against which source paths are shown."""

    def call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run the model in the state in which every pass starts."""
        with isolated(self.seed, self.device), torch.no_grad(), optimized_execution(False):
            return self.model(*args, **kwargs)

    def shown_path(self, file: str) -> str:
        """Return a source path relative to the user's directory where it lies below it."""
        if not file:
            return ""
        path = Path(file)
        return str(path.relative_to(self.directory)) if path.is_relative_to(self.directory) else file


def observe(setting: Setting, probe: Probe, args: tuple[Any, ...], kwargs: dict[str, Any], verify: bool) -> Observed:
    """Run the model once and keep what happened; an exception of the model's becomes a crash with its partial tape."""
    statistics = Statistics()
    inputs = tuple(t for _, t in find_tensors((args, kwargs)))
    recorder = Recorder(setting.model, inputs, statistics, setting.source_root)
    start = time.perf_counter()
    returned, raised = None, None
    try:
        with recorder:
            returned = setting.call(args, kwargs)
    except Exception as exception:  # noqa: BLE001 - user code: what it raises is evidence
        raised = exception
    recorder.restore()
    tape = recorder.tape
    _name_nameless(tape)
    seen = Observed(probe, args, kwargs, tape, statistics.collect(), time.perf_counter() - start)
    if raised is not None:
        seen.crash = _crash(setting, tape, raised, tuple(inputs[0].shape) if inputs else ())
        return seen
    _find_output(seen, recorder, returned)
    if seen.output is not None and verify:
        _verify(setting, seen)
    if seen.raw is None:
        seen.raw = seen.output
    return seen


def _find_output(seen: Observed, recorder: Recorder, returned: Any) -> None:
    found = find_tensors(returned)
    size = tuple(seen.inputs[0].shape) if seen.inputs else ()
    chosen = choose_output(found, size)
    if chosen is None:
        return
    seen.path, seen.output = found[chosen][0], found[chosen][1].detach()
    seen.others = tuple((path, tuple(t.shape)) for i, (path, t) in enumerate(found) if i != chosen)
    reference = recorder.origin(found[chosen][1])
    if isinstance(reference, Ref):
        seen.drawing = trace(seen.tape, reference)


def _verify(setting: Setting, seen: Observed) -> None:
    """Evaluate the tape, compare it bit for bit, and take what trials need on the way."""
    drawing, tape = seen.drawing, seen.tape
    if drawing is None or seen.output is None:
        return
    start = trial_start(tape, drawing)
    wanted: tuple[Ref | Leaf, ...] = (drawing.output, drawing.raw, *static_references(tape))
    change = Change(interventions={op: _measuring(seen.batch, op) for op in normalisations(tape)})
    try:
        values, snapshots = evaluate(
            tape,
            wanted,
            change=change,
            take=() if start is None else (start,),
            device=setting.device,
            seed=setting.seed,
        )
    except Exception:  # noqa: BLE001 - a tape that cannot be evaluated is not used
        values, snapshots = {}, {}
    if values and _equal(values[drawing.output], seen.output):
        seen.verified, seen.raw = True, values[drawing.raw]
        seen.values = {ref: values[ref] for ref in wanted[2:]}
        seen.snapshot = snapshots.get(start) if start is not None else None
        return
    mode = Intervening(tape, Change(), capture=(drawing.raw,))
    try:
        with mode:
            setting.call(seen.args, seen.kwargs)
    except (DivergedError, RuntimeError):
        return
    seen.raw = mode.captured.get(drawing.raw)


def _equal(a: Tensor, b: Tensor) -> bool:
    if torch.equal(a, b):
        return True
    return a.shape == b.shape and a.dtype == b.dtype and bool(((a == b) | ((a != a) & (b != b))).all())


def _measuring(found: dict[int, tuple[Tensor, Tensor]], op: int) -> Intervention:
    def act(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        x = args[0]
        if x.dim() > 1 and x.numel() > x.shape[1]:
            variance, mean = torch.var_mean(x.float(), dim=[d for d in range(x.dim()) if d != 1])
            found[op] = (mean, variance)
        return func(*args, **kwargs)

    return act


def trial_start(tape: Tape, drawing: Drawing) -> int | None:
    """Return the operation before which a trial on the last layer starts: its weight's own preparation included."""
    start = drawing.drawn_by
    while start is not None and start > 0 and tape.entries[start - 1].static:
        start -= 1
    return start


def _name_nameless(tape: Tape) -> None:
    """Where neither a parameter nor the call stack names the layer (TorchScript), the producer's layer stands in."""
    for op, entry in enumerate(tape.entries):
        if not entry.layer:
            entry.layer = next((tape.entries[p].layer for p in reversed(tape.producers(op)) if p >= 0), "")


def operations(seen: Observed, setting: Setting) -> tuple[Op, ...]:
    """Return the tape as facts."""
    tape = seen.tape
    return tuple(
        Op(
            index=op,
            name=entry.name,
            place=Place(entry.layer, setting.shown_path(entry.file), entry.line or None, entry.name),
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
        if not entry.static
    )


def _crash(setting: Setting, tape: Tape, raised: Exception, shape: tuple[int, ...]) -> Crash:
    try:
        message = str(raised)
    except Exception:  # noqa: BLE001 - user code: str() of their exception
        message = "(its text could not be read)"
    file, line = _innermost(setting, raised, message)
    failure = tape.failure
    operands: tuple[Operand, ...] = ()
    layer, dimension = "", None
    if failure is not None:
        operands = tuple(_operand(setting, tape, *pair) for pair in failure.operands)
        last = next(
            (tape.entries[o.drawn_by].layer for o in operands if o.drawn_by is not None and o.drawn_by >= 0), ""
        )
        layer = failure.entry.layer or failure.entry.module or last
        dimension = _dimension(failure.entry)
        file, line = (failure.entry.file, failure.entry.line) if failure.entry.file and not file else (file, line)
    return Crash(
        type=type(raised).__name__,
        message=message[:_MESSAGE],
        op=failure.entry.name if failure is not None else "",
        dimension=dimension,
        operands=operands,
        place=Place(layer, setting.shown_path(file), line or None, failure.entry.name if failure else ""),
        input_shape=shape,
    )


def _dimension(entry: Entry) -> int | None:
    if entry.name in ("cat", "stack", "concat"):
        dim = entry.args[1] if len(entry.args) > 1 else entry.kwargs.get("dim", 0)
        return int(dim) if isinstance(dim, int) else None
    return None


def _operand(setting: Setting, tape: Tape, shape: tuple[int, ...], reference: Ref | Leaf) -> Operand:
    if isinstance(reference, Leaf):
        leaf = tape.leaves[reference.index]
        name = leaf.name if leaf.kind == "parameter" else ""
        return Operand(shape, -1 if leaf.kind == "input" else None, Place(name.rpartition(".")[0]), name)
    entry = tape.entries[reference.op]
    drawer: Entry = entry
    op: int | None = reference.op
    while op is not None and not tape.entries[op].parameters:
        op = max((r.op for r in tape.activations(op) if isinstance(r, Ref)), default=None)
    if op is not None:
        drawer = tape.entries[op]
    place = Place(drawer.layer or entry.layer, setting.shown_path(entry.file), entry.line or None, entry.name)
    return Operand(shape, reference.op, place)


def _innermost(setting: Setting, raised: Exception, message: str) -> tuple[str, int]:
    """Return file and line of the innermost frame in the user's own source."""
    frames = traceback.extract_tb(raised.__traceback__)
    if setting.source_root:
        for frame in reversed(frames):
            if frame.filename.startswith(setting.source_root) and "site-packages" not in frame.filename:
                return frame.filename, frame.lineno or 0
    lines: list[tuple[str, str]] = _TORCHSCRIPT_LINE.findall(message)
    outside = [(f, n) for f, n in lines if "/torch/" not in f and not f.startswith("code/")]
    return (outside[-1][0], int(outside[-1][1])) if outside else ("", 0)


def with_inputs(args: tuple[Any, ...], kwargs: dict[str, Any], new: tuple[Tensor, ...]) -> tuple[Any, dict[str, Any]]:
    """Return the arguments with their tensors exchanged, in order."""
    queue = iter(new)

    def exchange(value: Any) -> Any:
        if isinstance(value, Tensor):
            return next(queue)
        if isinstance(value, (list, tuple)):
            return type(value)([exchange(item) for item in value])
        if isinstance(value, dict):
            return {key: exchange(item) for key, item in value.items()}
        return value

    return exchange(args), exchange(kwargs)
