"""`unetdoctor check`: every target of pyproject.toml in one step, for CI."""

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from unetdoctor.cli import options as shared
from unetdoctor.cli import streams, values
from unetdoctor.cli.errors import EXIT_INTERRUPTED, EXIT_WRONG_REQUEST, RequestError, choice
from unetdoctor.cli.files import working_directory

if TYPE_CHECKING:
    from unetdoctor.cli.destination import Delivery
    from unetdoctor.cli.settings import Settings
    from unetdoctor.facts import Report, Request

HELP = """Examine every target of [tool.unetdoctor] in pyproject.toml; the exit code is the worst one.

\b
Examples:
  unetdoctor check
  unetdoctor check -o sarif=unetdoctor.sarif -o junit=unetdoctor.xml
  unetdoctor check models/unet.py:UNet --fail-on warning
\b
  [tool.unetdoctor]
  targets = [
      "models/gan.py:Generator",
      { target = "models/unet.py", weights = "unet.pt", task = "binary" },
  ]
  fail-on = "error"
  baseline = "unetdoctor-baseline.json"
"""
EXAMPLE = 'targets = ["model.py:UNet"]'


def check(
    targets: Annotated[
        list[str] | None, typer.Argument(metavar="TARGET", help="These alone; all of pyproject.toml without it.")
    ] = None,
    select: shared.Select = None,
    ignore: shared.Ignore = None,
    fail_on: shared.FailOn = "",
    baseline: shared.Baseline = None,
    no_baseline: Annotated[bool, typer.Option("--no-baseline", help="Count what the baseline knows as well.")] = False,
    timeout: Annotated[
        float | None, typer.Option("--timeout", metavar="SECONDS", help="Time for everything, of each target.")
    ] = None,
    no_sandbox: shared.NoSandbox = False,
    format_: shared.ReportFormat = "text",
    files: shared.ReportFiles = None,
    out_dir: Annotated[
        str | None, typer.Option("--out-dir", metavar="DIR", help="Pictures, a folder for each target; none without.")
    ] = None,
    force: shared.Force = False,
    quiet: shared.Quiet = False,
    verbose: shared.Verbose = False,
    color: shared.Color = "auto",
) -> None:
    """Examine the targets of a repository: from the settings to the exit code."""
    from unetdoctor.cli import policy, settings
    from unetdoctor.cli.destination import Delivery

    values.exclude(quiet, verbose)
    here = working_directory()
    delivery = Delivery(
        format=values.report_format(format_),
        files=tuple((kind, str(here / name)) for kind, name in values.file_outputs(files or ())),
        out_dir=str(here / out_dir) if out_dir else None,
        pictures=out_dir is not None,
        force=force,
        quiet=quiet,
        verbose=verbose,
        color=choice("--color", color, values.COLORS),
    )
    found = settings.load()
    typed = {
        name: value
        for name, value in (
            ("select", tuple(select or ())),
            ("ignore", tuple(ignore or ())),
            ("fail_on", fail_on),
            ("timeout", timeout),
        )
        if value
    }
    if no_sandbox:  # never from pyproject.toml: a repository does not take its own fence down
        typed["sandbox"] = False
    file = None if no_baseline else str(here / baseline) if baseline else found.baseline
    from unetdoctor.cli import delivery as delivering

    with contextlib.chdir(found.root):
        requests = [replace(one, pictures=delivery.pictures) for one in wanted(found, targets or (), typed)]
        delivering.check_files(delivery, [], len(requests))
        known = policy.read_baseline(file) if file else frozenset()
        reports = examined(requests, delivery)
        reports = policy.judged(reports, found.root, known, below(file, found.root) if file else "")
        delivering.write_all(reports, delivery)
    raise typer.Exit(max(report.exit_code for report in reports))


def below(file: str, root: Path) -> str:
    """Return a path relative to the root where it lies below it."""
    path = Path(file)
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()


def wanted(found: "Settings", targets: Sequence[str], typed: dict[str, Any]) -> "list[Request]":
    """Return a request for each target; raises RequestError before anything is run where one is wrong."""
    from unetdoctor.cli.arguments import request
    from unetdoctor.cli.examination import check_request

    own = dict(found.targets)
    names = list(targets) or [target for target, _ in found.targets]
    if not names:
        where = f"{found.file} names no targets" if found.file else "No pyproject.toml here or above names targets"
        raise RequestError(f"{where}: add them under [tool.unetdoctor], or name one.", [EXAMPLE])
    entries = [(t, own.get(t, {})) for t in names] if targets else list(found.targets)
    requests = [request(found.options(target, values, typed)) for target, values in entries]
    for one in requests:
        check_request(one)
    return requests


def examined(requests: "Sequence[Request]", delivery: "Delivery") -> "list[Report]":
    """Run a worker for each request, one after the other, and return the reports.

    Where the worker finds a request wrong, the report of that target says so, and the others are examined as well.
    """
    from unetdoctor.cli import examination

    reports: list[Report] = []
    for number, one in enumerate(requests, start=1):
        if len(requests) > 1 and not delivery.quiet and delivery.format == "text":
            streams.say(f"{number}/{len(requests)} {_line(one.target)}\n")
        pictures = replace(delivery, out_dir=_folder(delivery, one, number))
        try:
            reports.append(examination.run(one, pictures))
        except RequestError as error:
            refused = examination.failed(one, error.sentence)
            reports.append(replace(refused, failure="request", exit_code=EXIT_WRONG_REQUEST))
        if reports[-1].exit_code == EXIT_INTERRUPTED:
            break
    return reports


def _line(target: str) -> str:
    from unetdoctor.reporters.safe import clean

    return clean(target)


def _folder(delivery: "Delivery", one: "Request", number: int) -> str | None:
    from unetdoctor.reporters.folder import file_stem

    return str(Path(delivery.out_dir) / f"{number}-{file_stem(one.target)}") if delivery.out_dir else None
