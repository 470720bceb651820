"""Tar archives: their files are read where they lie, without unpacking; a compressed one is decompressed once."""

import bz2
import gzip
import lzma
import shutil
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Any

from unetdoctor.data import files, remote
from unetdoctor.data.files import File, Located, SourceError, Trouble

SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
SEPARATOR = "::"
"""Between the archive and the name in it."""
SPARE_BYTES = 1024**3
"""Decompression stops where less of the disk would be left free."""
_BLOCK = 1024**2
_OPENERS = {b"\x1f\x8b": gzip.open, b"BZ": bz2.open, b"\xfd7": lzma.open}
_BROKEN = (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError, OSError, ValueError)


def is_archive(name: str) -> bool:
    """Return whether a name is that of a tar archive."""
    return name.lower().endswith(SUFFIXES)


def members(archive: File, spool: Path) -> Iterator[Located | Trouble]:
    """Yield every file of an archive; a compressed one is first decompressed into a file in `spool`.

    A damaged archive yields what comes before the damage, and then a trouble.
    """
    try:
        with _stream(archive.address) as stream:
            opener = _OPENERS.get(stream.read(2))
        container = archive.address if opener is None else _decompressed(archive.address, opener, spool)
    except (files.ReadError, *_BROKEN) as error:
        yield Trouble(archive.address, f"the archive cannot be read: {_reason(error)}")
        return
    try:
        with _stream(container) as stream:
            yield from _listed(archive, container, stream)
    except (files.ReadError, *_BROKEN) as error:
        yield Trouble(archive.address, f"the archive is damaged: {_reason(error)}; files behind that are not read")


def _listed(archive: File, container: str, stream: IO[bytes]) -> Iterator[Located | Trouble]:
    with tarfile.open(fileobj=stream, mode="r:") as tar:
        while (member := tar.next()) is not None:
            tar.members.clear()  # type: ignore[attr-defined]  # it would keep every header of the archive
            address = f"{archive.address}{SEPARATOR}{member.name}"
            if member.isdir():
                continue
            if not member.isreg() or member.issparse():
                yield Trouble(address, "a link or special file in an archive")
                continue
            name = member.name.removeprefix("./")
            yield Located(File(address, container, member.offset_data, member.size, archive.stamp), name)


def _stream(address: str) -> AbstractContextManager[Any]:
    return remote.opened(address) if files.is_url(address) else Path(address).open("rb")


def _decompressed(address: str, opener: Any, spool: Path) -> str:
    path = spool / f"{len(list(spool.iterdir()))}.tar"
    with _stream(address) as source, opener(source) as stream, path.open("wb") as target:
        while block := stream.read(_BLOCK):
            if shutil.disk_usage(spool).free < SPARE_BYTES:
                raise SourceError(f"{address}: the disk has no room for it decompressed; unpack it elsewhere.")
            target.write(block)
    return str(path)


def _reason(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:200].rstrip(".")
