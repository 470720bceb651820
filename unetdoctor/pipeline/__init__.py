"""The whole examination in a straight line: load, probe, run, examine, try, conclude.

`examine` is what the worker's child calls; `examine_in_process` is the same without a process boundary.
"""

import hashlib
import importlib
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from unetdoctor.facts import Report, Request

T = TypeVar("T")


class Channel(Protocol):
    """What the pipeline needs of the process boundary."""

    def stage(self, name: str) -> AbstractContextManager[None]:
        """Begin a stage."""
        ...

    def guard(self, stage: str, function: Callable[[], T]) -> T:
        """Run foreign code."""
        ...

    def partial(self, payload: dict[str, Any]) -> None:
        """Send what is known so far."""
        ...

    def raw(self, name: str, data: bytes) -> dict[str, Any]:
        """Write a raw file and return its name, size and hash."""
        ...


class InProcess:
    """A channel without a boundary: foreign exceptions pass through, raw files go to a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def stage(self, name: str) -> AbstractContextManager[None]:
        """Do nothing."""
        return nullcontext()

    def guard(self, stage: str, function: Callable[[], T]) -> T:
        """Run the function as it is."""
        return function()

    def partial(self, payload: dict[str, Any]) -> None:
        """Do nothing."""

    def raw(self, name: str, data: bytes) -> dict[str, Any]:
        """Write the file into the folder."""
        path = self._folder / name
        path.write_bytes(data)
        return {"file": str(path), "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}


COURSES = {"examine": "course", "survey_sizes": "sizes", "trace_pass": "trace"}
"""Entry of the worker's child -> the module that does its work."""


def prepare(entry: str) -> None:
    """Import what an entry needs before the worker bounds its address space, which must still hold the model."""
    for name in ("facts.contract", f"pipeline.{COURSES[entry]}"):
        importlib.import_module(f"unetdoctor.{name}")


def examine(request: dict[str, Any], channel: Channel) -> dict[str, Any]:
    """Examine one model as the worker's child: a dumped Request in, a dumped Report (or a request error) out."""
    from unetdoctor.pipeline.course import run

    return _answered(run, request, channel)


def survey_sizes(request: dict[str, Any], channel: Channel) -> dict[str, Any]:
    """Find the input sizes of one model as the worker's child: a dumped Sizes (or a request error) comes out."""
    from unetdoctor.pipeline.sizes import run

    return _answered(run, request, channel)


def trace_pass(request: dict[str, Any], channel: Channel) -> dict[str, Any]:
    """Trace one forward pass as the worker's child: a dumped Trace (or a request error) comes out."""
    from unetdoctor.pipeline.trace import run

    return _answered(run, request, channel)


def _answered(run: Callable[[Request, Channel], Any], request: dict[str, Any], channel: Channel) -> dict[str, Any]:
    from unetdoctor.engine.loading import RequestError
    from unetdoctor.facts.contract import dump, load_request

    wanted = load_request(request)
    try:
        dumped: dict[str, Any] = dump(run(wanted, channel))
    except RequestError as error:
        return {"request_error": error.sentence, "commands": list(error.commands)}
    return dumped


def examine_in_process(request: Request, folder: Path | None = None) -> Report:
    """Examine one model in this process; raw preview files go to `folder` (nowhere without one).

    Raises RequestError and ChoiceError for requests that are wrong, and whatever the user's code raises.
    """
    from unetdoctor.pipeline.course import run

    if folder is not None:
        return run(request, InProcess(folder))
    with tempfile.TemporaryDirectory() as nowhere:
        return run(request, InProcess(Path(nowhere)))


GIVEN = "the caller"
"""What the report says of values that a caller hands over."""


def examine_module(model: Any, request: Request, inputs: Any = None) -> Report:
    """Examine a network that lives in this process; it comes back as it was, with its flags and every random state.

    `inputs` are values to feed: a tensor, or a tuple, list or dict of them. Raises RequestError and ChoiceError where
    no input is found, and TypeError for what is no network.
    """
    from unetdoctor.engine.given_inputs import named
    from unetdoctor.engine.loading.live import borrowed, device_of
    from unetdoctor.pipeline.course import run

    given = named(inputs) if inputs is not None else ()
    request = replace(request, device=device_of(model), inputs_from=GIVEN if given else None, pictures=False)
    with borrowed(model, Path(request.directory)) as loaded, tempfile.TemporaryDirectory() as nowhere:
        return run(request, InProcess(Path(nowhere)), loaded, given)
