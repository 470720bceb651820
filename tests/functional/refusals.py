"""What a command line answers to an awkward target: the parent's own checks, then the worker's, in this process."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

from unetdoctor.cli import examination, main
from unetdoctor.cli.destination import Delivery
from unetdoctor.cli.errors import RequestError
from unetdoctor.cli.running import invoke
from unetdoctor.engine import loading
from unetdoctor.engine.loading import importing
from unetdoctor.facts import Request
from unetdoctor.worker.channel import UserCodeError, describe
from unetdoctor.worker.verdicts import raised

T = TypeVar("T")


def answer(directory: Path, files: dict[str, str | bytes], arguments: Sequence[str]) -> tuple[int, str]:
    """Return exit code and text of `unetdoctor inspect` on files that are written first; 0 with what was chosen."""
    _write(directory, files)
    with _in(directory):
        code, text = _answer(arguments)
    return code, plain(text, directory)


def answer_of_the_worker(
    directory: Path, files: dict[str, str | bytes], arguments: Sequence[str], capsys: pytest.CaptureFixture[str]
) -> tuple[int, str]:
    """Return exit code and text of the whole command, each line of it without its wrapping."""
    _write(directory, files)
    code = main(["inspect", *arguments, "--no-pictures"])
    out, err = capsys.readouterr()
    return code, "\n".join((plain(err, directory), " ".join(plain(out, directory).split())))


def plain(text: str, directory: Path) -> str:
    """Return a text without what differs from machine to machine."""
    libraries = (sys.modules.get(name) for name in ("torch", "torchvision", "timm", "segmentation_models_pytorch"))
    versions = {f" {library.__version__} ": " VERSION " for library in libraries if library is not None}
    for found, word in ({str(directory): "DIR", sys.executable: "PYTHON"} | versions).items():
        text = text.replace(found, word)
    return text


def _write(directory: Path, files: dict[str, str | bytes]) -> None:
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def _answer(arguments: Sequence[str]) -> tuple[int, str]:
    caught: list[tuple[Request, Delivery]] = []

    def keep(request: Request, delivery: Delivery) -> int:
        caught.append((request, delivery))
        return 0

    try:
        invoke(["inspect", *arguments], keep)
        request, delivery = caught[0]
        examination.check(request, delivery)
        if loading.bare_checkpoint(request) is not None:
            return 0, "weights without a network"
        loaded = loading.load(request, _guard)
    except (RequestError, loading.RequestError) as error:
        return 2, "\n".join((error.sentence, *error.commands))
    except UserCodeError as error:
        return 3, raised({"origin": "user", **error.as_payload()}, error.stage, fenced=True).sentence
    return 0, "\n".join(loaded.how)


def _guard(_stage: str, function: Callable[[], T], /) -> T:
    try:
        return function()
    except BaseException as error:  # as the worker does: SystemExit of foreign code too
        described = describe(_stage, error)
    raise described


@contextmanager
def _in(directory: Path) -> Iterator[None]:
    """Go to a directory, and forget afterwards what was imported from it."""
    before: tuple[Any, ...] = (Path.cwd(), set(sys.modules), list(sys.path), list(importing._siblings.folders))
    os.chdir(directory)
    try:
        yield
    finally:
        os.chdir(before[0])
        sys.path[:], importing._siblings.folders[:] = before[2], before[3]
        for name in set(sys.modules) - before[1]:
            file = getattr(sys.modules[name], "__file__", None) or ""
            if file.startswith(str(directory)) or name.startswith(importing._PRIVATE):
                del sys.modules[name]
