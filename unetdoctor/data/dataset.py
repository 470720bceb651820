"""Totals to what checks read: twins are found among the kept hashes, and the hashes are left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from unetdoctor.data.pair import split_of
from unetdoctor.facts.dataset import Dataset, Declared, Tally, Totals, Twins

GROUPS = 8
"""Groups of twins that are kept."""


def dataset_of(totals: Totals, declared: Declared) -> Dataset:
    """Return the data set as checks see it."""
    equal = _twins(totals.digests, equal=True)
    known = {name for group in equal for name in group.names}
    alike = [group for group in _twins(totals.likenesses, equal=False) if not known >= set(group.names)]
    groups = sorted([*equal, *alike], key=lambda group: (len(group.splits) < 2, not group.equal, -group.count))
    return Dataset(
        declared=declared,
        totals=replace(totals, digests={}, likenesses={}),
        twins=tuple(groups[:GROUPS]),
        twin_groups=len(groups),
        leaks=sum(len(group.splits) > 1 for group in groups),
        hashed=sum(tally.count for tally in totals.digests.values()),
    )


def _twins(hashes: Mapping[str, Tally], *, equal: bool) -> list[Twins]:
    found = []
    for key in sorted(hashes):
        tally = hashes[key]
        if tally.count > 1:
            splits = {split_of(name) for name in tally.examples} - {""}
            found.append(Twins(equal, tally.count, tally.examples, tuple(sorted(splits))))
    return found
