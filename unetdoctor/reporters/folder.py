"""The folder of pictures: our own earlier files are replaced, nothing else is touched."""

import contextlib
import json
import os
import re
from dataclasses import replace
from pathlib import Path

from unetdoctor.facts import Report
from unetdoctor.reporters.atomic import WriteRefusedError, atomic_write, check_destination, refused, sweep

MANIFEST = ".unetdoctor.json"
FIXED_NAMES = ("sheet.png", "signal.png", "anatomy.png")
"""Files that every run may write: looked at before an examination starts."""
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_STEM_LIMIT = 80
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


def file_stem(name: str) -> str:
    """Return a name that every file system takes: letters, digits, dot, dash and underscore, not hidden, not long."""
    stem = _UNSAFE.sub("_", name).strip("._-")[:_STEM_LIMIT].rstrip("._-")
    return f"_{stem}" if _RESERVED.fullmatch(stem) else stem or "model"


def default_directory(target: str) -> Path:
    """Return `unetdoctor-out/<stem of the target>`: `models/unet.py:UNet` becomes `unetdoctor-out/unet-UNet`."""
    path, separator, rest = target.partition(":")
    if len(path) == 1 and separator and rest[:1] in ("/", "\\"):
        path, separator, rest = rest.partition(":")
    name = re.split(r"[/\\]", path.rstrip("/\\"))[-1]
    stem = name.rsplit(".", 1)[0] if re.search(r"\.(py|pt\d?|pth|ts|torchscript|ckpt|safetensors)$", name) else name
    return Path("unetdoctor-out") / file_stem(f"{stem}-{rest}" if rest else stem)


def found_beside(report: Report, folder: Path) -> Report:
    """Return a saved report whose pictures are looked for in its own folder, where they are not at their path."""
    return replace(report, previews=tuple(replace(p, file=_moved(p.file, folder)) for p in report.previews))


def _moved(file: str, folder: Path) -> str:
    path = Path(file)
    with contextlib.suppress(OSError, ValueError):
        if file and not path.is_file():
            beside = (folder / path.name, folder / path.parent.name / path.name)
            return next((found.as_posix() for found in beside if found.is_file()), file)
    return file


def ours(directory: Path) -> set[str]:
    """Return the names of the files that an earlier run of ours put into the folder."""
    with contextlib.suppress(OSError, ValueError):
        files = json.loads((directory / MANIFEST).read_bytes()).get("files", [])
        return {name for name in files if isinstance(name, str) and Path(name).name == name and name not in ("", "..")}
    return set()


def check_directory(directory: Path, *, force: bool = False) -> None:
    """Raise WriteRefusedError where pictures cannot or must not be put into the folder; nothing is made yet."""
    with refused(directory):
        _check_directory(directory, force)


def _check_directory(directory: Path, force: bool) -> None:
    found = next((p for p in (directory, *directory.parents) if p.exists() or p.is_symlink()), Path())
    if not found.is_dir():
        raise WriteRefusedError(f"{found} is not a folder; choose another one with --out-dir.")
    if (
        not directory.is_absolute()
        and not directory.resolve().is_relative_to(Path.cwd().resolve())
        and (".." not in directory.parts)
    ):
        raise WriteRefusedError(f"{directory} leads outside the working directory through a symbolic link.")
    if directory.is_dir():
        check_names(directory, FIXED_NAMES, force=force)


def check_names(directory: Path, names: tuple[str, ...], *, force: bool) -> None:
    """Raise WriteRefusedError where one of these names belongs to somebody else."""
    mine = ours(directory)
    for name in names:
        path = directory / name
        check_destination(path, directory)
        if os.path.lexists(path) and name not in mine and not force:
            raise WriteRefusedError(f"{path} was not written by unetdoctor; move it away, or replace it with --force.")


def write_all(directory: Path, files: dict[str, bytes], version: str, *, force: bool = False) -> list[Path]:
    """Write the files, remove those of an earlier run that are no longer written, and return the paths.

    The manifest is written first with both lists, so that a run that is killed between leaves nothing unclaimed.
    """
    with refused(directory):
        directory.mkdir(parents=True, exist_ok=True)
    check_names(directory, tuple(files), force=force)
    sweep(directory)
    earlier = ours(directory)
    _write_manifest(directory, earlier | set(files), version)
    for name in sorted(earlier - set(files) - {MANIFEST}):
        with contextlib.suppress(OSError):
            if not (directory / name).is_symlink():
                (directory / name).unlink()
    paths = []
    for name, data in files.items():
        atomic_write(directory / name, data, directory)
        paths.append(directory / name)
    _write_manifest(directory, set(files), version)
    return paths


def _write_manifest(directory: Path, names: set[str], version: str) -> None:
    text = json.dumps({"unetdoctor": version, "files": sorted(names)}, indent=2) + "\n"
    atomic_write(directory / MANIFEST, text.encode(), directory)
