"""An exception inside forward() as facts: the failing operation, both operands, the user's line."""

import re
import traceback

from unetdoctor.engine.setting import Setting
from unetdoctor.engine.tape import Entry, Leaf, Ref, Tape
from unetdoctor.facts import Crash, Operand, Place
from unetdoctor.facts.lasting import lasting, said

_TORCHSCRIPT_LINE = re.compile(r'File "([^"]+)", line (\d+)')
_INTERPRETER = "The following operation failed in the TorchScript interpreter."
_MESSAGE = 2000


def crash_of(setting: Setting, tape: Tape, raised: Exception, shape: tuple[int, ...]) -> Crash:
    """Return what an exception and the tape up to it say; `shape` is that of the first input."""
    whole = lasting(said(raised)) or "(its text could not be read)"
    message = _reason(whole, tape.failure.said if tape.failure is not None else "")
    file, line = _innermost(setting, raised, whole)
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
    else:
        layer = _layer_at_work(setting, raised)
    return Crash(
        type=type(raised).__name__,
        message=message[:_MESSAGE],
        op=failure.entry.name if failure is not None else "",
        dimension=dimension,
        operands=operands,
        place=Place(layer, setting.shown_path(file), line or None, failure.entry.name if failure else ""),
        input_shape=shape,
    )


def _reason(message: str, said: str) -> str:
    """Return what was raised, without TorchScript's own words and its two tracebacks: the line is told besides."""
    if not message.startswith(_INTERPRETER):
        return message
    return said.partition("\n")[0] or message.rstrip().rpartition("\n")[2].removeprefix("RuntimeError: ")


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


def _layer_at_work(setting: Setting, raised: Exception) -> str:
    """Return the innermost layer whose forward() was running when plain Python raised."""
    names = {id(module): name for name, module in setting.model.named_modules()}
    layer = ""
    for frame, _ in traceback.walk_tb(raised.__traceback__):
        layer = names.get(id(frame.f_locals.get("self")), layer)
    return layer


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
