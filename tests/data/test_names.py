import pytest

from unetdoctor.data.names import is_image_folder, is_mask_folder, is_picture, parsed, suffix


@pytest.mark.parametrize(
    ("image", "mask"),
    [
        ("a.jpg", "a.png"),
        ("a.jpg", "a_mask.png"),
        ("a.jpg", "a-mask.png"),
        ("a.jpg", "a mask.png"),
        ("a.jpg", "a.mask.png"),
        ("a.jpg", "a_gt.png"),
        ("a.jpg", "a_GT.tif"),
        ("a.jpg", "a_label.png"),
        ("a.jpg", "a_seg.png"),
        ("a.jpg", "a_seg_mask.png"),
        ("a.jpg", "mask_a.png"),
        ("img_001.png", "mask_001.png"),
        ("IMG_001.png", "img_001_mask.png"),
        ("1_sat.jpg", "1_mask.png"),
        ("21_training.tif", "21_manual1.gif"),
        ("ISIC_0000001.jpg", "ISIC_0000001_segmentation.png"),
        ("0001TP_006690.png", "0001TP_006690_L.png"),
        ("aachen_000000_000019_leftImg8bit.png", "aachen_000000_000019_gtFine_labelIds.png"),
        ("images/train/a.jpg", "masks/train/a.png"),
        ("train/images/a.jpg", "train/masks/a.png"),
        ("train_images/a.jpg", "train_masks/a.png"),
        ("imagesTr/a.png", "labelsTr/a.png"),
        ("JPEGImages/a.jpg", "SegmentationClass/a.png"),
        ("leftImg8bit/val/x/a.png", "gtFine/val/x/a.png"),
    ],
)
def test_partners_share_folder_and_key(image: str, mask: str) -> None:
    first, second = parsed(image), parsed(mask)
    assert first.folder == second.folder
    assert {first.stem.casefold(), first.image_key} & {second.stem.casefold(), second.mask_key}


@pytest.mark.parametrize("path", ["a_mask.png", "masks/a.png", "train/labels/a.png", "mask_001.png", "a_gt.png"])
def test_a_mask_is_marked_by_its_name_or_folder(path: str) -> None:
    assert parsed(path).is_mask


@pytest.mark.parametrize(
    "path", ["a.png", "unmasked.png", "images/a.png", "item_id.png", "gt.png", "Masket.png", "x/seg7.png"]
)
def test_an_image_is_not(path: str) -> None:
    assert not parsed(path).is_mask


@pytest.mark.parametrize("name", ["a.PNG", "a.jpeg", "b/c.tif", "x.npy", "a.b.webp"])
def test_pictures_are_told_by_their_endings(name: str) -> None:
    assert is_picture(name)


@pytest.mark.parametrize("name", ["a.txt", "png", ".png", "a.png.txt", "", "a/.jpg"])
def test_everything_else_is_none(name: str) -> None:
    assert not is_picture(name)


def test_a_suffix_is_in_lower_case_and_empty_for_hidden_files() -> None:
    assert [suffix(name) for name in ("a.PNG", "x.tar.gz", ".hidden", "none")] == [".png", ".gz", "", ""]


def test_folders_are_told_apart() -> None:
    assert is_image_folder("images")
    assert is_image_folder("train_images")
    assert is_mask_folder("masks")
    assert is_mask_folder("SegmentationClass")
    assert not is_image_folder("masks")
    assert not is_mask_folder("images")
    assert not is_mask_folder("train")
