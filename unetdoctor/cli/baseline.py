"""`unetdoctor baseline write|prune`: draw a line under the findings that are there."""

import contextlib
from pathlib import Path
from typing import Annotated

import typer

from unetdoctor.cli import options as shared
from unetdoctor.cli import policy, settings, streams
from unetdoctor.cli.arguments import Delivery
from unetdoctor.cli.check import examined, wanted
from unetdoctor.cli.errors import EndedError, RequestError
from unetdoctor.facts import Report
from unetdoctor.judging import baseline as lines
from unetdoctor.reporters.atomic import WriteRefusedError, atomic_write, check_destination

DEFAULT = "unetdoctor-baseline.json"
HELP = """Draw a line: findings of today no longer count in `check`, new ones do.

\b
A finding is known again by its code and its layer, not by its value.
\b
Examples:
  unetdoctor baseline write            every finding of today
  unetdoctor baseline prune            take out what is no longer found
"""
app = typer.Typer(help=HELP, rich_markup_mode=None, no_args_is_help=True)
Targets = Annotated[
    list[str] | None, typer.Argument(metavar="TARGET...", help="These alone; all of pyproject.toml without it.")
]


@app.command()
def write(targets: Targets = None, baseline: shared.Baseline = None, force: shared.Force = False) -> None:
    """Examine the targets, and write everything that is found."""
    found, file = _place(baseline)
    if Path(file).exists() and not force and Path(file).stat().st_size:
        policy.read_baseline(file)
    reports = _examined(found, targets)
    entries = {e for e in _known(file) if e[0] not in {r.target.target for r in reports}} if targets else set()
    _write(file, [*entries, *lines.entries(reports)])


@app.command()
def prune(targets: Targets = None, baseline: shared.Baseline = None) -> None:
    """Examine the targets, and take out what is no longer found; nothing is added."""
    found, file = _place(baseline)
    known = policy.read_baseline(file)
    reports = _examined(found, targets)
    gone = set(lines.gone(known, reports))
    _write(file, [entry for entry in known if entry not in gone], f", {len(gone)} taken out")


def _place(baseline: str | None) -> tuple[settings.Settings, str]:
    """Return the settings and the file, checked before anything is run."""
    found = settings.load()
    file = Path(baseline) if baseline else found.root / (found.baseline or DEFAULT)
    try:
        check_destination(file)
    except WriteRefusedError as error:
        raise RequestError(f"--baseline: {error}") from None
    return found, str(file)


def _known(file: str) -> frozenset[lines.Entry]:
    return policy.read_baseline(file) if Path(file).exists() else frozenset()


def _examined(found: settings.Settings, targets: list[str] | None) -> list[Report]:
    """Return the reports; raises EndedError where one of them came to no diagnosis: its findings are not known."""
    with contextlib.chdir(found.root):
        reports = policy.judged(examined(wanted(found, targets or (), {}), Delivery(pictures=False)), found.root)
    failed = next((report for report in reports if report.failure), None)
    if failed is not None:
        raise EndedError(f"{failed.target.target}: {failed.verdict} No baseline was written.", failed.exit_code)
    return reports


def _write(file: str, entries: list[lines.Entry], more: str = "") -> None:
    try:
        atomic_write(Path(file), lines.to_text(entries).encode("utf-8", "backslashreplace"))
    except WriteRefusedError as error:
        raise EndedError(f"--baseline: {error}") from None
    count = len(set(entries))
    streams.write(f"{file}: {count} finding{'s' * (count != 1)}{more}.\n")
