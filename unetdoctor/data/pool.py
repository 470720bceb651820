"""A pool of processes for shards, in which no file can do harm: whatever ends a process becomes that file's record.

One shard at a time goes to a process, so memory does not grow with the number of pairs. A process says in a shared
cell which pair it is at. Where it ends, or stays too long at one pair, the pair is tried alone, to know which of its
files did it; the rest of its shard goes to a fresh process. Answers are JSON: nothing that comes back is unpickled.
"""

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from multiprocessing import connection
from multiprocessing.context import SpawnProcess
from typing import Any

from unetdoctor.data.shards import IMAGE, MASK, Blame, Order, Shard, audit_shard, joined

LONGEST_S = 60.0
"""Seconds that one pair may take. The largest picture that is decoded, 64 million pixels, took 4 s."""
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Variables that say how many threads the libraries behind NumPy start."""
MOST_UNBORN = 3
"""Processes that may end before they read anything: more than chance, so nothing would ever be read."""
_POLL_S = 0.25
_IDLE = -1
_CONTEXT = multiprocessing.get_context("spawn")

Watch = Callable[[int], None]


def audited(
    shards: Iterable[Shard], order: Order, jobs: int, longest_s: float = LONGEST_S, watch: Watch = lambda done: None
) -> Generator[tuple[int, bytes], None, None]:
    """Yield (number, answer) of every shard as it is finished; `watch` is told how many pairs are done.

    Where the iteration ends early, for whatever reason, every process is ended.
    """
    pool = _Pool(shards, order, jobs, longest_s, watch)
    try:
        yield from pool.answers()
    finally:
        pool.end()


class PoolError(Exception):
    """Processes cannot be started here; the text says what became of them."""


class _Hand:
    """One process of the pool, and what it works on."""

    def __init__(self, order: Order) -> None:
        self._cell = _CONTEXT.RawValue("q", _IDLE)
        self.ours, theirs = _CONTEXT.Pipe()
        self.process: SpawnProcess = _CONTEXT.Process(target=_work, args=(theirs, self._cell, order), daemon=True)
        with _no_interrupts(), _one_thread():
            self.process.start()
        theirs.close()
        self.ready = False
        self.shard: Shard | None = None
        self.at, self.since = _IDLE, time.monotonic()

    def give(self, shard: Shard) -> None:
        """Hand a shard over, now or as soon as the process listens: before that it would keep us waiting."""
        self.shard, self.at, self.since = shard, _IDLE, time.monotonic()
        self._cell.value = _IDLE
        if self.ready:
            with contextlib.suppress(OSError):  # it is gone, and seen to be
                self.ours.send(shard)

    def answer(self) -> bytes | None:
        """Return what has come, None for nothing yet; raises OSError or EOFError where the process is gone."""
        if not self.ours.poll():
            return None
        data = self.ours.recv_bytes()
        if data:
            return data
        self.ready = True
        if self.shard is not None:
            self.give(self.shard)
        return None

    def look(self) -> None:
        """Note the pair that the process is at."""
        at = int(self._cell.value)
        if at != self.at:
            self.at, self.since = at, time.monotonic()

    def end(self) -> str:
        """End the process and return what became of it, in words."""
        self.process.kill()
        self.process.join()
        code = self.process.exitcode or 0
        self.process.close()
        self.ours.close()
        if code >= 0:
            return f"ended the process that read it (exit status {code})"
        with contextlib.suppress(ValueError):
            return f"ended the process that read it ({signal.Signals(-code).name})"
        return f"ended the process that read it (signal {-code})"


class _Pool:
    def __init__(self, shards: Iterable[Shard], order: Order, jobs: int, longest_s: float, watch: Watch) -> None:
        self._shards, self._order, self._jobs = iter(shards), order, jobs
        self._longest_s, self._watch = longest_s, watch
        self._hands: list[_Hand] = []
        self._again: deque[Shard] = deque()
        self._open: dict[int, int] = {}
        self._parts: dict[int, dict[int, bytes]] = {}
        self._done = self._unborn = 0

    def answers(self) -> Iterator[tuple[int, bytes]]:
        while self._employ():
            self._wait()
            for hand in list(self._hands):
                answer = self._answer(hand)
                if answer is not None:
                    yield from self._finished(hand, answer)
            self._watch(self._done + sum(max(0, h.at - h.shard.first) for h in self._hands if h.shard is not None))

    def end(self) -> None:
        """End every process."""
        for hand in self._hands:
            hand.process.kill()
        for hand in self._hands:
            hand.end()
        self._hands = []

    def _employ(self) -> bool:
        """Give every free hand a shard, hire where there is work for more; False where all is done."""
        while any(hand.shard is None for hand in self._hands) or len(self._hands) < self._jobs:
            shard = self._next()
            if shard is None:
                break
            hand = next((h for h in self._hands if h.shard is None), None)
            if hand is None:
                hand = _Hand(self._order)
                self._hands.append(hand)
            hand.give(shard)
        return any(hand.shard is not None for hand in self._hands)

    def _next(self) -> Shard | None:
        if self._again:
            return self._again.popleft()
        shard = next(self._shards, None)
        if shard is not None:
            self._open[shard.number] = 1
            self._parts[shard.number] = {}
        return shard

    def _wait(self) -> None:
        busy = [hand for hand in self._hands if hand.shard is not None]
        connection.wait([item for hand in busy for item in (hand.ours, hand.process.sentinel)], _POLL_S)

    def _answer(self, hand: _Hand) -> bytes | None:
        """Return what a hand has finished; one that is gone or stuck is replaced, and its pair looked into."""
        if hand.shard is None:
            return None
        hand.look()
        alive = hand.process.is_alive()
        try:
            answer = hand.answer()
        except (EOFError, OSError):
            answer, alive = None, False
        if answer is not None:
            return answer
        if not alive:
            self._lost(hand, "")
        elif hand.at != _IDLE and time.monotonic() - hand.since > self._longest_s:
            self._lost(hand, f"kept the process that read it for more than {self._longest_s:g} s")
        return None

    def _finished(self, hand: _Hand, answer: bytes) -> Iterator[tuple[int, bytes]]:
        assert hand.shard is not None
        shard, hand.shard = hand.shard, None
        self._done += len(shard.pairs)
        self._parts[shard.number][shard.first] = answer
        self._open[shard.number] -= 1
        if not self._open[shard.number]:
            parts = self._parts.pop(shard.number)
            del self._open[shard.number]
            yield shard.number, joined([parts[first] for first in sorted(parts)])

    def _lost(self, hand: _Hand, stuck: str) -> None:
        """Put the shard of a lost hand back: what came before and behind the pair it was at, and that pair alone."""
        shard, at = hand.shard, hand.at
        self._hands.remove(hand)
        reason = hand.end()
        assert shard is not None
        if at == _IDLE:  # it never began, so no file is to blame
            self._unborn += 1
            if self._unborn > MOST_UNBORN:
                raise PoolError(f"{self._unborn} processes ended before they read a file: each {reason}.")
            self._again.append(shard)
            return
        place = at - shard.first
        parts = [
            shard._replace(pairs=shard.pairs[:place]),
            shard._replace(first=at + 1, pairs=shard.pairs[place + 1 :]),
        ]
        alone = shard._replace(
            first=at, pairs=shard.pairs[place : place + 1], blame=_next_blame(shard, stuck or reason)
        )
        again = [part for part in (*parts, alone) if part.pairs]
        self._open[shard.number] += len(again) - 1
        self._again.extend(again)


def _next_blame(shard: Shard, reason: str) -> Blame | None:
    """Return what is not opened at the next attempt on one pair.

    First both files are read once more, alone, unless they kept the process: memory may have run out through another.
    Then the image is left out, then the mask; where both end a process neither is read.
    """
    if shard.blame is None:
        alone = len(shard.pairs) == 1
        return Blame((IMAGE,), reason) if alone or reason.startswith("kept") else None
    return Blame((MASK,) if shard.blame.roles == (IMAGE,) else (IMAGE, MASK), reason)


@contextlib.contextmanager
def _no_interrupts() -> Iterator[None]:
    """Let a process start deaf to Ctrl-C, which is for its parent; one that comes meanwhile waits."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Let a process start with one thread for its arrays: the processes share the cores already."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _work(pipe: Any, cell: Any, order: Order) -> None:
    """Work on what comes until the pipe ends: the life of a process of the pool."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _end_with_parent()
    _be_the_first_to_go()

    def begin(number: int) -> None:
        cell.value = number

    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        pipe.send_bytes(b"")
        while True:
            pipe.send_bytes(audit_shard(pipe.recv(), order, begin))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None

    def wait() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _be_the_first_to_go() -> None:
    """Have the kernel end this process, and not its parent, when memory runs out; and write no core file."""
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:  # noqa: PTH123
        file.write("800")
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
