"""Runs cases in processes of their own, each with a time limit; what dies or does not end becomes a row."""

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

from tests.faults.cases import Case
from tests.faults.examination import examine, row
from tests.faults.scoring import BROKEN, TIMEOUT, Row, failed

_CONTEXT = multiprocessing.get_context("spawn")


def _serve(connection: Connection, work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    """Say that we are ready, then answer cases until None comes."""
    import torch

    torch.set_num_threads(1)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)  # what other people's networks print is not ours
    os.dup2(null, 2)
    connection.send(None)
    while (case := connection.recv()) is not None:
        connection.send(work(case, *arguments))


@dataclass
class _Worker:
    """One process, and the case it is at."""

    process: Any
    connection: Connection
    ready: bool = False
    """False while it imports, which is not a case's time."""
    case: Case | None = None
    start: float = 0.0


def run(
    cases: list[Case],
    jobs: int,
    limit_s: float,
    with_peers: bool = False,
    work: Callable[..., Row] = examine,
) -> Iterator[Row]:
    """Yield a row per case, as they end; at most `jobs` processes of one thread each."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    waiting = list(reversed(cases))
    workers = [_started(work, (with_peers,)) for _ in range(min(jobs, len(cases)))]
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
                    if not worker.process.is_alive():
                        workers[index] = _started(work, (with_peers,))
    finally:
        for worker in workers:
            worker.process.kill()
            worker.process.join()


def _started(work: Callable[..., Row], arguments: tuple[Any, ...]) -> _Worker:
    ours, theirs = _CONTEXT.Pipe()
    process = _CONTEXT.Process(target=_serve, args=(theirs, work, arguments), daemon=True)
    process.start()
    theirs.close()
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
        worker.process.join()
        return row(
            worker.case,
            BROKEN,
            reason=f"the process died with exit code {worker.process.exitcode}",
            score=failed(frozenset({"?"})),
        )
    if time.monotonic() - worker.start > limit_s:
        worker.process.kill()
        worker.process.join()
        return row(worker.case, TIMEOUT, reason=f"did not end within {limit_s:.0f} s", score=failed(frozenset({"?"})))
    return None
