"""Runs cases in processes of their own, each with a time limit; what dies or does not end becomes a row."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait

from tests.faults.cases import Case
from tests.faults.examination import examine, row
from tests.faults.scoring import BROKEN, TIMEOUT, Row, failed

SERVE = "import sys; from tests.faults.pool import serve; serve(int(sys.argv[1]))"
"""What a worker runs: a process of its own, since tools that trace refuse to work in a child of multiprocessing."""


def serve(descriptor: int) -> None:
    """Take the work to do, say that we are ready, then answer cases until the other end closes."""
    import torch

    torch.set_num_threads(1)
    connection = Connection(descriptor)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)  # what other people's networks print is not ours
    os.dup2(null, 2)
    work = connection.recv()
    connection.send(None)
    while True:
        try:
            case = connection.recv()
        except EOFError:
            return
        connection.send(work(case))


@dataclass
class _Worker:
    """One process, and the case it is at."""

    process: subprocess.Popen[bytes]
    connection: Connection
    ready: bool = False
    """False while it imports, which is not a case's time."""
    case: Case | None = None
    start: float = 0.0


def run(
    cases: list[Case],
    jobs: int,
    limit_s: float,
    work: Callable[[Case], Row] = examine,
) -> Iterator[Row]:
    """Yield a row per case, as they end; at most `jobs` processes of one thread each."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    waiting = list(reversed(cases))
    workers = [_started(work) for _ in range(min(jobs, len(cases)))]
    try:
        while waiting or any(worker.case is not None for worker in workers):
            for worker in workers:
                if worker.ready and worker.case is None and waiting:
                    worker.case, worker.start = waiting.pop(), time.monotonic()
                    worker.connection.send(worker.case)
            wait([worker.connection for worker in workers if worker.case is not None or not worker.ready], timeout=1.0)
            for index, worker in enumerate(workers):
                found = _outcome(worker, limit_s)
                if found is not None:
                    yield found
                    worker.case = None
                    if worker.process.poll() is not None:
                        workers[index] = _started(work)
    finally:
        for worker in workers:
            worker.process.kill()
            worker.process.wait()


def _started(work: Callable[[Case], Row]) -> _Worker:
    ours, theirs = Pipe()
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(theirs.fileno())], pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL
    )
    theirs.close()
    ours.send(work)
    return _Worker(process, ours)


def _outcome(worker: _Worker, limit_s: float) -> Row | None:
    """Return the row of a worker's case where it ended, in whatever way."""
    if not worker.ready and worker.connection.poll():
        worker.connection.recv()  # raises EOFError where a process dies before it is ready: then none would ever be
        worker.ready = True
    if worker.case is None:
        return None
    try:
        if worker.connection.poll():
            found: Row = worker.connection.recv()
            return found
    except (EOFError, ConnectionError):
        worker.process.wait()
        return row(
            worker.case,
            BROKEN,
            reason=f"the process died with exit code {worker.process.returncode}",
            score=failed(frozenset({"?"})),
        )
    if time.monotonic() - worker.start > limit_s:
        worker.process.kill()
        worker.process.wait()
        return row(worker.case, TIMEOUT, reason=f"did not end within {limit_s:.0f} s", score=failed(frozenset({"?"})))
    return None
