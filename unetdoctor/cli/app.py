"""The Typer application: its commands and what holds for all of them."""

from typing import Annotated

import typer

from unetdoctor import __version__
from unetdoctor.cli.audit import HELP as AUDIT
from unetdoctor.cli.audit import MOST_USED as AUDIT_USED
from unetdoctor.cli.audit import SECTIONS as AUDIT_SECTIONS
from unetdoctor.cli.audit import audit
from unetdoctor.cli.baseline import app as baseline
from unetdoctor.cli.check import HELP as CHECK
from unetdoctor.cli.check import check
from unetdoctor.cli.demo import HELP as DEMO
from unetdoctor.cli.demo import demo
from unetdoctor.cli.env import env
from unetdoctor.cli.explain import HELP as EXPLAIN
from unetdoctor.cli.explain import explain
from unetdoctor.cli.inspect import HELP as INSPECT
from unetdoctor.cli.inspect import MOST_USED as INSPECT_USED
from unetdoctor.cli.inspect import SECTIONS as INSPECT_SECTIONS
from unetdoctor.cli.inspect import inspect
from unetdoctor.cli.report import HELP as REPORT
from unetdoctor.cli.report import report
from unetdoctor.cli.rules import rules
from unetdoctor.cli.schema import schema
from unetdoctor.cli.sections import in_sections
from unetdoctor.cli.sizes import HELP as SIZES
from unetdoctor.cli.sizes import sizes
from unetdoctor.cli.trace import HELP as TRACE
from unetdoctor.cli.trace import trace

HELP = "Find out why a PyTorch model draws grey, black, flat or broken pictures, and prove the cause by experiment."
EXAMPLES = """\b
Examples:
  unetdoctor demo
  unetdoctor inspect model.py
  unetdoctor inspect model.py:UNet -w weights.pt --image photo.png --task binary
  unetdoctor inspect traced.pt --format json -o text=report.txt
  unetdoctor audit images masks --classes 4
  unetdoctor sizes model.py --size 512,384
  unetdoctor trace model.py --depth 1
  unetdoctor explain UD203
  unetdoctor check -o sarif=unetdoctor.sarif
  unetdoctor report run.json --fail-on warning
\b
Exit codes:
  0 nothing at or above --fail-on    1 findings              2 the request is wrong
  3 no diagnosis was possible        130 interrupted         101 an error of unetdoctor's own
"""

LONG = {"help_option_names": ["--help"]}
"""A command whose long help fills several screens has a short one, `-h`."""

app = typer.Typer(
    name="unetdoctor",
    help=HELP,
    epilog=EXAMPLES,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 96},
)
app.command(
    help=INSPECT,
    cls=in_sections(INSPECT_SECTIONS, INSPECT_USED),
    context_settings=LONG,
    short_help="Examine a model: what is wrong, why, and what cures it.",
)(inspect)
app.command(help=CHECK, short_help="Examine every target of pyproject.toml, for CI.")(check)
app.command(
    help=AUDIT,
    cls=in_sections(AUDIT_SECTIONS, AUDIT_USED),
    context_settings=LONG,
    short_help="Examine images and masks, from ten to ten million.",
)(audit)
app.command(help=SIZES, short_help="Find the input sizes that work, and why others do not.")(sizes)
app.command(help=TRACE, short_help="Every operation of one forward pass with its numbers.")(trace)
app.command(help=REPORT, short_help="Show a saved run, or judge it by other rules.")(report)
app.add_typer(baseline, name="baseline", short_help="Draw a line under the findings of today.")
app.command(help=EXPLAIN, short_help="Symptom, cause, remedy and source of a check.")(explain)
app.command()(rules)
app.command(help=DEMO, short_help="Examine a sick model that comes with the tool.")(demo)
for command in (env, schema):
    app.command()(command)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"unetdoctor {__version__}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Hold what every command shares."""
