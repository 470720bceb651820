"""The parent's end: start the child, listen, end everything that came of it, and say what happened."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from unetdoctor.worker import limits, processes, scratch, verdicts
from unetdoctor.worker.interrupts import Interrupts
from unetdoctor.worker.launch import SWEEP_S, launch
from unetdoctor.worker.outcome import Budget, Event, Outcome
from unetdoctor.worker.supervision import Supervision


def supervise(
    request: dict[str, Any],
    entry: str,
    *,
    budget: Budget = Budget(),  # noqa: B008 - frozen
    on_event: Callable[[Event], None] | None = None,
    environment: Mapping[str, str] | None = None,
    confine: bool = True,
) -> Outcome:
    """Run `entry` ("package.module:function") on `request` in a child process and return what came of it.

    In the child the function is called with the request and a `Channel`; the dict that it returns is the result.
    `on_event` sees stages, partial results and events of the function's own kinds, in order. `environment` adds
    variables to the allowed ones. `confine=False` leaves out Landlock (for a model that must write or download).
    Where `request["device"]` is absent or begins with "cpu", a memory budget also bounds the address space.

    Raises ValueError or TypeError for a request that is no strict JSON, whatever `on_event` raises, and
    KeyboardInterrupt at a second Ctrl-C; the child is gone in each case.
    """
    begun = time.monotonic()
    try:
        root = scratch.create()
    except OSError as error:
        return _never_began(f"no temporary directory: {error}", Path(), begun)
    with contextlib.ExitStack() as on_error:
        on_error.callback(scratch.remove, root)
        try:
            listening = Interrupts()
        except OSError as error:
            return _never_began(str(error), Path(), begun)
        with listening as interrupts, processes.adoption(limits.LINUX) as adopting:
            try:
                launched = launch(request, entry, root, budget, environment, confine, adopting)
            except OSError as error:
                return _never_began(str(error), Path(), begun)
            try:
                run = Supervision(launched, budget, begun, interrupts, on_event)
            except OSError as error:
                launched.process.kill()
                launched.process.wait()
                return _never_began(str(error), Path(), begun)
            try:
                run.listen()
            finally:
                remaining = _end(run)
            outcome = _outcome(run, root, adopting, remaining, begun)
        on_error.pop_all()  # from here on the directory is the caller's
        return outcome


def _end(run: Supervision) -> int:
    """End the child and all that came of it, read what is left in the pipes, and return how many would not go."""
    process, tree = run.launched.process, run.launched.tree
    remaining: list[int] | None = None
    try:
        tree.refresh()
        run.kill()
        remaining = tree.sweep(SWEEP_S)
        run.drain()
    finally:
        if remaining is None:  # a second Ctrl-C while we were at it: nothing may survive that either
            run.kill()
            remaining = tree.sweep(SWEEP_S)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(SWEEP_S)
        run.close()
    return len(remaining) + (process.poll() is None)


def _outcome(run: Supervision, root: Path, adopting: bool, remaining: int, begun: float) -> Outcome:
    limit, tree = run.launched.memory_limit, run.launched.tree
    facts = [
        (os.name == "posix", "a session of its own without a terminal"),
        (True, "stdin empty, environment from an allow-list, working directory in scratch"),
        (run.watches_death, "its end watched by pidfd"),
        (adopting and tree.visible, "escaped processes adopted and ended (subreaper)"),
        (limit is not None, "memory of all its processes watched (PSS)"),
        (run.interrupts.active, "two-step Ctrl-C"),
    ]
    done = [phrase for truth, phrase in facts if truth]
    failed = [f"{phrase}: not possible here" for truth, phrase in facts if not truth]
    if remaining:
        failed.append(f"the end of everything that the model started: {remaining} processes would not end")
    return Outcome(
        result=run.result,
        failure=None if run.result is not None else run.failure(),
        log=run.log.text(),
        partials=tuple(run.partials),
        scratch=root,
        enforced=(*done, *run.enforced),
        not_enforced=(*failed, *run.not_enforced),
        seconds=time.monotonic() - begun,
        memory_limit=limit,
    )


def _never_began(reason: str, root: Path, begun: float) -> Outcome:
    return Outcome(None, verdicts.not_started(reason), "", (), root, (), (), time.monotonic() - begun)
