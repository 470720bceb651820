"""From raw pixels to PNG files: one per preview, the contact sheet, the profile of the signal and the anatomy."""

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from unetdoctor.facts import Preview, Report
from unetdoctor.reporters.anatomy import anatomy
from unetdoctor.reporters.folder import file_stem, write_all
from unetdoctor.reporters.sheet import sheet
from unetdoctor.reporters.signal import signal_plot

BANDS = {"L": 1, "RGB": 3}


@dataclass(frozen=True)
class Written:
    """What came of the pictures."""

    paths: tuple[Path, ...]
    """Files, in the order of the previews."""
    previews: tuple[Preview, ...]
    """The previews with the path, size and hash of their PNG; the sheet, the signal and the anatomy first."""
    notices: tuple[str, ...]
    """What could not be drawn, and why."""


def decode(preview: Preview, raw: bytes) -> Image.Image:
    """Return the picture of raw 8-bit pixels; raises ValueError where they are not what the record says."""
    bands = BANDS.get(preview.mode)
    if bands is None or preview.width < 1 or preview.height < 1:
        raise ValueError(f"{preview.name}: mode {preview.mode} {preview.width}x{preview.height} is no 8-bit picture")
    expected = preview.width * preview.height * bands
    if len(raw) != expected:
        raise ValueError(f"{preview.name}: {expected} bytes expected, {len(raw)} found")
    return Image.frombytes(preview.mode, (preview.width, preview.height), raw)


def png(picture: Image.Image) -> bytes:
    """Return the picture as PNG."""
    stream = io.BytesIO()
    picture.save(stream, "PNG", compress_level=3)
    return stream.getvalue()


def write_pictures(report: Report, raw: Mapping[str, bytes], directory: Path, *, force: bool = False) -> Written:
    """Write every picture of the report into the folder.

    `raw` holds the pixels of each preview under its `file`. Raises WriteRefusedError where the folder must not or
    cannot be written.
    """
    pictures: dict[str, Image.Image] = {}
    notices: list[str] = []
    for preview in report.previews:
        try:
            pictures[preview.name] = decode(preview, raw.get(preview.file, b""))
        except ValueError as error:
            notices.append(f"One picture is missing: {error}.")
    files: dict[str, bytes] = {}
    made: list[tuple[str, Preview]] = []
    for preview, data in _summaries(report, pictures):
        files[preview.file] = data
        made.append((preview.file, preview))
    for preview in report.previews:
        if preview.name in pictures:
            name = _unused(f"{file_stem(preview.name)}.png", files)
            files[name] = png(pictures[preview.name])
            made.append((name, preview))
    if not files:
        return Written((), (), tuple(notices))
    paths = write_all(directory, files, report.environment.unetdoctor, force=force)
    done = tuple(_claimed(preview, directory / name, files[name]) for name, preview in made)
    return Written(tuple(paths), done, tuple(notices))


def _summaries(report: Report, pictures: Mapping[str, Image.Image]) -> list[tuple[Preview, bytes]]:
    drawn = []
    if pictures:
        drawn.append(("sheet", "all pictures on one page", sheet(report, dict(pictures))))
    profile = signal_plot(report)
    if profile is not None:
        drawn.append(("signal", "spread of the signal along the depth", profile))
    drawing = anatomy(report)
    if drawing is not None:
        drawn.append(("anatomy", "skip connections and what each is worth", drawing))
    return [
        (Preview(role, title, "", image.width, image.height, "RGB", role, f"{role}.png", 0, ""), png(image))
        for role, title, image in drawn
    ]


def _unused(name: str, files: Mapping[str, bytes]) -> str:
    stem, number = name.removesuffix(".png"), 2
    while name.lower() in {other.lower() for other in files}:
        name = f"{stem}-{number}.png"
        number += 1
    return name


def _claimed(preview: Preview, path: Path, data: bytes) -> Preview:
    return replace(preview, file=path.as_posix(), size=len(data), sha256=hashlib.sha256(data).hexdigest())
