"""The child's processes as /proc shows them: how much memory they hold, who escaped, and ending all of them.

Without /proc (macOS, Windows) every table is empty and the caller is told so.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
PR_SET_CHILD_SUBREAPER, PR_GET_CHILD_SUBREAPER = 36, 37
MAX_ENVIRONMENT_BYTES = 2 * 1024 * 1024
QUIET_THREAD = "unetdoctor-"
"""Threads of ours whose names begin so start no process."""

_adopting = threading.Lock()
_adoptions = 0
_former_adoption = 0


@dataclass(frozen=True)
class Row:
    """One process; number and start time together are unique, a number alone is used again."""

    parent: int
    session: int
    start: int
    dead: bool


def table() -> dict[int, Row]:
    """Return all processes that /proc shows."""
    rows = {}
    with contextlib.suppress(OSError):
        for name in os.listdir(PROC):  # noqa: PTH208 - ten times a second: no Path per process
            if name.isdigit():
                with contextlib.suppress(OSError, ValueError, IndexError):
                    with open(f"{PROC}/{name}/stat", "rb") as file:  # noqa: PTH123
                        fields = file.read().rpartition(b")")[2].split()
                    rows[int(name)] = Row(int(fields[1]), int(fields[3]), int(fields[19]), fields[0] in b"ZX")
    return rows


class Tree:
    """A worker and all that came from it, also what left its session or was orphaned."""

    def __init__(self, mark: str, adopting: bool) -> None:
        """Remember what runs before the worker starts; its descendants carry `mark` in their environment."""
        self._mark = mark.encode("ascii")
        self._adopting = adopting
        self._root = -1
        self._root_start = 0
        rows = table()
        self.visible = os.getpid() in rows
        self._before = {(pid, row.start) for pid, row in rows.items()}
        self._seen: dict[int, int] = {}
        self._strangers: set[tuple[int, int]] = set()

    def begin(self, root: int) -> None:
        """Take the worker's number once it runs."""
        self._root = root
        row = table().get(root)
        self._root_start = row.start if row else 0

    def refresh(self) -> dict[int, Row]:
        """Look for descendants and return the current table."""
        rows = table()
        for pid, start in list(self._seen.items()):
            if pid not in rows or rows[pid].start != start:
                del self._seen[pid]
        for pid, row in rows.items():
            if pid != self._root and pid not in self._seen and self._belongs(pid, row):
                self._seen[pid] = row.start
        root = rows.get(self._root)
        roots = {self._root} if root is not None and root.start == self._root_start else set()
        grown = True
        while grown:
            family = {*roots, *self._seen}
            new = {pid: row.start for pid, row in rows.items() if row.parent in family and pid not in family}
            self._seen.update(new)
            grown = bool(new)
        return rows

    def _belongs(self, pid: int, row: Row) -> bool:
        """Whether a process that is no child of the family carries its mark."""
        key = (pid, row.start)
        if key in self._before or key in self._strangers or row.start < self._root_start:
            return False
        if self._adopting and row.parent != os.getpid():
            return False
        if _environment(pid).find(b"=" + self._mark) >= 0:
            return True
        if row.dead:
            return row.session == self._root
        self._strangers.add(key)
        return False

    def memory_bytes(self, limit: int) -> int:
        """Return the memory of all: the sum of RSS where that is below the limit anyway, else the dearer PSS."""
        pids = [self._root, *self._seen]
        resident = sum(_resident(pid) for pid in pids)
        return resident if resident <= limit else sum(_proportional(pid) for pid in pids)

    def sweep(self, limit_s: float) -> list[int]:
        """End every descendant but the worker itself, and return those that are still there when time is up.

        A process that was seen dead may have started another after the table was read, so the last look must find
        nothing to end or to reap.
        """
        deadline = time.monotonic() + limit_s
        while True:
            rows = self.refresh()
            self._seen.update(self._unmarked(rows))
            unsettled, living = False, []
            for pid in self._seen:
                row = rows[pid]
                if not row.dead:
                    living.append(pid)
                    with contextlib.suppress(OSError):
                        os.kill(pid, signal.SIGKILL)
                elif row.parent == os.getpid():
                    unsettled = True
                    with contextlib.suppress(OSError):
                        os.waitpid(pid, os.WNOHANG)
                else:  # it becomes our child, and can be reaped, when its parent has ended
                    unsettled = unsettled or self._adopting
            if not (living or unsettled) or time.monotonic() > deadline:
                return living
            time.sleep(0.005 if living else 0.001)

    def _unmarked(self, rows: dict[int, Row]) -> dict[int, int]:
        """Children of ours that nobody here started: orphans that had wiped their environment.

        Only where no other thread could have started a process of its own meanwhile. A process of our own session
        cannot be an orphan of the worker's, which has a session of its own.
        """
        if not self._adopting or any(_starts_processes(thread) for thread in threading.enumerate()):
            return {}
        own = rows[os.getpid()].session if os.getpid() in rows else 0
        return {
            pid: row.start
            for pid, row in rows.items()
            if row.parent == os.getpid()
            and pid != self._root
            and row.session != own
            and row.start >= self._root_start
            and (pid, row.start) not in self._before
        }


def _starts_processes(thread: threading.Thread) -> bool:
    return thread is not threading.current_thread() and not thread.name.startswith(QUIET_THREAD)


@contextlib.contextmanager
def adoption(wanted: bool) -> Iterator[bool]:
    """Become the parent of orphaned descendants (PR_SET_CHILD_SUBREAPER) for a while; yields whether it worked."""
    global _adoptions, _former_adoption
    import ctypes

    try:
        libc = ctypes.CDLL(None, use_errno=True) if wanted else None
    except OSError:
        libc = None
    if libc is None:
        yield False
        return
    former = ctypes.c_int(0)
    with _adopting:
        libc.prctl(PR_GET_CHILD_SUBREAPER, ctypes.byref(former), 0, 0, 0)
        worked = libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
        if _adoptions == 0:
            _former_adoption = former.value
        _adoptions += 1
    try:
        yield worked
    finally:
        with _adopting:
            _adoptions -= 1
            if _adoptions == 0:
                libc.prctl(PR_SET_CHILD_SUBREAPER, _former_adoption, 0, 0, 0)


def _environment(pid: int) -> bytes:
    with contextlib.suppress(OSError), open(f"{PROC}/{pid}/environ", "rb") as file:  # noqa: PTH123
        return file.read(MAX_ENVIRONMENT_BYTES)
    return b""


def _resident(pid: int) -> int:
    with contextlib.suppress(OSError, IndexError, ValueError), open(f"{PROC}/{pid}/statm", "rb") as file:  # noqa: PTH123
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0


def _proportional(pid: int) -> int:
    with contextlib.suppress(OSError, IndexError, ValueError), open(f"{PROC}/{pid}/smaps_rollup", "rb") as file:  # noqa: PTH123
        for line in file:
            if line.startswith(b"Pss:"):
                return int(line.split()[1]) * 1024
    return _resident(pid)
