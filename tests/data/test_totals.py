"""Totals: the same in whatever order and however parted, and of one size however many pairs there are."""

import json
import random
from dataclasses import replace

import numpy as np
import pytest

from tests.data.files import disc, encoded, ramp
from unetdoctor.data import totals as module
from unetdoctor.data.dataset import dataset_of
from unetdoctor.data.pair import audit_pair
from unetdoctor.data.totals import merge, totals_of
from unetdoctor.facts import Alignment, Declared, PairRecord, Totals
from unetdoctor.facts.contract import dump

NOTHING = Declared()


def records(count: int = 24) -> list[PairRecord]:
    rng = np.random.default_rng(0)
    made = []
    for n in range(count):
        image = encoded(np.roll(ramp(), int(rng.integers(9)), 1), mode=["RGB", "L", "RGBA"][n % 3])
        mask = encoded(np.roll(disc(value=[1, 255, 7][n % 3]), n, 0)) if n % 4 else b"broken"
        made.append(audit_pair(image, mask, NOTHING, image_name=f"i/{n:03}.png", mask_name=f"m/{n:03}.png"))
    return made


def test_order_and_parts_make_no_difference() -> None:
    made = records()
    whole = totals_of(made, NOTHING)
    for seed in range(5):
        shuffled = random.Random(seed).sample(made, len(made))
        cut = random.Random(seed).randrange(1, len(made))
        left, right = totals_of(shuffled[:cut], NOTHING), totals_of(shuffled[cut:], NOTHING)
        assert merge(left, right) == merge(right, left) == whole
        assert json.dumps(dump(merge(left, right)), sort_keys=True) == json.dumps(dump(whole), sort_keys=True)


def test_merging_is_associative_and_nothing_is_neutral() -> None:
    a, b, c = (totals_of(part, NOTHING) for part in (records()[:5], records()[5:9], records()[9:]))
    assert merge(merge(a, b), c) == merge(a, merge(b, c))
    assert merge(a, Totals()) == merge(Totals(), a) == a
    assert totals_of([], NOTHING) == Totals()


def test_they_do_not_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HASHES", 8)
    made = records()
    few, many = totals_of(made, NOTHING), totals_of(made * 20, NOTHING)
    assert many.pairs == 20 * few.pairs
    assert len(many.digests) <= 8
    assert len(json.dumps(dump(many))) < 1.3 * len(json.dumps(dump(few)))
    assert all(len(tally.worst) <= 8 for tally in many.tallies.values())


def test_kept_hashes_are_counted_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    made = records() * 3
    every = totals_of(made, NOTHING).digests
    monkeypatch.setattr(module, "HASHES", 5)
    kept = merge(totals_of(made[:30], NOTHING), totals_of(made[30:], NOTHING)).digests
    assert kept == {key: every[key] for key in sorted(every)[:5]}


def test_equal_pictures_meet_and_tell_their_splits() -> None:
    data = encoded(ramp())
    names = ["train/a.png", "val/a.png", "train/b.png"]
    pictures = [data, data, encoded(ramp()[::-1].copy())]
    made = [audit_pair(p, None, NOTHING, image_name=n, wants_mask=False) for p, n in zip(pictures, names, strict=True)]
    data_set = dataset_of(totals_of(made, NOTHING), NOTHING)
    assert (data_set.copies, data_set.leaks) == (1, 1)
    assert data_set.twins[0].names == ("train/a.png", "val/a.png")
    assert data_set.twins[0].splits == ("train", "val")
    assert not data_set.totals.digests


def test_the_same_picture_in_another_format_is_a_twin() -> None:
    rng = np.random.default_rng(1)
    picture = np.kron(rng.integers(0, 255, (8, 9, 3), np.uint8), np.ones((16, 16, 1), np.uint8))
    files = [("train/a.png", encoded(picture)), ("val/b.jpg", encoded(picture, "JPEG", quality=90))]
    made = [audit_pair(p, None, NOTHING, image_name=n, wants_mask=False) for n, p in files]
    data_set = dataset_of(totals_of(made, NOTHING), NOTHING)
    assert data_set.copies == 0
    assert data_set.leaks == 1


def test_colours_get_the_ids_of_their_palette() -> None:
    mask = np.array([(0, 0, 0), (128, 0, 0), (0, 128, 0), (224, 224, 192)], np.uint8)[np.arange(64).reshape(8, 8) // 16]
    seen = audit_pair(None, encoded(mask), NOTHING, mask_name="a.png")
    ids = dict(dataset_of(totals_of([seen], NOTHING), NOTHING).colours)
    assert ids == {(0, 0, 0): 0, (128, 0, 0): 1, (0, 128, 0): 2, (224, 224, 192): 255}
    own = audit_pair(None, encoded(mask + 1), NOTHING, mask_name="a.png")
    assert dict(dataset_of(totals_of([own], NOTHING), NOTHING).colours)[(1, 1, 1)] == 0


def test_masks_that_are_shifted_at_random_keep_few_places() -> None:
    base = audit_pair(None, encoded(disc()), NOTHING, mask_name="a.png")
    made = [replace(base, alignment=Alignment("shifted", 5.0, 1.0, (n, n % 7))) for n in range(1, 200)]
    whole = totals_of(made, NOTHING)
    assert sum(name.startswith("placement: shifted") for name in whole.tallies) == 32
    assert whole.tallies["pair: edges lie elsewhere"].count == 199
    assert merge(totals_of(made[:50], NOTHING), totals_of(made[50:], NOTHING)) == whole


def test_pictures_of_one_tone_are_no_copies_of_each_other() -> None:
    """Empty slices of a scan are alike in training and validation, and leak nothing."""
    black = encoded(np.zeros((32, 32), dtype=np.uint8))
    made = [audit_pair(black, None, NOTHING, image_name=f"{split}/a.png") for split in ("train", "val")]
    assert dataset_of(totals_of(made, NOTHING), NOTHING).twins == ()
