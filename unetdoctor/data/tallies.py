"""What is counted of one record, by name: the vocabulary between totals and checks."""

from __future__ import annotations

from collections.abc import Iterator

from unetdoctor.data.masks import IGNORE
from unetdoctor.facts.dataset import Declared, Tally
from unetdoctor.facts.intent import Task
from unetdoctor.facts.pair import Alignment, Coding, Family, FileFacts, LabelNumbers, PairRecord, PictureNumbers
from unetdoctor.facts.seen import Seen, named

STRIPS = 0.6
"""Share of the steps by several ids that lead through a strip. Interpolated: .7-1, rarely .47; sound: 0."""
LARGE = 63
"""Ids beyond it alone are not those of a data set whose other masks hold a few small ones."""
DULL = 4.0
"""Mean chroma in 8-bit levels under which a colour picture counts as almost without colour."""
SAME_FORM = 0.02
"""Relative difference of two aspect ratios up to which they are equal: rounding of a resized mask."""
_LOSSY = ("JPEG",)
_WHOLE = (Coding.GREY, Coding.PALETTE, Coding.BITS, Coding.GREY_AS_COLOUR, Coding.ARRAY, Coding.ONE_HOT, Coding.FLOATS)


def tallied(record: PairRecord, declared: Declared) -> dict[str, Tally]:
    """Return a tally of one for everything that holds for this record."""
    seen: dict[str, Tally] = {}
    for name, score, example in _seen(record, declared):
        seen[name] = Tally(1, ((float(f"{score:.4g}"), example),))
    return seen


def _seen(record: PairRecord, declared: Declared) -> Iterator[tuple[str, float, str]]:
    """Yield (name, how bad, file) for everything that holds."""
    for role, file in (("image", record.image), ("mask", record.mask)):
        if file is not None:
            yield from ((named(role, kind), 0.0, file.name) for kind in _of_file(file))
    image, mask = record.image, record.mask
    if image is not None and mask is None and record.wants_mask:
        yield Seen.NO_MASK, 0.0, image.name
    if mask is not None and image is None:
        yield Seen.NO_IMAGE, 0.0, mask.name
    if image is not None and mask is not None and image.fault is None and mask.fault is None:
        yield from ((kind, score, mask.name) for kind, score in _of_sizes(image, mask))
    if record.labels is not None and mask is not None:
        labels = record.labels
        yield named("coding", labels.coding), 0.0, mask.name
        yield from ((kind, score, mask.name) for kind, score in _of_labels(labels, mask, declared))
    if record.picture is not None and image is not None:
        yield from ((kind, score, image.name) for kind, score in _of_picture(record.picture))
    if record.alignment is not None:
        alignment = record.alignment
        kind = Seen.PLACED if alignment.best == "as stored" else Seen.MISPLACED
        yield kind, alignment.gain, record.name
        yield named("placement", _placement(alignment)), alignment.gain, record.name


def _placement(alignment: Alignment) -> str:
    down, right = alignment.shift
    return f"{alignment.best} by {down} down and {right} right" if down or right else alignment.best


def _of_file(file: FileFacts) -> Iterator[str]:
    if file.fault is not None:
        yield file.fault
    yield from file.oddities


def _of_sizes(image: FileFacts, mask: FileFacts) -> Iterator[tuple[str, float]]:
    if image.size == mask.size:
        if image.orientation != mask.orientation:
            yield Seen.TURNED, 0.0
        return
    (height, width), (rows, columns) = image.size, mask.size
    if image.stored == mask.size:
        yield Seen.TURNED_SIZE, 0.0
    elif image.size == (columns, rows):
        yield Seen.TRANSPOSED, 0.0
    elif abs(width * rows / (height * columns) - 1) <= max(SAME_FORM, 1.5 / min(image.size + mask.size)):
        yield Seen.SIZE, max(height / rows, rows / height)
    else:
        yield Seen.FORM, max(height / rows, rows / height, width / columns, columns / width)


def _of_labels(labels: LabelNumbers, mask: FileFacts, declared: Declared) -> Iterator[tuple[str, float]]:
    if mask.format in _LOSSY:
        yield Seen.LOSSY, float(labels.distinct)
    if labels.between >= STRIPS:
        yield Seen.STRIPS, labels.between
    if labels.family is Family.ONE_VALUE and labels.coding is not Coding.COLOURS:
        yield (Seen.BACKGROUND if labels.values[0][0] == 0 else Seen.FOREGROUND), 0.0
    if labels.blurred:
        yield Seen.BLURRED_LOSSY if mask.format in _LOSSY else Seen.BLURRED, labels.blurred
    if labels.blurred or labels.coding is Coding.ALPHA:
        return
    yield named("family", labels.family), 0.0
    if labels.unknown > 0:
        yield Seen.UNKNOWN, labels.unknown
    suffix = "" if labels.coding is Coding.COLOURS else " as grey"
    yield from ((named("palette", name + suffix), 0.0) for name in labels.palettes)
    if labels.coding in _WHOLE and labels.family not in (Family.FRACTIONS, Family.MANY):
        yield from _of_ids(labels, declared)


def _of_ids(labels: LabelNumbers, declared: Declared) -> Iterator[tuple[str, float]]:
    ignored = declared.ignore_index
    held = {value: count for value, count in labels.values if value != ignored}
    if held and 0 not in held:
        yield Seen.NO_ZERO, 0.0
    if labels.family is Family.IDS and min((v for v in held if v > 0), default=0) > LARGE:
        yield Seen.FAR, max(held)
    if declared.classes is None:
        binary = declared.task is Task.BINARY and ignored is None
        if binary and labels.family is Family.IDS_AND_255 and held.keys() <= {0, 1, IGNORE}:
            yield Seen.VOID, held[IGNORE] / labels.pixels
        return
    beyond = {v: n for v, n in held.items() if v < 0 or v >= max(declared.classes, 2)}
    if set(beyond) == {IGNORE} and ignored is None and labels.family is Family.IDS_AND_255:
        yield Seen.VOID, beyond[IGNORE] / labels.pixels
    elif beyond:
        yield Seen.OUTSIDE, sum(beyond.values()) / labels.pixels


def _of_picture(picture: PictureNumbers) -> Iterator[tuple[str, float]]:
    if picture.grey:
        yield Seen.GREY_PICTURE, 0.0
    elif len(picture.sums) == 3 and picture.chroma < DULL:
        yield Seen.DULL_PICTURE, -picture.chroma
