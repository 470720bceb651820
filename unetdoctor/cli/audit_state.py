"""The state of an audit on disk: what is finished, so that a run that was ended goes on where it stopped.

A file of lines, each with a checksum before it: what was asked, then one answer for each shard. A line that is torn
or damaged ends the file: it and all behind it are cut off and done again.
"""

import contextlib
import json
import os
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from unetdoctor.cli.errors import RequestError
from unetdoctor.reporters.atomic import WriteRefusedError, atomic_write

VERSION = 1
USUAL_NAME = "audit.state"
"""Name in a folder that is given instead of a file."""


class State:
    """Answers by the number of their shard; close it (or use it in a `with`)."""

    def __init__(self, path: Path, places: dict[int, tuple[int, int]], *, lasting: bool) -> None:
        self.path = path
        """The file."""
        self.lasting = lasting
        """Whether the person asked for it; else it is gone when it is closed."""
        self.resumed = len(places)
        """Answers that were there at the start."""
        self._places = places
        self._descriptor = os.open(path, os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0))
        if not _locked(self._descriptor):
            os.close(self._descriptor)
            raise RequestError(f"--state {path}: another audit is writing this file.")

    def __enter__(self) -> Self:
        """Return the state itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        os.close(self._descriptor)
        if not self.lasting:
            self.path.unlink(missing_ok=True)

    def __contains__(self, number: int) -> bool:
        """Return whether the answer for a shard is there."""
        return number in self._places

    def add(self, number: int, answer: bytes) -> None:
        """Keep the answer for a shard; once this returns, nothing takes it away."""
        line = _line(b"%d " % number + answer)
        at = os.lseek(self._descriptor, 0, os.SEEK_END)
        view = memoryview(line)
        try:
            while view:
                view = view[os.write(self._descriptor, view) :]
            if self.lasting:
                os.fsync(self._descriptor)
        except OSError as error:
            raise RequestError(f"{self.path} cannot be written: {error.strerror}.") from error
        head = len(line) - len(answer) - 1
        self._places[number] = (at + head, len(answer))

    def answers(self) -> Iterator[bytes]:
        """Yield all answers in the order of the shards."""
        for number in sorted(self._places):
            at, length = self._places[number]
            with open(self._descriptor, "rb", closefd=False, buffering=0) as stream:
                stream.seek(at)
                yield stream.read(length)


def opened(path: str | None, asked: Mapping[str, Any]) -> tuple[State, dict[str, Any]]:
    """Return the state in a file, and what was asked when it was begun; without a path, one that lasts for this run.

    A file that is not there is begun. Raises RequestError where it belongs to another request, or is none of ours.
    """
    if path is None:
        descriptor, name = tempfile.mkstemp(prefix="unetdoctor-", suffix=".state")
        os.write(descriptor, _line(_head(asked)))
        os.close(descriptor)
        return State(Path(name), {}, lasting=False), dict(asked)
    file = Path(path) / USUAL_NAME if Path(path).is_dir() else Path(path)
    if not file.exists() or not file.stat().st_size:
        try:
            atomic_write(file, _line(_head(asked)))
        except WriteRefusedError as error:
            raise RequestError(f"--state: {error}") from error
        return State(file, {}, lasting=True), dict(asked)
    try:
        head, places = _read(file)
    except OSError as error:
        raise RequestError(f"--state {file} cannot be read: {error.strerror}.") from None
    _refuse_another(file, head, asked)
    return State(file, places, lasting=True), head


def _refuse_another(file: Path, head: dict[str, Any], asked: Mapping[str, Any]) -> None:
    remedy = "Name another file, or remove this one to begin anew."
    for name, value in asked.items():
        before = head.get(name)
        if before == value or name.startswith("_"):
            continue
        if name == "files":
            raise RequestError(f"--state {file} belongs to other files: some were changed, added or removed. {remedy}")
        raise RequestError(f"--state {file} belongs to another request: {name} was {before}, and is {value}. {remedy}")


def _head(asked: Mapping[str, Any]) -> bytes:
    return json.dumps({"unetdoctor_audit": VERSION, **asked}, sort_keys=True).encode()


def _line(data: bytes) -> bytes:
    return b"%08x " % zlib.crc32(data) + data + b"\n"


def _read(file: Path) -> tuple[dict[str, Any], dict[int, tuple[int, int]]]:
    """Return what was asked and where each answer lies; cuts off what is torn."""
    places: dict[int, tuple[int, int]] = {}
    head: dict[str, Any] | None = None
    with file.open("r+b") as stream:
        whole = 0
        for line in stream:
            data = line[9:-1]
            if not line.endswith(b"\n") or line[:9] != b"%08x " % zlib.crc32(data):
                break
            if head is None:
                head = _asked(data)
                if head is None:
                    break
            else:
                number, _, answer = data.partition(b" ")
                if not number.isdigit():
                    break
                places[int(number)] = (whole + 9 + len(number) + 1, len(answer))
            whole += len(line)
        if head is None:
            raise RequestError(f"--state {file}: the file is no state of an audit; name another one.")
        stream.truncate(whole)
    return head, places


def _asked(data: bytes) -> dict[str, Any] | None:
    with contextlib.suppress(ValueError):
        found = json.loads(data)
        if isinstance(found, dict) and found.get("unetdoctor_audit") == VERSION:
            return found
    return None


def _locked(descriptor: int) -> bool:
    """Lock the file for this process, where the system can; False where another one has."""
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # a file system without locks
    return True
