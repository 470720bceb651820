"""`audit --loader script.py:make_dataset`: what a user's Dataset yields, examined in the worker."""

import json
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import Any

from unetdoctor.cli import audit_delivery as delivering
from unetdoctor.cli import streams
from unetdoctor.cli.audit_progress import Bar
from unetdoctor.cli.audit_request import AuditRequest
from unetdoctor.cli.errors import EXIT_INTERRUPTED, EndedError, RequestError
from unetdoctor.cli.files import working_directory
from unetdoctor.facts import RunBlock
from unetdoctor.facts.audit import Audited, Listed
from unetdoctor.facts.contract import dump, load_totals, load_yielded

ENTRY = "unetdoctor.pipeline.loader:examine_loader"
WHOLE_S = 3600.0
"""Seconds for all samples together."""
START_S = 120.0
"""Seconds for importing the script and making the dataset at least: both may read an index of files."""


def run(request: AuditRequest) -> int:
    """Examine the loader, deliver and return the exit code."""
    delivering.check(request)
    if find_spec("torch") is None:
        raise RequestError(
            "--loader runs your Dataset, and PyTorch is not installed for this Python.",
            [f"{sys.executable} -m pip install torch"],
        )
    begun, started = time.monotonic(), datetime.now(UTC).isoformat(timespec="seconds")
    result, log, enforced, not_enforced = _examined(request)
    seconds = time.monotonic() - begun
    yielded = load_yielded(result["yielded"])
    report = delivering.audited(load_totals(result["totals"]), request, yielded)
    environment = replace(report.environment, enforced=enforced, not_enforced=not_enforced)
    timings = RunBlock(started=started, seconds=seconds)
    report = replace(report, environment=environment, timings=timings, log=log)
    found = Audited(report, Listed(), seconds, yielded.examined / seconds)
    found = delivering.with_sketches(found, request, result["sketches"])
    answer = json.dumps({"totals": {}, "records": result["records"]}).encode()
    delivering.write(found, request, lambda: iter((answer,)))
    return report.exit_code


def _examined(request: AuditRequest) -> tuple[dict[str, Any], str, tuple[str, ...], tuple[str, ...]]:
    """Run the worker; raises RequestError where the request is wrong, EndedError where the user's code ended it."""
    from unetdoctor.worker import Budget, supervise

    longest = max(request.timeout, START_S)
    budget = Budget(total_s=WHOLE_S, stages={"sample": request.timeout, "dataset": longest, "import": longest})
    order = {
        "loader": request.loader,
        "directory": str(working_directory()),
        "declared": dump(request.declared),
        "sample": request.sample,
        "seed": request.seed,
        "draws": request.out_dir is not None,
    }
    with Bar(shown=not request.quiet) as bar:
        bar.says("starting PyTorch")

        def moved(event: Any) -> None:
            if event.kind == "sample":
                bar.counts(int(event.payload.get("done", 0)))

        with supervise(order, ENTRY, budget=budget, on_event=moved, confine=request.sandbox) as outcome:
            result, failure, log = outcome.result, outcome.failure, outcome.log
    if result is None:
        assert failure is not None
        trace = (log + (f"\n{failure.traceback}" if failure.traceback else "")).strip()
        if trace and request.verbose:
            from unetdoctor.reporters.safe import clean_lines

            streams.say("\n".join(clean_lines(trace)) + "\n")
        hint = (
            ""
            if request.verbose or not trace
            else " Run again with -v to see what your code printed and where it stood."
        )
        raise EndedError(f"{failure.sentence}{hint}", failure.exit_code or EXIT_INTERRUPTED)
    if "request_error" in result:
        raise RequestError(str(result["request_error"]), [str(command) for command in result.get("commands", ())])
    return result, log, outcome.enforced, outcome.not_enforced
