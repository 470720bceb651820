"""Colours of class maps; the palettes themselves are those of `unetdoctor.data.palettes`."""

from unetdoctor.data.palettes import OKABE_ITO, palette, rgb

__all__ = ["OKABE_ITO", "palette", "rgb"]
