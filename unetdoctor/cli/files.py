"""What can be said of the files of a request without loading anything: answered at once, before a worker starts."""

import os
import re
import stat
from difflib import get_close_matches
from pathlib import Path

from unetdoctor.cli.errors import RequestError

_TARGET_FILE = re.compile(r"(?P<path>.+?\.(py|pt2?|pth|ts|torchscript|ckpt|safetensors))(?::(?P<name>.*))?", re.DOTALL)


def target_file(target: str) -> Path | None:
    """Return the file of a target; None for an import path such as `package.module:Name`."""
    match = _TARGET_FILE.fullmatch(target)
    if match:
        return Path(match["path"])
    path = Path(target)
    return path if "/" in target or os.sep in target or path.exists() else None


def check_target(target: str) -> None:
    """Raise RequestError where the target is a file that cannot be read."""
    if not target.strip():
        raise RequestError("TARGET is empty; for example: unetdoctor inspect model.py")
    path = target_file(target)
    if path is not None:
        check_file(path, "TARGET")


def check_file(path: Path, what: str) -> None:
    """Raise RequestError, naming neighbours with a like name, where a file is missing, special, empty or unreadable."""
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        if path.is_symlink():
            raise RequestError(f"{what}: {path} is a symbolic link to a file that does not exist.") from None
        raise RequestError(f"{what}: there is no file {path}.{_neighbour(path)}") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise RequestError(f"{what}: {path} cannot be read: {reason}.") from None
    if stat.S_ISDIR(found.st_mode):
        raise RequestError(f"{what}: {path} is a folder; name a file in it.{_listed(path)}")
    if not stat.S_ISREG(found.st_mode):
        raise RequestError(f"{what}: {path} is not a regular file.")
    if found.st_size == 0:
        raise RequestError(f"{what}: {path} is an empty file.")
    if not os.access(path, os.R_OK):
        raise RequestError(f"{what}: {path} cannot be read: permission denied.")


def _names(folder: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in os.scandir(folder) if entry.is_file())[:1000]
    except OSError:
        return []


def _neighbour(path: Path) -> str:
    names = _names(path.parent)
    near = get_close_matches(path.name, names, n=1) or [name for name in names if Path(name).stem == path.stem][:1]
    return f" Did you mean {path.parent / near[0]}?" if near else ""


def _listed(folder: Path) -> str:
    names = [name for name in _names(folder) if Path(name).suffix in (".py", ".pt", ".pth", ".ts")][:5]
    return f" There are: {', '.join(names)}." if names else ""
