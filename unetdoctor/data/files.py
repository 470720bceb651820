"""One file of a source: where its bytes lie, and how they are read."""

import os
import stat
from pathlib import Path
from typing import Any, NamedTuple

from unetdoctor.facts.pair import Fault

LARGEST_BYTES = 2 * 1024**3
"""A larger file is not read: no picture of a dataset is, and the workers' memory stays bounded."""


class SourceError(Exception):
    """A source cannot be used; one sentence, and commands to paste where there are any."""

    def __init__(self, sentence: str, commands: tuple[str, ...] = ()) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.commands = commands


class ReadError(Exception):
    """One file cannot be read; the text is the reason in a few words."""

    def __init__(self, reason: str, fault: Fault = Fault.DENIED) -> None:
        super().__init__(reason)
        self.fault = fault
        """The kind of fault."""


class File(NamedTuple):
    """Where the bytes of one file lie: a path, an address, or a stretch of a tar archive."""

    address: str
    """What a person reads: `data/a.png`, `s3://bucket/a.png`, `shard.tar::a.png`."""
    container: str = ""
    """The archive that holds it; empty for a file of its own."""
    offset: int = 0
    """Where it begins in the archive."""
    size: int = -1
    """Bytes; -1 where unknown."""
    stamp: int = 0
    """Last change, in nanoseconds, of the file or of its archive; 0 where unknown."""


class Located(NamedTuple):
    """A file, and its path within the source that was asked for."""

    file: File
    """The file."""
    path: str
    """Relative to the root of the source, with forward slashes: what names are matched by."""


class Trouble(NamedTuple):
    """Something in a source that is no file to examine, and why; nothing is left out in silence."""

    address: str
    """What it is."""
    reason: str
    """Why, in a few words."""
    path: str = ""
    """Its path within the source, where it has one."""


def is_url(text: str) -> bool:
    """Return whether a text is an address such as `s3://bucket/folder`; `file://` is one too."""
    scheme, found, _ = text.partition("://")
    return bool(found) and scheme.replace("+", "").replace("-", "").isalnum() and scheme[:1].isalpha()


def read(file: File, largest: int = LARGEST_BYTES) -> bytes:
    """Return the bytes of a file; raises ReadError with the reason."""
    if file.size > largest:
        raise ReadError(
            f"{file.size / 1024**3:.1f} GiB, more than the {largest / 1024**3:.0f} GiB that are read", Fault.TOO_LARGE
        )
    where = file.container or file.address
    data = _of_url(where, file, largest) if is_url(where) else _of_disk(where, file, largest)
    if file.container and len(data) < file.size:
        raise ReadError(f"the archive ends after {len(data):,} of its {file.size:,} bytes", Fault.TRUNCATED)
    return data


def _of_disk(path: str, file: File, largest: int) -> bytes:
    try:
        found = os.stat(path)  # noqa: PTH116 - one call for each of millions of files
        if not stat.S_ISREG(found.st_mode):
            raise ReadError(kind_of(found.st_mode), Fault.NO_FILE)
        if not file.container and found.st_size > largest:
            return read(file._replace(size=found.st_size), largest)
        with open(path, "rb") as stream:  # noqa: PTH123 - as above
            if not file.container:
                return stream.read()
            stream.seek(file.offset)
            return stream.read(file.size)
    except FileNotFoundError:
        raise ReadError("there is no such file", Fault.MISSING) from None
    except OSError as error:
        raise ReadError(reason_of(error)) from None
    except ValueError as error:
        raise ReadError(str(error), Fault.NO_FILE) from None


def _of_url(url: str, file: File, largest: int) -> bytes:
    from unetdoctor.data.remote import opened

    with opened(url) as stream:
        if file.container:
            stream.seek(file.offset)
            return bytes(stream.read(file.size))
        data: Any = stream.read(largest + 1)
        if len(data) > largest:
            raise ReadError(f"more than the {largest / 1024**3:.0f} GiB that are read", Fault.TOO_LARGE)
        return bytes(data)


def reason_of(error: OSError) -> str:
    """Return an error of the operating system in a few words."""
    known = {"FileNotFoundError": "there is no such file", "PermissionError": "permission denied"}
    return known.get(type(error).__name__, error.strerror or type(error).__name__)


def kind_of(mode: int) -> str:
    """Return what a path is that is no regular file."""
    if stat.S_ISDIR(mode):
        return "a folder, not a file"
    return "a pipe or socket, not a file" if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) else "a device, not a file"


def stamped(address: str, found: os.stat_result) -> File:
    """Return a file of the disk with its size and last change."""
    return File(address, size=found.st_size, stamp=found.st_mtime_ns)


def joined(folder: str, name: str) -> str:
    """Return a name below a folder of the disk or of an address."""
    if is_url(folder):
        return f"{folder.rstrip('/')}/{name}"
    return str(Path(folder) / name) if folder else name
