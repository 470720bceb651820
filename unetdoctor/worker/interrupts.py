"""Two-step Ctrl-C: the first signal is noted and wakes the loop, the second is KeyboardInterrupt at once."""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
from collections.abc import Iterator
from types import FrameType, TracebackType
from typing import Any

SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


@contextlib.contextmanager
def held_back() -> Iterator[None]:
    """Let signals wait for the end of what must be whole: one that comes meanwhile acts afterwards."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {getattr(signal, name) for name in SIGNALS})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Interrupts:
    """Holds the signal handlers while a child is supervised, and gives back the former ones."""

    def __init__(self) -> None:
        """Make the pair of sockets by which a handler wakes a selector."""
        self.signal = 0
        self.active = False
        self.wake, self._call = socket.socketpair()
        self.wake.setblocking(False)
        self._call.setblocking(False)
        self._former: dict[int, Any] = {}

    def __enter__(self) -> Interrupts:
        """Install the handlers; only the main thread may, and an ignored signal (nohup) stays ignored."""
        if threading.current_thread() is threading.main_thread():
            self.active = True
            for name in SIGNALS:
                number = getattr(signal, name, None)
                former = signal.getsignal(number) if number is not None else None
                if number is not None and former not in (signal.SIG_IGN, None):
                    self._former[number] = former
                    signal.signal(number, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Restore the former handlers."""
        for number, former in self._former.items():
            signal.signal(number, former)
        self.wake.close()
        self._call.close()

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if self.signal:
            raise KeyboardInterrupt
        self.signal = number
        with contextlib.suppress(OSError):
            self._call.send(b"!")
