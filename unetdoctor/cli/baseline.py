"""`unetdoctor baseline write|prune`: draw a line under the findings that are there."""

from typing import Annotated

import typer

from unetdoctor.cli import options as shared

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
    list[str] | None, typer.Argument(metavar="TARGET", help="These alone; all of pyproject.toml without it.")
]


@app.command()
def write(targets: Targets = None, baseline: shared.Baseline = None, force: shared.Force = False) -> None:
    """Examine the targets, and write everything that is found."""
    from unetdoctor.cli import baselines

    baselines.write(targets or (), baseline, force=force)


@app.command()
def prune(targets: Targets = None, baseline: shared.Baseline = None) -> None:
    """Examine the targets, and take out what is found no longer."""
    from unetdoctor.cli import baselines

    baselines.prune(targets or (), baseline)
