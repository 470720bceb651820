"""`unetdoctor demo`: examine the grey generator that comes with the tool."""

import os
from pathlib import Path
from typing import Annotated

import typer

import unetdoctor
from unetdoctor.cli.arguments import Delivery, Options, request
from unetdoctor.cli.errors import RequestError

SAMPLE = Path("sample_models") / "generator_grey.py"


def sample() -> str:
    """Return the path of the sample: inside the package where it was installed, beside it in a checkout."""
    package = Path(unetdoctor.__file__).resolve().parent
    for folder in (package, package.parent):
        if (folder / SAMPLE).is_file():
            return _short(folder / SAMPLE)
    raise RequestError(f"The sample {SAMPLE} is missing from this installation.")


def _short(path: Path) -> str:
    """Return a path relative to the working directory where it lies below it."""
    try:
        return os.fspath(path.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return os.fspath(path)


def demo(
    out_dir: Annotated[str | None, typer.Option("--out-dir", metavar="DIR", help="Folder of the pictures.")] = None,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Everything that was examined.")] = False,
) -> None:
    """Examine a generator that draws grey, and find out why."""
    from unetdoctor.cli.examination import deliver
    from unetdoctor.facts import State

    report = deliver(request(Options(target=sample())), Delivery(out_dir=out_dir, verbose=verbose))
    raise typer.Exit(report.exit_code if report.state is State.NOT_DIAGNOSABLE else 0)
