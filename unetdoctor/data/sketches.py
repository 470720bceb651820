"""Small pictures of pairs for a person: the image, and the image under its mask in colours."""

import base64
from typing import Any

import numpy as np
from PIL import Image

from unetdoctor.data.borders import edges
from unetdoctor.data.decoding import UnreadableError
from unetdoctor.data.fetching import content
from unetdoctor.data.header import opened_file
from unetdoctor.data.masks import load_labels
from unetdoctor.data.pair import Content
from unetdoctor.data.pairing import Pair
from unetdoctor.data.palettes import palette, rgb
from unetdoctor.data.picture import values_of
from unetdoctor.facts.dataset import Declared

SIDE = 150
"""Pixels of the longer side of each of the two pictures."""
GAP = 4
OPACITY = 0.55
"""Of the mask's colours over the image; background is left clear."""
_IDS_NAMED = 6


def sketch(pair: Pair, declared: Declared) -> dict[str, Any]:
    """Return `width`, `height`, `pixels` (RGB, base64) and `words` of a pair; both pictures side by side."""
    return sketch_of(content(pair.image), content(pair.mask), declared)


def sketch_of(image: Content, mask: Content, declared: Declared) -> dict[str, Any]:
    """Return the same of the contents of two files."""
    values, about_image = _image(image)
    ids, about_mask = _mask(mask, declared)
    height, width = _fitted((values if values is not None else ids if ids is not None else np.zeros((1, 1))).shape[:2])
    page = Image.new("RGB", (2 * width + GAP, height))
    if values is not None:
        page.paste(image_of(values).resize((width, height), Image.Resampling.BILINEAR), (0, 0))
    if ids is not None:
        page.paste(_overlay(page.crop((0, 0, width, height)), ids, (width, height)), (width + GAP, 0))
    return {
        "width": page.width,
        "height": page.height,
        "pixels": base64.b64encode(page.tobytes()).decode("ascii"),
        "words": "; ".join(words for words in (about_image, about_mask) if words),
    }


def image_of(values: Any) -> Image.Image:
    """Return values in 0..1 as an 8-bit picture."""
    shown = np.repeat(values, 3, axis=2) if values.shape[2] < 3 else values[..., :3]
    return Image.fromarray((np.clip(shown, 0, 1) * 255).astype(np.uint8))


def _image(data: Content) -> tuple[Any, str]:
    if data is None:
        return None, "no image"
    if isinstance(data, UnreadableError):
        return None, f"image: {data}"
    try:
        with opened_file(data, "image") as opened:
            values = values_of(opened)
    except UnreadableError as error:
        return None, f"image: {error}"
    return values, f"image {values.shape[1]}x{values.shape[0]}"


def _mask(data: Content, declared: Declared) -> tuple[Any, str]:
    if data is None:
        return None, "no mask"
    if isinstance(data, UnreadableError):
        return None, f"mask: {data}"
    try:
        ids = load_labels(data, declared, "mask").ids
    except UnreadableError as error:
        return None, f"mask: {error}"
    distinct = np.unique(ids)
    named = ", ".join(str(number) for number in distinct[:_IDS_NAMED]) + (" ..." if len(distinct) > _IDS_NAMED else "")
    return ids, f"mask {ids.shape[1]}x{ids.shape[0]}, ids {named}"


def _fitted(shape: tuple[int, ...]) -> tuple[int, int]:
    scale = SIDE / max(shape)
    return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))


def _overlay(under: Image.Image, ids: Any, size: tuple[int, int]) -> Image.Image:
    """Return the picture with every id but 0 in its colour; where two meet, a line."""
    colours = np.array([rgb(colour) for colour in palette(256)], dtype=np.float32)
    small = np.asarray(Image.fromarray((ids % 256).astype(np.uint8)).resize(size, Image.Resampling.NEAREST))
    pixels = np.asarray(under).astype(np.float32)
    opacity = np.where(small > 0, OPACITY, 0.0)[..., None]
    pixels = pixels * (1 - opacity) + colours[small] * opacity
    pixels[edges(small)] = 255
    return Image.fromarray(pixels.astype(np.uint8))
