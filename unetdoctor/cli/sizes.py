"""`unetdoctor sizes TARGET`: which input sizes work, what comes out, why not."""

import re
import sys
from typing import Annotated

import typer

from unetdoctor.cli import options as shared
from unetdoctor.cli import streams, values
from unetdoctor.cli.errors import RequestError, choice

ENTRY = "unetdoctor.pipeline:survey_sizes"
LARGEST = 8192

HELP = """Find the input sizes of a model: which pass, what comes out, what refuses the others, what to pad.

\b
Examples:
  unetdoctor sizes model.py
  unetdoctor sizes model.py:UNet -k depth=5 --size 512,384 --size 100
  unetdoctor sizes traced.pt --format json
\b
Exit codes:
  0 every --size passes    1 a --size does not pass
  2 the request is wrong   3 the model could not be loaded, or no size passes
"""


def sizes(
    target: shared.Target,
    size: Annotated[
        list[str] | None,
        typer.Option("--size", metavar="H,W", help="A size to ask for; one number for equal sides (repeatable)."),
    ] = None,
    kwarg: shared.Kwarg = None,
    weights: shared.Weights = None,
    arch: shared.Arch = None,
    trust: shared.Trust = False,
    no_sandbox: shared.NoSandbox = False,
    inputs: shared.Inputs = None,
    inputs_from: shared.InputsFrom = None,
    batch: shared.Batch = None,
    output: shared.Output = None,
    device: shared.Device = "cpu",
    timeout: shared.Timeout = 300.0,
    format_: Annotated[str, typer.Option("--format", metavar="FORMAT", help="text or json on stdout.")] = "text",
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Every size that was asked.")] = False,
    color: shared.Color = "auto",
) -> None:
    """Find the input sizes: from the arguments to the exit code."""
    from unetdoctor.cli.arguments import Options, request

    form, when = choice("--format", format_, values.FORMATS), choice("--color", color, values.COLORS)
    options = Options(
        target=target,
        kwarg=tuple(kwarg or ()),
        weights=weights,
        arch=arch,
        trust=trust,
        sandbox=not no_sandbox,
        inputs=tuple(inputs or ()),
        inputs_from=inputs_from,
        batch=batch,
        output=output,
        device=device,
        timeout=timeout,
        sizes=tuple(_size(text) for text in size or ()),
        pictures=False,
    )
    from unetdoctor.cli.examination import answer

    result = answer(request(options), ENTRY, verbose=verbose)
    from unetdoctor.facts.contract import load_sizes

    found = load_sizes(result)
    if form == "json":
        from unetdoctor.reporters.json_report import to_json

        streams.write(to_json(found))
    else:
        from unetdoctor.reporters.look import look_for
        from unetdoctor.reporters.sizes import to_text

        streams.write(to_text(found, look_for(sys.stdout, when, verbose=verbose)))
    raise typer.Exit(found.exit_code)


def _size(text: str) -> tuple[int, ...]:
    """Return `512,384`, `512x384` or `512` as numbers."""
    parts = re.split(r"[,x]", text.strip())
    if not all(re.fullmatch(r"\d{1,6}", part.strip()) for part in parts) or len(parts) > 3:
        raise RequestError(f"--size expects one to three whole numbers H,W, not {text!r}; for example --size 512,384")
    found = tuple(int(part) for part in parts)
    if not min(found) >= 1 or max(found) > LARGEST:
        raise RequestError(f"--size expects numbers from 1 to {LARGEST}, not {text!r}; for example --size 512,384")
    return found
