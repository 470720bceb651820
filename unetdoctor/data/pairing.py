"""Which mask belongs to which image: matched by name, in a fixed order, nothing left out.

Names are matched within a folder (`images/train/a.jpg` and `masks/train/a.png` both lie in `train`). The first rule
that finds a partner decides: the same stem; the same in lower case; the mask's without `_mask`, `_gt` ...; both without
such words. Only where that finds no pair at all are the folders left aside. Where two masks fit one image equally well
nothing is guessed: the image stands alone, with its rivals. A table of pairs is taken as it is.
"""

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from hashlib import blake2b
from itertools import chain
from shlex import quote
from typing import NamedTuple, Self

from unetdoctor.data import beside, matching, sources, tables
from unetdoctor.data.files import File, SourceError, Trouble, is_url
from unetdoctor.data.listing import FILE_COLUMNS, IMAGE, MASK, Listing, stored_file, to_bytes, to_text
from unetdoctor.data.sources import STANDARD_INPUT, SourceKind, kind_of_source, local

MOST_AMBIGUOUS = 20
"""Images that are named where it is not clear which mask is theirs."""
MOST_RIVALS = 5
"""Masks that are named where several fit one image."""


class Pair(NamedTuple):
    """An image and its mask, or one of them alone."""

    image: File | None
    """The image; None for a mask without one."""
    mask: File | None
    """Its mask; None where there is none, or several."""
    rivals: tuple[str, ...] = ()
    """The masks that fit this image equally well, where there are several."""


class Pairing:
    """All pairs of a request; close it (or use it in a `with`) to remove what it keeps on disk."""

    def __init__(self, listing: Listing, masks_from: str) -> None:
        self._listing = listing
        self.has_masks = listing.count(MASK) > 0
        """Whether there are masks at all; without them an image alone is no fault."""
        self.masks_from = masks_from
        """Where masks were found that nobody named, in words; empty where they were named, or there are none."""

    def __enter__(self) -> Self:
        """Return the pairing itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Remove what it keeps on disk."""
        self.close()

    def close(self) -> None:
        """Remove what it keeps on disk; closing twice does no harm."""
        self._listing.close()

    def __len__(self) -> int:
        """Return the number of pairs, lone images and lone masks."""
        return int(self._listing.base.execute("SELECT COUNT(*) FROM pairs").fetchone()[0])

    def pairs(self, first: int = 0, count: int = -1) -> Generator[Pair, None, None]:
        """Yield the pairs in their order: `count` of them (all, where negative) from number `first` on."""
        rows = self._listing.base.execute(
            f"SELECT {FILE_COLUMNS.format('i')}, {FILE_COLUMNS.format('m')}, p.rivals FROM pairs p "
            "LEFT JOIN files i ON i.id = p.image LEFT JOIN files m ON m.id = p.mask "
            "WHERE p.number > ? ORDER BY p.number LIMIT ?",
            (first, count),
        )
        with closing(rows):
            for row in rows:
                yield Pair(stored_file(row[:5]), stored_file(row[5:10]), self._named(row[10]))

    def ambiguous(self) -> tuple[int, tuple[str, ...]]:
        """Return how many images have several masks that fit, or share one with others, and some of them in words."""
        base, words = self._listing.base, list[str]()
        count = 0
        for number, rivals in base.execute("SELECT number, rivals FROM pairs WHERE rivals IS NOT NULL ORDER BY number"):
            count += 1
            if len(words) < MOST_AMBIGUOUS and (pair := next(self.pairs(number - 1, 1))).image is not None:
                words.append(f"{pair.image.address} has several masks: {', '.join(self._named(rivals))}")
        shared = base.execute(
            "SELECT mask FROM pairs WHERE image NOTNULL AND mask NOTNULL GROUP BY mask HAVING COUNT(*) > 1"
        )
        for (mask,) in shared.fetchmany(MOST_AMBIGUOUS):
            names = base.execute(
                "SELECT f.address FROM pairs p JOIN files f ON f.id = p.image OR f.id = p.mask WHERE p.mask = ? "
                f"GROUP BY f.id ORDER BY f.role DESC, f.address LIMIT {MOST_RIVALS}",
                (mask,),
            )
            first, *others = (to_text(address) for (address,) in names)
            count += len(others)
            words.append(f"{first} is the mask of several images: {', '.join(others)}")
        return count, tuple(words)

    def troubles(self) -> Iterator[Trouble]:
        """Yield what could not be listed, in the order of the addresses."""
        return self._listing.troubles()

    def others(self) -> dict[str, tuple[int, str]]:
        """Return how many files are no pictures by their ending, with an example: `{".txt": (3, "notes.txt")}`."""
        return self._listing.others()

    def find(self, name: str) -> Pair | None:
        """Return the pair of an image or a mask; None where there is none of that name."""
        row = self._listing.base.execute(
            "SELECT p.number FROM files f JOIN pairs p ON p.image = f.id OR p.mask = f.id WHERE f.address = ? LIMIT 1",
            (to_bytes(name),),
        ).fetchone()
        return next(self.pairs(row[0] - 1, 1), None) if row else None

    def fingerprint(self) -> str:
        """Return a digest of every file with its size and last change: equal where nothing was touched."""
        digest = blake2b(digest_size=16)
        for pair in self.pairs():
            for file in (pair.image, pair.mask):
                told = b"" if file is None else to_bytes(f"{file.address}\0{file.size}\0{file.stamp}")
                digest.update(told + b"\n")
        return digest.hexdigest()

    def _named(self, rivals: str | None) -> tuple[str, ...]:
        if not rivals:
            return ()
        rows = self._listing.base.execute(
            f"SELECT address FROM files WHERE id IN ({rivals}) ORDER BY address LIMIT {MOST_RIVALS}"
        )
        return tuple(to_text(address) for (address,) in rows)


def paired(
    images: str | Sequence[str],
    masks: str | Sequence[str] = (),
    *,
    lines: Iterable[str] = (),
    sample: int = 0,
    seed: int = 0,
) -> Pairing:
    """Return the pairs of sources; masks that are not named are looked for beside the images.

    `lines` is what the source `-` holds. `sample` keeps so many pairs, drawn by `seed`. Raises SourceError where a
    source cannot be read, holds nothing, or where masks may lie in several places.
    """
    images, masks = _several(images), _several(masks)
    listing = Listing()
    try:
        masks_from = _fill(listing, images, masks, lines)
        if sample:
            matching.sample(listing, sample, seed)
        return Pairing(listing, masks_from)
    except BaseException:
        listing.close()
        raise


def _several(source: str | Sequence[str]) -> list[str]:
    return [local(text) for text in ([source] if isinstance(source, str) else source) if text]


def _fill(listing: Listing, images: list[str], masks: list[str], lines: Iterable[str]) -> str:
    kinds, mask_kinds = [kind_of_source(text) for text in images], [kind_of_source(text) for text in masks]
    if SourceKind.TABLE in kinds:
        if len(kinds) > 1 or SourceKind.TABLE in mask_kinds:
            raise SourceError(f"{images[0]} is a table: give it alone, or with masks that are a folder or a pattern.")
        if _fill_from_table(listing, images[0], lines, named=bool(masks)):
            return ""
    else:
        _add(listing, IMAGE, images)
    _add(listing, MASK, masks)
    if not masks:
        return _fill_from_beside(listing, images, kinds)
    listing.drop_images_that_are_masks()
    if kinds == mask_kinds == [SourceKind.FILE]:
        listing.pair(listing.first(IMAGE), listing.first(MASK))
    else:
        _match(listing, kinds)
    return ""


def _match(listing: Listing, kinds: Sequence[SourceKind]) -> None:
    """Pair by name; beside single files, masks of other images are of no interest."""
    matching.match(listing)
    matching.number_pairs(listing, with_lone_masks=set(kinds) != {SourceKind.FILE})


def _add(listing: Listing, role: int, given: Sequence[str]) -> None:
    before = listing.count(role)
    listing.add(role, chain.from_iterable(sources.files(text, listing.spool) for text in given))
    if given and listing.count(role) == before:
        raise SourceError(_nothing(listing, given))


def _nothing(listing: Listing, given: Sequence[str]) -> str:
    """Return what to say of sources without a picture."""
    shown = " and ".join(given)
    trouble = next(listing.troubles(), None)
    if trouble is not None:
        return f"{shown} holds no picture that can be read; {trouble.address}: {trouble.reason}."
    others = listing.others()
    if not others:
        return (
            f"{shown} is empty."
            if len(given) == 1 and kind_of_source(given[0]) is SourceKind.FOLDER
            else (f"No picture matches {shown}.")
        )
    if len(given) == 1 and kind_of_source(given[0]) is SourceKind.FILE:
        return f"{shown} is no picture by its ending, and no table (.csv, .tsv, .txt) and no archive (.tar) either."
    count = sum(number for number, _ in others.values())
    example = next(iter(others.values()))[1]
    return f"{shown} holds no picture: {count} file{'s' * (count != 1)} of other kinds, such as {example}."


def _fill_from_table(listing: Listing, table: str, lines: Iterable[str], *, named: bool) -> bool:
    """Take in a table and return whether it names the pairs; one of images alone leaves them to be matched."""
    rows = tables.listed(lines) if table == STANDARD_INPUT else tables.rows(table)
    count = with_masks = missing = 0
    first = ""
    with listing.transaction():
        for row in rows:
            listing.pair(*(_added(listing, role, file) for role, file in ((IMAGE, row.image), (MASK, row.mask))))
            count += 1
            with_masks += row.mask is not None
            if row.image is not None and not row.image.stamp and not is_url(row.image.address):
                missing += 1
                first = first or row.image.address
    if not count:
        raise SourceError(f"{table} has a header and no rows.")
    if missing == count:
        raise SourceError(f"{table}: none of its {count:,} images is there; the first is {first}.")
    if with_masks and named:
        raise SourceError(f"{table} names masks itself; leave MASKS out.")
    if not with_masks:
        listing.unpair()
    return with_masks > 0


def _added(listing: Listing, role: int, file: File | None) -> int | None:
    if file is None:
        return None
    listing.add_file(role, file, file.address)
    return listing.number_of(role, file)


def _fill_from_beside(listing: Listing, images: Sequence[str], kinds: Sequence[SourceKind]) -> str:
    """Find masks among the images by their names, else in a folder beside; returns where, in words."""
    listing.split_by_name()
    if listing.count(IMAGE) and listing.count(MASK) and matching.match(listing):
        matching.number_pairs(listing)
        return "found among the images by their names"
    listing.join()
    if SourceKind.TABLE not in kinds:
        for source in images:
            if found := _beside(listing, source, images):
                _match(listing, kinds)
                return found
    _match(listing, kinds)
    return ""


def _beside(listing: Listing, source: str, images: Sequence[str]) -> str:
    """Take in the masks beside a source and return where they lie; raises SourceError where that is not clear."""
    if kind_of_source(source) is SourceKind.ARCHIVE:
        return ""
    found = beside.mask_folders(source)
    if len(found) > 1:
        given = " ".join(quote(text) for text in images)
        raise SourceError(
            f"The masks of {source} may lie in {' or '.join(found)}; say which.",
            tuple(f"unetdoctor audit {given} {quote(folder)}" for folder in found),
        )
    listing.add(MASK, sources.files(found[0], listing.spool) if found else beside.marked_neighbours(source))
    if not listing.count(MASK):
        return ""
    return f"found in {found[0]}" if found else "found beside the image by its name"
