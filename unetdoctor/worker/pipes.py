"""One place to wait for everything: frames, the user's output, the child's death, and our own signals."""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import threading
from typing import IO

PUMP: bool = os.name == "nt"
"""Windows cannot select on pipes: there a thread carries each pipe into a socket."""
CHUNK = 1 << 16


class Source:
    """A stream of bytes that a selector can wait for and that never blocks."""

    def __init__(self, pipe: IO[bytes]) -> None:
        """Take over one end of a pipe."""
        self._pipe = pipe
        self._socket: socket.socket | None = None
        self.open = True
        if PUMP:
            self._socket, far = socket.socketpair()
            self._socket.setblocking(False)
            threading.Thread(target=_pump, args=(pipe, far), daemon=True).start()
        else:
            os.set_blocking(pipe.fileno(), False)

    def fileno(self) -> int:
        """Return what the selector waits for."""
        return self._socket.fileno() if self._socket is not None else self._pipe.fileno()

    def read(self) -> bytes:
        """Return what is there, at most one chunk; empty when nothing is there or the stream has ended."""
        if not self.open:
            return b""
        try:
            data = self._socket.recv(CHUNK) if self._socket is not None else os.read(self._pipe.fileno(), CHUNK)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        self.open = bool(data)
        return data

    def close(self) -> None:
        """Let go of the stream."""
        self.open = False
        if self._socket is not None:
            self._socket.close()
        else:
            self._pipe.close()


class Waiter:
    """Waits for any of the sources, for a death, or for a wake-up."""

    def __init__(self, process: int, wake: socket.socket, sources: list[Source]) -> None:
        """Watch `process` through a pidfd where there is one; `death_watched` says whether."""
        self._selector = selectors.DefaultSelector()
        self._selector.register(wake, selectors.EVENT_READ)
        self._sources = sources
        for source in sources:
            self._selector.register(source, selectors.EVENT_READ)
        self.pidfd = _open_pidfd(process)
        if self.pidfd >= 0:
            self._selector.register(self.pidfd, selectors.EVENT_READ)

    def wait(self, seconds: float) -> bool:
        """Wait until something happens or time is up; return whether the pidfd says that the process has ended."""
        for source in self._sources:
            if not source.open:
                with contextlib.suppress(KeyError, ValueError):
                    self._selector.unregister(source)
        ready = self._selector.select(max(seconds, 0.0))
        return any(key.fd == self.pidfd for key, _ in ready)

    def close(self) -> None:
        """Close the pidfd and the selector."""
        self._selector.close()
        if self.pidfd >= 0:
            os.close(self.pidfd)


def _open_pidfd(process: int) -> int:
    opened = getattr(os, "pidfd_open", None)
    if opened is None:
        return -1
    try:
        return int(opened(process))
    except OSError:
        return -1


def _pump(pipe: IO[bytes], far: socket.socket) -> None:
    with contextlib.suppress(OSError, ValueError), pipe, far:
        while True:
            data = os.read(pipe.fileno(), CHUNK)
            if not data:
                return
            far.sendall(data)
