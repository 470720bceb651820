"""Named palettes: the colour of each id, and what becomes of ids whose colours are read as grey."""

from __future__ import annotations

import colorsys
import re
from functools import cache
from pathlib import Path

from unetdoctor.facts.dataset import Colour

OKABE_ITO = ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7")
"""Okabe and Ito, "Color Universal Design", 2008."""
CITYSCAPES: tuple[Colour, ...] = (
    (128, 64, 128),
    (244, 35, 232),
    (70, 70, 70),
    (102, 102, 156),
    (190, 153, 153),
    (153, 153, 153),
    (250, 170, 30),
    (220, 220, 0),
    (107, 142, 35),
    (152, 251, 152),
    (70, 130, 180),
    (220, 20, 60),
    (255, 0, 0),
    (0, 0, 142),
    (0, 0, 70),
    (0, 60, 100),
    (0, 80, 100),
    (0, 0, 230),
    (119, 11, 32),
)
"""Colours of the 19 training ids of Cityscapes; everything else is black there."""
VOID: dict[str, Colour] = {"voc": (224, 224, 192), "cityscapes": (0, 0, 0)}
"""Colour of what belongs to no class."""
NAMES = ("voc", "cityscapes", "okabe-ito")
"""Palettes that have a name."""
VOC_CLASSES = 21
"""Classes of Pascal VOC, background included."""
_GOLDEN_ANGLE = 0.381966
"""As a share of the circle."""
_HEX = re.compile(r"#?([0-9a-fA-F]{6})\b")
_TRIPLE = re.compile(r"(\d{1,3})[\s,;]+(\d{1,3})[\s,;]+(\d{1,3})")


def palette(classes: int) -> tuple[str, ...]:
    """Return one colour per class as #rrggbb: black for class 0 as in VOC, Okabe-Ito, then hues a golden angle apart.

    Source: Okabe and Ito, "Color Universal Design", 2008.
    """
    colours = ["#000000", *OKABE_ITO]
    for number in range(len(colours), classes):
        hue = number * _GOLDEN_ANGLE % 1
        light = (0.45, 0.7, 0.58)[number % 3]
        red, green, blue = colorsys.hls_to_rgb(hue, light, 0.85)
        colours.append(f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}")
    return tuple(colours[:classes])


def rgb(colour: str) -> Colour:
    """Return red, green and blue in 0..255 of #rrggbb."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


@cache
def voc(count: int = 256) -> tuple[Colour, ...]:
    """Return the colours of Pascal VOC: bits 0, 1, 2 of the id, then 3, 4, 5 ... are red, green, blue from the top.

    Source: the VOC development kit's `labelcolormap`.
    """
    colours = []
    for number in range(count):
        channels = [0, 0, 0]
        for step in range(8):
            for channel in range(3):
                channels[channel] |= (number >> (3 * step + channel) & 1) << (7 - step)
        colours.append((channels[0], channels[1], channels[2]))
    return tuple(colours)


def named(name: str, classes: int = 256) -> tuple[Colour, ...]:
    """Return the colours of `voc`, `cityscapes`, `okabe-ito` or of a file; raises ValueError, OSError for the file.

    A file has one colour per line, in the order of the ids: `#rrggbb` or `r g b`; what follows it is not read.
    """
    if name == "voc":
        return voc(min(classes, 256))
    if name == "cityscapes":
        return CITYSCAPES
    if name == "okabe-ito":
        return tuple(rgb(colour) for colour in palette(classes))
    return _from_file(Path(name))


def _from_file(path: Path) -> tuple[Colour, ...]:
    if not path.is_file():
        raise ValueError(f"There is no palette {str(path)!r}: give one of {', '.join(NAMES)}, or a file of colours.")
    colours: list[Colour] = []
    for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), 1):
        if not line.strip() or line.lstrip().startswith(("# ", "//", ";")):
            continue
        triple, hexadecimal = _TRIPLE.search(line), _HEX.search(line)
        if triple and max(map(int, triple.groups())) <= 255:
            colours.append((int(triple[1]), int(triple[2]), int(triple[3])))
        elif hexadecimal:
            colours.append(rgb(f"#{hexadecimal[1]}"))
        else:
            raise ValueError(f"{path}, line {number}, has no colour: expected `#rrggbb` or `r g b`.")
    if len(set(colours)) != len(colours):
        twice = next(colour for colour in colours if colours.count(colour) > 1)
        raise ValueError(f"{path} has the colour {twice} for two ids.")
    if not colours:
        raise ValueError(f"{path} has no colours: expected `#rrggbb` or `r g b` on each line.")
    return tuple(colours)


def luminance(colour: Colour) -> int:
    """Return the grey level that Pillow's `convert("L")` makes of a colour."""
    red, green, blue = colour
    return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16


@cache
def well_known() -> dict[str, tuple[Colour, ...]]:
    """Return the palettes by which colour masks are recognised, void included."""
    return {"voc": (*voc(VOC_CLASSES), VOID["voc"]), "cityscapes": (*CITYSCAPES, VOID["cityscapes"])}


@cache
def luminances() -> dict[str, frozenset[int]]:
    """Return the grey levels of the colours of each well-known palette, void included."""
    kinds = {**well_known(), "okabe-ito": named("okabe-ito", 8)}
    return {name: frozenset(luminance(colour) for colour in kind) for name, kind in kinds.items()}


def pack(colour: Colour) -> int:
    """Return a colour as 0xRRGGBB."""
    return colour[0] << 16 | colour[1] << 8 | colour[2]


def unpacked(value: int) -> Colour:
    """Return the colour of 0xRRGGBB."""
    return value >> 16, value >> 8 & 255, value & 255
