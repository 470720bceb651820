"""Faulty data sets, by recipe."""

import io
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from PIL import Image

from tests.datasets.case import Case, Files, Make
from tests.datasets.scenes import crop, encoded, painted, picture_file, resized, scene, stored
from unetdoctor.data.palettes import CITYSCAPES, luminance, voc
from unetdoctor.facts import Declared, Task

OWN = ((10, 20, 30), (200, 40, 40), (40, 200, 90), (60, 60, 220))
THREE = Declared(classes=3)
Change = Callable[[np.ndarray], bytes]


def masks(change: Change, name: str = "masks/{:03d}.png", **options: object) -> Make:
    """Make sound pictures with masks that are stored in this way."""

    def make(rng: np.random.Generator, number: int) -> Files:
        ids = scene(number, **options)[1]
        return Files(picture_file(number, **options), change(ids), mask_name=name)

    return make


def moved(move: Callable[[np.ndarray, np.random.Generator], np.ndarray], size: tuple[int, int] = (128, 160)) -> Make:
    """Make pairs of which the mask alone is moved."""

    def make(rng: np.random.Generator, number: int) -> Files:
        ids = scene(number, size=size)[1]
        return Files(picture_file(number, size=size), encoded(np.ascontiguousarray(move(ids, rng))))

    return make


def images(change: Callable[[np.ndarray, int], bytes], name: str = "images/{:03d}.png") -> Make:
    """Make sound masks with pictures that are stored in this way."""

    def make(rng: np.random.Generator, number: int) -> Files:
        picture, ids = scene(number)
        return Files(change(picture, number), encoded(ids), image_name=name)

    return make


def binary(ids: np.ndarray) -> np.ndarray:
    """Return 0 and 1."""
    return (ids > 0).astype(np.uint8)


def void(ids: np.ndarray, value: int = 255) -> np.ndarray:
    """Return ids with a border of 255 around every object."""
    edge = np.zeros(ids.shape, dtype=bool)
    edge[1:] |= ids[1:] != ids[:-1]
    edge[:, 1:] |= ids[:, 1:] != ids[:, :-1]
    edge[:-1] |= edge[1:]
    return np.where(edge, value, ids).astype(np.uint8)


def greyed(ids: np.ndarray) -> np.ndarray:
    """Return the luminances of VOC's colours."""
    return np.array([luminance(colour) for colour in voc(21)], dtype=np.uint8)[ids]


def fractions(ids: np.ndarray) -> bytes:
    """Return ids as ToTensor makes them."""
    return stored((ids / 255).astype(np.float32))


def mixed(rng: np.random.Generator, number: int) -> Files:
    picture, ids = scene(number, classes=2)
    return Files(encoded(picture), encoded(ids * (255 if number % 3 == 0 else 1)))


def few(change: Callable[[np.ndarray], np.ndarray]) -> Make:
    """Make pairs every fifth of which has a mask that is coded in another way."""

    def make(rng: np.random.Generator, number: int) -> Files:
        picture, ids = scene(number)
        return Files(encoded(picture), encoded(change(ids) if number % 5 == 4 else ids))

    return make


def half_flipped(ids: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return ids[:, ::-1] if rng.random() < 0.5 else ids


def with_alpha(picture: np.ndarray, number: int) -> bytes:
    return encoded(picture, mode="RGBA" if number % 4 == 0 else None)


def some_grey(picture: np.ndarray, number: int) -> bytes:
    return encoded(picture, mode="L" if number % 5 == 0 else None)


def deep(picture: np.ndarray, number: int) -> bytes:
    return encoded((picture.mean(axis=2) * 16).astype(np.uint16))


def alone(role: str) -> Make:
    """Make pairs every third of which lacks one half."""

    def make(rng: np.random.Generator, number: int) -> Files:
        picture, ids = scene(number)
        whole = Files(encoded(picture), encoded(ids))
        return whole if number % 3 else replace(whole, **{role: None})

    return make


def cut(rng: np.random.Generator, number: int) -> Files:
    picture, ids = scene(number)
    data = encoded(picture, "JPEG")
    return Files(data[: len(data) // 2] if number % 1000 == 7 else data, encoded(ids), image_name="images/{:03d}.jpg")


def twice(rng: np.random.Generator, number: int) -> Files:
    picture, ids = scene(number - 19 if number % 1000 == 22 else number)
    return Files(
        encoded(picture), encoded(ids), image_name=f"{'train' if number % 1000 < 20 else 'val'}/images/{{:03d}}.png"
    )


def turned(rng: np.random.Generator, number: int) -> Files:
    picture, ids = scene(number)
    exif = Image.Exif()
    exif[0x0112] = 6
    return Files(encoded(picture, "JPEG", exif=exif), encoded(ids), image_name="images/{:03d}.jpg")


def smooth(rng: np.random.Generator, number: int) -> Files:
    return Files(encoded(scene(number)[0]), encoded(crop(rng, 128, 160).mean(axis=2).astype(np.uint8)))


BILINEAR, BICUBIC, BOX = Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.BOX


def jpeg(ids: np.ndarray) -> np.ndarray:
    """Return values as they come back from a JPEG file."""
    return np.asarray(Image.open(io.BytesIO(encoded(ids, "JPEG", quality=90))))


def enlarged(ids: np.ndarray) -> np.ndarray:
    """Return ids enlarged twofold."""
    return np.asarray(Image.fromarray(ids).resize((2 * ids.shape[1], 2 * ids.shape[0]), BILINEAR))


def spun(ids: np.ndarray) -> np.ndarray:
    """Return ids turned by 17 degrees and back."""
    return np.asarray(Image.fromarray(ids).rotate(17, BILINEAR).rotate(-17, BILINEAR))


def rare(ids: np.ndarray) -> bytes:
    """Return ids of which the last covers a few pixels."""
    ids = binary(ids)
    ids[3:6, 4:7] = 2
    return encoded(ids)


def encoded_grey(picture: np.ndarray) -> np.ndarray:
    """Return a picture with three equal channels."""
    return np.repeat(picture.mean(axis=2).astype(np.uint8)[..., None], 3, axis=2)


FAULTS = (
    Case("0 and 255", masks(lambda i: encoded(binary(i) * 255)), "UD604", "0 and 255", 1),
    Case(
        "0 and 255, two classes",
        masks(lambda i: encoded(binary(i) * 255)),
        "UD604",
        "0 and 255",
        1,
        Declared(classes=2),
    ),
    Case("0 and 255, one bit as grey", masks(lambda i: encoded(binary(i) * 255, mode="L")), "UD604", "0 and 255", 1),
    Case("0 and 255 beside 0 and 1", mixed, "UD604", "two values", 1),
    Case("0 and 255 in a few", few(lambda i: binary(i) * 255), "UD604", "0 and 255 while the others", 1),
    Case("300 and 600 in a few", few(lambda i: i.astype(np.uint16) * 300), "UD604", "300, 600 while the others", 1),
    Case("0 and 128", masks(lambda i: encoded(binary(i) * 128)), "UD604", "0 and 128", 1),
    Case(
        "255 declared as ignored",
        masks(lambda i: encoded(binary(i) * 255)),
        "UD604",
        "ignored",
        1,
        Declared(ignore_index=255),
    ),
    Case("ids times 127", masks(lambda i: encoded(i * 127)), "UD604", "ids times 127", 1),
    Case("ids times 85", masks(lambda i: encoded(i * 85), classes=4), "UD604", "ids times 85", 1),
    Case("ids times 127, declared", masks(lambda i: encoded(i * 127)), "UD604", "ids times 127", 1, THREE),
    Case("palette as grey levels", masks(lambda i: encoded(greyed(i))), "UD604", "voc", 1),
    Case("palette as grey levels, many", masks(lambda i: encoded(greyed(i)), classes=9, objects=9), "UD604", "voc", 1),
    Case("palette as grey levels, void", masks(lambda i: encoded(void(greyed(i), 220))), "UD604", "voc", 1),
    Case("ToTensor on ids", masks(fractions, "masks/{:03d}.npy"), "UD604", "1/255", 1),
    Case("ids beyond the classes", masks(lambda i: encoded(i), classes=5, objects=6), "UD604", "beyond", 1, THREE),
    Case("undeclared 255", masks(lambda i: encoded(void(i))), "UD604", "255 beside", 1, THREE),
    Case("photographs as masks", smooth, "UD604", "pixel to pixel", 1),
    Case("VOC colours", masks(lambda i: encoded(painted(i, voc(21)))), "UD605", "voc", 1),
    Case("Cityscapes colours", masks(lambda i: encoded(painted(i, CITYSCAPES))), "UD605", "cityscapes", 1),
    Case("own colours", masks(lambda i: encoded(painted(i, OWN))), "UD605", "colours", 1),
    Case("own colours with alpha", masks(lambda i: encoded(painted(i, OWN), mode="RGBA")), "UD605", "colours", 1),
    Case(
        "colours that the palette lacks",
        masks(lambda i: encoded(painted(i, OWN))),
        "UD605",
        "lacks",
        1,
        Declared(palette="own.txt", colours=OWN[:2]),
    ),
    Case("ids in three channels", masks(lambda i: encoded(i, mode="RGB")), "UD605", "three channels", 1),
    Case(
        "ids in the alpha channel",
        masks(lambda i: encoded(np.dstack([np.zeros((*i.shape, 3), np.uint8), binary(i) * 255]))),
        "UD605",
        "alpha",
        1,
    ),
    Case(
        "JPEG, 0 and 255",
        masks(lambda i: encoded(binary(i) * 255, "JPEG", quality=90), "m/{:03d}.jpg"),
        "UD607",
        "JPEG",
        1,
    ),
    Case("JPEG, 0 and 255, PNG since", masks(lambda i: encoded(jpeg(binary(i) * 255))), "UD607", "borders", 1),
    Case("JPEG, ids", masks(lambda i: encoded(i * 100, "JPEG", quality=90), "masks/{:03d}.jpg"), "UD607", "JPEG", 1),
    Case("JPEG, colours", masks(lambda i: encoded(painted(i, OWN), "JPEG"), "masks/{:03d}.jpg"), "UD607", "JPEG", 1),
    Case("bilinear, 0 and 255", masks(lambda i: encoded(resized(binary(i) * 255, BILINEAR))), "UD607", "borders", 20),
    Case("bicubic, 0 and 255", masks(lambda i: encoded(resized(binary(i) * 255, BICUBIC))), "UD607", "borders", 20),
    Case("bilinear, ids times 127", masks(lambda i: encoded(resized(i * 127, BILINEAR))), "UD607", "borders", 20),
    Case("bilinear, ids 0, 1, 2", masks(lambda i: encoded(resized(i, BILINEAR))), "UD607", "strip", 20),
    Case(
        "bilinear, ids 0..5", masks(lambda i: encoded(resized(i, BILINEAR)), classes=6, objects=7), "UD607", "strip", 20
    ),
    Case("bilinear, enlarged by 2", masks(lambda i: encoded(enlarged(i))), "UD607", "strip", 20),
    Case("bilinear, colours", masks(lambda i: encoded(resized(painted(i, OWN), BILINEAR))), "UD607", "borders", 20),
    Case("rotated with bilinear", masks(lambda i: encoded(spun(binary(i) * 255))), "UD607", "borders", 20),
    Case("drawn with antialiasing", masks(lambda i: encoded(resized(binary(i) * 255, BOX, 2))), "UD607", "borders", 20),
    Case("numbered from 1", masks(lambda i: encoded(i + 1)), "UD604", "numbered from 1", 22, THREE),
    Case("more ids than classes", masks(lambda i: encoded(i), classes=4), "UD604", "beyond", 22, THREE),
    Case("fewer ids than classes", masks(lambda i: encoded(i)), "UD609", "occur in none", 22, Declared(classes=6)),
    Case("shifted by 12", moved(lambda i, _: np.roll(i, (12, -12), (0, 1))), "UD608", "shifted", 23),
    Case("shifted by 6 right", moved(lambda i, _: np.roll(i, 8, 1)), "UD608", "shifted", 23),
    Case("flipped left-right", moved(lambda i, _: i[:, ::-1]), "UD608", "left-right", 23),
    Case("half of them flipped", moved(half_flipped), "UD608", "left-right", 23),
    Case("flipped upside down", moved(lambda i, _: i[::-1]), "UD608", "upside", 23),
    Case("turned by 90", moved(lambda i, _: np.rot90(i), (144, 144)), "UD608", "rotated", 23),
    Case("turned at random", moved(lambda i, r: np.rot90(i, r.integers(4)), (144, 144)), "UD608", "rotated", 23),
    Case("transposed", moved(lambda i, _: i.T, (144, 144)), "UD608", "transposed", 23),
    Case("rare foreground", masks(lambda i: encoded(i), classes=2, objects=1, radius=0.04), "UD610", "covers", 24),
    Case("rare class of three", masks(rare), "UD610", "covers", 24),
    Case("RGBA among RGB", images(with_alpha), "UD613", "channels", 25),
    Case("all RGBA", images(lambda p, _: encoded(p, mode="RGBA")), "UD613", "alpha", 25),
    Case("grey among RGB", images(some_grey), "UD613", "channels", 25),
    Case("16 bits", images(deep), "UD613", "16 bits", 25),
    Case("CMYK", images(lambda p, _: encoded(p, "JPEG", mode="CMYK"), "images/{:03d}.jpg"), "UD613", "CMYK", 25),
    Case("palette pictures", images(lambda p, _: encoded(p, mode="P")), "UD613", "palette", 25),
    Case("all background", masks(lambda i: encoded(i * 0)), "UD609", "nothing but 0", 27),
    Case("ids divided by 255", masks(lambda i: encoded((i / 255).astype(np.uint8))), "UD609", "nothing but 0", 27),
    Case("all one id", masks(lambda i: encoded(i * 0 + 1)), "UD609", "one id", 27),
    Case("declared ids never seen", masks(lambda i: encoded(i)), "UD609", "occurs in none", 27, Declared(classes=4)),
    Case("transposed masks", moved(lambda i, _: i.T), "UD606", "changed places"),
    Case("masks of another form", masks(lambda i: encoded(i[:, :120].copy())), "UD606", "another form"),
    Case("masks of half the size", masks(lambda i: encoded(i[::2, ::2].copy())), "UD606", "another size"),
    Case("EXIF turns the picture", turned, "UD606", "EXIF"),
    Case("without masks", alone("mask"), "UD612", "no mask"),
    Case("without pictures", alone("image"), "UD612", "no picture"),
    Case("one truncated", cut, "UD613", "truncated"),
    Case("in two splits", twice, "UD614", "train and val"),
    Case(
        "grey targets",
        images(lambda p, _: encoded(encoded_grey(p))),
        "UD611",
        "equal channels",
        declared=Declared(task=Task.RGB),
    ),
    Case(
        "mean on another scale",
        masks(lambda i: encoded(i)),
        "UD615",
        "deviations from 0",
        declared=Declared(mean=(123.675, 116.28, 103.53), std=(58.395, 57.12, 57.375)),
    ),
)
"""Every faulty data set."""
