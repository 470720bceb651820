"""Counts the fallible calls that our own code makes, and lets one of them fail; for parent and worker."""

import builtins
import ctypes
import errno
import importlib
import io
import json
import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

ERRORS: dict[str, dict[str, int]] = {
    "os": {
        **dict.fromkeys(("open", "dup", "dup2", "pidfd_open", "scandir", "listdir"), errno.EMFILE),
        **dict.fromkeys(("read", "close", "fstat", "lseek", "set_blocking", "urandom"), errno.EIO),
        **dict.fromkeys(("write", "fsync", "replace", "rename", "mkdir"), errno.ENOSPC),
        **dict.fromkeys(("unlink", "remove", "rmdir", "stat", "lstat", "chmod", "kill", "killpg"), errno.EACCES),
        **dict.fromkeys(("waitpid",), errno.ECHILD),
        **dict.fromkeys(("getcwd",), errno.ENOENT),
    },
    "signal": {"pidfd_send_signal": errno.EPERM},
    "socket": {"socketpair": errno.EMFILE},
    "fcntl": {"flock": errno.ENOLCK, "fcntl": errno.EMFILE},
    "resource": {"setrlimit": errno.EPERM, "getrlimit": errno.EPERM},
    "subprocess": {"_fork_exec": errno.EAGAIN},
}
"""Module -> function -> what it fails with; a function that a system lacks is left out."""
STREAM = {"read": errno.EIO, "readline": errno.EIO, "write": errno.ENOSPC, "flush": errno.ENOSPC}
"""The same for what `open` returns, and for stdout."""
METHODS = {"select": errno.EIO, "register": errno.ENOMEM}
"""The same for a selector."""


class Shim:
    """Stands before the calls of one process."""

    def __init__(self, point: str, log: int, package: str, *, kill: bool = False) -> None:
        """Let the call of a point (`name place number`) fail, and write every call to a descriptor.

        With `kill` the process ends there instead, as by `kill -9`; a write is half done by then.
        """
        self._point, self._log, self._package, self._kill = point, log, package, kill
        self._counts: Counter[str] = Counter()
        self._write = os.write
        self._busy = threading.local()

    def before(self, name: str, error: Exception, half: Callable[[], object] = lambda: None) -> None:
        """Count one call where our own code makes it, and raise where it is its turn."""
        if getattr(self._busy, "now", False):
            return
        self._busy.now = True
        try:
            place = self._place()
            if not place:
                return
            self._counts[f"{name} {place}"] += 1
            point = f"{name} {place} {self._counts[f'{name} {place}']}"
            failing = point == self._point
            self._write(self._log, f"{'! ' if failing else ''}{point}\n".encode())
        finally:
            self._busy.now = False
        if failing and self._kill:
            half()
            os.kill(os.getpid(), signal.SIGKILL)
        if failing:
            raise error

    def _place(self) -> str:
        """Return `module:line` of our innermost caller; nothing where an import stands between."""
        frame = sys._getframe(2)
        while frame is not None:
            file = frame.f_code.co_filename
            if file.startswith("<frozen importlib"):
                return ""
            if file.startswith(self._package):
                return f"{file[len(self._package) :]}:{frame.f_lineno}"
            frame = frame.f_back  # type: ignore[assignment]
        return ""

    def counted(self, name: str, function: Callable[..., Any], error: Exception) -> Callable[..., Any]:
        """Return a function that is counted."""

        def call(*given: Any, **named: Any) -> Any:
            self.before(name, error, lambda: _half(name, function, given))
            return function(*given, **named)

        return call

    def opening(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return `open`, whose streams are counted too."""

        def call(*given: Any, **named: Any) -> Any:
            self.before(name, _os_error(errno.EMFILE))
            return Stream(function(*given, **named), self)

        return call

    def stand(self) -> None:
        """Put the counted functions in place of the real ones."""
        for module_name, functions in ERRORS.items():
            module = importlib.import_module(module_name)
            for name, number in functions.items():
                if hasattr(module, name):
                    function = self.counted(f"{module_name}.{name}", getattr(module, name), _os_error(number))
                    setattr(module, name, function)
        builtins.open = io.open = self.opening("open", io.open)  # type: ignore[assignment]
        os.fdopen = self.counted("os.fdopen", os.fdopen, _os_error(errno.EMFILE))  # type: ignore[assignment]
        json.loads = self.counted("json.loads", json.loads, ValueError("Expecting value"))
        ctypes.CDLL.__init__ = self.counted("ctypes.CDLL", ctypes.CDLL.__init__, _os_error(errno.ENOENT))  # type: ignore[method-assign]
        threading.Thread.start = self.counted(  # type: ignore[method-assign]
            "Thread.start", threading.Thread.start, RuntimeError("can't start new thread")
        )
        import selectors

        for name, number in METHODS.items():
            real = getattr(selectors.DefaultSelector, name)
            setattr(selectors.DefaultSelector, name, self.counted(f"selector.{name}", real, _os_error(number)))
        sys.stdout = Stream(sys.stdout, self)  # type: ignore[assignment]


class Stream:
    """A file object whose reads and writes are counted."""

    def __init__(self, real: Any, shim: Shim) -> None:
        """Stand before a file object."""
        self._real, self._shim = real, shim

    def __getattr__(self, name: str) -> Any:
        """Return what the file object has."""
        found = getattr(self._real, name)
        if name in STREAM:
            return self._shim.counted(f"stream.{name}", found, _os_error(STREAM[name]))
        return found

    def __enter__(self) -> "Stream":
        """Return itself, so that what is done within is counted."""
        self._real.__enter__()
        return self

    def __exit__(self, *given: object) -> None:
        """Close the file object."""
        self._real.__exit__(*given)

    def __iter__(self) -> Any:
        """Go over its lines."""
        return iter(self._real)


def _half(name: str, write: Callable[..., Any], given: tuple[Any, ...]) -> None:
    """Do half of a write, so that the file is torn if it has its name already."""
    if name == "stream.write" and given:
        write(given[0][: len(given[0]) // 2])
        write.__self__.flush()  # type: ignore[attr-defined]


def _os_error(number: int) -> OSError:
    return OSError(number, os.strerror(number))
