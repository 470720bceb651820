"""The sick models that come with the tool, and their healthy twins."""

import ast
import os
import re
import runpy
from pathlib import Path
from typing import Any

from unetdoctor.cli.arguments import request_from_arguments
from unetdoctor.cli.catalogue import card_of
from unetdoctor.cli.destination import Delivery
from unetdoctor.cli.errors import RequestError
from unetdoctor.cli.shipped import sample, sample_of
from unetdoctor.facts import Card


def show(illness: str | None, *, healthy: bool, delivery: Delivery) -> int:
    """Examine the sample of an illness and show the report; the exit code is 0 unless there is no diagnosis."""
    from unetdoctor.cli.examination import deliver
    from unetdoctor.facts import State

    if illness is None and healthy:
        raise RequestError("--healthy needs an illness.", ["unetdoctor demo UD203 --healthy"])
    file = sample_of(_card(illness)) if illness is not None else None
    if file is not None and not _is_model(file):
        return _audit(file, healthy=healthy, delivery=delivery)
    typed = [sample()] if illness is None else command_line(illness, healthy=healthy)
    report = deliver(request_from_arguments(["inspect", *typed]), delivery)
    return report.exit_code if report.state is State.NOT_DIAGNOSABLE else 0


def command_line(illness: str, *, healthy: bool = False) -> list[str]:
    """Return what a person would type behind `inspect` for the sample of an illness: its target and its options.

    Raises RequestError for an illness that does not exist, or that is one of a data set.
    """
    card = _card(illness)
    file = sample_of(card)
    if not _is_model(file):
        raise RequestError(
            f"{card.code} {card.name} is an illness of a data set, and no model shows it.",
            [f"unetdoctor demo {card.code}", "unetdoctor audit IMAGES MASKS"],
        )
    return [f"{file}:{'Healthy' if healthy else 'Ill'}", *_arguments(file, healthy)]


def _card(illness: str) -> Card:
    try:
        return card_of(illness)
    except ValueError as error:
        raise RequestError(str(error)) from None


def _is_model(file: Path) -> bool:
    return re.search(r"^class Ill\b", file.read_text("utf-8"), re.MULTILINE) is not None


def _audit(file: Path, *, healthy: bool, delivery: Delivery) -> int:
    """Write the small data set of a sample below the folder of the results, and audit it."""
    from unetdoctor.cli.running import invoke
    from unetdoctor.reporters.folder import default_directory

    half = "healthy" if healthy else "ill"
    folder = Path(delivery.out_dir) if delivery.out_dir else default_directory(f"{file.name}:{half}")
    data = folder / "data"
    if data.is_symlink():
        raise RequestError(f"{data} is a symbolic link, which is not followed; choose another folder with --out-dir.")
    runpy.run_path(os.fspath(file))[f"{half}_pairs"](data)
    sources = [os.fspath(data / name) for name in ("images", "masks") if (data / name).is_dir()]
    typed = ["audit", *sources, *_arguments(file, healthy), "--out-dir", os.fspath(folder)]
    code = invoke([*typed, *(["-v"] if delivery.verbose else []), *(["-q"] if delivery.quiet else [])])
    return code if code > 1 else 0


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
