"""`unetdoctor report RUN.json`: a saved run, shown or judged anew, without the model and without torch."""

from typing import Annotated

import typer

from unetdoctor.cli import options as shared
from unetdoctor.cli import values
from unetdoctor.cli.errors import choice

HELP = """Show a saved run in any format, or judge it by other rules; the model is not needed.

\b
Examples:
  unetdoctor inspect model.py -o json=run.json
  unetdoctor report run.json
  unetdoctor report run.json -o sarif=run.sarif -o markdown=run.md
  unetdoctor report run.json --fail-on warning --ignore UD203
  unetdoctor report run.json --severity UD308=error --limit UD203=30..
"""


def report(
    run: Annotated[str, typer.Argument(metavar="RUN.json", help="What `--format json` wrote; - for stdin.")],
    select: shared.Select = None,
    ignore: shared.Ignore = None,
    fail_on: shared.FailOn = "",
    severity: Annotated[
        list[str] | None,
        typer.Option("--severity", metavar="CODE=LEVEL", help="How bad findings of this check are."),
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
    from unetdoctor.cli.destination import Delivery
    from unetdoctor.cli.saved import Rules, show

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
    given = (tuple(listed or ()) for listed in (severity, limit))
    rules = Rules(tuple(select or ()), tuple(ignore or ()), fail_on, *given)
    raise typer.Exit(show(run, rules, delivery, baseline))
