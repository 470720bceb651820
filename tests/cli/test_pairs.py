"""`--image` and `--mask`: which photographs are fed, and which mask belongs to each."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from unetdoctor.cli.arguments import request_from_arguments
from unetdoctor.cli.errors import RequestError
from unetdoctor.cli.pairs import MOST, photographs


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three photographs with masks in a folder beside them."""
    for name in ("images/a.png", "images/b.png", "images/c.png", "masks/a_mask.png", "masks/b_mask.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.fromarray(np.zeros((4, 4), dtype=np.uint8)).save(tmp_path / name)
    return tmp_path


def names(found: tuple[str, ...]) -> list[str]:
    return [Path(name).name for name in found]


def test_files_belong_together_in_their_order() -> None:
    assert photographs(("x.png", "y.png"), ("m.png", "n.png")) == (("x.png", "y.png"), ("m.png", "n.png"))


def test_a_photograph_alone_stays_as_it_is() -> None:
    assert photographs(("missing.png",), ()) == (("missing.png",), ())


def test_folders_are_paired_by_name(folder: Path) -> None:
    images, masks = photographs((str(folder / "images"),), (str(folder / "masks"),))
    assert names(images) == ["a.png", "b.png"]
    assert names(masks) == ["a_mask.png", "b_mask.png"]


def test_patterns_are_paired_by_name(folder: Path) -> None:
    images, masks = photographs((str(folder / "images" / "?.png"),), (str(folder / "masks" / "*_mask.png"),))
    assert names(images) == ["a.png", "b.png"]
    assert len(masks) == 2


def test_one_folder_can_hold_both(folder: Path) -> None:
    for name in ("a_mask.png", "b_mask.png"):
        (folder / "masks" / name).rename(folder / "images" / name)
    images, masks = photographs((str(folder / "images"),), (str(folder / "images"),))
    assert names(images) == ["a.png", "b.png"]
    assert names(masks) == ["a_mask.png", "b_mask.png"]


def test_a_table_names_pairs(folder: Path) -> None:
    table = folder / "pairs.csv"
    table.write_text("image,mask\nimages/c.png,masks/a_mask.png\n")
    images, masks = photographs((str(table),), ())
    assert names(images) == ["c.png"]
    assert names(masks) == ["a_mask.png"]


def test_a_folder_of_photographs_needs_no_masks(folder: Path) -> None:
    images, masks = photographs((str(folder / "images"),), ())
    assert names(images) == ["a.png", "b.png", "c.png"]
    assert not masks


def test_of_many_the_first_are_fed(tmp_path: Path) -> None:
    for number in range(MOST + 3):
        Image.fromarray(np.zeros((4, 4), dtype=np.uint8)).save(tmp_path / f"{number:03}.png")
    assert len(photographs((str(tmp_path),), ())[0]) == MOST


@pytest.mark.parametrize(
    ("images", "masks", "said"),
    [((), ("m.png",), "--mask needs the photograph"), (("none*.png",), ("m.png",), "no file or folder")],
)
def test_what_cannot_be_paired_is_refused(images: tuple[str, ...], masks: tuple[str, ...], said: str) -> None:
    with pytest.raises(RequestError, match=said):
        photographs(images, masks)


def test_masks_of_other_names_are_refused(folder: Path) -> None:
    Image.fromarray(np.zeros((4, 4), dtype=np.uint8)).save(folder / "other.png")
    with pytest.raises(RequestError, match="expected the same stem"):
        photographs((str(folder / "images"),), (str(folder / "other.png"),))


def test_the_options_reach_the_request(folder: Path) -> None:
    image, mask = str(folder / "images" / "a.png"), str(folder / "masks" / "a_mask.png")
    more = ("--threshold", "0.3", "--ignore-index", "255", "--palette", "voc")
    request = request_from_arguments(["inspect", "model.py", "--image", image, "--mask", mask, *more])
    assert (request.images, request.masks) == ((image,), (mask,))
    intent = request.intent
    assert (intent.threshold, intent.ignore_index, intent.palette) == (0.3, 255, "voc")


def test_a_threshold_is_a_probability() -> None:
    with pytest.raises(RequestError, match="between 0 and 1"):
        request_from_arguments(["inspect", "model.py", "--threshold", "1.5"])
