"""Where the edges of a mask lie on its picture's, and whether borders are blurred."""

import io

import numpy as np
import pytest
from PIL import Image

from tests.datasets.scenes import scene
from unetdoctor.data.alignment import MOVES, SHIFTED, STORED, alignment_of, grid_of
from unetdoctor.data.borders import edges, inside, strips
from unetdoctor.data.labels import numbers_of
from unetdoctor.data.masks import read_mask
from unetdoctor.facts import Alignment, Declared, Family

SQUARE = (144, 144)


def placed(ids: np.ndarray, picture: np.ndarray) -> Alignment | None:
    return alignment_of(grid_of(Image.fromarray(picture).convert("L")), ids)


@pytest.mark.parametrize("number", range(6))
def test_a_mask_in_its_place(number: int) -> None:
    picture, ids = scene(number, size=SQUARE)
    found = placed(ids, picture)
    assert found is None or (found.best, found.gain, found.shift) == (STORED, 0.0, (0, 0))


@pytest.mark.parametrize("move", list(MOVES))
def test_every_move_is_named_by_what_would_mend_it(move: str) -> None:
    back = {"rotated by 90 degrees": "rotated by 270 degrees", "rotated by 270 degrees": "rotated by 90 degrees"}
    picture, ids = scene(3, size=SQUARE)
    found = placed(np.ascontiguousarray(MOVES[move](ids)), picture)
    assert found is not None
    assert found.best == back.get(move, move)
    assert found.gain > 2.5


@pytest.mark.parametrize("shift", [(12, -9), (5, 7), (-5, -7), (0, 8), (-16, 3)])
@pytest.mark.parametrize("size", [SQUARE, (128, 160), (96, 96)])
def test_a_shift_is_told_in_pixels_of_the_mask(shift: tuple[int, int], size: tuple[int, int]) -> None:
    picture, ids = scene(4, size=size)
    found = placed(np.roll(ids, shift, (0, 1)), picture)
    assert found is not None
    assert found.best == SHIFTED
    assert found.shift == (-shift[0], -shift[1])


def test_what_cannot_be_judged_is_none() -> None:
    picture, ids = scene(0, size=SQUARE)
    assert placed(ids * 0, picture) is None
    assert placed(ids, np.full_like(picture, 7)) is None
    assert placed(np.random.default_rng(0).integers(0, 9, SQUARE), picture) is None
    assert alignment_of(np.zeros((4, 128), np.float32), np.zeros((4, 128))) is None


def test_noise_agrees_with_nothing() -> None:
    rng = np.random.default_rng(0)
    judged = [placed(scene(n, size=SQUARE)[1], rng.integers(0, 255, (*SQUARE, 3), np.uint8)) for n in range(20)]
    assert not [found for found in judged if found is not None and found.best != STORED]


def test_edges_and_insides() -> None:
    ids = np.zeros((5, 6), np.uint8)
    ids[1:4, 1:5] = 1
    assert edges(ids)[1, 1]
    assert not edges(ids)[0].any()
    assert inside(ids)[2, 2:4].all()
    assert not inside(ids)[1].any()


def test_strips_are_those_of_ids_that_have_regions() -> None:
    ids = np.zeros((20, 20), np.uint8)
    ids[:, 8:9], ids[:, 9:] = 1, 2
    assert strips(ids, np.array([0, 1, 2])) == 1.0
    assert strips(ids, np.array([0, 2])) == 0.0
    ids[:, 8] = 2
    assert strips(ids, np.array([0, 1, 2])) == 0.0


@pytest.mark.parametrize(
    ("how", "blurred"),
    [(Image.Resampling.NEAREST, False), (Image.Resampling.BILINEAR, True), (Image.Resampling.BICUBIC, True)],
)
def test_a_resized_mask_is_blurred_unless_by_nearest(how: Image.Resampling, blurred: bool) -> None:
    mask = Image.fromarray(np.where(scene(1)[1] > 0, 255, 0).astype(np.uint8))
    stream = io.BytesIO()
    mask.resize((100, 77), how).save(stream, "PNG")
    numbers = numbers_of(read_mask(stream.getvalue()), Declared())
    assert (numbers.blurred > 0) is blurred
    assert numbers.family is Family.ZERO_255
    assert [value for value, _ in numbers.values] == [0.0, 255.0]
