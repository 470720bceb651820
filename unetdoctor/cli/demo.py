"""`unetdoctor demo [ILLNESS]`: examine a sick model or data set that comes with the tool."""

from typing import Annotated

import typer

from unetdoctor.cli import completion, values
from unetdoctor.cli import options as shared
from unetdoctor.cli.destination import Delivery

HELP = """Examine a sick model that comes with the tool, and find out why: a generator that draws grey, or any illness.
An illness of images and masks is written as a small data set into the folder of the results, and audited.

\b
Examples:
  unetdoctor demo
  unetdoctor demo UD301
  unetdoctor demo mask-misaligned
  unetdoctor demo UD301 --healthy
"""


def demo(
    illness: Annotated[
        str | None,
        typer.Argument(
            metavar="CODE|NAME",
            help="UD203 or flat-picture; the grey generator without it.",
            autocompletion=completion.checks,
        ),
    ] = None,
    healthy: Annotated[bool, typer.Option("--healthy", help="The same without its illness, for comparison.")] = False,
    out_dir: shared.OutDir = None,
    quiet: shared.Quiet = False,
    verbose: shared.Verbose = False,
) -> None:
    """Examine a sample: from the name of an illness to the report."""
    from unetdoctor.cli.samples import show

    values.exclude(quiet, verbose)
    raise typer.Exit(show(illness, healthy=healthy, delivery=Delivery(out_dir=out_dir, quiet=quiet, verbose=verbose)))
