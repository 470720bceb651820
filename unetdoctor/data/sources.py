"""What IMAGES and MASKS may be, and the files that each holds: listed lazily, nothing opened.

| text | what it is |
|---|---|
| `photos/` | a folder with everything below it |
| `a.png` | one file |
| `'data/**/*_mask.png'` | a pattern: `*` and `?` within a name, `**` over folders |
| `pairs.csv`, `.tsv`, `.txt`, `-` | a table of pairs or a list of paths (`tables`); `-` is standard input |
| `shard.tar`, `'shards/*.tar.gz'` | the files in tar archives (`tars`) |
| `s3://bucket/photos`, `memory://...` | any of these behind an address of fsspec (`remote`) |
"""

from collections.abc import Iterator
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path

from unetdoctor.data import folders, names, remote, tables, tars
from unetdoctor.data.files import Located, SourceError, Trouble, is_url, kind_of, stamped

STANDARD_INPUT = "-"


class SourceKind(StrEnum):
    """What a source is."""

    FOLDER = "folder"
    FILE = "file"
    PATTERN = "pattern"
    TABLE = "table"
    ARCHIVE = "archive"


def local(text: str) -> str:
    """Return `file:///data/a` as the path that it is; everything else as it stands."""
    if text.lower().startswith("file://"):
        from urllib.parse import unquote

        return unquote(text[len("file://") :])
    return text


def kind_of_source(source: str) -> SourceKind:
    """Return what a source is; raises SourceError where there is nothing of that name."""
    source = local(source)
    if not source.strip():
        raise SourceError("IMAGES is empty; for example: unetdoctor audit images masks")
    if source == STANDARD_INPUT:
        return SourceKind.TABLE
    if is_url(source):
        return _kind_of_url(source)
    path = Path(source)
    try:
        if path.is_dir():
            return SourceKind.FOLDER
        if path.exists():
            return _kind_of_file(source) if path.is_file() else _refused(source)
    except PermissionError:
        raise SourceError(f"{source} cannot be read: permission denied.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise SourceError(f"{source} cannot be read: {reason}.") from None
    if folders.MAGIC.search(source):
        return SourceKind.PATTERN
    raise SourceError(_missing(path))


def files(source: str, spool: Path) -> Iterator[Located | Trouble]:
    """Yield every file of a source (a table's are in `tables.rows`); compressed archives are unpacked into `spool`.

    Raises SourceError where the source itself cannot be read; a file or folder in it that cannot is a trouble.
    """
    source = local(source)
    kind = kind_of_source(source)
    if kind is SourceKind.FOLDER:
        found = _of_url_folder(source) if is_url(source) else folders.walk(source)
    elif kind is SourceKind.PATTERN:
        found = _of_url_pattern(source) if is_url(source) else folders.matching(source)
    else:
        found = _single(source)
    for item in found:
        if isinstance(item, Located) and tars.is_archive(item.path):
            yield from tars.members(item.file, spool)
        else:
            yield item


def _kind_of_file(source: str) -> SourceKind:
    if tars.is_archive(source):
        return SourceKind.ARCHIVE
    return SourceKind.TABLE if tables.is_table(source) else SourceKind.FILE


def _kind_of_url(url: str) -> SourceKind:
    if folders.MAGIC.search(url):
        return SourceKind.PATTERN
    found = remote.kind(url)
    if not found:
        raise SourceError(f"There is nothing at {url}.")
    return _kind_of_file(url) if found == "file" else SourceKind.FOLDER


def _single(source: str) -> Iterator[Located]:
    file = remote.one(source) if is_url(source) else stamped(source, Path(source).stat())
    yield Located(file, source.rpartition("/")[2])


def _of_url_folder(url: str) -> Iterator[Located]:
    for file, path in remote.below(url):
        yield Located(file, path)


def _of_url_pattern(pattern: str) -> Iterator[Located]:
    root = folders.fixed_root(pattern)
    matcher = folders.Matcher(folders.relative(pattern))
    return (item for item in _of_url_folder(root) if matcher.matches(item.path))


def _refused(source: str) -> SourceKind:
    raise SourceError(f"{source} is {kind_of(Path(source).stat().st_mode)}.")


def _missing(path: Path) -> str:
    """Return what to say of a path that is not there, with a neighbour that is spelled alike."""
    if path.is_symlink():
        return f"{path} is a symbolic link to something that does not exist."
    try:
        beside = sorted(entry.name for entry in path.parent.iterdir())[:10_000]
    except OSError:
        return f"There is no file or folder {path}: there is no folder {path.parent}."
    near = get_close_matches(path.name, beside, n=1)
    meant = f" Did you mean {path.parent / near[0]}?" if near else ""
    return f"There is no file or folder {path}.{meant}"


def is_picture(item: Located) -> bool:
    """Return whether a file is a picture by its name."""
    return names.is_picture(item.path)
