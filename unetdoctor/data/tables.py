"""Tables of pairs: CSV and TSV with or without a header, lists of paths; also what comes in on standard input."""

import csv
import io
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from typing import NamedTuple

from unetdoctor.data import files, names, remote
from unetdoctor.data.files import File, SourceError, is_url, joined, reason_of, stamped

SUFFIXES = (".csv", ".tsv", ".txt", ".lst")
IMAGE_COLUMNS = (
    *("image", "images", "img", "image_path", "img_path", "imagepath", "image_file", "image_filename", "image_name"),
    *("input", "photo", "picture", "path", "file", "filename", "file_name", "filepath", "file_path", "name", "x"),
)
MASK_COLUMNS = (
    *("mask", "masks", "msk", "mask_path", "maskpath", "mask_file", "mask_filename", "mask_name", "label"),
    *("label_path", "labels", "annotation", "annotation_path", "target", "target_path", "gt", "gt_path"),
    *("ground_truth", "segmentation", "seg", "seg_path", "y"),
)
_DELIMITERS = ",;\t|"
_LONGEST_FIELD = 32_768


class Row(NamedTuple):
    """One line of a table."""

    image: File | None
    """The image, also where it is not there; None where the field is empty."""
    mask: File | None
    """The mask, likewise."""


def is_table(name: str) -> bool:
    """Return whether a name is that of a table or list."""
    return names.suffix(name) in SUFFIXES


def rows(table: str) -> Iterator[Row]:
    """Yield the rows of a table; relative paths lie beside the table, else in the working directory.

    Raises SourceError where it cannot be read, or where no column holds paths.
    """
    with _opened(table) as stream:
        yield from _rows(stream, table, table.rpartition("/")[0])


def listed(lines: Iterable[str]) -> Iterator[Row]:
    r"""Yield the rows of a list of paths, one a line, a mask behind a tab; or as of `find -print0`."""
    yield from _rows(chain.from_iterable(_split(line) for line in lines), "standard input", "")


def _split(line: str) -> list[str]:
    return line.split("\0") if "\0" in line else [line]


@contextmanager
def _opened(table: str) -> Iterator[Iterable[str]]:
    try:
        if is_url(table):
            with remote.opened(table) as raw:
                yield io.TextIOWrapper(raw, "utf-8-sig", "surrogateescape", newline="")
        else:
            with open(table, encoding="utf-8-sig", errors="surrogateescape", newline="") as stream:  # noqa: PTH123
                yield stream
    except OSError as error:
        raise SourceError(f"{table} cannot be read: {reason_of(error)}.") from None
    except files.ReadError as error:
        raise SourceError(f"{table} cannot be read: {error}.") from None


def _rows(lines: Iterable[str], table: str, folder: str) -> Iterator[Row]:
    lines = (line for line in lines if line.strip())
    first = list(islice(lines, 1))
    if not first:
        raise SourceError(f"{table} is empty; expected a path of an image in every line, and of its mask behind it.")
    if first[0].startswith("\0") or "\0" in first[0]:
        raise SourceError(f"{table} is no table: its first line holds bytes of zero.")
    delimiter = _delimiter(first[0])
    reader = csv.reader(chain(first, lines), delimiter=delimiter, strict=False)
    csv.field_size_limit(_LONGEST_FIELD)
    try:
        head = next(reader)
        image, mask, is_header = _columns(head, table)
        for fields in reader if is_header else chain([head], reader):
            yield Row(_found(fields, image, folder), _found(fields, mask, folder))
    except csv.Error as error:
        raise SourceError(f"{table}: line {reader.line_num} cannot be read: {error}.") from None


def _delimiter(line: str) -> str:
    """Return what separates the fields of a first line: the sign that it holds most often, else the tab."""
    counts = {sign: line.count(sign) for sign in _DELIMITERS}
    most = max(counts, key=lambda sign: counts[sign])
    return most if counts[most] else "\t"


def _columns(head: Sequence[str], table: str) -> tuple[int, int | None, bool]:
    """Return which columns hold images and masks, and whether the first line is a header."""
    found = [name.strip().casefold().replace(" ", "_") for name in head]
    if any(names.is_picture(name) for name in found):
        paths = [i for i, name in enumerate(found) if names.is_picture(name)]
        return paths[0], paths[1] if len(paths) > 1 else None, False
    mask = next((found.index(name) for name in MASK_COLUMNS if name in found), None)
    image = next((found.index(name) for name in IMAGE_COLUMNS if name in found and found.index(name) != mask), None)
    if image is None:
        shown = ", ".join(name.strip() for name in head[:8])
        raise SourceError(
            f"{table} has no column that names images; expected one called image (and one called mask), found: {shown}."
        )
    return image, mask, True


def _found(fields: Sequence[str], column: int | None, folder: str) -> File | None:
    text = fields[column].strip() if column is not None and column < len(fields) else ""
    if not text:
        return None
    if is_url(text):
        return File(text)
    if is_url(folder):
        return File(joined(folder, text.replace("\\", "/").removeprefix("./")))
    spelled = [text] if os.sep == "\\" or "\\" not in text else [text, text.replace("\\", "/")]
    places = [joined(folder, name) for name in spelled] + spelled
    return _of_disk(places)


def _of_disk(places: Sequence[str]) -> File:
    """Return the first place at which there is something; what it is, is found out when it is read."""
    for place in places:
        try:
            return stamped(place, os.stat(place))  # noqa: PTH116 - one call for each of millions of files
        except (OSError, ValueError):
            continue
    return File(places[0])
