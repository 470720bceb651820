"""Where the samples lie that come with the tool."""

import os
from pathlib import Path

import unetdoctor
from unetdoctor.cli.errors import RequestError
from unetdoctor.facts import Card

FOLDER = "sample_models"
GREY = "generator_grey.py"


def sample_of(card: Card) -> Path:
    """Return the file of the sick sample of a check and its healthy twin."""
    return Path(sample(f"{card.code.lower()}_{card.name.replace('-', '_')}.py"))


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
