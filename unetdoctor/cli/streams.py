"""The only place that writes to the terminal; what cannot be written ends in an exit code, not in a traceback."""

import contextlib
import os
import sys
from typing import IO

from unetdoctor.cli.errors import EndedError


class OutputError(EndedError):
    """A result cannot be written (a full disk, a closed descriptor); the text says why."""


def write(text: str) -> None:
    """Write a result to stdout; a reader that has gone away is no error."""
    if sys.stdout is None:
        raise OutputError("Standard output is closed; the report goes nowhere.")
    try:
        sys.stdout.write(_encodable(text, sys.stdout))
        sys.stdout.flush()
    except BrokenPipeError:
        silence(sys.stdout)
    except (OSError, ValueError) as error:
        silence(sys.stdout)
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise OutputError(f"Standard output cannot be written: {reason}.") from error


def say(text: str) -> None:
    """Write a notice to stderr; where that is impossible, nobody is there to be told."""
    if sys.stderr is None:
        return
    try:
        sys.stderr.write(_encodable(text, sys.stderr))
        sys.stderr.flush()
    except (OSError, ValueError):
        silence(sys.stderr)


def _encodable(text: str, stream: IO[str]) -> str:
    encoding = getattr(stream, "encoding", None) or "ascii"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def silence(stream: IO[str]) -> None:
    """Point a broken stream at nothing, so that the interpreter's last flush raises nothing."""
    with contextlib.suppress(OSError, ValueError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, stream.fileno())
        os.close(nothing)


def flush() -> None:
    """Flush both streams at the end; what a library left in them may meet a closed pipe."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            try:
                stream.flush()
            except (OSError, ValueError):
                silence(stream)
