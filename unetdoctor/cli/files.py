"""What can be said of the files of a request without loading anything: answered at once, before a worker starts."""

import os
import re
import stat
from difflib import get_close_matches
from fnmatch import fnmatch
from pathlib import Path
from shlex import quote

from unetdoctor.cli.errors import RequestError
from unetdoctor.facts.target import HUGGING_FACE, LIBRARIES

MODEL_FOLDERS = ("config.json", "model_index.json", "hubconf.py")
"""Files that make a folder a model: one of Hugging Face, or a repository of torch.hub."""
MAX_LISTED = 5
_READ_BYTES = 200_000
_SUFFIXES = (".py", ".pt", ".pth", ".pt2", ".ts", ".ckpt", ".safetensors")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_TARGET_FILE = re.compile(r"(?P<path>.+?\.(py|pt2?|pth|ts|torchscript|ckpt|safetensors))(?::(?P<name>.*))?", re.DOTALL)


def working_directory() -> Path:
    """Return where we are; raises RequestError where that is gone."""
    try:
        return Path.cwd()
    except OSError:
        raise RequestError("The working directory no longer exists; change to one that does.") from None


def target_file(target: str) -> Path | None:
    """Return the file or folder that a target names; None for `package.module:Name` and `torchvision:name`."""
    if _exists(target):
        return Path(target)
    colons = [i for i, c in enumerate(target) if c == ":" and i and not _DRIVE.match(target[: i + 2])]
    found = next((target[:i] for i in reversed(colons) if _exists(target[:i])), None)
    if found is not None and not (os.path.isdir(found) and _is_dotted(found)):  # noqa: PTH112 - as below
        return Path(found)
    match = _TARGET_FILE.fullmatch(target)
    if match:
        return Path(match["path"])
    location = target[: colons[0]] if colons else target
    if colons and _is_dotted(location):
        return None
    return Path(location)


def _is_dotted(location: str) -> bool:
    return all(part.isidentifier() for part in location.split("."))


def _exists(name: str) -> bool:
    try:
        return Path(name).exists()
    except (OSError, ValueError):
        return False


def check_target(target: str) -> None:
    """Raise RequestError where the target is a file that cannot be read, or something that is no target at all."""
    if not target.strip():
        raise RequestError("TARGET is empty; for example: unetdoctor inspect model.py")
    if _ADDRESS.match(target):
        name = target.split("?")[0].rstrip("/").rpartition("/")[2] or "model.py"
        raw = f"{target}?raw=true" if "/blob/" in target and "?" not in target else target
        raise RequestError(
            f"TARGET: {target} is an address, and nothing is downloaded; download the file and name it.",
            [f"curl -L -o {quote(name)} {quote(raw)}", f"unetdoctor inspect {quote(name)}"],
        )
    if target.startswith(":"):
        raise RequestError(
            f"TARGET: {target} has no file or module before its colon.",
            [f"unetdoctor inspect {quote(f'model.py{target}')}"],
        )
    if target.rstrip(":") in LIBRARIES and not _exists(target):
        name = target.rstrip(":")
        raise RequestError(
            f"TARGET: {name} is a library; name one of its networks.", [f"unetdoctor inspect {name}:{LIBRARIES[name]}"]
        )
    if target.startswith(HUGGING_FACE):
        _check_hugging_face(target.removeprefix(HUGGING_FACE))
        return
    path = target_file(target)
    if path is None:
        return
    if os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises for names that are too long
        _check_folder(path)
    else:
        check_file(path, "TARGET")


def _check_hugging_face(name: str) -> None:
    if os.path.isdir(name):  # noqa: PTH112 - as above
        return
    folder = name.rstrip("/").rpartition("/")[2] or "model"
    raise RequestError(
        f"TARGET: there is no folder {name}, and nothing is downloaded from the hub; download the model first.",
        [
            f"hf download {quote(name)} --local-dir {quote(folder)}",
            f"unetdoctor inspect {quote(HUGGING_FACE + folder)}",
        ],
    )


def _check_folder(path: Path) -> None:
    """Refuse a folder, with what it holds to name, unless the worker may find a network in it."""
    if any((path / name).is_file() for name in MODEL_FOLDERS):
        return
    targets = [str(path / name) for name in _models(path)]
    raise RequestError(
        f"TARGET: {path} is a folder; name a file in it.{_listed(path)}",
        [f"unetdoctor inspect {quote(target)}" for target in targets[:MAX_LISTED]],
    )


def check_file(path: Path, what: str) -> None:
    """Raise RequestError, naming neighbours with a like name, where a file is missing, special, empty or unreadable."""
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        if path.is_symlink():
            raise RequestError(f"{what}: {path} is a symbolic link to a file that does not exist.") from None
        raise _missing(path, what) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise RequestError(f"{what}: {path} cannot be read: {reason}.") from None
    if stat.S_ISDIR(found.st_mode):
        raise RequestError(f"{what}: {path} is a folder; name a file in it.{_listed(path)}")
    if not stat.S_ISREG(found.st_mode):
        raise RequestError(f"{what}: {path} is not a regular file.")
    if found.st_size == 0:
        raise RequestError(f"{what}: {path} is an empty file (0 bytes); download or save it again.")
    if not os.access(path, os.R_OK):
        raise RequestError(f"{what}: {path} cannot be read: permission denied.")


def _names(folder: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in os.scandir(folder) if entry.is_file())[:1000]
    except OSError:
        return []


def _missing(path: Path, what: str) -> RequestError:
    """Return what to say of a file that is not there: what was probably meant, and why it is not what was typed."""
    name = str(path)
    shown = repr(name) if name != name.strip() else name
    near = _neighbour(path)
    if near is None and "\\" in name and os.sep != "\\":
        forward = Path(name.replace("\\", "/"))
        near = forward if _exists(str(forward)) else None
    commands = [f"unetdoctor inspect {quote(str(near))}"] if near is not None and what == "TARGET" else []
    if any(c in name for c in "*?"):
        return _several(path, what)
    if _DRIVE.match(name) and os.sep != "\\":
        below = f"/mnt/{name[0].lower()}/{name[3:]}".replace("\\", "/")
        return RequestError(f"{what}: {shown} is a Windows path, and this is not Windows; under WSL it is {below}.")
    meant = f" Did you mean {near}?" if near is not None else ""
    folder = path.parent
    if not folder.is_dir() and near is None:
        return RequestError(f"{what}: there is no file {shown}: there is no folder {folder}.")
    return RequestError(f"{what}: there is no file {shown}.{meant}", commands)


def _several(path: Path, what: str) -> RequestError:
    """Return what to say of a pattern: one file at a time is named."""
    matching = [str(path.parent / name) for name in _names(path.parent) if fnmatch(name, path.name)]
    if not matching:
        return RequestError(f"{what}: no file matches {path}.")
    shown = ", ".join(matching[:MAX_LISTED])
    return RequestError(
        f"{what}: {path} matches {shown}; name one file at a time.",
        [f"unetdoctor inspect {quote(name)}" for name in matching[:MAX_LISTED]] if what == "TARGET" else [],
    )


def _neighbour(path: Path) -> Path | None:
    """Return a file beside it that is spelled alike, or has the same name with another ending."""
    folder = path.parent
    if not _exists(str(folder)):
        folders = (
            [entry.name for entry in os.scandir(folder.parent) if entry.is_dir()] if _exists(str(folder.parent)) else []
        )
        near = get_close_matches(folder.name, folders, n=1)
        return _neighbour(folder.parent / near[0] / path.name) if near else None
    names = _names(folder)
    if path.name in names:
        return path
    dotted = Path(path.name.strip(".").replace(".", "/") + ".py")  # a module name, as in an import
    if folder == Path() and len(dotted.parts) > 1 and _exists(str(dotted)):
        return dotted
    same = [name for name in names if Path(name).stem == path.stem or name == path.name.strip()]
    ending = path.suffix.strip().lower()
    alike = {Path(name).stem: name for name in names if not ending or Path(name).suffix.lower() == ending}
    near = [alike[stem] for stem in get_close_matches(path.stem, alike, n=1)] or same[:1]
    return folder / near[0] if near else None


def _models(folder: Path) -> list[str]:
    """Return the files that may be models, those that speak of nn.Module before other Python."""
    names = [name for name in _names(folder) if Path(name).suffix in _SUFFIXES]
    return sorted(names, key=lambda name: name.endswith(".py") and not _speaks_of_modules(folder / name))


def _speaks_of_modules(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return b"Module" in file.read(_READ_BYTES)
    except OSError:
        return False


def _listed(folder: Path) -> str:
    names = _models(folder)
    more = f" and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else ""
    return f" There are: {', '.join(names[:MAX_LISTED])}{more}." if names else " It holds none that could be a model."
