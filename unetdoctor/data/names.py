"""What names say: whether a file is a picture, whether it is a mask, and which part of its name it shares."""

import re
from functools import lru_cache
from typing import NamedTuple

PICTURES = frozenset(
    ".png .jpg .jpeg .jpe .jfif .bmp .dib .tif .tiff .webp .gif .ppm .pgm .pbm .pnm .tga .jp2 .j2k .avif .ico".split()  # noqa: SIM905
)
"""Endings of picture files."""
ARRAYS = frozenset((".npy", ".npz"))
"""Endings of arrays that hold a picture."""

MASK_WORDS = (
    *("masks?", "msks?", "gt", "ground[_-]?truths?", "labels?", "lbls?", "segs?", "segm", "segmentations?"),
    *("annotations?", "annos?", "anns?", "trimaps?", "gtfine", "gtcoarse", "labelids", "labeltrainids"),
    *("instanceids", "manual[12]?", "1stho", "2ndho"),
)
"""What is added to a name to make it the mask's: `a_mask.png`, `a_gtFine_labelIds.png`, `21_manual1.gif`."""
WEAK_MASK_WORDS = ("l", "targets?", "mattes?", "alpha", "binary", "class(es)?", "ids?", "color")
"""The same, where there is an image of that name; by themselves they do not make a file a mask."""
IMAGE_WORDS = (
    *("images?", "imgs?", "photos?", "pictures?", "pics?", "rgb", "inputs?", "sat", "orig", "originals?"),
    *("leftimg8bit", "frames?", "raw", "training", "test"),
)
"""What is added to a name to make it the image's: `1_sat.jpg`, `a_leftImg8bit.png`."""
MASK_FOLDERS = (
    *("masks?", "msks?", "gts?", "ground[_-]?truths?", "labels?", "segs?", "segmentations?", "segmentationclass"),
    *("segmentationclass(aug|raw)", "segmentationobject", "annotations?", "annos?", "anns?", "annot", "targets?"),
    *("gtfine", "gtcoarse", "labelids?", "trimaps?", "mattes?", "manual", "y"),
)
IMAGE_FOLDERS = (
    *("images?", "imgs?", "photos?", "pictures?", "pics?", "jpegimages", "leftimg8bit", "rgb", "inputs?"),
    *("originals?", "frames?", "x"),
)

_AFTER = r"(?i:(?P<rest>.*?[^\W_])[._\-\s]+(?:{}))"
_BEFORE = r"(?i:(?:{})[._\-\s]+(?P<rest>.+))"
_FOLDER = r"(?i:(?:(?P<before>.+)[._\-\s]+)?(?:{})(?P<split>Tr|Ts|Va|_?train|_?val|_?test)?(?:[._\-\s]+(?P<after>.+))?)"


def _compiled(form: str, words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(form.format("|".join(words)), re.DOTALL)


_MASK_AFTER = _compiled(_AFTER, MASK_WORDS + WEAK_MASK_WORDS)
_MASK_SURELY, _MASK_BEFORE = _compiled(_AFTER, MASK_WORDS), _compiled(_BEFORE, MASK_FOLDERS[:-1])
_IMAGE_AFTER, _IMAGE_BEFORE = _compiled(_AFTER, IMAGE_WORDS), _compiled(_BEFORE, IMAGE_FOLDERS[:-1])
_MASK_FOLDER, _IMAGE_FOLDER = _compiled(_FOLDER, MASK_FOLDERS), _compiled(_FOLDER, IMAGE_FOLDERS)


class Name(NamedTuple):
    """What the path of a file says, as keys that partners share."""

    folder: str
    """Its folders without the words for images and masks, in lower case: `train` for `train/images`."""
    stem: str
    """Its name without the ending."""
    image_key: str
    """The stem in lower case without what marks an image."""
    mask_key: str
    """The stem in lower case without what marks a mask."""
    is_mask: bool
    """Whether name or folder mark it as a mask."""


def is_picture(name: str) -> bool:
    """Return whether a name ends as pictures do."""
    return suffix(name) in PICTURES or suffix(name) in ARRAYS


def suffix(name: str) -> str:
    """Return the ending in lower case, with its dot; empty where there is none."""
    base = name.rpartition("/")[2]
    head, dot, tail = base.rpartition(".")
    return f".{tail.lower()}" if dot and head else ""


def parsed(path: str) -> Name:
    """Return what a path relative to its source says."""
    folders, _, base = path.rpartition("/")
    stem = base[: len(base) - len(suffix(base))] or base
    mask_key, image_key = _stripped(stem, _MASK_AFTER, _MASK_BEFORE), _stripped(stem, _IMAGE_AFTER, _IMAGE_BEFORE)
    folder, in_masks = _folder(folders)
    surely = _MASK_SURELY.fullmatch(stem) is not None or _MASK_BEFORE.fullmatch(stem) is not None
    return Name(folder, stem, image_key.casefold(), mask_key.casefold(), in_masks or surely)


def _stripped(stem: str, after: re.Pattern[str], before: re.Pattern[str]) -> str:
    """Return a stem without the words of a role behind it (as many as there are), else without the one before it."""
    rest = stem
    while found := after.fullmatch(rest):
        rest = found["rest"]
    if rest == stem and (found := before.fullmatch(stem)):
        rest = found["rest"]
    return rest


@lru_cache(maxsize=4096)
def _folder(folders: str) -> tuple[str, bool]:
    parts: list[str] = []
    in_masks = False
    for part in folders.split("/") if folders else ():
        mask, image = _MASK_FOLDER.fullmatch(part), _IMAGE_FOLDER.fullmatch(part)
        found = mask or image
        in_masks |= mask is not None
        rest = [found[name] or "" for name in ("before", "split", "after")] if found else [part]
        parts += [piece.strip("_-. ").casefold() for piece in rest if piece]
    return "/".join(parts), in_masks


def is_image_folder(name: str) -> bool:
    """Return whether a folder's name says that it holds the images."""
    return _IMAGE_FOLDER.fullmatch(name) is not None and _MASK_FOLDER.fullmatch(name) is None


def is_mask_folder(name: str) -> bool:
    """Return whether a folder's name says that it holds the masks."""
    return _MASK_FOLDER.fullmatch(name) is not None


def partner_of(name: str) -> str:
    """Return what a folder of images and its folder of masks have in common: `train` for `train_images`."""
    return _folder(name)[0]
