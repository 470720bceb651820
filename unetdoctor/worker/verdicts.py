"""From what was seen of the child to one Failure with one sentence."""

from __future__ import annotations

import contextlib
import signal
from pathlib import Path
from typing import Any

from unetdoctor.facts.lasting import lasting
from unetdoctor.worker.outcome import EXIT_INTERRUPTED, EXIT_OUR_BUG, Failure
from unetdoctor.worker.places import Place, from_dump

GIB = 1024**3
SENTENCE_MESSAGE = 300
FATAL = ("Fatal Python error", "os._exit(")
"""Before these words in a file of dumps lies nothing that belongs to the end of the process."""

REFUSALS = ("Permission denied", "Operation not permitted")
FENCE = "the worker may write only to its scratch directory and open no TCP connection (--no-sandbox lets it)"

SIGNALS_IN_WORDS = {
    "SIGSEGV": "a segmentation fault",
    "SIGBUS": "a bus error",
    "SIGABRT": "an abort in native code",
    "SIGFPE": "an arithmetic fault",
    "SIGILL": "an illegal instruction",
    "SIGTRAP": "a trap in native code",
    "SIGKILL": "killed from outside or by itself",
    "SIGTERM": "asked to end",
    "SIGXCPU": "out of processor time",
    "SIGXFSZ": "a file above the size limit",
}


def shown(place: Place) -> str:
    """Return ` at file:line (source)`, the file relative to the working directory where it lies below it."""
    if not place.file:
        return ""
    file = place.file
    with contextlib.suppress(ValueError, OSError):
        file = str(Path(file).relative_to(Path.cwd()))
    source = f" ({place.source})" if place.source else ""
    return f" at {file}:{place.line}{source}"


def crash_dump(dump: str) -> str:
    """Return the part of the dumps that the end of the process wrote, empty if none."""
    start = max(dump.rfind(word) for word in FATAL)
    return dump[start:] if start >= 0 else ""


def timeout(stage: str, limit_s: float, whole: bool, dump: str) -> Failure:
    """Name what was running when the time was up."""
    place = from_dump(dump)
    limit, more = f"The run did not end within its {limit_s:g} s, in stage {stage}", " More time: --timeout SECONDS."
    if not whole:
        limit, more = f"Stage {stage} did not end within its {limit_s:g} s", ""
    where = f"; it was{shown(place)}" if place.file else ""
    return Failure("timeout", stage, f"{limit}{where}.{more}", place.file, place.line, dump)


def memory(stage: str, used: int, limit: int, dump: str) -> Failure:
    """Name what was running when the memory limit was passed."""
    place = from_dump(dump)
    where = f"; it was{shown(place)}" if place.file else ""
    sentence = f"Stage {stage} took {used / GIB:.2f} GiB of memory, its limit is {limit / GIB:.2f} GiB{where}."
    return Failure("memory", stage, sentence, place.file, place.line, dump)


def interrupted(stage: str, number: int) -> Failure:
    """Say which signal ended the run."""
    sentence = f"Interrupted by {_signal_name(number)} in stage {stage}."
    return Failure("interrupted", stage, sentence, exit_code=EXIT_INTERRUPTED)


def protocol(stage: str, reason: str) -> Failure:
    """Say what was wrong on the private pipe."""
    sentence = f"In stage {stage} something other than the worker wrote to its private pipe: {reason}."
    return Failure("protocol", stage, sentence)


def pipe_gone(stage: str) -> Failure:
    """Say that foreign code closed the pipe."""
    return Failure("protocol", stage, f"In stage {stage} the worker's private pipe was closed by the code that ran.")


def unheard(stage: str, reason: str) -> Failure:
    """Say that the system would not let us wait for the worker."""
    return Failure("error", stage, f"In stage {stage} the worker could not be listened to any more: {reason}.")


def not_started(reason: str, log: str = "") -> Failure:
    """Say why there never was a worker; the last line of its output is the best witness."""
    lines = [line for line in log.strip().splitlines() if line.strip()]
    witness = f": {lines[-1].strip()[:SENTENCE_MESSAGE]}" if lines else ""
    return Failure("start", "start", f"The worker process could not start ({reason}){witness}.", traceback=log)


def ended(stage: str, status: int, dump: str, starved: bool) -> Failure:
    """Say how a process that left no result has ended; negative statuses are signals, as in subprocess."""
    dump = crash_dump(dump)
    place = from_dump(dump)
    if status < 0:
        name = _signal_name(-status)
        if starved and name == "SIGKILL":
            sentence = f"Stage {stage} was ended by the kernel because the machine ran out of memory."
            return Failure("memory", stage, sentence)
        words = SIGNALS_IN_WORDS.get(name, "a signal")
        sentence = f"Stage {stage} ended the worker with {name} ({words}){shown(place)}."
        return Failure("signal", stage, sentence, place.file, place.line, dump)
    sentence = f"Stage {stage} left the process with exit status {status} before there was a result{shown(place)}."
    return Failure("exit", stage, sentence, place.file, place.line, dump)


def raised(payload: dict[str, Any], stage: str, fenced: bool) -> Failure:
    """Turn the child's own report of an exception into a failure; every field of it is checked.

    Where the fence stands, a refused permission is most often its work, and the sentence says what it allows.
    """
    stage = _text(payload, "stage") or stage
    name, message = _text(payload, "type_name") or "an exception", _in_one_line(_text(payload, "message"))
    line = payload.get("line")
    line = line if isinstance(line, int) and not isinstance(line, bool) and line >= 0 else 0
    place = Place(_text(payload, "file"), line, _text(payload, "source"))
    message = f": {message.rstrip('.')}" if message else ""
    trace = _text(payload, "traceback")
    if payload.get("origin") == "start":
        return Failure("start", stage, f"The worker could not import what it runs, {name}{message}.", traceback=trace)
    memory = payload.get("is_memory") is True
    if payload.get("origin") == "system" or (memory and payload.get("origin") != "user"):
        sentence = f"Stage {stage} could not go on, since the system refused what it needs, {name}{message}."
        return Failure("memory" if memory else "error", stage, sentence, place.file, place.line, trace)
    if payload.get("origin") != "user":
        sentence = f"Stage {stage} met an error of unetdoctor's own, {name}{message}."
        return Failure("error", stage, sentence, place.file, place.line, trace, EXIT_OUR_BUG)
    kind = "memory" if memory else "error"
    hint = f"; {FENCE}" if fenced and any(word in message for word in REFUSALS) else ""
    if name == "SystemExit" and stage == "import":
        hint = "; what a script does belongs below if __name__ == '__main__'"
    note = _in_one_line(_text(payload, "note")).rstrip(".")
    sentence = f"Stage {stage} raised {name}{shown(place)}{message}{hint}." + (f" To know: {note}." if note else "")
    return Failure(kind, stage, sentence, place.file, place.line, trace)


def status_in_words(status: int) -> str:
    """Return `exit status 1` or `SIGSEGV, a segmentation fault`."""
    if status >= 0:
        return f"exit status {status}"
    name = _signal_name(-status)
    return f"{name}, {SIGNALS_IN_WORDS.get(name, 'a signal')}"


def _in_one_line(message: str) -> str:
    line = lasting(" ".join(message.split()))
    return line if len(line) <= SENTENCE_MESSAGE else f"{line[:SENTENCE_MESSAGE]}..."


def _text(payload: dict[str, Any], name: str) -> str:
    value = payload.get(name)
    return value if isinstance(value, str) else ""


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
