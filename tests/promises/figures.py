"""The figures of a full run: read from what the long forms wrote, kept in RESULTS.json, shown in the README."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.promises.promises import PROMISES, Promise

RESULTS = Path(__file__).with_name("RESULTS.json")


@dataclass(frozen=True)
class Figure:
    """One figure."""

    name: str
    """`misbehaving models`, `torture`, ..."""
    done: float
    """How many ended as they should."""
    of: float
    """How many there were."""
    detail: str = ""
    """What else is to be said: `0 crashes`."""

    @property
    def text(self) -> str:
        """`52/52 misbehaving models, detail`."""
        count = f"{self.done:,g}/{self.of:,g} " if self.of else ""
        return f"{count}{self.name}{f', {self.detail}' if self.detail else ''}"


def read(name: str, values: Any) -> list[Figure]:
    """Return the figures in one file of a long form; `name` is what the caller calls those that bear no name.

    Read are {name, done, of, detail}, a list of these, and what the forms of our own write: {models, right}, {kept,
    cases}, {kills, whole_or_absent}, {inputs, crashes}, and {site: {points, right}}. Raises ValueError for anything
    else.
    """
    if isinstance(values, list):
        return [figure for one in values for figure in read(name, one)]
    if not isinstance(values, dict):
        raise ValueError(f"{name}: no figures")
    if "done" in values and "of" in values:
        return [Figure(values.get("name", name), values["done"], values["of"], values.get("detail", ""))]
    if "models" in values:
        return [Figure(name, values["right"], values["models"])]
    if "kept" in values and "cases" in values:
        return [Figure(name, values["kept"], values["cases"])]
    if "kills" in values:
        return [Figure(name, values["whole_or_absent"], values["kills"])]
    if "inputs" in values and "crashes" in values:
        return [Figure(name, values["inputs"] - values["crashes"], values["inputs"], f"{values['crashes']} crashes")]
    sites = {site: found for site, found in values.items() if isinstance(found, dict) and "points" in found}
    if sites:
        detail = ", ".join(f"{found['points']} in the {site}" for site, found in sites.items())
        done, of = (sum(found[key] for found in sites.values()) for key in ("right", "points"))
        return [Figure(name, done, of, detail)]
    raise ValueError(f"{name}: no figures")


def kept() -> dict[str, Figure]:
    """Return the figures of the last full run by name."""
    return {name: Figure(**values) for name, values in json.loads(RESULTS.read_text("utf-8")).items()}


def keep(figures: dict[str, Figure], file: Path = RESULTS) -> None:
    """Write figures, sorted by name."""
    values = {name: asdict(figures[name]) for name in sorted(figures)}
    file.write_text(json.dumps(values, indent=2) + "\n", "utf-8")


def table(figures: dict[str, Figure]) -> str:
    """Return the table of the README."""
    rows = [f"| {number} | {' | '.join(_cells(p, figures))} |" for number, p in enumerate(PROMISES, start=1)]
    return "\n".join(["| | we promise | kept by | last full run |", "|---|---|---|---|", *rows]) + "\n"


def _cells(promise: Promise, figures: dict[str, Figure]) -> Iterator[str]:
    yield promise.text
    yield "<br>".join(f"`{test}`" for test in promise.tests)
    known = [figures[name] for name in promise.figures if name in figures]
    yield "<br>".join(figure.text for figure in known)
