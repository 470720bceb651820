"""Run an examination in the worker, complete its report, write the pictures, deliver."""

import dataclasses
import platform
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unetdoctor import __version__
from unetdoctor.cli import delivery as delivering
from unetdoctor.cli import files, policy, streams
from unetdoctor.cli.destination import Delivery
from unetdoctor.cli.errors import EXIT_INTERRUPTED, EndedError, RequestError
from unetdoctor.cli.progress import Progress
from unetdoctor.facts import Environment, Report, Request, RunBlock, State, Target
from unetdoctor.facts.report import SCHEMA_VERSION

if TYPE_CHECKING:
    from unetdoctor.worker import Failure, Outcome

ENTRY = "unetdoctor.pipeline:examine"


def examine(request: Request, delivery: Delivery) -> int:
    """Examine, deliver the report and return the exit code; raises RequestError where the request is wrong."""
    return deliver(request, delivery).exit_code


def deliver(request: Request, delivery: Delivery) -> Report:
    """Examine and deliver; returns the report as delivered."""
    check(request, delivery)
    known = policy.read_baseline(delivery.baseline) if delivery.baseline else frozenset()
    report = run(request, delivery)
    report = policy.judged([report], Path(request.directory), known, delivery.baseline or "")[0]
    delivering.write(report, delivery, request)
    return report


def check(request: Request, delivery: Delivery) -> None:
    """Raise RequestError for everything that can be known before a worker starts."""
    check_request(request)
    delivering.check(request, delivery)


def check_request(request: Request) -> None:
    """Raise RequestError for what can be known of a request before a worker starts."""
    files.check_target(request.target)
    if request.weights is not None:
        files.check_file(Path(request.weights), "--weights")
    for image in request.images:
        files.check_file(Path(image), "--image")
    for mask in filter(None, request.masks):
        files.check_file(Path(mask), "--mask")
    if find_spec("torch") is None:
        raise RequestError(
            "PyTorch is not installed for this Python.", [f"{sys.executable} -m pip install torch torchvision"]
        )


def run(request: Request, delivery: Delivery) -> Report:
    """Run the worker and return the whole report; the pictures are written."""
    started = datetime.now(UTC).isoformat(timespec="seconds")
    with supervised(request, ENTRY, shown=not delivery.quiet) as (outcome, progress):
        report = _with_run(_report(request, outcome), outcome, started)
        if delivery.pictures and report.previews:
            progress.stage("pictures")
            report = _with_pictures(report, outcome, delivering.directory(request, delivery), delivery.force)
        else:
            report = replace(report, previews=())
        return report


@contextmanager
def supervised(request: Request, entry: str, *, shown: bool = True) -> Iterator[tuple["Outcome", Progress]]:
    """Run an entry of the pipeline in the worker; yields what came of it, its files there until the block ends.

    Raises RequestError where the worker found the request wrong.
    """
    from unetdoctor.worker import Budget, supervise

    progress = Progress(shown=shown)
    progress.begin()
    try:
        budget = Budget(total_s=request.limits.timeout_s, memory_bytes=request.limits.memory_bytes)
        with supervise(
            as_json(request), entry, budget=budget, on_event=progress.event, confine=request.sandbox
        ) as outcome:
            _refuse(outcome)
            yield outcome, progress
    finally:
        progress.end()


def _refuse(outcome: "Outcome") -> None:
    result = outcome.result or {}
    sentence = result.get("request_error")
    if isinstance(sentence, str):
        commands = result.get("commands", ())
        raise RequestError(sentence, [str(c) for c in commands] if isinstance(commands, list | tuple) else ())


def answer(request: Request, entry: str, *, verbose: bool) -> dict[str, Any]:
    """Return what an entry of the pipeline answers; raises EndedError where none came, RequestError where wrong."""
    check_request(request)
    with supervised(request, entry) as (outcome, _):
        if outcome.result is not None:
            return _with_fence(outcome.result, outcome)
        assert outcome.failure is not None
        log = (outcome.log + _trace(outcome.failure)).strip()
        code = outcome.failure.exit_code or EXIT_INTERRUPTED
        sentence = outcome.failure.sentence
    if log and verbose:
        from unetdoctor.reporters.safe import clean_lines

        streams.say("\n".join(clean_lines(log)) + "\n")
    hint = "" if verbose or not log else " Run again with -v to see what your code printed and where it stood."
    raise EndedError(f"{sentence}{hint}", code)


def _with_fence(result: dict[str, Any], outcome: "Outcome") -> dict[str, Any]:
    """Return an answer with what only the parent knows of its environment."""
    inside = result.get("environment")
    if not isinstance(inside, dict):
        return result
    fence = {"enforced": outcome.enforced, "not_enforced": outcome.not_enforced}
    return {**result, "environment": {**inside, **fence}}


def as_json(request: Request) -> dict[str, Any]:
    """Return the request as JSON values: what `facts.contract.dump` gives, without waiting for pydantic."""
    return dataclasses.asdict(request)


def _report(request: Request, outcome: "Outcome") -> Report:
    if outcome.result is not None:
        return _loaded(outcome.result)
    assert outcome.failure is not None
    partial = _last_partial(outcome)
    report = partial or _loaded_before(replace(failed(request), notices=_found_before(outcome)), outcome)
    return replace(
        report,
        state=State.NOT_DIAGNOSABLE,
        verdict=_sentence(outcome.failure, partial is not None),
        failure=outcome.failure.stage,
        exit_code=outcome.failure.exit_code or EXIT_INTERRUPTED,
        log=outcome.log + _trace(outcome.failure),
    )


def _loaded(values: Mapping[str, Any]) -> Report:
    from unetdoctor.facts.contract import load_report

    return load_report(values.get("report", values))


def _last_partial(outcome: "Outcome") -> Report | None:
    """Return the last report that arrived before the end; pieces of another kind are left."""
    for event in reversed(outcome.partials):
        try:
            return _loaded(event.payload)
        except ValueError:
            continue
    return None


def _loaded_before(report: Report, outcome: "Outcome") -> Report:
    """Put in what was loaded before the worker ended: it may say why."""
    for event in outcome.partials:
        found = event.payload.get("target")
        if isinstance(found, dict):
            name, kind, how = (found.get(key) for key in ("name", "kind", "how"))
            said = tuple(text for text in how if isinstance(text, str)) if isinstance(how, list) else ()
            return replace(report, target=replace(report.target, name=str(name), kind=str(kind), how=said))
    return report


def _found_before(outcome: "Outcome") -> tuple[str, ...]:
    """Return what the worker had found when it ended, as one sentence; nothing where it had found nothing."""
    codes: list[str] = []
    for event in outcome.partials:
        found = event.payload.get("findings")
        codes += [code for code in found if isinstance(code, str)] if isinstance(found, list) else []
    return (f"Found before that: {', '.join(dict.fromkeys(codes))}.",) if codes else ()


def _sentence(failure: "Failure", partial: bool) -> str:
    return f"{failure.sentence} What follows was measured before that." if partial else failure.sentence


def _trace(failure: "Failure") -> str:
    return f"\n{failure.traceback}" if failure.traceback else ""


def failed(request: Request, verdict: str = "") -> Report:
    """Return the report of an examination of which nothing arrived."""
    return Report(
        schema_version=SCHEMA_VERSION,
        state=State.NOT_DIAGNOSABLE,
        verdict=verdict,
        target=Target(request.target, "", "", (), 0, 0, request.weights or ""),
        intent=request.intent,
        input=None,
        environment=Environment(__version__, platform.python_version(), "", _platform(), request.device),
    )


def _platform() -> str:
    return f"{platform.system()} {platform.machine()}"


def _with_run(report: Report, outcome: "Outcome", started: str) -> Report:
    """Return the report with what only the parent knows."""
    environment = replace(report.environment, enforced=outcome.enforced, not_enforced=outcome.not_enforced)
    inside: RunBlock = report.timings
    limit = outcome.memory_limit or 0
    timings = replace(inside, started=started, seconds=outcome.seconds, memory_limit_bytes=limit)
    return replace(report, environment=environment, timings=timings, log=report.log or outcome.log)


def _with_pictures(report: Report, outcome: "Outcome", directory: Path, force: bool) -> Report:
    """Write the pictures and return the report with their paths; what could not be written is a notice."""
    from unetdoctor.reporters.atomic import WriteRefusedError
    from unetdoctor.reporters.pictures import write_pictures
    from unetdoctor.worker import RawFileError, read_raw

    raw: dict[str, bytes] = {}
    notices: list[str] = []
    for preview in report.previews:
        try:
            raw[preview.file] = read_raw(
                outcome, {"file": preview.file, "size": preview.size, "sha256": preview.sha256}
            )
        except RawFileError as error:
            notices.append(f"One picture did not arrive: {preview.name} ({error}).")
    readable = replace(report, previews=tuple(p for p in report.previews if p.file in raw))
    try:
        written = write_pictures(readable, raw, directory, force=force)
    except WriteRefusedError as error:
        return replace(report, previews=(), notices=(*report.notices, *notices, f"No pictures: {error}"))
    return replace(report, previews=written.previews, notices=(*report.notices, *notices, *written.notices))
