"""The sick models that come with the tool, and their healthy twins."""

import ast
import os
import re
from pathlib import Path
from typing import Any

import unetdoctor
from unetdoctor.cli.arguments import request_from_arguments
from unetdoctor.cli.catalogue import card_of
from unetdoctor.cli.destination import Delivery
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
    if not re.search(r"^class Ill\b", Path(file).read_text("utf-8"), re.MULTILINE):
        raise RequestError(
            f"{card.code} {card.name} is an illness of a data set, and no model shows it.",
            [f"unetdoctor explain {card.code}", "unetdoctor audit IMAGES MASKS"],
        )
    return [f"{file}:{'Healthy' if healthy else 'Ill'}", *_arguments(Path(file), healthy)]


def _arguments(path: Path, healthy: bool) -> list[str]:
    """Read the options that belong to a sample: of its code, only what they are made of is run, and no torch."""
    name = "HEALTHY_ARGUMENTS" if healthy else "ILL_ARGUMENTS"
    assigned = {
        target.id: node
        for node in ast.parse(path.read_text("utf-8")).body
        for target in (node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)])
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(target, ast.Name)
    }
    if name not in assigned:
        return []
    needed = {name}
    for key, statement in reversed(assigned.items()):
        if key in needed:
            needed |= {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
    lines: list[ast.stmt] = [statement for key, statement in assigned.items() if key in needed]
    values: dict[str, Any] = {"Path": Path, "__file__": str(path)}
    exec(compile(ast.Module(lines, []), str(path), "exec"), values)
    return [str(word) for word in values[name]]


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
