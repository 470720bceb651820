"""What the entry function holds in its hand: stages, events, raw files, and the guard around foreign code."""

from __future__ import annotations

import errno
import os
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from time import sleep
from types import TracebackType
from typing import Any, TypeVar

from unetdoctor.worker import frames, places, scratch

T = TypeVar("T")

OWN_KINDS = frozenset({"hello", "limits", "result", "error", "stage", "partial"})
EXIT_PIPE_GONE = 97
"""The child leaves with this status when its private pipe does not take frames any more."""
MESSAGE_CHARACTERS = 4000
MEMORY_SIGNS = ("can't allocate memory", "out of memory", "cannot allocate memory")
"""torch reports a failed allocation on the CPU as a plain RuntimeError."""

# Bound before foreign code runs: it may replace what it likes in these modules.
_write, _getpid, _leave = os.write, os.getpid, os._exit
_depth, _deepen = sys.getrecursionlimit, sys.setrecursionlimit
_type_name = type.__dict__["__name__"].__get__
_trace_of = BaseException.__dict__["__traceback__"].__get__


class UserCodeError(Exception):
    """Foreign code raised; this holds text and numbers only, never the exception itself."""

    def __init__(
        self, stage: str, type_name: str, message: str, place: places.Place, traceback: str, note: str = ""
    ) -> None:
        """Keep what a report needs."""
        super().__init__(f"{type_name}: {message}")
        self.stage = stage
        """The stage that was guarded."""
        self.type_name = type_name
        """Name of the exception's class."""
        self.message = message
        """What `str` made of the exception, cut, or why it could not."""
        self.file = place.file
        """The user's innermost file, empty where there is none."""
        self.line = place.line
        """The line in it, 0 where there is none."""
        self.source = place.source
        """The text of that line."""
        self.traceback = traceback
        """The whole stack as text."""
        self.note = note
        """What was added to the exception on its way (`add_note`): what helps."""

    @property
    def is_memory(self) -> bool:
        """Whether an allocation failed."""
        low = self.message.lower()
        return self.type_name in {"MemoryError", "OutOfMemoryError"} or any(sign in low for sign in MEMORY_SIGNS)

    def as_payload(self) -> dict[str, Any]:
        """Return it as JSON data."""
        names = ("stage", "type_name", "message", "file", "line", "source", "traceback", "is_memory", "note")
        return {name: getattr(self, name) for name in names}


def describe(stage: str, error: BaseException) -> UserCodeError:
    """Turn any exception into a UserCodeError without trusting a single method of it."""
    if isinstance(error, UserCodeError):
        return error
    stack = places.traceback_frames(_trace_of(error))
    name, message = _name(error), _message(error)
    place = _syntax_place(error) or places.choose([(file, line) for file, line, _ in stack])
    text = f"Traceback (most recent call last):\n{places.traceback_text(stack)}\n{name}: {message}"
    return UserCodeError(stage, name, message, place, text, _note(error))


def _name(error: BaseException) -> str:
    return str.__str__(_type_name(type(error)))[:200]


def _message(error: BaseException) -> str:
    try:
        text = str(error)
    except BaseException as second:  # noqa: BLE001 - the __str__ of foreign code may raise anything, SystemExit too
        return f"(its message could not be read: __str__ raised {_name(second)})"
    return str.__getitem__(text, slice(MESSAGE_CHARACTERS))


def _note(error: BaseException) -> str:
    try:
        notes = [note for note in error.__notes__ if isinstance(note, str)]
    except BaseException:  # noqa: BLE001 - most exceptions have none, and foreign ones may raise anything
        return ""
    return str.__getitem__("; ".join(notes), slice(MESSAGE_CHARACTERS))


def _syntax_place(error: BaseException) -> places.Place | None:
    """Return where a syntax error is: its file is not on the stack, because it never ran."""
    if not isinstance(error, SyntaxError):
        return None
    try:
        file, line = error.filename, error.lineno
    except BaseException:  # noqa: BLE001 - a subclass may make these properties
        return None
    if type(file) is str and type(line) is int and not file.startswith("<"):
        return places.Place(file, line, places.source_line(file, line))
    return None


class _Stage(AbstractContextManager[None]):
    """Ends a stage when left; ignored where `channel.stage` is used as a plain call."""

    def __init__(self, channel: Channel, outer: str) -> None:
        self._channel, self._outer = channel, outer

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Go back to the stage around this one; an error of our own stays in this stage, to be named with it."""
        if error is None or isinstance(error, UserCodeError):
            self._channel.resume(self._outer)


class Channel:
    """The child's end of the private pipe."""

    def __init__(self, descriptor: int, token: str, frame_bytes: int, folder: Path) -> None:
        """Write frames to `descriptor` and raw files into `folder`."""
        self._descriptor, self._token, self._frame_bytes, self._folder = descriptor, token, frame_bytes, folder
        self._number = 0
        self._lock = threading.RLock()
        self._owner = _getpid()
        self._depth = _depth()
        self.current_stage = "start"
        """The stage that runs now."""

    def stage(self, name: str) -> AbstractContextManager[None]:
        """Begin a stage: the parent's limit for it counts from now.

        A plain call lasts until the next stage; as a context manager it ends with the block, and the stage around it
        goes on with a fresh limit. `check:UD202` has the limit of `check`.
        """
        outer = self.current_stage
        self.current_stage = name
        self.send("stage", {"name": name, "resumed": False})
        return _Stage(self, outer)

    def resume(self, name: str) -> None:
        """Go back to an earlier stage."""
        self.current_stage = name
        self.send("stage", {"name": name, "resumed": True})

    def event(self, kind: str, payload: dict[str, Any]) -> None:
        """Send an event of a kind of your own; NaN must be sent as a string."""
        if kind in OWN_KINDS or frames.KIND.fullmatch(kind) is None:
            message = f"{kind!r} is no kind for an event of your own"
            raise ValueError(message)
        self.send(kind, payload)

    def partial(self, payload: dict[str, Any]) -> None:
        """Send a partial result; it survives whatever happens afterwards."""
        self.send("partial", payload)

    def raw(self, name: str, data: bytes) -> dict[str, Any]:
        """Write a raw file, whole or not at all, and return its record for `read_raw`; OSError on a full disk."""
        return scratch.write_raw(self._folder, name, data)

    def guard(self, stage: str, function: Callable[[], T]) -> T:
        """Run foreign code in a stage and return its value; whatever it raises becomes a UserCodeError.

        A recursion limit that it lowered is ours again afterwards.
        """
        with self.stage(stage):
            try:
                return function()
            except BaseException as error:  # noqa: BLE001 - SystemExit and KeyboardInterrupt of foreign code too
                described = describe(stage, error)
            finally:
                _deepen(max(_depth(), self._depth))
            raise described  # outside the handler: as its context the exception would keep every frame alive

    def send(self, kind: str, payload: dict[str, Any]) -> None:
        """Send one frame; the process ends where that is impossible."""
        if _getpid() != self._owner:
            _leave(0)  # foreign code forked and came back to us: only one of the two may go on
        with self._lock:
            data = memoryview(frames.encode(self._number, self._token, kind, payload, self._frame_bytes))
            self._number += 1
            while data:
                data = data[self._some(data) :]

    def _some(self, data: memoryview) -> int:
        try:
            return _write(self._descriptor, data)
        except OSError as error:
            if error.errno != errno.EAGAIN:
                _leave(EXIT_PIPE_GONE)
            sleep(0.002)
            return 0
