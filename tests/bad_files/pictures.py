"""Pictures 91-109: each as bytes, with what the one decoder must say of it."""

import io
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image, PngImagePlugin

from tests.data.files import claimed, encoded, ramp, stored


@dataclass(frozen=True)
class Picture:
    """One picture."""

    number: int
    """Its number in the list."""
    title: str
    """What it is."""
    data: bytes
    """Its bytes."""
    says: str
    """Part of what is said of it: how it was decoded, or why not."""
    decoded: bool = True
    """Whether it is decoded."""
    name: str = "a.png"
    """File name."""


def _text_bomb() -> bytes:
    note = PngImagePlugin.PngInfo()
    note.add_text("bomb", "x" * 2_000_000, zip=True)
    return encoded(ramp(), pnginfo=note)


def _damaged_body() -> bytes:
    data = bytearray(encoded(ramp(), "JPEG"))
    data[-200:-100] = bytes(100)
    return bytes(data)


def _no_pixels() -> bytes:
    return claimed(0, 0)


def _profile() -> bytes:
    stream = io.BytesIO()
    Image.fromarray(ramp()).save(stream, "PNG", icc_profile=b"no profile at all")
    return stream.getvalue()


def _turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(ramp(40, 48), "JPEG", exif=exif.tobytes())


def _animated() -> bytes:
    frames = [Image.fromarray(ramp()).convert("P"), Image.fromarray(ramp()[::-1]).convert("P")]
    stream = io.BytesIO()
    frames[0].save(stream, "GIF", save_all=True, append_images=frames[1:])
    return stream.getvalue()


def pictures() -> Iterator[Picture]:
    """Yield them all, FIFOs and directories excepted."""
    png, jpeg = encoded(ramp()), encoded(ramp(), "JPEG")
    deep = (ramp()[..., 0].astype(np.uint16) * 200).astype(np.uint16)
    yield Picture(91, "truncated PNG", png[: len(png) // 2], "damaged", decoded=False)
    yield Picture(91, "truncated JPEG", jpeg[: len(jpeg) // 2], "damaged", decoded=False, name="a.jpg")
    yield Picture(92, "corrupt JPEG body", _damaged_body(), "broken data stream", decoded=False, name="a.jpg")
    yield Picture(93, "400 million pixels", claimed(20_000, 20_000), "million", decoded=False)
    yield Picture(94, "65 million in one line", claimed(65_000_000, 1), "million", decoded=False)
    yield Picture(95, "text of 2 MB", _text_bomb(), "damaged", decoded=False)
    for title, data in {"EPS": b"%!PS-Adobe-3.0 EPSF-3.0\n", "PDF": b"%PDF-1.4\n", "FITS": b"SIMPLE  =     T"}.items():
        yield Picture(96, title, data + bytes(100), "is no picture in a format that is read", decoded=False)
    yield Picture(98, "no pixels", _no_pixels(), "a.png", decoded=False)
    yield Picture(99, "one pixel", encoded(ramp(1, 1)), "a.png 1x1 RGB")
    yield Picture(100, "16 bits", encoded(deep), "16 bits / 65535")
    values = ramp()[..., 0].astype(np.float32) / 500
    yield Picture(101, "floating point", encoded(values, "TIFF"), "floating point, in 0..1 as it is", name="a.tif")
    yield Picture(102, "palette", encoded(ramp(), mode="P"), "palette looked up")
    yield Picture(103, "CMYK", encoded(ramp(), "JPEG", "CMYK"), "CMYK converted to RGB", name="a.jpg")
    yield Picture(104, "grey with alpha", encoded(np.dstack([ramp()[..., 0], ramp()[..., 1]])), "parts over black")
    yield Picture(104, "colour with alpha", encoded(np.dstack([ramp(), ramp()[..., :1]])), "parts over black")
    yield Picture(105, "1 bit", encoded(ramp(), mode="1"), "1 bit")
    yield Picture(106, "turned", _turned(), "a.jpg 40x48 RGB", name="a.jpg")
    yield Picture(107, "animation", _animated(), "first of 2 frames", name="a.gif")
    yield Picture(108, "broken profile", _profile(), "a.png 48x40 RGB")
    yield Picture(109, "NPY", stored(ramp()), "is no picture in a format that is read", decoded=False, name="a.npy")
