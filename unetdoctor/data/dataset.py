"""Totals to what checks read: twins are found among the kept hashes, and the hashes are left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from unetdoctor.data.masks import IGNORE
from unetdoctor.data.pair import split_of
from unetdoctor.data.palettes import VOC_CLASSES, VOID, pack, unpacked, voc, well_known
from unetdoctor.facts.dataset import Colour, Dataset, Declared, Tally, Totals, Twins
from unetdoctor.facts.pair import Coding

COLOURS = 24
"""Colours of masks that are kept with their ids."""
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
        colours=_colours(totals),
        twins=tuple(groups[:GROUPS]),
        copies=sum(group.count - 1 for group in equal),
        leaks=sum(len(group.splits) > 1 for group in groups),
        hashed=sum(tally.count for tally in totals.digests.values()),
    )


def _colours(totals: Totals) -> tuple[tuple[Colour, int], ...]:
    """Return the colours of masks with their ids."""
    seen = sorted(totals.values.get(Coding.COLOURS, {}))[:COLOURS]
    ids = {colour: index for index, colour in enumerate(seen)}
    for name, known in well_known().items():
        if seen and set(seen) <= {pack(colour) for colour in known}:
            own = voc(VOC_CLASSES) if name == "voc" else known[:-1]
            ids = {pack(VOID[name]): IGNORE, **{pack(colour): index for index, colour in enumerate(own)}}
            break
    return tuple((unpacked(colour), ids[colour]) for colour in seen)


def _twins(hashes: Mapping[str, Tally], *, equal: bool) -> list[Twins]:
    found = []
    for key in sorted(hashes):
        tally = hashes[key]
        if tally.count > 1:
            splits = {split_of(name) for name in tally.examples} - {""}
            found.append(Twins(equal, tally.count, tally.examples, tuple(sorted(splits))))
    return found
