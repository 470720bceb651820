"""One pair in, one record out, whatever the files are."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.data.files import claimed, disc, encoded, indexed, noise, ramp, stored
from tests.datasets.scenes import encoded as saved
from tests.datasets.scenes import resized, scene
from unetdoctor.data import decoding
from unetdoctor.data.decoding import UnreadableError, regular_file
from unetdoctor.data.pair import audit_pair, is_decoded, split_of
from unetdoctor.data.tallies import tallied
from unetdoctor.facts import Declared, Family, Fault, Oddity, PairRecord, Seen, Task
from unetdoctor.facts.contract import dump

HEADER = Declared(decoded=0.0)


def record(
    image: bytes | None, mask: bytes | None = None, declared: Declared | None = None, **names: str
) -> PairRecord:
    names = {"image_name": "images/a.png", "mask_name": "masks/a.png", **names}
    return audit_pair(image, mask, declared or Declared(), **names)


def test_a_record_is_small_and_json() -> None:
    rng = np.random.default_rng(0)
    for size in (64, 1024):
        seen = record(
            encoded(rng.integers(0, 255, (size, size, 3), np.uint8)), stored(rng.integers(0, 60_000, (size, size)))
        )
        text = json.dumps(dump(seen), allow_nan=False)
        assert len(text) < 16_000


def test_sums_are_those_of_the_pixels() -> None:
    picture = record(encoded(ramp())).picture
    assert picture is not None
    values = ramp().reshape(-1, 3).astype(np.int64) * 257
    assert picture.sums == tuple(values.sum(0))
    assert picture.squares == tuple((values**2).sum(0))
    assert sum(picture.histogram[1]) == picture.pixels == len(values)
    assert not picture.grey


@pytest.mark.parametrize(
    ("data", "oddity"),
    [
        (encoded((ramp()[..., 0] * 200).astype(np.uint16)), Oddity.DEEP),
        (encoded(ramp()[..., 0].astype(np.float32), "TIFF"), Oddity.FLOAT),
        (encoded(ramp(), "JPEG", mode="CMYK"), Oddity.CMYK),
        (encoded(ramp(), mode="RGBA"), Oddity.ALPHA),
        (encoded(ramp(), mode="LA"), Oddity.ALPHA),
        (encoded(ramp(), mode="P"), Oddity.PALETTE),
        (encoded(ramp(), mode="1"), Oddity.BITS),
        (encoded(ramp(), "JPEG"), Oddity.SUFFIX),
        (
            encoded(ramp()[..., 0], "GIF", save_all=True, append_images=[Image.fromarray(ramp()[..., 1])]),
            Oddity.ANIMATED,
        ),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else str(value),
)
@pytest.mark.parametrize("declared", [Declared(), HEADER])
def test_an_odd_picture_is_told_by_its_content(data: bytes, oddity: Oddity, declared: Declared) -> None:
    seen = record(data, declared=declared)
    assert seen.image is not None
    assert seen.image.fault is None
    assert oddity in seen.image.oddities
    assert (seen.picture is None) == (declared is HEADER)


def test_a_turned_picture_has_the_size_that_a_person_sees() -> None:
    exif = Image.Exif()
    exif[0x0112] = 8
    for form in ("PNG", "JPEG"):
        image = record(encoded(ramp(), form, exif=exif), declared=HEADER).image
        assert image is not None
        assert (image.stored, image.size) == ((40, 48), (48, 40))
        assert Oddity.TURNED in image.oddities


@pytest.mark.parametrize("declared", [Declared(), HEADER])
@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", Fault.EMPTY),
        (b"\x00", Fault.NO_PICTURE),
        (b"<!doctype html>", Fault.NO_PICTURE),
        (b"%PDF-1.4\n", Fault.NO_PICTURE),
        (claimed(20_000, 20_000), Fault.TOO_LARGE),
        (claimed(1, 100_000_000), Fault.TOO_LARGE),
        (encoded(noise())[:900], Fault.TRUNCATED),
        (encoded(noise(), "JPEG")[:900], Fault.TRUNCATED),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else str(value),
)
def test_what_cannot_be_read_is_a_record_with_its_reason(data: bytes, fault: Fault, declared: Declared) -> None:
    seen = record(data, encoded(disc()), declared)
    assert seen.image is not None
    assert seen.image.fault is fault, seen.image.reason
    assert seen.image.reason.endswith(".")
    assert seen.picture is None
    assert seen.labels is not None


def test_a_flipped_bit_is_found_without_decoding() -> None:
    data = bytearray(encoded(ramp()))
    data[len(data) // 2] ^= 1
    image = record(bytes(data), declared=HEADER).image
    assert image is not None
    assert image.fault is Fault.DAMAGED


def test_nothing_is_decoded_where_only_the_header_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image.Image, "load", lambda _: pytest.fail("decoded"))
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda _: pytest.fail("decoded"))
    for form in ("PNG", "JPEG", "BMP", "TIFF"):
        monkeypatch.undo()
        data = encoded(ramp(), form)
        monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda _: pytest.fail("decoded"))
        assert record(data, declared=HEADER).image is not None


def test_mutants_never_raise() -> None:
    rng = np.random.default_rng(0)
    sound = [encoded(ramp()), encoded(ramp(), "JPEG"), encoded(ramp(), "TIFF"), encoded(ramp(), "GIF"), stored(disc())]
    sound += [encoded(ramp(), "WEBP"), encoded(ramp(), "BMP"), indexed(disc(), [0, 0, 0, 9, 9, 9])]
    for number in range(400):
        data = bytearray(sound[number % len(sound)])
        for place in rng.integers(0, len(data), 1 + number % 5):
            data[place] = rng.integers(256)
        seen = record(bytes(data), bytes(data))
        assert seen.mask is not None
        assert seen.mask.fault is None or seen.mask.reason


def test_one_without_a_partner_is_a_record() -> None:
    assert record(encoded(ramp()), None).mask is None
    assert record(None, encoded(disc())).image is None
    lost = audit_pair(
        UnreadableError(Fault.DENIED, "a.png cannot be read: permission denied."), None, Declared(), image_name="a.png"
    )
    assert lost.image is not None
    assert lost.image.fault is Fault.DENIED


def test_targets_that_are_pictures_are_no_masks() -> None:
    assert record(encoded(ramp()), encoded(ramp()), Declared(task=Task.RGB)).labels is None


def test_values_are_those_of_the_mask() -> None:
    labels = record(None, encoded(disc(value=255))).labels
    assert labels is not None
    assert labels.family is Family.ZERO_255
    assert dict(labels.values) == {0.0: int((disc() == 0).sum()), 255.0: int((disc() > 0).sum())}


def test_the_share_that_is_decoded_depends_on_the_name_alone() -> None:
    chosen = [is_decoded(f"{n}.png", 0.25) for n in range(4000)]
    assert 0.2 < np.mean(chosen) < 0.3
    assert chosen == [is_decoded(f"{n}.png", 0.25) for n in range(4000)]


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train/images/a.png", "train"),
        ("images/val2017/a.png", "val"),
        ("data\\Test\\a.png", "test"),
        ("images/train_001.png", "train"),
        ("images/trainer.png", ""),
        ("latest/a.png", ""),
    ],
)
def test_a_path_says_its_split(name: str, split: str) -> None:
    assert split_of(name) == split


def test_paths_that_are_no_files(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    os.mkfifo(tmp_path / "fifo")
    for name, fault in (("loop", Fault.NO_FILE), ("fifo", Fault.NO_FILE), ("", Fault.NO_FILE), ("none", Fault.MISSING)):
        with pytest.raises(UnreadableError) as raised:
            regular_file(tmp_path / name)
        assert raised.value.fault is fault
    assert decoding.image_size(encoded(ramp())) == (40, 48)


@pytest.mark.parametrize(("form", "seen"), [("JPEG", Seen.BLURRED_LOSSY), ("PNG", Seen.BLURRED)])
def test_blurred_borders_are_counted_apart_from_lossy_ones(form: str, seen: Seen) -> None:
    ids = np.where(scene(3)[1] > 0, 255, 0).astype(np.uint8)
    content = saved(ids, "JPEG", quality=90) if form == "JPEG" else saved(resized(ids, Image.Resampling.BILINEAR))
    tallies = tallied(audit_pair(None, content, Declared(), mask_name="m"), Declared())
    assert {Seen.BLURRED, Seen.BLURRED_LOSSY} & set(tallies) == {seen}
