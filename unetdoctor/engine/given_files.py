"""The pictures and masks that a person gave beside a model, read as files: what the checks of data are told."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from unetdoctor.data.dataset import dataset_of
from unetdoctor.data.decoding import UnreadableError, regular_file
from unetdoctor.data.pair import audit_pair
from unetdoctor.data.totals import totals_of
from unetdoctor.engine.painting import choice, classes_of
from unetdoctor.engine.truths import declared_of
from unetdoctor.facts import Dataset, Declared, PairRecord, Task

if TYPE_CHECKING:
    from unetdoctor.engine.examination import Examination

TWO = 2
"""Classes up to which masks of 0 and 255 are how a binary task is usually stored."""


def given_data(examination: Examination) -> Dataset | None:
    """Return what the given pairs of files hold; None where no mask was given."""
    request = examination.request
    if not any(request.masks):
        return None
    directory = Path(request.directory)
    declared = declared_of(request.intent, directory)
    binary = declared.classes is not None and declared.classes <= TWO
    if binary or _draws_two(examination):
        declared = replace(declared, task=Task.BINARY, classes=None)
    pairs = tuple(zip(request.images, request.masks, strict=False))
    return _read(directory, pairs, declared)


def _draws_two(examination: Examination) -> bool:
    """Whether two classes are told apart: by a threshold, or by as many scores."""
    main = examination.main
    chosen = choice(main.tape, main.drawing) if main.drawing is not None else None
    if chosen is not None:
        return classes_of(main.tape, chosen) <= TWO
    return main.output is not None and main.output.dim() > 1 and main.output.shape[1] <= TWO


@lru_cache(maxsize=4)
def _read(directory: Path, pairs: tuple[tuple[str, str], ...], declared: Declared) -> Dataset:
    records = [_record(directory, image, mask, declared) for image, mask in pairs]
    return dataset_of(totals_of(records, declared), declared)


def _record(directory: Path, image: str, mask: str, declared: Declared) -> PairRecord:
    contents = _content(directory, image), _content(directory, mask)
    return audit_pair(contents[0], contents[1], declared, image_name=image, mask_name=mask, wants_mask=False)


def _content(directory: Path, name: str) -> bytes | UnreadableError | None:
    if not name:
        return None
    try:
        return regular_file(directory / name).read_bytes()
    except UnreadableError as error:
        return error
