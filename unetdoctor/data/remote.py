"""Addresses such as `s3://bucket/folder`, by way of fsspec; it is imported when the first one is named."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from unetdoctor.data.files import File, ReadError, SourceError
from unetdoctor.facts.pair import Fault

PROTOCOL_PACKAGES = {
    "s3": "s3fs",
    "s3a": "s3fs",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "az": "adlfs",
    "abfs": "adlfs",
    "abfss": "adlfs",
    "http": "aiohttp",
    "https": "aiohttp",
    "hf": "huggingface_hub",
    "sftp": "paramiko",
    "ssh": "paramiko",
}
"""What must be installed beside fsspec."""


def file_system(url: str) -> tuple[Any, str]:
    """Return the file system of an address and the path in it; raises SourceError where there is none."""
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise SourceError(f"{url}: fsspec reads addresses, and is not installed.", ("pip install fsspec",)) from None
    scheme = url.partition("://")[0]
    try:
        system, path = url_to_fs(url)
    except ImportError as error:
        package = PROTOCOL_PACKAGES.get(scheme)
        raise SourceError(
            f"{url}: {scheme}:// needs a package that is not installed ({error}).",
            (f"pip install {package}",) if package else (),
        ) from None
    except Exception as error:  # noqa: BLE001 - each file system has its own errors
        raise SourceError(f"{url} cannot be opened: {one_line(error)}.") from None
    return system, path


@contextmanager
def opened(url: str) -> Iterator[Any]:
    """Open an address for reading bytes; whatever its library raises is a ReadError."""
    try:
        system, path = file_system(url)
        with system.open(path, "rb") as stream:
            yield stream
    except ReadError:
        raise
    except SourceError as error:
        raise ReadError(str(error).rstrip(".")) from None
    except FileNotFoundError:
        raise ReadError("there is no such file", Fault.MISSING) from None
    except Exception as error:  # noqa: BLE001 - each file system has its own errors
        raise ReadError(one_line(error)) from None


def kind(url: str) -> str:
    """Return `file`, `folder` or, where there is nothing, an empty text; raises SourceError."""
    system, path = file_system(url)
    try:
        if system.isfile(path):
            return "file"
        return "folder" if system.isdir(path) else ""
    except Exception as error:  # noqa: BLE001 - each file system has its own errors
        raise SourceError(f"{url} cannot be read: {one_line(error)}.") from None


def below(url: str) -> Iterator[tuple[File, str]]:
    """Yield every file below an address, with its path relative to it, one folder after the other, names in order."""
    system, root = file_system(url)
    try:
        for folder, _, files in system.walk(root, detail=True):
            for name in sorted(files):
                found = files[name]
                path = f"{folder}/{name}".removeprefix(root).strip("/")
                yield described(system, f"{folder.rstrip('/')}/{name}", found), path
    except Exception as error:  # noqa: BLE001 - each file system has its own errors
        raise SourceError(f"{url} cannot be listed: {one_line(error)}.") from None


def one(url: str) -> File:
    """Return a single file; raises SourceError where it is not there."""
    system, path = file_system(url)
    try:
        return described(system, path, system.info(path))
    except Exception as error:  # noqa: BLE001 - each file system has its own errors
        raise SourceError(f"{url} cannot be read: {one_line(error)}.") from None


def described(system: Any, path: str, info: dict[str, Any]) -> File:
    """Return what a file system says of a file: its size, and whatever marks this version of it."""
    size = info.get("size")
    mark = next((info[name] for name in ("mtime", "LastModified", "updated", "created", "ETag") if name in info), 0)
    stamp = int(mark) if isinstance(mark, int | float) else _number(str(mark))
    return File(system.unstrip_protocol(path), size=-1 if size is None else int(size), stamp=stamp)


def _number(text: str) -> int:
    import zlib

    return zlib.crc32(text.encode())


def one_line(error: Exception) -> str:
    """Return an error as a few words of one line."""
    words = " ".join(str(error).split())[:200].rstrip(".")
    return f"{type(error).__name__}: {words}" if words else type(error).__name__
