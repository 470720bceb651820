"""The sick models that come with the tool, and their healthy twins."""

import ast
import os
from pathlib import Path

import unetdoctor
from unetdoctor.cli.arguments import Delivery, request_from_arguments
from unetdoctor.cli.catalogue import card_of
from unetdoctor.cli.errors import RequestError

FOLDER = "sample_models"
GREY = "generator_grey.py"


def show(illness: str | None, *, healthy: bool, out_dir: str | None, verbose: bool) -> int:
    """Examine the sample of an illness and show the report; the exit code is 0 unless there is no diagnosis."""
    from unetdoctor.cli.examination import deliver
    from unetdoctor.facts import State

    if illness is None and healthy:
        raise RequestError("--healthy needs an illness.", ["unetdoctor demo UD203 --healthy"])
    typed = [sample()] if illness is None else command_line(illness, healthy=healthy)
    report = deliver(request_from_arguments(["inspect", *typed]), Delivery(out_dir=out_dir, verbose=verbose))
    return report.exit_code if report.state is State.NOT_DIAGNOSABLE else 0


def command_line(illness: str, *, healthy: bool = False) -> list[str]:
    """Return what a person would type behind `inspect` for the sample of an illness: its target and its options.

    Raises RequestError for an illness that does not exist.
    """
    try:
        card = card_of(illness)
    except ValueError as error:
        raise RequestError(str(error)) from None
    file = sample(f"{card.code.lower()}_{card.name.replace('-', '_')}.py")
    return [f"{file}:{'Healthy' if healthy else 'Ill'}", *_arguments(Path(file), healthy)]


def _arguments(path: Path, healthy: bool) -> list[str]:
    """Read the options that belong to a sample; its code is not run."""
    name = "HEALTHY_ARGUMENTS" if healthy else "ILL_ARGUMENTS"
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == name:
            assert node.value is not None
            return [str(word) for word in ast.literal_eval(node.value)]
    return []


def sample(name: str = GREY) -> str:
    """Return the path of a sample: inside the package where it was installed, beside it in a checkout."""
    package = Path(unetdoctor.__file__).resolve().parent
    for folder in (package, package.parent):
        if (folder / FOLDER / name).is_file():
            return _short(folder / FOLDER / name)
    raise RequestError(f"The sample {Path(FOLDER) / name} is missing from this installation.")


def _short(path: Path) -> str:
    """Return a path relative to the working directory where it lies below it."""
    try:
        return os.fspath(path.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return os.fspath(path)
