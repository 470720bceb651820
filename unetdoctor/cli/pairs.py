"""`--image` and `--mask`: files, folders, patterns or a table of pairs, as photographs and masks in one order."""

from collections.abc import Sequence
from pathlib import Path

from unetdoctor.cli.errors import RequestError

MOST = 32
"""Photographs that are fed at most; a data set is examined by `unetdoctor audit`."""
_TABLES = (".csv", ".tsv", ".txt", ".lst")

Named = tuple[str, ...]


def photographs(images: Named, masks: Named) -> tuple[Named, Named]:
    """Return the photographs and the mask of each, no masks where none are given; raises RequestError.

    As many files as masks belong together in the order in which they are given; everything else is paired by name.
    """
    if masks and not images:
        raise RequestError("--mask needs the photograph that it belongs to: --image PHOTO --mask MASK.")
    table = any(name.lower().endswith(_TABLES) for name in images)
    if not table and all(_is_plain(name) for name in (*images, *masks)) and len(masks) in (0, len(images)):
        return images, masks
    found = _paired(images, masks)
    wanted = bool(masks) or table
    chosen = [(image, mask) for image, mask in found if image and (mask or not wanted)][:MOST]
    if not chosen and table:
        chosen = [(image, "") for image, _ in found if image][:MOST]
    if not chosen:
        raise RequestError(_unpaired(found, images, masks))
    with_masks = wanted and any(mask for _, mask in chosen)
    return tuple(image for image, _ in chosen), tuple(mask for _, mask in chosen) if with_masks else ()


def _is_plain(name: str) -> bool:
    """Return whether a name is that of one file, there or not, and neither a folder, a pattern nor an address."""
    return "://" not in name and not any(sign in name for sign in "*?[") and not Path(name).is_dir()


def _paired(images: Sequence[str], masks: Sequence[str]) -> list[tuple[str, str]]:
    from unetdoctor.data.files import SourceError
    from unetdoctor.data.pairing import paired

    try:
        with paired(images, () if set(masks) == set(images) else masks) as pairing:
            pairs = [(pair.image, pair.mask) for pair in pairing.pairs(0, 100 * MOST)]
    except SourceError as error:
        raise RequestError(error.sentence) from None
    for file in (file for pair in pairs for file in pair if file is not None):
        if file.container or "://" in file.address:
            raise RequestError(f"{file.address} lies in an archive or behind an address; inspect reads files.")
    return [(i.address if i is not None else "", m.address if m is not None else "") for i, m in pairs]


def _unpaired(found: list[tuple[str, str]], images: Sequence[str], masks: Sequence[str]) -> str:
    image = next((x for x, _ in found if x), " ".join(images))
    mask = next((x for _, x in found if x), " ".join(masks))
    return (
        f"No mask of {' '.join(masks)} belongs to a photograph of {' '.join(images)} by its name, as {mask} to {image};"
        " expected the same stem, with _mask, _gt or _label behind it. A CSV with the columns image and mask says more."
    )
