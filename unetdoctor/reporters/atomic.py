"""Files appear whole or not at all, and only where they were meant to."""

import contextlib
import os
import stat
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

_PREFIX, _SUFFIX = ".unetdoctor-", ".tmp"
STALE_S = 3600.0
"""A temporary file of ours that is older than this belongs to a run that was killed."""


class WriteRefusedError(Exception):
    """A file is not written; the text says why in one sentence."""


@contextlib.contextmanager
def refused(path: Path) -> Iterator[None]:
    """Turn what the file system refuses into a WriteRefusedError that names the path."""
    try:
        yield
    except OSError as error:
        raise WriteRefusedError(f"{path} cannot be written: {error.strerror or error}.") from error


def check_destination(path: Path, root: Path | None = None) -> None:
    """Raise WriteRefusedError where a file must not be put.

    That is: onto anything but a regular file, and, with a `root`, anywhere that is not below it once every link of the
    way is followed.
    """
    with refused(path):
        _check(path, root)


def _check(path: Path, root: Path | None) -> None:
    found = None
    with contextlib.suppress(FileNotFoundError):
        found = path.lstat()
    if found is not None and stat.S_ISLNK(found.st_mode):
        raise WriteRefusedError(f"{path} is a symbolic link, which is not followed; remove it or choose another name.")
    if found is not None and not stat.S_ISREG(found.st_mode):
        raise WriteRefusedError(f"{path} is not a regular file; choose another name.")
    folder = path.parent
    if not folder.is_dir():
        raise WriteRefusedError(f"{folder} is not a folder; make it first: mkdir -p {folder}")
    if root is not None and not folder.resolve().is_relative_to(root.resolve()):
        raise WriteRefusedError(f"{path} leads outside {root} through a symbolic link.")


def atomic_write(path: Path, data: bytes, root: Path | None = None) -> None:
    """Write a file by way of a temporary one in the same folder; at no moment is a part of it under its name.

    Raises WriteRefusedError, also where the file system refuses (full, read-only, no permission).
    """
    atomic_chunks(path, (data,), root)


def atomic_chunks(path: Path, chunks: Iterable[bytes], root: Path | None = None) -> None:
    """Write a file that comes in pieces, in the way of `atomic_write`."""
    check_destination(path, root)
    temporary = path.parent / f"{_PREFIX}{os.urandom(8).hex()}{_SUFFIX}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    try:
        with refused(path):
            with os.fdopen(os.open(temporary, flags, 0o666), "wb") as stream:
                for data in chunks:
                    stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            temporary.replace(path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Remove temporary files that a killed run of ours left in a folder."""
    with contextlib.suppress(OSError):
        for path in folder.glob(f"{_PREFIX}*{_SUFFIX}"):
            with contextlib.suppress(OSError):
                if not path.is_symlink() and time.time() - path.stat().st_mtime > STALE_S:
                    path.unlink()
