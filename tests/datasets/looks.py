"""Sound data sets of other looks than scenes of objects: nothing is wrong with any of them."""

from dataclasses import replace

import numpy as np
from PIL import Image
from scipy import ndimage
from skimage import data

from tests.datasets.case import Case, Files
from tests.datasets.scenes import crop, encoded, scene
from unetdoctor.facts import Declared, Task

RGB = Declared(task=Task.RGB)


def _grid(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    return np.mgrid[:height, :width][0], np.mgrid[:height, :width][1]


def _grey(values: np.ndarray) -> np.ndarray:
    return values.clip(0, 255).astype(np.uint8)


def _slice(rng: np.random.Generator, side: int = 128) -> tuple[np.ndarray, np.ndarray]:
    """Return a dark scan [H, W] 0..255 of a body with organs and perhaps a lesion, and its ids."""
    rows, columns = _grid(side, side)
    body = np.hypot((rows - side / 2) / 0.8, columns - side / 2) < side * rng.uniform(0.33, 0.42)
    scan, ids = 70.0 * body, np.zeros((side, side), dtype=np.uint8)
    for sign in (-1, 1):
        lung = np.hypot((rows - side / 2) / 1.5, columns - side / 2 - sign * side * 0.17) < side * rng.uniform(
            0.1, 0.13
        )
        scan[lung], ids[lung] = 25, 1
    y, x = side / 2 + rng.uniform(-10, 10), side / 2 + rng.uniform(-30, 30)
    lesion = np.hypot(rows - y, columns - x) < rng.uniform(4, 9)
    scan[lesion], ids[lesion] = 110, 2
    return ndimage.gaussian_filter(scan, 0.8) + rng.normal(0, 6, scan.shape), ids


def medical(rng: np.random.Generator, number: int) -> Files:
    scan, ids = _slice(rng)
    return Files(encoded(_grey(scan)), encoded(ids))


def medical_lesions(rng: np.random.Generator, number: int) -> Files:
    """Every second slice holds no lesion, and every fifth nothing at all."""
    scan, ids = _slice(rng)
    if number % 5 == 0:
        scan = np.zeros_like(scan)
    ids = np.where((ids == 2) & (number % 2 == 1) & (number % 5 > 0), 255, 0).astype(np.uint8)
    return Files(encoded(_grey(scan)), encoded(ids))


def split_slices(rng: np.random.Generator, number: int) -> Files:
    """The same in two splits: black slices are alike in both."""
    files = medical_lesions(rng, number)
    return replace(files, image_name=f"{'train' if number % 3 else 'val'}/images/{{:03d}}.png")


def scan_16_bits(rng: np.random.Generator, number: int) -> Files:
    scan, ids = _slice(rng)
    return Files(encoded((scan.clip(0, 255) * 16).astype(np.uint16)), encoded(ids))


def satellite(rng: np.random.Generator, number: int) -> Files:
    """Fields in rows, of four kinds, that cover everything."""
    rows, columns = _grid(192, 192)
    turn = rng.uniform(0, np.pi)
    along, across = rows * np.cos(turn) + columns * np.sin(turn), columns * np.cos(turn) - rows * np.sin(turn)
    ids = ((along // 37).astype(int) * 3 + (across // 53).astype(int) * 5) % 4
    colours = np.array([[90, 110, 60], [140, 120, 80], [60, 80, 50], [160, 150, 120]])
    picture = colours[ids] + rng.normal(0, 9, (192, 192, 1)) + 8 * np.sin(along / 1.7)[..., None]
    return Files(encoded(_grey(picture)), encoded(ids.astype(np.uint8)))


def city_blocks(rng: np.random.Generator, number: int) -> Files:
    """Roofs on a regular grid: the mask fits its picture nearly as well one block further."""
    rows, columns = _grid(160, 160)
    roof = ((rows + rng.integers(20)) % 32 < 20) & ((columns + rng.integers(20)) % 32 < 20)
    shade = rng.uniform(90, 200, (6, 6))[rows // 32, columns // 32]
    picture = np.where(roof, shade, 70)[..., None] + rng.normal(0, 6, (160, 160, 3))
    return Files(encoded(_grey(picture)), encoded(roof.astype(np.uint8) * 255))


def shapes(rng: np.random.Generator, number: int) -> Files:
    """Discs and squares of flat colours on a flat colour."""
    rows, columns = _grid(96, 96)
    ids = np.zeros((96, 96), dtype=np.uint8)
    for kind in (1, 2, 3):
        y, x, radius = *rng.integers(15, 80, 2), rng.integers(6, 16)
        away = (
            np.hypot(rows - y, columns - x),
            np.maximum(abs(rows - y), abs(columns - x)),
            abs(rows - y) + abs(columns - x),
        )
        ids[away[kind - 1] < radius] = kind
    return Files(encoded(rng.integers(0, 255, (4, 3), dtype=np.uint8)[ids]), encoded(ids))


def centred(rng: np.random.Generator, number: int) -> Files:
    """One object in the middle, nearly alike when it is flipped or turned."""
    picture, (rows, columns) = crop(rng, 128, 128), _grid(128, 128)
    inside = np.hypot(rows - 63.5, columns - 63.5 + rng.uniform(-3, 3)) < rng.uniform(30, 45)
    picture[inside] = _grey(picture[inside] * 0.4 + rng.uniform(80, 150, 3))
    return Files(encoded(picture), encoded(inside.astype(np.uint8)))


def stripes(rng: np.random.Generator, number: int) -> Files:
    """A mask of one side of a picture of waves."""
    _, columns = _grid(128, 128)
    ids = (columns > rng.integers(40, 90)).astype(np.uint8)
    picture = 120 + 60 * np.sin(columns / 3 + ids) + rng.normal(0, 5, (128, 128))
    return Files(encoded(_grey(picture)), encoded(ids))


def tiny(rng: np.random.Generator, number: int) -> Files:
    picture, ids = scene(number, classes=2, size=(32, 32), objects=2, radius=0.25)
    return Files(encoded(picture), encoded(ids))


def huge(rng: np.random.Generator, number: int) -> Files:
    picture, ids = scene(number, size=(250, 375))
    big = Image.fromarray(picture).resize((3000, 2000), Image.Resampling.BICUBIC)
    mask = Image.fromarray(ids).resize((3000, 2000), Image.Resampling.NEAREST)
    return Files(
        encoded(np.asarray(big), "JPEG", quality=92), encoded(np.asarray(mask)), image_name="images/{:03d}.jpg"
    )


def cells(rng: np.random.Generator, number: int) -> Files:
    """Three hundred cells, each with its own id."""
    rows, columns = _grid(256, 256)
    y, x = rng.uniform(0, 256, (2, 300))
    away = np.full((256, 256), np.inf)
    ids = np.zeros((256, 256), dtype=np.uint16)
    for cell in range(300):
        top, left = max(int(y[cell]) - 7, 0), max(int(x[cell]) - 7, 0)
        part = np.s_[top : top + 14, left : left + 14]
        distance = np.hypot(rows[part] - y[cell], columns[part] - x[cell])
        nearer = (distance < 6) & (distance < away[part])
        away[part] = np.where(nearer, distance, away[part])
        ids[part] = np.where(nearer, cell + 1, ids[part])
    picture = np.where(ids > 0, 160 - 10 * np.minimum(away, 10), 20) + rng.normal(0, 5, (256, 256))
    return Files(encoded(_grey(picture)), encoded(ids))


def matte(rng: np.random.Generator, number: int) -> Files:
    """A soft alpha matte as what a network is to draw."""
    picture, ids = scene(number, classes=2)
    return Files(encoded(picture), encoded(_grey(ndimage.gaussian_filter(255.0 * ids, 4))))


def depth(rng: np.random.Generator, number: int) -> Files:
    """Millimetres in 16 bits; 0 where the sensor saw nothing."""
    picture, ids = scene(number)
    rows, _ = _grid(*ids.shape)
    metres = 1 + 6 * (1 - rows / len(rows)) - 0.8 * ids + rng.normal(0, 0.01, ids.shape)
    metres[rng.random(ids.shape) < 0.02] = 0
    return Files(encoded(picture), encoded((1000 * metres.clip(0)).astype(np.uint16)))


def noisy(rng: np.random.Generator, number: int) -> Files:
    clean = crop(rng, 96, 128)
    return Files(encoded(_grey(clean + rng.normal(0, 20, clean.shape))), encoded(clean))


def blurred(rng: np.random.Generator, number: int) -> Files:
    clean = crop(rng, 96, 128).mean(axis=2)
    return Files(encoded(_grey(ndimage.gaussian_filter(clean, 2))), encoded(_grey(clean)))


def enlarged(rng: np.random.Generator, number: int) -> Files:
    """A quarter of the size, to be enlarged."""
    clean = crop(rng, 128, 160)
    small = Image.fromarray(clean).resize((40, 32), Image.Resampling.BICUBIC)
    return Files(encoded(np.asarray(small)), encoded(clean))


def compressed(rng: np.random.Generator, number: int) -> Files:
    """Both are photographs in JPEG."""
    clean = crop(rng, 128, 160)
    first, second = encoded(clean, "JPEG", quality=20), encoded(clean, "JPEG", quality=95)
    return Files(first, second, "images/{:03d}.jpg", "masks/{:03d}.jpg")


def same(rng: np.random.Generator, number: int) -> Files:
    """A picture is its own target."""
    file = encoded(crop(rng, 96, 96))
    return Files(file, file)


def flow(rng: np.random.Generator, number: int) -> Files:
    """Colours that mean something else than classes: normals of a surface."""
    picture, ids = scene(number)
    height = ndimage.gaussian_filter(ids.astype(float), 5)
    down, right = np.gradient(height * 12)
    normal = np.dstack([right, down, np.ones_like(down)])
    normal /= np.linalg.norm(normal, axis=2, keepdims=True)
    return Files(encoded(picture), encoded(_grey(127.5 * (normal + 1))))


def edges(rng: np.random.Generator, number: int) -> Files:
    """A binary mask of contours one pixel wide."""
    picture, ids = scene(number)
    edge = ndimage.grey_dilation(ids, 3) != ids
    return Files(encoded(picture), encoded(edge.astype(np.uint8) * 255))


def pages(rng: np.random.Generator, number: int) -> Files:
    """White pages with text, in two splits; the mask is the ink."""
    page = np.full((160, 128), 250.0)
    for row in range(14, 146, 8):
        for left in range(12, 116, 5):
            if rng.random() < 0.85:
                page[row : row + int(rng.integers(2, 5)), left : left + int(rng.integers(2, 4))] = 30
    ink = page < 128
    split = "train" if number % 3 else "val"
    return Files(
        encoded(_grey(page + rng.normal(0, 2, page.shape))), encoded(ink.astype(np.uint8)), split + "/{:03d}.png"
    )


def film(rng: np.random.Generator, number: int) -> Files:
    """Frames of one resting camera: an object moves through a still picture."""
    picture, ids = data.coffee()[100:260, 100:300].copy(), np.zeros((160, 200), dtype=np.uint8)
    left = 5 * (number % 1000)
    picture[60:90, left : left + 30], ids[60:90, left : left + 30] = (40, 90, 160), 1
    return Files(encoded(picture), encoded(ids))


def retina(rng: np.random.Generator, number: int) -> Files:
    """Vessels of a fundus picture: thin, and half of them faint."""
    picture = data.retina()
    top, left = rng.integers(300, 800, 2)
    part = picture[top : top + 256, left : left + 256]
    green = ndimage.gaussian_filter(part[..., 1].astype(float), 1.5)
    vessels = ndimage.gaussian_filter(green, 12) - green > 4
    return Files(encoded(part), encoded(vessels.astype(np.uint8) * 255))


def night(rng: np.random.Generator, number: int) -> Files:
    """Dark pictures with a few bright places."""
    picture, ids = scene(number, classes=2, objects=1, radius=0.1)
    return Files(encoded(_grey(picture * 0.06 + ids[..., None] * 30)), encoded(ids))


LOOKS = (
    Case("medical slices", medical),
    Case("medical slices, declared", medical, declared=Declared(classes=3)),
    Case("lesions in few slices", medical_lesions),
    Case("lesions in few slices, binary", medical_lesions, declared=Declared(task=Task.BINARY)),
    Case("slices in two splits", split_slices),
    Case("scans of 16 bits", scan_16_bits),
    Case("satellite fields", satellite),
    Case("satellite fields, declared", satellite, declared=Declared(classes=4)),
    Case("roofs on a grid", city_blocks),
    Case("flat shapes", shapes),
    Case("one centred object", centred),
    Case("waves", stripes),
    Case("tiny", tiny, pairs=60),
    Case("huge", huge, pairs=2),
    Case("300 cells", cells, pairs=10),
    Case("alpha mattes", matte, declared=RGB),
    Case("depth maps", depth, declared=RGB),
    Case("denoising", noisy, declared=RGB),
    Case("deblurring in grey", blurred, declared=RGB),
    Case("enlarging fourfold", enlarged, declared=RGB),
    Case("JPEG restoration", compressed, declared=RGB),
    Case("autoencoder", same, declared=RGB),
    Case("surface normals", flow, declared=RGB),
    Case("contours", edges),
    Case("pages of text", pages),
    Case("frames of a film", film),
    Case("vessels of the retina", retina),
    Case("night", night),
)
"""Every such data set; each is also audited with one pair alone."""
TRUE = {
    "lesions in few slices": ("UD604", "UD610"),
    "lesions in few slices, binary": ("UD610",),
    "slices in two splits": ("UD604", "UD610"),
    "scans of 16 bits": ("UD613",),
    "roofs on a grid": ("UD604",),
    "contours": ("UD604",),
    "vessels of the retina": ("UD604",),
}
"""Warnings that are true of them: 0 and 255 where nobody said what reads them, 16 bits, a class in .3 % of pixels."""
