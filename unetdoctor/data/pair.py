"""One pair in, one record out: the function that a pool or a cluster maps over a data set."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from unetdoctor.data import labels as label_numbers
from unetdoctor.data import picture as picture_numbers
from unetdoctor.data.alignment import Grid, alignment_of
from unetdoctor.data.decoding import UnreadableError
from unetdoctor.data.header import Opened, broken, opened_file, unread
from unetdoctor.data.masks import RawMask, raw_mask
from unetdoctor.data.tallies import SAME_FORM
from unetdoctor.facts.dataset import Declared
from unetdoctor.facts.intent import Task
from unetdoctor.facts.pair import Alignment, FileFacts, LabelNumbers, PairRecord, PictureNumbers

SPLITS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "test": "test",
    "testing": "test",
}
"""Folder and file name parts that say which part of the data a file belongs to."""

T = TypeVar("T")
Content = bytes | UnreadableError | None


def audit_pair(
    image: Content,
    mask: Content,
    declared: Declared,
    *,
    image_name: str = "",
    mask_name: str = "",
    name: str = "",
    wants_mask: bool = True,
) -> PairRecord:
    """Return everything that is read of a picture and its mask, given as the bytes of their files; raises nothing.

    None stands for a file that there is none of, an UnreadableError for one that could not be fetched.
    """
    name = name or image_name or mask_name
    image_facts, seen = _read(image, image_name, lambda opened: _picture(opened, image_name, declared))
    if isinstance(image, bytes) and image_facts is not None and seen is None and image_facts.fault is None:
        image_facts = _whole(image_facts, image)
    mask_facts, raw = _read(mask, mask_name, raw_mask)
    picture, grid = seen or (None, None)
    return PairRecord(
        name=name,
        split=split_of(image_name or mask_name),
        image=image_facts,
        mask=mask_facts,
        wants_mask=wants_mask,
        picture=picture,
        labels=_labels(raw, declared),
        alignment=_alignment(grid, raw, image_facts) if not declared.task.is_picture else None,
    )


def _read(content: Content, name: str, measure: Callable[[Opened], T]) -> tuple[FileFacts | None, T | None]:
    """Return what is known of a file and what was measured of it; the first None where there is no file."""
    if content is None:
        return None, None
    if isinstance(content, UnreadableError):
        return unread(b"", name, content), None
    try:
        with opened_file(content, name) as opened:
            return opened.facts, measure(opened)
    except UnreadableError as error:
        return unread(content, name, error), None


def _picture(opened: Opened, name: str, declared: Declared) -> tuple[PictureNumbers, Grid] | None:
    if not is_decoded(name, declared.decoded):
        return None
    return picture_numbers.numbers_of(opened)


def _alignment(grid: Grid | None, raw: RawMask | None, image: FileFacts | None) -> Alignment | None:
    """Return how a mask lies on its picture; None where their forms differ, which is said by itself."""
    if grid is None or raw is None or image is None:
        return None
    (height, width), (rows, columns) = image.size, raw.values.shape
    same = abs(width * rows / (height * columns) - 1) <= SAME_FORM
    return alignment_of(grid, raw.values) if same else None


def is_decoded(name: str, share: float) -> bool:
    """Return whether a picture is among the share that is decoded: by its name, so that it is always the same."""
    return share >= 1 or zlib.crc32(name.encode("utf-8", "surrogateescape")) < share * 2**32


def _whole(facts: FileFacts, data: bytes) -> FileFacts:
    wrong = broken(data, facts.format)
    return facts if wrong is None else replace(facts, fault=wrong[0], reason=f"{facts.name} is damaged: {wrong[1]}.")


def _labels(raw: RawMask | None, declared: Declared) -> LabelNumbers | None:
    if raw is None or declared.task.is_picture or declared.task is Task.REGRESSION:
        return None
    return label_numbers.numbers_of(raw, declared)


def split_of(name: str) -> str:
    """Return `train`, `val` or `test` where a folder of the path or the beginning of its name says so, else nothing."""
    for part in reversed(re.split(r"[/\\]", name.lower())):
        word = re.split(r"[^a-z]", part, maxsplit=1)[0]
        if word in SPLITS:
            return SPLITS[word]
    return ""
