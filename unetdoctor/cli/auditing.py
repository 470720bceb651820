"""The course of an audit: list, pair, map over shards, add up, check, deliver. The parent opens no picture."""

import os
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from unetdoctor.cli import audit_delivery as delivering
from unetdoctor.cli import audit_state as states
from unetdoctor.cli.audit_progress import Bar
from unetdoctor.cli.audit_request import AuditRequest
from unetdoctor.cli.errors import EXIT_INTERRUPTED, EndedError, RequestError
from unetdoctor.data.files import SourceError
from unetdoctor.data.pairing import Pairing, paired
from unetdoctor.data.pool import PoolError
from unetdoctor.data.pool import audited as by_pool
from unetdoctor.data.shards import Order, Shard, added
from unetdoctor.data.sources import STANDARD_INPUT
from unetdoctor.facts import Report, RunBlock
from unetdoctor.facts.audit import Audited, Listed

EXIT_NO_DIAGNOSIS = 3
SHARD = 500
"""Pairs that are worked on together, and done again at most after a kill."""
SHARDS_PER_JOB = 4
"""Shards for each process at least, so that none waits long for the last one."""
SMALLEST_SHARD = 16
PAIRS_PER_JOB = 24
"""Pairs for which it is worth to start one more process: it takes about as long as they do."""
STATE_NAME = "audit.state"


def run(request: AuditRequest) -> int:
    """Audit, deliver and return the exit code."""
    if request.loader:
        from unetdoctor.cli.audit_loader import run as run_loader

        return run_loader(request)
    delivering.check(request)
    try:
        with Bar(shown=not request.quiet) as bar:
            bar.says("listing the files")
            with paired(
                request.images, request.masks, lines=_standard_input(), sample=request.sample, seed=request.seed
            ) as pairing:
                return _audit(request, pairing, bar)
    except SourceError as error:
        raise RequestError(error.sentence, error.commands) from None


def _standard_input() -> Iterator[str]:
    if sys.stdin is None or sys.stdin.isatty():
        raise RequestError(f"The source {STANDARD_INPUT} reads paths from standard input, and nothing comes in there.")
    for line in sys.stdin.buffer:
        yield line.decode("utf-8", "surrogateescape")


def _audit(request: AuditRequest, pairing: Pairing, bar: Bar) -> int:
    begun, started = time.monotonic(), datetime.now(UTC).isoformat(timespec="seconds")
    order = Order(request.declared, wants_masks=pairing.has_masks, records=request.keeps_records)
    state, head = states.opened(_state_file(request), _asked(request, pairing))
    with state:
        size, count = int(head["_shard"]), len(pairing)
        kept = min(state.resumed * size, count)
        _refuse_without_records(request, head, state)
        bar.begin(count, kept)
        _map(request, pairing, order, state, size, bar)
        bar.says("adding up")
        totals = added(state.answers())
        seconds = time.monotonic() - begun
        report = _with_run(delivering.audited(totals, request), started, seconds)
        listed = _listed(pairing)
        audited = Audited(
            report, listed, seconds, (count - kept) / seconds, kept, str(state.path) if state.lasting else ""
        )
        audited = delivering.with_sheet(audited, request, pairing, order, bar)
        bar.end()
        delivering.write(audited, request, state.answers)
        return report.exit_code


def _map(request: AuditRequest, pairing: Pairing, order: Order, state: states.State, size: int, bar: Bar) -> None:
    """Work on the shards that are not there yet."""
    shards = _shards(pairing, size)
    waiting = (shard for shard in shards if shard.number not in state)
    done = bar.moves_on
    try:
        if request.engine == "ray":
            from unetdoctor.data.ray_engine import audited as by_ray

            answers = by_ray(waiting, order, done)
        else:
            answers = by_pool(waiting, order, _jobs(request, len(pairing)), request.timeout, done)
        with closing(shards), closing(answers):
            for number, answer in answers:
                state.add(number, answer)
    except PoolError as error:
        raise EndedError(str(error), EXIT_NO_DIAGNOSIS) from None
    except KeyboardInterrupt:
        bar.end()
        again = (
            f" What is finished is kept in {state.path}: the same command goes on from there." if state.lasting else ""
        )
        raise EndedError(f"Interrupted.{again}", EXIT_INTERRUPTED) from None


def _shards(pairing: Pairing, size: int) -> Generator[Shard, None, None]:
    with closing(pairing.pairs()) as pairs:
        for number in range(-(-len(pairing) // size)):
            yield Shard(number, number * size, tuple(islice(pairs, size)))


def _jobs(request: AuditRequest, count: int) -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return request.jobs or max(1, min(cores, -(-count // PAIRS_PER_JOB)))


def _shard_size(request: AuditRequest, count: int) -> int:
    return max(SMALLEST_SHARD, min(SHARD, count // (SHARDS_PER_JOB * _jobs(request, count))))


def _state_file(request: AuditRequest) -> str | None:
    if not request.resume:
        return request.state
    folder = delivering.directory(request)
    folder.mkdir(parents=True, exist_ok=True)
    return str(folder / STATE_NAME)


def _asked(request: AuditRequest, pairing: Pairing) -> dict[str, Any]:
    """Return what two runs must have in common to share a state; names with a dash before them are options."""
    declared = request.declared
    return {
        "IMAGES": request.images,
        "MASKS": request.masks or "not given",
        "--task": declared.task.value,
        "--classes": declared.classes if declared.classes is not None else "not given",
        "--ignore-index": declared.ignore_index if declared.ignore_index is not None else "not given",
        "--palette": declared.palette or "not given",
        "--decode": declared.decoded,
        "--sample": request.sample,
        "--seed": request.seed if request.sample else 0,
        "files": pairing.fingerprint() if request.state or request.resume else "",
        "_shard": _shard_size(request, len(pairing)),
        "_records": request.keeps_records,
    }


def _refuse_without_records(request: AuditRequest, head: dict[str, Any], state: states.State) -> None:
    if request.keeps_records and not head["_records"]:
        raise RequestError(
            f"--state {state.path} holds totals and no records, and all records are asked for. "
            "Name another file, or remove this one to begin anew."
        )


def _listed(pairing: Pairing) -> Listed:
    count, ambiguous = pairing.ambiguous()
    return Listed(
        masks_from=pairing.masks_from,
        ambiguous=ambiguous,
        ambiguous_count=count,
        troubles=tuple(f"{trouble.address}: {trouble.reason}" for trouble in islice(pairing.troubles(), 100)),
        others=pairing.others(),
    )


def _with_run(report: Report, started: str, seconds: float) -> Report:
    return replace(report, timings=RunBlock(started=started, seconds=seconds))
