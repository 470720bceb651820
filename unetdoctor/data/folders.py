"""Folders and patterns of the disk: listed as they are read, so that a folder of millions takes no memory."""

import os
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from unetdoctor.data.files import Located, SourceError, Trouble, joined, kind_of, reason_of, stamped

HIDDEN_FOLDERS = ("__MACOSX", "__pycache__")
"""Left out like those that begin with a dot: what systems and tools put beside the files of a person."""
MAGIC = re.compile(r"[*?[]")
Enters = Callable[[str], bool]


def walk(root: str, enters: Enters = lambda path: True) -> Iterator[Located | Trouble]:
    """Yield every file below a folder, links followed; hidden files and folders are left out.

    `enters` is asked for the path of each folder. Raises SourceError where the root cannot be listed; below it that
    is a trouble, and so is a link back to a folder that is listed anyway.
    """
    seen: set[tuple[int, int]] = set()
    waiting, linked = [(root, "")], list[tuple[str, str]]()
    while waiting or linked:
        folder, path = (waiting or linked).pop()  # links last, so that a folder is listed under its own name
        try:
            known = os.stat(folder)  # noqa: PTH116 - the name as it is, also where its bytes are no text
            if (known.st_dev, known.st_ino) in seen:
                yield Trouble(folder, "a link to a folder that is listed already")
                continue
            seen.add((known.st_dev, known.st_ino))
            entries = os.scandir(folder)
        except OSError as error:
            if not path:
                raise SourceError(f"{root} cannot be listed: {reason_of(error)}.") from None
            yield Trouble(folder, f"the folder cannot be listed: {reason_of(error)}")
            continue
        with entries:
            for entry in entries:
                if entry.name.startswith(".") or entry.name in HIDDEN_FOLDERS:
                    continue
                address, inner = joined(folder, entry.name), f"{path}/{entry.name}" if path else entry.name
                if not _is_folder(entry):
                    yield _file(address, inner)
                elif enters(inner):
                    (linked if entry.is_symlink() else waiting).append((address, inner))


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _file(address: str, path: str) -> Located | Trouble:
    try:
        found = os.stat(address)  # noqa: PTH116 - one call for each of millions of files
    except FileNotFoundError:
        return Trouble(address, "a link to a file that does not exist", path)
    except OSError as error:
        return Trouble(address, reason_of(error), path)
    if not stat.S_ISREG(found.st_mode):
        return Trouble(address, kind_of(found.st_mode), path)
    return Located(stamped(address, found), path)


def matching(pattern: str) -> Iterator[Located | Trouble]:
    """Yield what matches a pattern: `*` and `?` within a name, `**` over folders; below a folder that matches, all.

    Raises SourceError where the folder before the first sign is not there.
    """
    root = fixed_root(pattern)
    if not Path(root or ".").is_dir():
        raise SourceError(f"No file matches {pattern}: there is no folder {root}.")
    matcher = Matcher(relative(pattern))
    for item in walk(root or ".", matcher.leads_on):
        if not item.path or matcher.matches(item.path):
            yield item


def fixed_root(pattern: str) -> str:
    """Return the folders of a pattern before its first sign; `/` for one that begins at the root."""
    found = MAGIC.search(pattern)
    head, slash, _ = pattern[: found.start() if found else None].rpartition("/")
    return head or slash


def relative(pattern: str) -> str:
    """Return what of a pattern is matched below its fixed root."""
    return pattern[len(fixed_root(pattern)) :].lstrip("/")


class Matcher:
    """Tells which relative paths a pattern means."""

    def __init__(self, pattern: str) -> None:
        self._pattern = re.compile(_translated(pattern) + r"(?:/.*)?", re.DOTALL)
        self._parts = [re.compile(_translated(part), re.DOTALL) for part in pattern.split("**")[0].split("/") if part]
        self._open = "**" in pattern

    def matches(self, path: str) -> bool:
        """Return whether a file is meant."""
        return self._pattern.fullmatch(path) is not None

    def leads_on(self, path: str) -> bool:
        """Return whether what is meant may lie below a folder."""
        parts = path.split("/")
        fixed = self._parts[:-1] if self._open and self._parts else self._parts
        return all(want.fullmatch(part) for want, part in zip(fixed, parts, strict=False))


def _translated(pattern: str) -> str:
    """Return a pattern of names as a regular expression."""
    signs = {"**/": r"(?:.*/)?", "**": r".*", "*": r"[^/]*", "?": r"[^/]"}
    pieces = re.split(r"(\*\*/|\*\*|\*|\?|\[[!^]?\]?[^\]]*\])", pattern)
    return "".join(
        signs.get(piece) or (_class(piece) if piece.startswith("[") and len(piece) > 2 else re.escape(piece))
        for piece in pieces
    )


def _class(piece: str) -> str:
    inner = piece[1:-1].replace("\\", "\\\\")
    return f"[^{inner[1:]}]" if inner[0] in "!^" else f"[{inner}]"
