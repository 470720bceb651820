"""Colours of class maps."""

import colorsys

OKABE_ITO = ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7")
_GOLDEN_ANGLE = 0.381966
"""As a share of the circle."""


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


def rgb(colour: str) -> tuple[int, int, int]:
    """Return red, green and blue in 0..255 of #rrggbb."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
