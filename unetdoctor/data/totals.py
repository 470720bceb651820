"""Records to totals, and totals to totals: associative, independent of order, and flat in the number of pairs.

Whole numbers are added; of names the worst are kept, of values and hashes the smallest: a value that is among the
smallest of all is among the smallest of every part that holds it, so that what is kept is counted exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from typing import TypeVar

from unetdoctor.data.alignment import SHIFTED
from unetdoctor.data.tallies import tallied
from unetdoctor.facts.dataset import Count, Declared, Tally, Totals
from unetdoctor.facts.pair import Coding, Family, PairRecord, PictureNumbers
from unetdoctor.facts.seen import named

WORST = 8
"""Names that are kept of each tally."""
VALUES = 4096
"""Distinct values that are kept of each coding."""
SIZES = 1024
"""Sizes of pictures that are kept."""
HASHES = 16_384
"""Hashes of pictures that are kept: up to so many pictures every equal pair is found, beyond it a fixed share."""
SHIFTS = 32
"""Places of shifted masks that are kept."""
_SHIFTED = named("placement", SHIFTED)
_ADDED = ("pairs", "images", "masks", "length", "decoded", "labelled", "aligned", "pixels")

K = TypeVar("K", int, str)
V = TypeVar("V")


def totals_of(records: Iterable[PairRecord], declared: Declared) -> Totals:
    """Return the totals of records, joined in pairs of equal weight so that the time is linear in their number."""
    waiting: list[tuple[int, Totals]] = []
    for record in records:
        weight, joined = 1, _of(record, declared)
        while waiting and waiting[-1][0] == weight:
            weight, joined = 2 * weight, merge(waiting.pop()[1], joined)
        waiting.append((weight, joined))
    return reduce(lambda last, entry: merge(entry[1], last), reversed(waiting), Totals())


def merge(first: Totals, second: Totals) -> Totals:
    """Return the totals of both together."""
    return Totals(
        **{name: getattr(first, name) + getattr(second, name) for name in _ADDED},
        tallies=_few_shifts(_joined(first.tallies, second.tallies, _tallies)),
        values=_joined(first.values, second.values, lambda a, b: _joined(a, b, _counts, VALUES)),
        sizes=_joined(first.sizes, second.sizes, _added, SIZES),
        modes=_joined(first.modes, second.modes, _added),
        sums=_each(first.sums, second.sums),
        squares=_each(first.squares, second.squares),
        histogram=_histograms(first.histogram, second.histogram),
        foreground=_joined(first.foreground, second.foreground, _added),
        digests=_joined(first.digests, second.digests, _tallies, HASHES),
        likenesses=_joined(first.likenesses, second.likenesses, _tallies, HASHES),
    )


def _of(record: PairRecord, declared: Declared) -> Totals:
    files = [file for file in (record.image, record.mask) if file is not None]
    picture, labels, image = record.picture, record.labels, record.image
    channels = (0, 0, 0) if picture is not None and len(picture.sums) == 1 else (0, 1, 2)
    modes: dict[str, int] = {}
    for role, file in (("image", record.image), ("mask", record.mask)):
        if file is not None and file.format:
            modes[f"{role} {file.format} {file.mode}"] = 1
    values: dict[str, dict[int, Count]] = {}
    foreground: dict[int, int] = {}
    if labels is not None:
        factor = 255 if labels.coding is Coding.FLOATS and labels.family is Family.FRACTIONS else 1
        values[labels.coding.value] = {round(v * factor): Count(1, n) for v, n in labels.values}
        if labels.values:
            foreground[_halvings(1 - max(n for _, n in labels.values) / labels.pixels)] = 1
    return Totals(
        pairs=1,
        images=int(image is not None),
        masks=int(record.mask is not None),
        length=sum(file.length for file in files),
        decoded=int(picture is not None),
        labelled=int(labels is not None),
        aligned=int(record.alignment is not None),
        tallies=tallied(record, declared),
        values=values,
        sizes={f"{image.size[1]}x{image.size[0]}": 1} if image is not None and image.stored[0] else {},
        modes=modes,
        pixels=picture.pixels if picture is not None else 0,
        sums=tuple(picture.sums[c] for c in channels) if picture is not None else (0, 0, 0),
        squares=tuple(picture.squares[c] for c in channels) if picture is not None else (0, 0, 0),
        histogram=tuple(picture.histogram[c] for c in channels) if picture is not None else (),
        foreground=foreground,
        digests={image.digest: Tally(1, ((0.0, image.name),))} if image and image.digest and not _even(picture) else {},
        likenesses={picture.likeness: Tally(1, ((0.0, image.name),))} if picture and image and picture.likeness else {},
    )


def _even(picture: PictureNumbers | None) -> bool:
    """Return whether a picture was decoded and is one tone: all empty slices of a scan are alike."""
    if picture is None:
        return False
    return all(q * picture.pixels == s * s for s, q in zip(picture.sums, picture.squares, strict=True))


def _halvings(share: float) -> int:
    """Return how often 1 must be halved to come down to a share: 0 for a half and more, at most 20."""
    count = 0
    while share <= 0.5 and count < 20:
        share, count = share * 2, count + 1
    return count


def _joined(
    first: Mapping[K, V], second: Mapping[K, V], join: Callable[[V, V], V], most: int | None = None
) -> dict[K, V]:
    """Return both tables joined key by key, at most so many of the smallest keys kept."""
    if len(first) < len(second):
        first, second = second, first
    joined = dict(first)
    for key, value in second.items():
        joined[key] = join(joined[key], value) if key in joined else value
    return joined if most is None or len(joined) <= most else {key: joined[key] for key in sorted(joined)[:most]}


def _few_shifts(tallies: dict[str, Tally]) -> dict[str, Tally]:
    """Return the tallies with few of the many places that masks are shifted to at random."""
    shifts = [name for name in tallies if name.startswith(_SHIFTED)]
    if len(shifts) > SHIFTS:
        for name in sorted(shifts)[SHIFTS:]:
            del tallies[name]
    return tallies


def _added(first: int, second: int) -> int:
    return first + second


def _counts(first: Count, second: Count) -> Count:
    return Count(first.masks + second.masks, first.pixels + second.pixels)


def _tallies(first: Tally, second: Tally) -> Tally:
    worst = sorted({*first.worst, *second.worst}, key=lambda pair: (-pair[0], pair[1]))[:WORST]
    return Tally(first.count + second.count, tuple(worst))


def _each(first: tuple[int, ...], second: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(a + b for a, b in zip(first, second, strict=True))


def _histograms(first: tuple[tuple[int, ...], ...], second: tuple[tuple[int, ...], ...]) -> tuple[tuple[int, ...], ...]:
    if not first or not second:
        return first or second
    return tuple(_each(a, b) for a, b in zip(first, second, strict=True))
