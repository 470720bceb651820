"""Photographs of every kind, and what is no photograph."""

import os
import struct
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image

from unetdoctor.engine import images
from unetdoctor.engine.images import ImageError, image_size, load_image


def ramp(height: int = 6, width: int = 8) -> np.ndarray:
    return np.arange(height * width, dtype=np.uint8).reshape(height, width) * 5


def colour(height: int = 6, width: int = 8) -> np.ndarray:
    return np.stack([ramp(height, width), 255 - ramp(height, width), ramp(height, width) // 2], axis=2)


def saved(path: Path, array: np.ndarray, mode: str | None = None, **options: object) -> Path:
    image = Image.fromarray(array)
    (image.convert(mode) if mode else image).save(path, **options)
    return path


def test_a_colour_picture_is_divided_by_255(tmp_path):
    tensor, text = load_image(saved(tmp_path / "a.png", colour()))
    assert tensor.shape == (1, 3, 6, 8)
    assert tensor.dtype == torch.float32
    assert torch.equal(tensor[0].permute(1, 2, 0), torch.from_numpy(colour()).float() / 255)
    assert text == "a.png 8x6 RGB, / 255"


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "I", "F", "YCbCr", "LAB"])
@pytest.mark.parametrize("channels", [1, 3, 4, 5])
def test_every_mode_fits_every_network(tmp_path, mode, channels):
    path = tmp_path / "a.tiff"
    if mode in ("I;16", "I", "F"):
        kinds = {"I;16": np.uint16, "I": np.int32, "F": np.float32}
        Image.fromarray((ramp().astype(np.float64) * 200).astype(kinds[mode])).save(path)
    else:
        Image.fromarray(colour()).convert("RGB").convert(mode).save(path)
    with Image.open(path) as image:
        assert image.mode == mode
    tensor, text = load_image(path, channels=channels)
    assert tensor.shape == (1, channels, 6, 8)
    assert tensor.dtype == torch.float32
    assert tensor.min() >= 0
    assert tensor.max() <= 1
    assert tensor.std() > 0.05
    assert mode in text


def test_sixteen_bits_keep_their_levels(tmp_path):
    values = np.linspace(0, 65535, 48).astype(np.uint16).reshape(6, 8)
    tensor, text = load_image(saved(tmp_path / "a.png", values), channels=1)
    assert torch.allclose(tensor[0, 0], torch.from_numpy(values.astype(np.float32) / 65535))
    assert "16 bits / 65535" in text


@pytest.mark.parametrize(
    ("values", "low", "high", "words"),
    [
        (np.linspace(0, 1, 48), 0.0, 1.0, "in 0..1 as it is"),
        (np.linspace(0.2, 0.4, 48), 0.2, 0.4, "in 0..1 as it is"),
        (np.linspace(-1000, 3000, 48), 0.0, 1.0, "scaled from its range -1000..3000"),
        (np.full(48, 7.0), 0.0, 0.0, "scaled from its range 7..7"),
    ],
)
def test_floating_point_is_scaled_and_said_so(tmp_path, values, low, high, words):
    path = saved(tmp_path / "a.tif", values.astype(np.float32).reshape(6, 8))
    tensor, text = load_image(path, channels=1)
    assert tensor.min().item() == pytest.approx(low, abs=1e-6)
    assert tensor.max().item() == pytest.approx(high, abs=1e-6)
    assert words in text


def test_what_is_not_finite_becomes_zero(tmp_path):
    values = np.linspace(0, 1, 48).astype(np.float32).reshape(6, 8)
    values[0, 0], values[1, 1] = np.nan, np.inf
    tensor, text = load_image(saved(tmp_path / "a.tif", values), channels=1)
    assert torch.isfinite(tensor).all()
    assert "NaN and Inf set to 0" in text


def test_transparent_parts_lie_over_black(tmp_path):
    array = np.dstack([colour(), np.full((6, 8), 255, dtype=np.uint8)])
    array[0, :, 3] = 0
    tensor, text = load_image(saved(tmp_path / "a.png", array))
    assert tensor[0, :, 0].max() == 0
    assert torch.equal(tensor[0, :, 1:].permute(1, 2, 0), torch.from_numpy(colour()[1:]).float() / 255)
    assert "transparent parts over black" in text


def test_a_palette_is_looked_up(tmp_path):
    image = Image.fromarray(np.array([[0, 1], [1, 0]], dtype=np.uint8)).convert("P")
    image.putpalette([10, 20, 30, 200, 210, 220] + [0] * 762)
    image.save(tmp_path / "a.png")
    tensor, text = load_image(tmp_path / "a.png")
    assert "palette looked up" in text
    assert tensor.max() <= 220 / 255


def test_grey_for_a_grey_network_is_luminance(tmp_path):
    red = np.zeros((4, 4, 3), dtype=np.uint8)
    red[..., 0] = 255
    tensor, text = load_image(saved(tmp_path / "a.png", red), channels=1)
    assert tensor.mean().item() == pytest.approx(0.299, abs=1e-4)
    assert "as luminance" in text


def test_exif_orientation_is_respected(tmp_path):
    image = Image.fromarray(colour())
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(tmp_path / "a.png", exif=exif)
    assert image_size(tmp_path / "a.png") == (8, 6)
    tensor, text = load_image(tmp_path / "a.png")
    assert tensor.shape == (1, 3, 8, 6)
    upright = torch.from_numpy(np.rot90(colour(), k=-1).copy()).float() / 255
    assert torch.equal(tensor[0].permute(1, 2, 0), upright)
    assert text.startswith("a.png 6x8 RGB")


def test_the_first_frame_of_an_animation(tmp_path):
    frames = [Image.fromarray(np.full((4, 4), level, dtype=np.uint8)) for level in (50, 200)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    tensor, text = load_image(tmp_path / "a.gif", channels=1)
    assert "first of 2 frames" in text
    assert tensor.mean().item() == pytest.approx(50 / 255, abs=0.02)


def test_resizing_keeps_the_range_and_is_said(tmp_path):
    tensor, text = load_image(saved(tmp_path / "a.png", colour(30, 40)), size=(16, 32))
    assert tensor.shape == (1, 3, 16, 32)
    assert 0 <= tensor.min() <= tensor.max() <= 1
    assert text.endswith("resized to 32x16")


def test_one_pixel(tmp_path):
    assert load_image(saved(tmp_path / "a.png", colour(1, 1)))[0].shape == (1, 3, 1, 1)


@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp", "gif", "tiff", "webp", "ppm", "tga"])
def test_formats_that_are_read(tmp_path, suffix):
    tensor, _ = load_image(saved(tmp_path / f"a.{suffix}", colour(), "RGB"))
    assert tensor.shape == (1, 3, 6, 8)


def refusal(path: Path) -> str:
    start = time.perf_counter()
    with pytest.raises(ImageError) as raised:
        load_image(path)
    assert time.perf_counter() - start < 2
    assert raised.value.sentence.endswith(".")
    assert "\n" not in raised.value.sentence
    with pytest.raises(ImageError):
        load_image(str(path), size=(8, 8), channels=1)
    return raised.value.sentence


@pytest.mark.parametrize("keep", [10, 40, 60, 200])
@pytest.mark.parametrize("suffix", ["png", "jpg", "tiff", "gif", "webp", "bmp"])
def test_truncated_files(tmp_path, suffix, keep):
    noise = np.random.default_rng(0).integers(0, 255, (40, 40, 3), dtype=np.uint8)
    path = saved(tmp_path / f"a.{suffix}", noise)
    path.write_bytes(path.read_bytes()[:keep])
    assert "damaged" in refusal(path) or "no picture" in refusal(path)


def test_a_corrupt_checksum(tmp_path):
    path = saved(tmp_path / "a.png", colour(60, 60))
    data = bytearray(path.read_bytes())
    data[60] ^= 0xFF
    path.write_bytes(bytes(data))
    assert "damaged" in refusal(path)


@pytest.mark.parametrize(
    "content", [b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", b"%PDF-1.4\n", b"SIMPLE  =  T", b"hello", b"\x00"]
)
def test_programs_and_other_files_named_png(tmp_path, content):
    path = tmp_path / "a.png"
    path.write_bytes(content)
    assert "no picture in a format that is read" in refusal(path)


def test_a_tiff_of_several_channels_of_floats_is_told_so(tmp_path):
    planes = np.zeros((3, 16, 16), np.float32)
    tifffile.imwrite(tmp_path / "a.tif", planes, photometric="rgb", planarconfig="separate")
    assert "several channels of floats, which Pillow does not read" in refusal(tmp_path / "a.tif")


def test_files_that_are_none(tmp_path):
    assert "does not exist" in refusal(tmp_path / "missing.png")
    assert "no regular file" in refusal(tmp_path)
    fifo = tmp_path / "fifo.png"
    os.mkfifo(fifo)
    assert "no regular file" in refusal(fifo)
    assert "no regular file" in refusal(Path("/dev/zero"))
    empty = tmp_path / "empty.png"
    empty.touch()
    assert "empty file" in refusal(empty)
    (tmp_path / "link.png").symlink_to(tmp_path / "nowhere.png")
    assert "does not exist" in refusal(tmp_path / "link.png")


def claimed(path: Path, width: int, height: int) -> Path:
    """A PNG that claims a size and holds nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b""))
    return path


@pytest.mark.parametrize("size", [(20_000, 20_000), (1, 100_000_000), (9_000, 8_000)])
def test_more_pixels_than_are_decoded(tmp_path, size):
    assert "64 million" in refusal(claimed(tmp_path / "a.png", *size))


def test_no_pixels(tmp_path):
    path = tmp_path / "a.ppm"
    path.write_bytes(b"P6\n0 0\n255\n")
    assert "is no picture in a format that is read" in refusal(path)


def test_a_large_text_chunk_is_refused_or_ignored(tmp_path):
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("bomb", "x" * 80_000_000, zip=True)
    path = tmp_path / "a.png"
    Image.fromarray(colour()).save(path, pnginfo=info)
    assert "damaged" in refusal(path)


def test_pillow_is_left_as_it_was(tmp_path):
    before = Image.MAX_IMAGE_PIXELS
    load_image(saved(tmp_path / "a.png", colour()))
    assert before == Image.MAX_IMAGE_PIXELS
    assert "EPS" not in images.FORMATS
