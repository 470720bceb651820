"""Which pictures stand in the page: PNG files as `data:` addresses, as many as have room."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from unetdoctor.facts import Preview, Report
from unetdoctor.reporters.numbers import count
from unetdoctor.reporters.stored import LARGEST_FILE

MOST_BYTES = 6_000_000
"""Bytes of all PNG files together: a page of 8 MB still opens on a phone and passes most mail servers. The pictures of
a network with 24 channels at 256x256 take 2 MB."""
MOST_CHANNELS = 12
"""Channels with pictures; a mask of 64 classes is read in its class map and in the table."""
PIXELATED = 320
"""Pixels of width below which a picture is enlarged with sharp pixels: what is examined are the pixels."""
ROLES = (
    *("picture", "classes", "trial", "input", "truth", "read", "errors"),
    *("overlay", "displayed", "stretched", "decoding", "worst"),
)
"""Roles that the page shows, the most telling first: they get their room in this order."""


@dataclass(frozen=True)
class Picture:
    """One picture in the page."""

    preview: Preview
    """What it shows."""
    address: Markup
    """The PNG file as a `data:` address."""

    @property
    def pixelated(self) -> bool:
        """Whether it is small enough to be enlarged with sharp pixels."""
        return self.preview.width < PIXELATED


@dataclass(frozen=True)
class Gallery:
    """The pictures of the page by role, and what is not among them."""

    pictures: Mapping[str, tuple[Picture, ...]]
    """By role, in the order of the report."""
    by_name: Mapping[str, Picture]
    """By name of the preview."""
    notes: tuple[str, ...]
    """What was left out, and why, a sentence each."""

    def first(self, *roles: str) -> Picture | None:
        """Return the first picture of the first role that has one."""
        return next((self.pictures[role][0] for role in roles if self.pictures.get(role)), None)


def gallery(report: Report, files: Mapping[str, bytes]) -> Gallery:
    """Return the pictures that have room, in the order of `ROLES`."""
    shown: dict[str, Picture] = {}
    left = MOST_BYTES
    large = 0
    for preview in _wanted(report.previews):
        data = files.get(preview.name, b"")
        if not data:
            continue
        if len(data) > min(left, LARGEST_FILE):
            large += 1
            continue
        left -= len(data)
        address = Markup("data:image/png;base64,") + Markup(base64.b64encode(data).decode("ascii"))
        shown[preview.name] = Picture(preview, address)
    by_role: dict[str, tuple[Picture, ...]] = {}
    for preview in report.previews:
        if preview.name in shown:
            by_role[preview.role] = (*by_role.get(preview.role, ()), shown[preview.name])
    return Gallery(by_role, shown, tuple(_notes(report, shown, large)))


def _wanted(previews: Sequence[Preview]) -> list[Preview]:
    ranked = sorted((p for p in previews if p.role in ROLES), key=lambda p: ROLES.index(p.role))
    taken: dict[str, int] = {}
    wanted = []
    for preview in ranked:
        taken[preview.role] = taken.get(preview.role, 0) + 1
        if preview.role not in ("displayed", "stretched") or taken[preview.role] <= MOST_CHANNELS:
            wanted.append(preview)
    return wanted


def _notes(report: Report, shown: Mapping[str, Picture], large: int) -> list[str]:
    previews = [p for p in report.previews if p.role in ROLES]
    if not previews:
        return ["No pictures were written in this run."] if report.outputs else []
    notes = []
    channels = sum(p.role == "displayed" for p in previews)
    if channels > MOST_CHANNELS:
        notes.append(
            f"Of {channels} pictured channels the first {MOST_CHANNELS} are shown; the other files lie beside."
        )
    if large:
        notes.append(f"{count(large, 'picture')} too large for this page, left out: see the PNG files.")
    absent = sum(p.name not in shown for p in _wanted(previews)) - large
    if absent:
        one = "its PNG file is" if absent == 1 else "their PNG files are"
        notes.append(f"{count(absent, 'picture')} left out: {one} gone, or from another run.")
    return notes
