"""How loading fails: a wrong request is a RequestError; what foreign code raises is the guard's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

T = TypeVar("T")


class RequestError(Exception):
    """The request is wrong and no code of the user is to blame: no such file, two candidates, unfit weights."""

    def __init__(self, sentence: str, commands: tuple[str, ...] = ()) -> None:
        """Keep what a person reads."""
        super().__init__(sentence)
        self.sentence = sentence
        """What was expected, what was found, what helps."""
        self.commands = commands
        """Lines to paste, best first."""


class Guard(Protocol):
    """Runs foreign code in a stage (`import`, `construct`, `load`) and turns what it raises into the caller's error."""

    def __call__(self, stage: str, function: Callable[[], T], /) -> T:
        """Return what the function returns."""
        ...


def guarded(guard: Guard, stage: str, function: Callable[[], T]) -> T:
    """Run foreign code in a stage; a RequestError of ours passes, which the guard would take for the model's."""
    found = guard(stage, lambda: _or_error(function))
    if isinstance(found, RequestError):
        raise found
    return found


def _or_error(function: Callable[[], T]) -> T | RequestError:
    try:
        return function()
    except RequestError as error:
        return error
