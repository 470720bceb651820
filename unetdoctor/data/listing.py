"""The files of a request in a database of its own on disk: millions of them take no memory."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from unetdoctor.data import names
from unetdoctor.data.files import File, Located, Trouble

IMAGE, MASK = 0, 1
"""Roles of files."""
FILE_COLUMNS = "{0}.address, {0}.container, {0}.offset, {0}.size, {0}.stamp"
"""The columns of a file, as `stored_file` takes them."""
_TABLES = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -4096;
CREATE TABLE files (
    id INTEGER PRIMARY KEY, role INT, address BLOB, container BLOB, offset INT, size INT, stamp INT,
    folder BLOB, stem BLOB, lower BLOB, image_key BLOB, mask_key BLOB, marked INT, UNIQUE (role, address)
);
CREATE TABLE troubles (address BLOB, reason BLOB);
CREATE TABLE others (suffix BLOB PRIMARY KEY, count INT, example BLOB);
CREATE TABLE pairs (number INTEGER PRIMARY KEY, image INT, mask INT, rivals TEXT);
"""


def to_bytes(text: str) -> bytes:
    """Return a path as the bytes that it stands for, whatever they are."""
    return text.encode("utf-8", "surrogateescape")


def to_text(data: bytes) -> str:
    """Return the path of bytes."""
    return data.decode("utf-8", "surrogateescape")


def stored_file(row: tuple[Any, ...]) -> File | None:
    """Return a file from its columns; None where there is none."""
    if row[0] is None:
        return None
    return File(to_text(row[0]), to_text(row[1]), *row[2:])


class Listing:
    """The database, and a folder beside it for archives that are decompressed."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="unetdoctor-", ignore_cleanup_errors=True)
        self.spool = Path(self._folder.name)
        """Where compressed archives are decompressed."""
        self.base = sqlite3.connect("", isolation_level=None)  # on disk, without a name: gone when it is closed
        self.base.executescript(_TABLES)

    def close(self) -> None:
        """Remove everything from the disk; closing twice does no harm."""
        self.base.close()
        self._folder.cleanup()

    def add(self, role: int, items: Iterable[Located | Trouble]) -> None:
        """Take in what a source holds; files that are no pictures are counted.

        What bears the name of a picture and is none (a broken link, a pipe) is taken in: reading it gives the reason.
        """
        with self.transaction():
            for item in items:
                self._add(role, item)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Take in many files at once; nothing is kept where that fails."""
        self.base.execute("BEGIN")
        yield
        self.base.execute("COMMIT")

    def _add(self, role: int, item: Located | Trouble) -> None:
        if names.is_picture(item.path):
            self.add_file(role, item.file if isinstance(item, Located) else File(item.address), item.path)
        elif isinstance(item, Trouble):
            self.base.execute("INSERT INTO troubles VALUES (?, ?)", (to_bytes(item.address), to_bytes(item.reason)))
        else:
            self.base.execute(
                "INSERT INTO others VALUES (?, 1, ?) ON CONFLICT (suffix) DO UPDATE SET count = count + 1",
                (to_bytes(names.suffix(item.path)), to_bytes(item.file.address)),
            )

    def add_file(self, role: int, file: File, path: str) -> None:
        """Take in one file with the keys that its path within the source gives it."""
        name = names.parsed(path)
        keys = (name.folder, name.stem, name.stem.casefold(), name.image_key, name.mask_key)
        self.base.execute(
            "INSERT OR IGNORE INTO files VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(role, to_bytes(file.address), to_bytes(file.container), file.offset, file.size, file.stamp),
                *(*(to_bytes(text) for text in keys), name.is_mask),
            ),
        )

    def pair(self, image: int | None, mask: int | None) -> None:
        """Put a pair behind those that are there."""
        self.base.execute("INSERT INTO pairs (image, mask) VALUES (?, ?)", (image, mask))

    def unpair(self) -> None:
        """Take all pairs away."""
        self.base.execute("DELETE FROM pairs")

    def number_of(self, role: int, file: File) -> int:
        """Return the key of a file that was taken in."""
        found = self.base.execute("SELECT id FROM files WHERE role = ? AND address = ?", (role, to_bytes(file.address)))
        return int(found.fetchone()[0])

    def first(self, role: int) -> int:
        """Return the key of the first file of a role."""
        return int(self.base.execute("SELECT MIN(id) FROM files WHERE role = ?", (role,)).fetchone()[0])

    def count(self, role: int) -> int:
        """Return how many files have a role."""
        return int(self.base.execute("SELECT COUNT(*) FROM files WHERE role = ?", (role,)).fetchone()[0])

    def split_by_name(self) -> None:
        """Make masks of the images whose name or folder marks them as masks."""
        self.base.execute("UPDATE files SET role = ? WHERE role = ? AND marked", (MASK, IMAGE))

    def drop_images_that_are_masks(self) -> None:
        """Leave out of the images what was named as a mask: both may lie in one folder."""
        self.base.execute(
            "DELETE FROM files WHERE role = ? AND address IN (SELECT address FROM files WHERE role = ?)", (IMAGE, MASK)
        )

    def join(self) -> None:
        """Take `split_by_name` back."""
        self.base.execute("UPDATE files SET role = ?", (IMAGE,))

    def troubles(self) -> Iterator[Trouble]:
        """Yield what could not be listed, in the order of the addresses."""
        with closing(self.base.execute("SELECT address, reason FROM troubles ORDER BY address, reason")) as rows:
            for address, reason in rows:
                yield Trouble(to_text(address), to_text(reason))

    def others(self) -> dict[str, tuple[int, str]]:
        """Return how many files are no pictures by their ending, with an example: `{".txt": (3, "notes.txt")}`."""
        rows = self.base.execute("SELECT suffix, count, example FROM others ORDER BY suffix")
        return {to_text(suffix): (count, to_text(example)) for suffix, count, example in rows}
