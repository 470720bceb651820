"""Sound data sets of every encoding: nothing is wrong with any of them."""

import io

import numpy as np
from PIL import Image

from tests.datasets.case import Case, Files
from tests.datasets.faults import OWN, binary, images, masks, void
from tests.datasets.layers import LAYERS
from tests.datasets.scenes import blob, crop, encoded, indexed, painted, picture_file, scene, stored
from unetdoctor.data.palettes import CITYSCAPES, voc
from unetdoctor.facts import Declared, Task


def instances(ids: np.ndarray) -> np.ndarray:
    """Return every object under its own id, as instance masks have it."""
    parts = np.add.outer(np.arange(ids.shape[0]) // 16, np.arange(ids.shape[1]) // 20 * 11)
    return np.where(ids > 0, 1 + parts % 300, 0).astype(np.uint16)


def cityscapes_instances(ids: np.ndarray) -> np.ndarray:
    """Return `class * 1000 + number`, as Cityscapes' instance ids are."""
    return np.where(ids > 0, 24000 + 1000 * ids.astype(np.int64) + instances(ids) % 5, 7).astype(np.uint16)


def nested(rng: np.random.Generator, number: int) -> Files:
    """A disc with a cup inside it: ids 0 and 2 never touch."""
    picture, ids = crop(rng, 128, 160), np.zeros((128, 160), dtype=np.uint8)
    rows, columns = np.mgrid[:128, :160]
    y, x, radius = rng.uniform(50, 78), rng.uniform(60, 100), rng.uniform(28, 40)
    distance = np.hypot(rows - y, columns - x)
    ids[distance < radius] = 1
    ids[np.hypot(rows - y - 4, columns - x) < radius * 0.6] = 2
    return Files(encoded((picture * 0.5 + ids[..., None] * 50).astype(np.uint8)), encoded(ids))


def bordered(rng: np.random.Generator, number: int) -> Files:
    """Cells with a thin border of its own class between background and inside."""
    picture, ids = scene(number, classes=2)
    edge = void(ids, 1) == 1
    labels = np.where(ids > 0, 2, 0)
    rim = np.where((void(ids) == 255) & edge, 1, labels)
    return Files(encoded(picture), encoded(rim.astype(np.uint8)))


def lined(rng: np.random.Generator, number: int) -> Files:
    """Thin poles of id 2 through regions of ids 1, 3 and 4."""
    picture, ids = scene(number, classes=5, objects=6)
    ids = np.where(ids == 2, 4, ids).astype(np.uint8)
    for column in rng.integers(5, 155, 4):
        ids[20:110, column : column + int(rng.integers(1, 4))] = 2
    return Files(encoded(picture), encoded(ids))


def often_empty(rng: np.random.Generator, number: int) -> Files:
    picture, ids = scene(number, classes=2, objects=2 if number % 10 < 2 else 0)
    return Files(encoded(picture), encoded(ids))


def crowded(rng: np.random.Generator, number: int) -> Files:
    ids = scene(number, classes=21, objects=24, radius=0.12)[1]
    return Files(
        picture_file(number, "JPEG", classes=21, objects=24, radius=0.12),
        indexed(void(ids), voc(256)),
        "JPEGImages/{:03d}.jpg",
    )


def thin(rng: np.random.Generator, number: int) -> Files:
    """Vessels: wavy lines a few pixels wide."""
    picture, ids = crop(rng, 128, 160), np.zeros((128, 160), dtype=np.uint8)
    columns = np.arange(160)
    for _ in range(6):
        rows = 64 + rng.uniform(20, 50) * np.sin(columns / rng.uniform(15, 50) + rng.uniform(0, 6))
        for width in range(int(rng.integers(1, 4))):
            ids[(rows.astype(int) + width) % 128, columns] = 1
    return Files(encoded(np.where(ids[..., None] > 0, 40, picture).astype(np.uint8)), encoded(ids))


def dotted(rng: np.random.Generator, number: int) -> Files:
    """Rare small objects of several ids."""
    picture, ids = scene(number, classes=8, objects=14, radius=0.05)
    return Files(encoded(picture), encoded(ids))


def textured(rng: np.random.Generator, number: int) -> Files:
    """Pictures whose own edges are everywhere."""
    noise = rng.integers(0, 255, (128, 160, 3), dtype=np.uint8)
    ids = blob(rng, 128, 160, 32).astype(np.uint8)
    return Files(encoded(noise), encoded(ids))


def zipped(ids: np.ndarray) -> bytes:
    """Return ids as the bytes of an `.npz` file."""
    stream = io.BytesIO()
    np.savez_compressed(stream, mask=ids)
    return stream.getvalue()


def turned_both(rng: np.random.Generator, number: int) -> Files:
    picture, ids = scene(number)
    exif = Image.Exif()
    exif[0x0112] = 6
    ids = np.ascontiguousarray(np.rot90(ids, -1))
    return Files(encoded(picture, "JPEG", exif=exif), encoded(ids), image_name="images/{:03d}.jpg")


SOUND = (
    Case("ids 0, 1, 2", masks(encoded)),
    Case("ids 0, 1, 2, declared", masks(encoded), declared=Declared(classes=3)),
    Case("0 and 1", masks(lambda i: encoded(binary(i)))),
    Case("0 and 1, declared", masks(lambda i: encoded(binary(i))), declared=Declared(classes=2)),
    Case("0 and 255, binary task", masks(lambda i: encoded(binary(i) * 255)), declared=Declared(task=Task.BINARY)),
    Case("0 and 255, nothing said", masks(lambda i: encoded(binary(i) * 255))),
    Case("one bit", masks(lambda i: encoded(binary(i) * 255, mode="1"))),
    Case("palette of VOC", masks(lambda i: indexed(i, voc(256)))),
    Case("palette of VOC with void, 21 classes", crowded, declared=Declared(classes=21, ignore_index=255)),
    Case("palette of VOC with void, nothing said", crowded),
    Case("palette, GIF", masks(lambda i: indexed(i, OWN + ((0, 0, 0),) * 252, "GIF"), "masks/{:03d}.gif")),
    Case("255 as ignored, nothing said", masks(lambda i: encoded(void(i)))),
    Case("255 as ignored, binary", masks(lambda i: encoded(void(binary(i))))),
    Case("255 as ignored, declared", masks(lambda i: encoded(void(i))), declared=Declared(classes=3, ignore_index=255)),
    Case("20 classes", masks(encoded, classes=20, objects=24, radius=0.12)),
    Case("20 classes, declared", masks(encoded, classes=20, objects=24, radius=0.12), declared=Declared(classes=20)),
    Case("ids with gaps", masks(lambda i: encoded(np.array([0, 7, 8, 11, 26, 33], np.uint8)[i]), classes=6, objects=7)),
    Case("even ids", masks(lambda i: encoded(i * 2))),
    Case("trimap 1, 2, 3", masks(lambda i: encoded(i + 1))),
    Case("instances, 16 bits", masks(lambda i: encoded(instances(i)))),
    Case("instances, 8 bits", masks(lambda i: encoded((instances(i) % 200).astype(np.uint8)))),
    Case("Cityscapes' instances", masks(lambda i: encoded(cityscapes_instances(i)))),
    Case("32-bit TIFF", masks(lambda i: encoded(i.astype(np.int32), "TIFF"), "masks/{:03d}.tif")),
    Case("NPY, int64", masks(lambda i: stored(i.astype(np.int64)), "masks/{:03d}.npy")),
    Case("NPY, bool", masks(lambda i: stored(i > 0), "masks/{:03d}.npy")),
    Case("NPY, float 0 and 1", masks(lambda i: stored(binary(i).astype(np.float32)), "masks/{:03d}.npy")),
    Case("NPY, float ids [1, H, W]", masks(lambda i: stored(i[None].astype(np.float32)), "masks/{:03d}.npy")),
    Case("NPY, one-hot", masks(lambda i: stored(np.eye(3, dtype=np.uint8)[i]), "masks/{:03d}.npy")),
    Case("NPZ", masks(zipped, "masks/{:03d}.npz")),
    Case("BMP", masks(lambda i: encoded(i, "BMP"), "masks/{:03d}.bmp")),
    Case(
        "colours, declared",
        masks(lambda i: encoded(painted(i, OWN))),
        declared=Declared(palette="own.txt", colours=OWN),
    ),
    Case(
        "Cityscapes' colours, declared",
        masks(lambda i: encoded(painted(i, CITYSCAPES)), classes=8, objects=9),
        declared=Declared(palette="cityscapes", colours=CITYSCAPES),
    ),
    Case("nested classes", nested),
    Case("a border class", bordered),
    Case("thin poles", lined),
    Case("vessels", thin),
    Case("small objects", dotted),
    Case("mostly empty", often_empty),
    Case("noise as pictures", textured),
    Case("JPEG pictures", images(lambda p, _: encoded(p, "JPEG", quality=85), "images/{:03d}.jpg")),
    Case("grey pictures", images(lambda p, _: encoded(p, mode="L"))),
    Case("32x32", masks(encoded, size=(32, 32))),
    Case("290x380", masks(encoded, size=(290, 380)), pairs=8),
    Case("one pair", masks(encoded), pairs=1),
    Case("two pairs", masks(encoded), pairs=2),
    Case("EXIF, mask upright", turned_both),
    Case(
        "ImageNet's normalisation",
        masks(encoded),
        declared=Declared(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)),
    ),
    Case(
        "pictures to pictures",
        masks(lambda i: encoded(crop(np.random.default_rng(int(i.sum())), *i.shape))),
        declared=Declared(task=Task.RGB),
    ),
    *LAYERS,
)
"""Every sound data set."""
