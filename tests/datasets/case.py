"""What a made data set is: how to make its pairs, what a person says of it, and what is to be found."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from unetdoctor.data.pair import audit_pair
from unetdoctor.data.totals import totals_of
from unetdoctor.facts import Declared, Report
from unetdoctor.pipeline.audit import audited

PAIRS = 30
"""Pairs of each data set."""


@dataclass(frozen=True)
class Files:
    """One pair as the bytes of its files."""

    image: bytes | None
    """The picture."""
    mask: bytes | None
    """The mask."""
    image_name: str = "images/{:03d}.png"
    """Name of the picture; braces stand for its number."""
    mask_name: str = "masks/{:03d}.png"
    """Name of the mask."""


NOTHING = Declared()
"""A person who says nothing."""
Make = Callable[[np.random.Generator, int], Files]


@dataclass(frozen=True)
class Case:
    """One data set."""

    name: str
    """What is wrong with it, or how it is coded."""
    make: Make
    """One pair of it."""
    code: str = ""
    """Code of its fault; empty for a sound set."""
    words: str = ""
    """What the message must say."""
    recipe: int | None = None
    """Number of the recipe."""
    declared: Declared = NOTHING
    """What a person says of it."""
    pairs: int = PAIRS
    """How many pairs it has."""


def audit(case: Case, seed: int = 0) -> Report:
    """Make a data set and audit it."""
    rng = np.random.default_rng(seed)
    records = []
    for number in range(case.pairs):
        files = case.make(rng, 1000 * seed + number)
        names = {"image_name": files.image_name.format(number), "mask_name": files.mask_name.format(number)}
        records.append(audit_pair(files.image, files.mask, case.declared, **names))
    return audited(totals_of(records, case.declared), case.declared, case.name)


def is_found(case: Case, report: Report) -> bool:
    """Return whether the first diagnosis is the fault of this case, in its words."""
    first = report.diagnoses[0] if report.diagnoses else None
    return first is not None and first.code == case.code and case.words in first.message
