"""Any mask file as ids, whatever holds them."""

import io

import numpy as np
import pytest
from PIL import Image

from tests.data.files import disc, encoded, indexed, noise, ramp, stored
from unetdoctor.data.decoding import UnreadableError
from unetdoctor.data.masks import Labels, Usage, ids_of, read_mask, usage_of
from unetdoctor.data.palettes import CITYSCAPES, VOID, luminance, named, pack, voc
from unetdoctor.facts import Coding, Declared, Fault, Task

IDS = disc() + np.roll(disc(), 9, 1)  # 0, 1 and, where both lie, 2


def load_labels(data: bytes, declared: Declared = Declared()) -> Labels:  # noqa: B008 - frozen
    return ids_of(read_mask(data), declared)


def zipped(**arrays: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "coding"),
    [
        (encoded(IDS), Coding.GREY),
        (encoded(IDS.astype(np.uint16)), Coding.GREY),
        (encoded(IDS.astype(np.int32), "TIFF"), Coding.GREY),
        (encoded(IDS.astype(np.float32), "TIFF"), Coding.FLOATS),
        (indexed(IDS, [0, 0, 0, 128, 0, 0, 0, 128, 0]), Coding.PALETTE),
        (encoded(IDS, mode="RGB"), Coding.GREY_AS_COLOUR),
        (encoded(np.array(voc(3), np.uint8)[IDS]), Coding.COLOURS),
        (encoded(np.array(voc(3), np.uint8)[IDS], mode="RGBA"), Coding.COLOURS),
        (stored(IDS), Coding.ARRAY),
        (stored(IDS[None, ..., None].astype(np.int64)), Coding.ARRAY),
        (stored((IDS / 255).astype(np.float32)), Coding.FLOATS),
        (stored(np.eye(3, dtype=np.uint8)[IDS]), Coding.ONE_HOT),
        (stored(np.eye(3, dtype=np.float32)[IDS].transpose(2, 0, 1)), Coding.ONE_HOT),
        (zipped(image=ramp(), mask=IDS), Coding.ARRAY),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else str(value),
)
def test_ids_come_back_whatever_holds_them(data: bytes, coding: Coding) -> None:
    labels = load_labels(data)
    assert labels.coding is coding
    assert np.array_equal(labels.ids, IDS), labels.how
    assert labels.unknown == 0


@pytest.mark.parametrize(
    ("data", "declared"),
    [
        (encoded(disc(value=255)), Declared()),
        (encoded(disc(value=255)), Declared(task=Task.BINARY)),
        (encoded(disc(value=255)), Declared(classes=2)),
        (encoded(disc(value=255), mode="1"), Declared()),
        (encoded(np.dstack([np.zeros((40, 48, 3), np.uint8), disc(value=255)])), Declared()),
        (stored(disc().astype(bool)), Declared()),
        (stored(disc().astype(np.float32) * 0.9), Declared()),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else str(value.task),
)
def test_black_and_white_is_0_and_1(data: bytes, declared: Declared) -> None:
    assert np.array_equal(load_labels(data, declared).ids, disc())


def test_255_beside_ids_is_ignored() -> None:
    ids = IDS.copy()
    ids[:3] = 255
    labels = load_labels(encoded(ids))
    assert labels.ignore == 255
    assert np.array_equal(labels.ids, ids)
    assert load_labels(encoded(disc(value=255)), Declared(classes=3)).ids.max() == 255


def test_colours_go_by_the_declared_palette() -> None:
    colours = ((9, 9, 9), (1, 2, 3), (200, 100, 50))
    painted = np.array(colours, np.uint8)[IDS]
    labels = load_labels(encoded(painted), Declared(palette="own", colours=colours))
    assert np.array_equal(labels.ids, IDS)
    assert "own" in labels.how
    short = load_labels(encoded(painted), Declared(palette="own", colours=colours[:2]))
    assert short.unknown == pytest.approx((IDS == 2).mean())
    assert short.ignore == 255
    assert (short.ids[IDS == 2] == 255).all()


def test_the_colour_of_no_class_is_no_unknown_colour() -> None:
    painted = np.array([*voc(3), VOID["voc"]], np.uint8)[np.where(IDS == 2, 3, IDS)]
    for declared in (Declared(), Declared(palette="voc", colours=voc(21))):
        labels = load_labels(encoded(painted), declared)
        assert labels.unknown == 0
        assert (labels.ids[IDS == 2] == 255).all()
        assert labels.ignore == 255


def test_colours_of_nobody_are_numbered() -> None:
    painted = np.array([(1, 1, 1), (1, 2, 3), (200, 100, 50)], np.uint8)[IDS]
    assert np.array_equal(load_labels(encoded(painted)).ids, IDS)


def test_a_palette_picture_never_passes_through_its_colours() -> None:
    same = indexed(IDS, [7, 7, 7] * 3)
    assert np.array_equal(load_labels(same).ids, IDS)
    assert read_mask(same).palette[:3] == ((7, 7, 7),) * 3


def test_a_mask_is_turned_as_exif_says() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    raw = read_mask(encoded(IDS, exif=exif))
    assert np.array_equal(raw.values, np.rot90(IDS, -1))
    assert raw.file.size == raw.values.shape


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", Fault.EMPTY),
        (b"hello", Fault.NO_PICTURE),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", Fault.NO_PICTURE),
        (encoded(noise())[:300], Fault.TRUNCATED),
        (stored(IDS)[:-5], Fault.TRUNCATED),
        (stored(IDS)[:20], Fault.DAMAGED),
        (stored(np.array([[None]], dtype=object), allow_pickle=True), Fault.CODE),
        (stored(np.array([["a"]])), Fault.NO_PICTURE),
        (stored(np.zeros((0, 4))), Fault.EMPTY),
        (stored(np.zeros((2, 3, 4, 5))), Fault.NO_PICTURE),
        (stored(np.random.default_rng(0).integers(0, 9, (8, 8, 5))), Fault.NO_PICTURE),
        (zipped(mask=IDS)[:60], Fault.DAMAGED),
        (b"PK\x03\x04" + bytes(30), Fault.DAMAGED),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else str(value),
)
def test_what_is_no_mask_has_its_reason(data: bytes, fault: Fault) -> None:
    with pytest.raises(UnreadableError) as raised:
        read_mask(data, "mask.png")
    assert raised.value.fault is fault
    assert raised.value.sentence.startswith("mask.png")
    assert raised.value.sentence.endswith(".")


def test_an_array_that_lies_about_its_shape_is_not_made() -> None:
    header = stored(np.zeros((2, 2), np.uint8)).replace(b"(2, 2)", b"(99999, 99999)".ljust(6))
    with pytest.raises(UnreadableError):
        read_mask(header)


class TestPalettes:
    def test_voc_is_the_one_of_the_development_kit(self) -> None:
        assert voc(4) == ((0, 0, 0), (128, 0, 0), (0, 128, 0), (128, 128, 0))
        assert voc(21)[15] == (192, 128, 128)
        assert voc()[255] == (224, 224, 192)

    def test_luminance_is_pillows(self) -> None:
        for colour in (*voc(21), *CITYSCAPES):
            assert luminance(colour) == Image.new("RGB", (1, 1), colour).convert("L").getpixel((0, 0))

    def test_names_and_files(self, tmp_path) -> None:
        assert named("cityscapes") == CITYSCAPES
        assert len(named("okabe-ito", 8)) == 8
        path = tmp_path / "own.txt"
        path.write_text("# id colours\n0 0 0 background\n#ff8000\n12, 34, 56\n")
        assert named(str(path)) == ((0, 0, 0), (255, 128, 0), (12, 34, 56))
        assert pack((255, 128, 0)) == 0xFF8000

    @pytest.mark.parametrize(
        ("text", "words"), [("red\n", "line 1"), ("0 0 0\n0 0 0\n", "two ids"), ("\n", "no colours")]
    )
    def test_a_bad_file_says_where(self, tmp_path, text: str, words: str) -> None:
        path = tmp_path / "own.txt"
        path.write_text(text)
        with pytest.raises(ValueError, match=words):
            named(str(path))

    def test_an_unknown_name_lists_the_known_ones(self) -> None:
        with pytest.raises(ValueError, match="voc, cityscapes, okabe-ito"):
            named("pascal")


class TestSoft:
    """Black-and-white masks with greys between."""

    def usage(self, *values: tuple[int, int]) -> Usage:
        """What a mask holds that has so many places of each value."""
        flat = np.concatenate([np.full(count, value, np.uint8) for value, count in values])
        return usage_of((read_mask(encoded(flat[None])),))

    def test_blurred_and_saved_as_jpeg(self) -> None:
        assert self.usage((0, 800), (40, 5), (120, 5), (200, 5), (230, 5), (255, 100)).soft
        assert self.usage((1, 800), (5, 20), (60, 2), (130, 2), (199, 2), (231, 2), (250, 90)).soft

    def test_ids_are_not(self) -> None:
        ids = [(number, 50) for number in range(34)]
        assert not self.usage(*ids, (255, 90)).soft
        assert not self.usage((0, 900), *[(number, 9) for number in range(1, 151)], (255, 90)).soft
        assert not self.usage((0, 900), *[(number, 9) for number in range(1, 255)]).soft
        assert not self.usage((0, 900), (85, 50), (170, 50), (255, 50)).soft
        assert not self.usage((0, 900), (255, 50)).soft

    def test_they_are_thresholded(self) -> None:
        values = np.array([[0] * 8 + [30, 100, 140, 200, 220] + [255] * 8], np.uint8)
        raw = read_mask(encoded(values))
        labels = ids_of(raw, Declared())
        assert labels.ids.tolist() == [[0] * 10 + [1] * 11]
        assert labels.how == "values above 127 read as id 1"
        assert ids_of(raw, Declared(classes=3)).ids.max() == 255
