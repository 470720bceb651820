"""A file as it was named: found, refused where it is no readable regular file, and sniffed; no code runs."""

from __future__ import annotations

import difflib
import os
import stat
import zipfile
from dataclasses import dataclass
from pathlib import Path

from unetdoctor.engine.loading import sniff
from unetdoctor.engine.loading.errors import RequestError
from unetdoctor.engine.loading.sniff import Archive, Content

MAX_ZIP_RECORDS = 1_000_000
_ENCRYPTED = 1


@dataclass(frozen=True)
class FoundFile:
    """A regular file that can be read."""

    path: Path
    """Absolute, symbolic links kept."""
    shown: str
    """As the person wrote it."""
    size: int
    """In bytes."""
    head: bytes
    """The first bytes."""
    content: Content
    """What they say."""
    records: tuple[zipfile.ZipInfo, ...] = ()
    """Records of a zip."""

    @property
    def archive(self) -> Archive:
        """Which kind of zip it is."""
        return sniff.archive_of(record.filename for record in self.records)

    @property
    def words(self) -> str:
        """What it is, to follow `is`."""
        if self.content is Content.ZIP:
            return sniff.describe_archive(self.archive)
        return sniff.describe(self.content, self.head)


def absolute(shown: str, directory: Path) -> Path:
    """Return a path as the person meant it, without resolving symbolic links."""
    return Path(os.path.abspath(directory / Path(shown).expanduser()))  # noqa: PTH100 - resolve() would follow links


def is_directory(path: Path) -> bool:
    """Return whether a path leads to a directory; a name that none can have does not."""
    return os.path.isdir(path)  # noqa: PTH112 - Path.is_dir raises for names that are too long


def find(shown: str, directory: Path) -> FoundFile:
    """Return the file of this name; raises RequestError with one clear sentence where it cannot be one."""
    path = absolute(shown, directory)
    try:
        found = path.stat()
    except FileNotFoundError:
        raise _missing(shown, path) from None
    except (OSError, ValueError) as error:
        raise RequestError(f"{shown} cannot be read: {getattr(error, 'strerror', None) or error}.") from None
    kind = _irregular(found.st_mode)
    if kind:
        raise RequestError(f"{shown} is {kind}, not a file.")
    try:
        with path.open("rb") as file:
            head = file.read(sniff.HEAD_BYTES)
    except OSError as error:
        raise RequestError(f"{shown} cannot be read: {error.strerror or error}.") from None
    content = sniff.content_of(head, found.st_size)
    records = _records(path, shown, found.st_size) if content is Content.ZIP else ()
    second = _second_format(path, head, content)
    if second:
        raise RequestError(f"{shown} is made of two formats at once ({second}), as no honest file is; do not read it.")
    return FoundFile(path, shown, found.st_size, head, content, records)


def _second_format(path: Path, head: bytes, content: Content) -> str:
    """Return both formats of a file that is read as one thing by one reader and as another by the next."""
    if content is Content.ZIP:
        return "zip and tar" if head[257:262] == b"ustar" else ""
    if content not in (Content.TAR, Content.PICKLE, Content.LEGACY_TORCH, Content.SAFETENSORS):
        return ""
    try:
        with zipfile.ZipFile(path) as archive:
            kind = sniff.archive_of(archive.namelist())
    except Exception:  # noqa: BLE001 - what is no zip is told so by a dozen types
        return ""
    honest = kind not in (Archive.CHECKPOINT, Archive.TORCHSCRIPT, Archive.EXPORTED)
    return "" if honest else f"{content.value} and zip"


def _irregular(mode: int) -> str:
    kinds = (
        (stat.S_ISDIR, "a directory"),
        (stat.S_ISFIFO, "a named pipe"),
        (stat.S_ISCHR, "a device"),
        (stat.S_ISBLK, "a device"),
        (stat.S_ISSOCK, "a socket"),
    )
    return next((words for test, words in kinds if test(mode)), "")


def _missing(shown: str, path: Path) -> RequestError:
    if path.is_symlink():
        return RequestError(f"{shown} is a symbolic link to {os.readlink(path)}, which does not exist.")  # noqa: PTH115
    folder = path.parent
    if not folder.is_dir():
        return RequestError(f"{shown} does not exist: there is no directory {folder}.")
    try:
        names = [entry.name for entry in folder.iterdir()][:2000]
    except OSError:
        names = []
    close = difflib.get_close_matches(path.name, names, n=1, cutoff=0.7)
    if close:
        return RequestError(f"{shown} does not exist in {folder}; did you mean {close[0]}?")
    return RequestError(f"{shown} does not exist: there is no such file in {folder}.")


def _records(path: Path, shown: str, size: int) -> tuple[zipfile.ZipInfo, ...]:
    try:
        with zipfile.ZipFile(path) as archive:
            records = archive.infolist()
    except Exception:  # noqa: BLE001 - damaged archives raise a dozen types, and all mean the same here
        raise RequestError(
            f"{shown} is truncated at byte {size}: the directory at the end of the zip is missing; "
            "copy or download it again."
        ) from None
    if len(records) > MAX_ZIP_RECORDS:
        raise RequestError(f"{shown} holds {len(records)} records; more than {MAX_ZIP_RECORDS} are not read.")
    if any(record.flag_bits & _ENCRYPTED for record in records):
        raise RequestError(f"{shown} holds encrypted records, which torch.save never writes; do not read it.")
    return tuple(records)
