"""`unetdoctor report RUN.json`: a saved run, shown or judged anew, without the model and without torch."""

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from unetdoctor.cli import options as shared
from unetdoctor.cli import policy, values
from unetdoctor.cli.arguments import Delivery
from unetdoctor.cli.errors import RequestError, choice, did_you_mean
from unetdoctor.facts import Report
from unetdoctor.judging.selection import Limit

HELP = """Show a saved run in any format, or judge it by other rules; the model is not needed.

\b
Examples:
  unetdoctor inspect model.py -o json=run.json
  unetdoctor report run.json
  unetdoctor report run.json -o sarif=run.sarif -o markdown=run.md
  unetdoctor report run.json --fail-on warning --ignore UD203
  unetdoctor report run.json --severity UD308=error --limit UD203=30..
"""
_LIMIT = re.compile(r"(?P<code>[^:=]+)(?::(?P<reading>[^=]+))?=(?P<low>[^.]*(?:\.\d+)?)\.\.(?P<high>.*)")


def report(
    run: Annotated[str, typer.Argument(metavar="RUN.json", help="What `--format json` wrote; - for stdin.")],
    select: shared.Select = None,
    ignore: shared.Ignore = None,
    fail_on: Annotated[
        str, typer.Option("--fail-on", metavar="LEVEL", help="error, warning, note or never; as in the run without it.")
    ] = "",
    severity: Annotated[
        list[str] | None,
        typer.Option("--severity", metavar="CODE=LEVEL", help="How bad a finding of this check is (repeatable)."),
    ] = None,
    limit: Annotated[
        list[str] | None,
        typer.Option(
            "--limit", metavar="CODE[:READING]=LOW..HIGH", help="Other bounds for a reading, its first without a name."
        ),
    ] = None,
    baseline: shared.Baseline = None,
    format_: shared.ReportFormat = "text",
    files: shared.ReportFiles = None,
    force: shared.Force = False,
    quiet: shared.Quiet = False,
    verbose: shared.Verbose = False,
    color: shared.Color = "auto",
) -> None:
    """Show a saved run: from the arguments to the exit code."""
    values.exclude(quiet, verbose)
    delivery = Delivery(
        format=values.report_format(format_),
        files=values.file_outputs(files or ()),
        pictures=False,
        force=force,
        quiet=quiet,
        verbose=verbose,
        color=choice("--color", color, values.COLORS),
    )
    reports = saved(run)
    from unetdoctor.cli import delivery as delivering

    delivering.check_files(delivery, [] if run == "-" else [Path(run)], len(reports))
    known = policy.read_baseline(baseline) if baseline else frozenset()
    reports = _judged(reports, select or (), ignore or (), fail_on, severity or (), limit or ())
    if known:
        from unetdoctor.judging.baseline import apply

        reports = [apply(one, known, baseline or "") for one in reports]
    delivering.write_all(reports, delivery)
    raise typer.Exit(max(one.exit_code for one in reports))


def saved(name: str) -> list[Report]:
    """Return the reports of a file; raises RequestError with one sentence where it holds none."""
    from unetdoctor.facts.reading import ForeignError, read_report
    from unetdoctor.reporters.folder import found_beside

    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text("utf-8")
        values: object = json.loads(text)
        found = values if isinstance(values, list) and values else [values]
        return [found_beside(read_report(value), Path(name).parent) for value in found]
    except FileNotFoundError:
        raise _missing(name) from None
    except OSError as error:
        raise RequestError(f"RUN.json: {name} cannot be read: {error.strerror}.") from None
    except ForeignError as error:
        reason = str(error)
    except UnicodeDecodeError:
        reason = "it is no text"
    except (ValueError, RecursionError) as error:
        reason = f"it is no JSON: {error}" if text.strip() else "it is empty"
    raise RequestError(f"RUN.json: {name} cannot be used: {reason}.", ["unetdoctor inspect model.py -o json=run.json"])


def _missing(name: str) -> RequestError:
    names = [path.name for path in Path(name).parent.glob("*.json")] if Path(name).parent.is_dir() else []
    return RequestError(f"RUN.json: there is no file {name}.{did_you_mean(Path(name).name, names)}")


def _judged(
    reports: list[Report],
    select: Sequence[str],
    ignore: Sequence[str],
    fail_on: str,
    severity: Sequence[str],
    limit: Sequence[str],
) -> list[Report]:
    """Return the reports under the rules that were given; as they are where none was."""
    if not (select or ignore or fail_on or severity or limit):
        return reports
    from unetdoctor.judging.selection import judged

    level = choice("--fail-on", fail_on, values.FAIL_ON) if fail_on else ""
    kept = None
    if select or ignore:
        from unetdoctor.checks import selected
        from unetdoctor.facts import Selection

        chosen = Selection(values.selection("--select", select), values.selection("--ignore", ignore))
        kept = frozenset(check.code for check in selected(chosen))
    severities = dict(values.severity(text) for text in severity)
    limits = tuple(_limit(text) for text in limit)
    return [judged(one, fail_on=level, kept=kept, severities=severities, limits=limits) for one in reports]


def _limit(text: str) -> Limit:
    match = _LIMIT.fullmatch(text)
    if match is None:
        raise _no_limit(text)
    try:
        low, high = (float(match[end]) if match[end].strip() else None for end in ("low", "high"))
    except ValueError:
        raise _no_limit(text) from None
    return Limit(values.code("--limit", match["code"]), (match["reading"] or "").strip(), low, high)


def _no_limit(text: str) -> RequestError:
    example = "--limit UD203=30.. or --limit UD801=..60000"
    return RequestError(f"--limit expects CODE[:READING]=LOW..HIGH, not {text!r}; for example {example}")
