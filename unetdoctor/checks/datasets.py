"""Questions about a data set that several checks ask."""

import re
from collections.abc import Iterable

from unetdoctor.facts import Coding, Count, Dataset, Place, Reading, Remedy, Seen, Tally, named

SHOWN = 3
"""Names that a message shows."""
IGNORE = 255
"""The id that data sets leave out by convention."""
STEP = 10.0
"""Distance of evenly spaced values from which they are grey levels of ids. 127.5, 85, 51: ids spread over 0..255; ids
that are left out of a list (0, 2, 4) lie nearer."""
SMALL = 63
"""Largest id of a usual list of classes."""
FEW_OF_ALL = 0.25
"""Share of the masks up to which those that are coded in another way are strays among the others."""
_SINGULAR = {
    "are": "is",
    "have": "has",
    "hold": "holds",
    "do": "does",
    "lie": "lies",
    "fit": "fits",
    "belong": "belongs",
    "change": "changes",
    "raise": "raises",
}
"""Verbs that begin what is said of files."""
_ONE = {
    "their pictures": "its picture",
    "asked for them": "asked for it",
    "no pictures": "no picture",
    "their borders": "its borders",
    "no regular files": "no regular file",
    "palette pictures": "a palette picture",
    "colour pictures": "a colour picture",
}
"""Nouns in what is said of files."""
ORDERED = tuple(coding for coding in Coding if coding not in (Coding.COLOURS, Coding.ALPHA))
"""Codings whose values are ids or meant to be."""


def tally(data: Dataset, name: str) -> Tally:
    """Return how many files something holds for."""
    return data.totals.tallies.get(name, Tally())


def share(part: int, whole: int) -> float:
    """Return a share in %; 0 of nothing."""
    return 100 * part / whole if whole else 0.0


def of(part: int, whole: int, what: str) -> str:
    """Return `12 of 300 masks (4 %)`, or `all 300 masks`."""
    if part == whole:
        return f"all {whole:,} {what}" if whole > 1 else f"the one {what.removesuffix('s')}"
    return f"{part:,} of {whole:,} {what} ({share(part, whole):.2g} %)"


def masks(data: Dataset, count: int) -> str:
    """Return how many masks, to begin a sentence with: `All 300 masks`."""
    return beginning(of(count, data.totals.labelled, "masks"))


def agreed(words: str, count: int) -> str:
    """Return what is said of files, in the singular for one: `fit their pictures`, `fits its picture`."""
    if count != 1:
        return words
    verb, _, rest = words.partition(" ")
    for several, one in _ONE.items():
        rest = rest.replace(several, one)
    return f"{_SINGULAR.get(verb, verb)} {rest}".rstrip()


def such_as(found: Tally) -> str:
    """Return a few names in brackets, the rest counted: ` (a.png, b.png and 4 more)`."""
    names = [_short(name) for name in found.examples[:SHOWN]]
    if not names:
        return ""
    more = found.count - len(names)
    return f" ({', '.join(names)}{f' and {more:,} more' if more > 0 else ''})"


def _short(name: str) -> str:
    return "".join(re.split(r"([/\\])", name)[-3:])


def placements(data: Dataset) -> dict[str, int]:
    """Return where masks would fit better than as they are stored, with how many of them."""
    prefix = named("placement", "")
    placed = {name.removeprefix(prefix): x.count for name, x in data.totals.tallies.items() if name.startswith(prefix)}
    return {name: count for name, count in placed.items() if name != "as stored"}


def lie_as_stored(data: Dataset) -> bool:
    """Return whether EXIF turns the pictures, and the masks fit them only before it does."""
    moved = placements(data)
    turned = bool(moved) and all(name.startswith("rotated") for name in moved)
    return turned and tally(data, Seen.TURNED).count >= sum(moved.values())


def place(found: Tally) -> Place:
    """Return the worst file."""
    return Place(file=found.examples[0] if found.examples else "")


def beginning(text: str) -> str:
    """Return a sentence with a capital letter in front."""
    return text[:1].upper() + text[1:]


def paste(code: str, title: str, patch: str, found: Tally) -> tuple[Remedy, ...]:
    """Return the one remedy of a fault in files: lines to paste into the code that reads them."""
    return (Remedy("structural", place(found), {}, title, patch, code),)


def portion(what: str, part: int, whole: int, upper: float = 0.0) -> list[Reading]:
    """Return the reading of a share of files, in %."""
    return [Reading(f"share of {what}", share(part, whole), "%", upper=upper)]


def held(data: Dataset) -> dict[int, Count]:
    """Return every value of the masks that are not colours, with how often it occurs."""
    found: dict[int, Count] = {}
    for coding in ORDERED:
        for value, count in data.totals.values.get(coding, {}).items():
            before = found.get(value, Count(0, 0))
            found[value] = Count(before.masks + count.masks, before.pixels + count.pixels)
    return dict(sorted(found.items()))


def step_of(values: Iterable[int]) -> float | None:
    """Return the distance of values that lie evenly apart, ids that were spread over the grey levels; else None."""
    found = sorted(values)
    if len(found) < 3 or found[0] != 0:
        return None
    step = found[-1] / (len(found) - 1)
    uneven = any(abs(value - index * step) > 1 for index, value in enumerate(found))
    return None if step < STEP or uneven else step


def strays(data: Dataset) -> dict[int, Count]:
    """Return the values of a few masks that hold nothing but large ones, while the others hold small ids 0..k."""
    found, values = tally(data, Seen.FAR).count, held(data)
    small = [value for value in values if value <= SMALL]
    few = 0 < found <= FEW_OF_ALL * data.totals.labelled
    if data.declared.classes is not None or not few or small != list(range(max(len(small), 2))):
        return {}
    return {value: count for value, count in values.items() if value > SMALL and value != IGNORE}


def listed(values: Iterable[int], most: int = 6) -> str:
    """Return numbers in a row, the middle of a long one left out: `0, 1, 2 ... 20`."""
    numbers = sorted(values)
    if len(numbers) <= most:
        return ", ".join(map(str, numbers))
    return f"{', '.join(map(str, numbers[: most - 2]))} ... {numbers[-1]}"
