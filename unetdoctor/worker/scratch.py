"""The private directory of a run: the request, the stack dumps, raw files, and the child's working directory.

- `lock`: held by the parent; a directory whose lock is free was abandoned and is swept by a later run
- `request.json`: read and removed by the child before foreign code runs
- `stack`: faulthandler's dumps, kept open by both ends
- `raw/`: raw files, tensors and pictures
- `work/`: the child's working directory and TMPDIR
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from unetdoctor.worker.interrupts import held_back

PREFIX = "udoctor-"
"""Short: DataLoader workers put sockets below TMPDIR, and the path of a socket has about 100 characters."""
REQUEST, STACK, RAW, WORK, LOCK = "request.json", "stack", "raw", "work", "lock"
RAW_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")
MAX_RAW_BYTES = 1024**3
MAX_STACK_BYTES = 256 * 1024
MAX_SWEPT = 200
"""How many directory entries a sweep looks at: it must not slow a start in a crowded temporary directory."""

REMOVALS = 2
"""How often a removal is tried: a call that failed once may not fail again."""

_locks: dict[Path, int] = {}


class RawFileError(ValueError):
    """A raw file is not what its record says."""


def create() -> Path:
    """Make a scratch directory that only this user can enter, and sweep abandoned ones; raises OSError."""
    _sweep_abandoned()
    with held_back():
        root = Path(tempfile.mkdtemp(prefix=PREFIX)).resolve()
        try:
            _furnish(root)
        except BaseException:
            shutil.rmtree(root, ignore_errors=True)
            raise
    return root


def _furnish(root: Path) -> None:
    (root / RAW).mkdir()
    (root / WORK).mkdir()
    unlocked = root / f"{LOCK}.new"  # named `lock` only once it is locked, or a sweep could take it for abandoned
    lock = os.open(unlocked, os.O_RDWR | os.O_CREAT, 0o600)
    _lock(lock)
    with contextlib.suppress(OSError):  # Windows renames no open file, and sweeps nothing
        unlocked.replace(root / LOCK)
    _locks[root] = lock


def remove(root: Path) -> None:
    """Remove a scratch directory and everything in it; a directory that is gone already is no error."""
    with held_back():
        lock = _locks.pop(root, None)
        if lock is None:
            return
        for _ in range(REMOVALS):
            with contextlib.suppress(OSError):
                shutil.rmtree(root, onerror=_open_up)
            if not os.path.lexists(root):
                break
        with contextlib.suppress(OSError):
            os.close(lock)


def open_stack(root: Path) -> int:
    """Create the file of stack dumps and return the parent's own descriptor of it."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    return os.open(root / STACK, flags, 0o600)


def read_stack(descriptor: int, start: int = 0) -> str:
    """Return the dumps from `start` on, or the end of them where they are too long.

    The file is read by descriptor, whatever its name points to by now; what cannot be read is empty.
    """
    with contextlib.suppress(OSError):
        os.lseek(descriptor, max(stack_size(descriptor) - MAX_STACK_BYTES, start), os.SEEK_SET)
        return os.read(descriptor, MAX_STACK_BYTES).decode("utf-8", "replace")
    return ""


def stack_size(descriptor: int) -> int:
    """Return how long the dumps are, 0 where that cannot be known."""
    with contextlib.suppress(OSError):
        return os.fstat(descriptor).st_size
    return 0


def write_raw(folder: Path, name: str, data: bytes) -> dict[str, Any]:
    """Write a raw file whole or not at all and return its record; the name is letters, digits, `.`, `_`, `-`."""
    if RAW_NAME.fullmatch(name) is None:
        message = f"{name!r} is no name for a raw file"
        raise ValueError(message)
    temporary = folder / f"{name}.part"
    temporary.write_bytes(data)
    temporary.replace(folder / name)
    return {"file": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def read_verified(root: Path, record: object) -> bytes:
    """Return the bytes of a raw file after its name, kind, size and hash were checked; raises RawFileError."""
    name, size, digest = _checked(record)
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(root / RAW / name, flags)
    except OSError as error:
        message = f"raw file {name} cannot be opened: {error.strerror}"
        raise RawFileError(message) from None
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode) or found.st_size != size:
            message = f"raw file {name} has {found.st_size} bytes, its record says {size}"
            raise RawFileError(message)
        data = file.read(size)
    if hashlib.sha256(data).hexdigest() != digest:
        message = f"raw file {name} does not have the hash of its record"
        raise RawFileError(message)
    return data


def _checked(record: object) -> tuple[str, int, str]:
    if isinstance(record, dict):
        name, size, digest = record.get("file"), record.get("size"), record.get("sha256")
        named = isinstance(name, str) and RAW_NAME.fullmatch(name) is not None
        sized = isinstance(size, int) and not isinstance(size, bool) and 0 <= size <= MAX_RAW_BYTES
        if named and sized and isinstance(digest, str):
            return str(name), int(size or 0), digest
    message = "the record of a raw file needs file, size and sha256"
    raise RawFileError(message)


def _open_up(again: Callable[..., object], path: str, _error: object) -> None:
    """Retry a failed removal after making the directory writable: foreign code may have changed its mode."""
    with contextlib.suppress(OSError):
        Path(path).parent.chmod(0o700)
        if not Path(path).is_symlink():
            Path(path).chmod(0o700)
        if again is os.scandir or again is os.open or again is os.listdir:
            shutil.rmtree(path, ignore_errors=True)
        else:
            again(path)


def _lock(descriptor: int) -> bool:
    try:
        import fcntl
    except ImportError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _sweep_abandoned() -> None:
    """Remove scratch directories whose parent was killed: ours by owner, free by lock."""
    if not hasattr(os, "geteuid"):
        return
    with contextlib.suppress(OSError):
        for root in list(Path(tempfile.gettempdir()).glob(f"{PREFIX}*"))[:MAX_SWEPT]:
            _sweep_one(root)


def _sweep_one(root: Path) -> None:
    with contextlib.suppress(OSError):
        found = root.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
            return
        lock = os.open(root / LOCK, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
        try:
            if _lock(lock):
                shutil.rmtree(root, onerror=_open_up)
        finally:
            os.close(lock)


def _remove_all(owner: int) -> None:
    if os.getpid() == owner:
        for root in list(_locks):
            remove(root)


atexit.register(_remove_all, os.getpid())
