"""`unetdoctor trace TARGET`: every operation of one forward pass with its numbers."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unetdoctor.cli import options as shared
from unetdoctor.cli import streams, values
from unetdoctor.cli.errors import EXIT_WRONG_REQUEST, RequestError, choice

if TYPE_CHECKING:
    from unetdoctor.facts import Trace

ENTRY = "unetdoctor.pipeline:trace_pass"
FORMATS = ("text", "json", "csv")

HELP = """Watch one forward pass: every operation with its shape, its numbers and its source line.

\b
Where forward() crashes, the failing operation is shown with its operands and the layers that drew them. The first
operation whose result is not finite is marked, and the one from which on the signal is gone.
\b
Examples:
  unetdoctor trace model.py
  unetdoctor trace model.py --depth 1 --image photo.png
  unetdoctor trace model.py --csv ops.csv
\b
Exit codes:
  0 the pass ran through and every value is finite    1 it crashed, or a value is NaN or infinite
  2 the request is wrong                              3 the model could not be loaded
"""


def trace(
    target: shared.Target,
    depth: Annotated[
        int, typer.Option("--depth", metavar="N", help="One row per module of this depth; 0 for every operation.")
    ] = 0,
    csv: Annotated[
        str | None, typer.Option("--csv", metavar="FILE", help="Also write every operation as CSV; - for stdout.")
    ] = None,
    kwarg: shared.Kwarg = None,
    weights: shared.Weights = None,
    arch: shared.Arch = None,
    trust: shared.Trust = False,
    no_sandbox: shared.NoSandbox = False,
    inputs: shared.Inputs = None,
    inputs_from: shared.InputsFrom = None,
    image: shared.Image = None,
    batch: shared.Batch = None,
    output: shared.Output = None,
    seed: shared.Seed = 0,
    device: shared.Device = "cpu",
    timeout: shared.Timeout = 300.0,
    format_: Annotated[str, typer.Option("--format", metavar="FORMAT", help="text, json or csv on stdout.")] = "text",
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is not ours.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="What your code printed.")] = False,
    color: shared.Color = "auto",
) -> None:
    """Trace one forward pass: from the arguments to the exit code."""
    from unetdoctor.cli.arguments import Options, request

    form, when = choice("--format", format_, FORMATS), choice("--color", color, values.COLORS)
    values.at_least("--depth", depth, 0)
    if csv == "-":
        form, csv = "csv", None
    options = Options(
        target=target,
        kwarg=tuple(kwarg or ()),
        weights=weights,
        arch=arch,
        trust=trust,
        sandbox=not no_sandbox,
        inputs=tuple(inputs or ()),
        inputs_from=inputs_from,
        image=tuple(image or ()),
        batch=batch,
        output=output,
        seed=seed,
        device=device,
        timeout=timeout,
        pictures=False,
    )
    wanted = request(options)
    if csv is not None:
        _check(csv, [target, *(image or ()), *([weights] if weights else [])], force=force)
    from unetdoctor.cli.examination import answer

    result = answer(wanted, ENTRY, verbose=verbose)
    from unetdoctor.facts.contract import load_trace

    found = load_trace(result)
    refused = _written(found, csv) if csv is not None else ""
    if form == "csv":
        from unetdoctor.reporters.fence import told

        streams.say("".join(f"{line}\n" for line in told(found.environment)))
    streams.write(_shown(found, form, when, depth, verbose=verbose))
    if refused:
        raise streams.OutputError(refused, max(found.exit_code, EXIT_WRONG_REQUEST))
    raise typer.Exit(found.exit_code)


def _shown(found: "Trace", form: str, when: str, depth: int, *, verbose: bool) -> str:
    if form == "json":
        from unetdoctor.reporters.json_report import to_json

        return to_json(found)
    if form == "csv":
        from unetdoctor.reporters.trace_csv import to_csv

        return to_csv(found)
    from unetdoctor.reporters.look import look_for
    from unetdoctor.reporters.trace import to_text

    return to_text(found, look_for(sys.stdout, when, verbose=verbose), depth)


def _written(found: "Trace", name: str) -> str:
    """Write the table; return why that was refused, empty where it was not."""
    from unetdoctor.reporters.atomic import WriteRefusedError, atomic_write
    from unetdoctor.reporters.trace_csv import to_csv

    try:
        atomic_write(Path(name), to_csv(found).encode("utf-8", "backslashreplace"))
    except WriteRefusedError as error:
        return str(error)
    return ""


def _check(name: str, read: list[str], *, force: bool) -> None:
    """Raise RequestError where the table must not be written."""
    from unetdoctor.reporters.atomic import WriteRefusedError, check_destination
    from unetdoctor.reporters.trace_csv import HEADER

    path = Path(name)
    try:
        check_destination(path)
        ours = not path.exists() or path.read_bytes()[: len(HEADER)] in (b"", HEADER.encode())
    except WriteRefusedError as error:
        raise RequestError(str(error)) from error
    except OSError:
        ours = False
    if path.resolve() in {Path(other).resolve() for other in read}:
        raise RequestError(f"--csv {name}: this file is read by the command; choose another name.")
    if not ours and not force:
        raise RequestError(f"--csv {name}: the file is no earlier table of ours; replace it with --force.")
