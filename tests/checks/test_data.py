"""What checks of data say of totals, at either side of their limits."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.checks.build import evidence, examine, only
from tests.data.files import encoded
from unetdoctor.checks import CHECKS
from unetdoctor.checks.datasets import such_as
from unetdoctor.data.dataset import dataset_of
from unetdoctor.data.pair import audit_pair
from unetdoctor.data.totals import totals_of
from unetdoctor.facts import (
    Coding,
    Count,
    Dataset,
    Declared,
    Evidence,
    Family,
    Fault,
    Finding,
    Oddity,
    Seen,
    Severity,
    Tally,
    Task,
    Totals,
    Twins,
    named,
)

CODES = [check.code for check in CHECKS if check.reads_data]


def tally(count: int, score: float = 0.0) -> Tally:
    """A tally with an example."""
    return Tally(count, ((score, "masks/a.png"),))


def given(
    tallies: dict[str, int] | None = None,
    values: dict[int, int] | None = None,
    declared: Declared | None = None,
    coding: Coding = Coding.GREY,
    **totals: Any,
) -> Evidence:
    """Evidence of 100 pairs: how many masks each thing holds for, and how many pixels each value covers."""
    counted = {value: Count(100, pixels) for value, pixels in (values or {0: 800, 1: 200}).items()}
    base = Totals(
        pairs=100,
        images=100,
        masks=100,
        labelled=100,
        decoded=100,
        tallies={name: tally(count) for name, count in (tallies or {}).items()},
        values={coding: counted},
        modes={"image PNG RGB": 100, "mask PNG L": 100},
    )
    return evidence(data=Dataset(declared or Declared(), replace(base, **totals)))


def ill(code: str, seen: Evidence) -> Finding:
    """The one ill finding of a check."""
    found = [finding for finding in examine(code, seen) if finding.ill]
    assert len(found) == 1, found
    return found[0]


def family(kind: Family, count: int = 100) -> dict[str, int]:
    return {named("family", kind): count}


@pytest.mark.parametrize("code", CODES)
def test_nothing_is_said_without_files(code: str) -> None:
    assert not examine(code, evidence())
    assert not [x for x in examine(code, evidence(data=Dataset(Declared(), Totals()))) if x.ill]


@pytest.mark.parametrize("code", CODES)
def test_nothing_is_ill_in_sound_files(code: str) -> None:
    assert not [finding for finding in examine(code, given()) if finding.ill]


class TestMaskValuesNotIds:
    """UD604."""

    @pytest.mark.parametrize(
        ("declared", "severity"),
        [
            (Declared(), Severity.WARNING),
            (Declared(task=Task.BINARY), Severity.NOTE),
            (Declared(classes=2, task=Task.BINARY), Severity.NOTE),
            (Declared(classes=2), Severity.ERROR),
            (Declared(loaded=True), Severity.ERROR),
            (Declared(ignore_index=255), Severity.ERROR),
        ],
    )
    def test_0_and_255_is_as_bad_as_what_reads_it(self, declared: Declared, severity: Severity) -> None:
        found = ill("UD604", given(family(Family.ZERO_255), {0: 800, 255: 200}, declared))
        assert found.severity is severity
        assert found.remedies[0].patch == "mask = (mask > 127).long()"

    def test_0_and_255_among_other_ids_is_background_and_ignored(self) -> None:
        seen = given({**family(Family.ZERO_255, 10), **family(Family.IDS_AND_255, 90)}, {0: 5, 1: 5, 2: 5, 255: 1})
        assert not only("UD604", seen).ill

    def test_two_codings_at_once(self) -> None:
        seen = given({**family(Family.ZERO_255, 30), **family(Family.ZERO_ONE, 70)}, {0: 5, 1: 5, 255: 1})
        assert ill("UD604", seen).severity is Severity.ERROR
        with_void = {**family(Family.ZERO_255, 30), **family(Family.IDS_AND_255, 70)}
        assert not only("UD604", given(with_void, {0: 5, 1: 5, 255: 1})).ill

    def test_a_few_masks_that_are_coded_in_another_way_are_named(self) -> None:
        values = {0: 800, 1: 100, 2: 90, 255: 5}
        seen = given({**family(Family.ZERO_255, 10), **family(Family.IDS, 90)}, values)
        assert "hold 0 and 255 while the others hold the ids 0, 1, 2" in ill("UD604", seen).message
        assert not only("UD604", given(family(Family.IDS, 90), values)).ill
        values = {0: 800, 1: 100, 2: 90, 300: 5, 600: 5}
        seen = given({**family(Family.IDS), Seen.FAR: 10}, values)
        assert "hold 300, 600 while the others hold the ids 0, 1, 2" in ill("UD604", seen).message
        assert not only("UD604", given({**family(Family.IDS), Seen.FAR: 60}, values)).ill
        assert not only("UD604", given({**family(Family.IDS), Seen.FAR: 10}, {0: 8, 7: 1, 9: 1, 300: 5})).ill

    def test_evenly_spread_ids(self) -> None:
        assert "ids times 85" in ill("UD604", given(family(Family.IDS), {0: 5, 85: 5, 170: 5, 255: 5})).message
        assert not only("UD604", given(family(Family.IDS), {0: 5, 2: 5, 4: 5})).ill

    def test_the_grey_levels_of_a_palette(self) -> None:
        seen = {**family(Family.IDS), named("palette", "voc as grey"): 100}
        assert "voc" in ill("UD604", given(seen, {0: 5, 38: 5, 75: 5})).message
        assert not only("UD604", given({**seen, named("palette", "voc as grey"): 60}, {0: 5, 38: 5, 75: 5, 9: 1})).ill

    def test_ids_beyond_the_classes(self) -> None:
        seen = {**family(Family.IDS), Seen.OUTSIDE: 40}
        assert "3, 4, beyond" in ill("UD604", given(seen, {0: 5, 1: 5, 3: 5, 4: 5}, Declared(classes=3))).message
        from_one = ill("UD604", given({**seen, Seen.NO_ZERO: 100}, {1: 5, 2: 5, 3: 5}, Declared(classes=3)))
        assert from_one.remedies[0].patch == "mask = mask - 1"

    def test_a_trimap_is_a_note(self) -> None:
        seen = given({**family(Family.IDS), Seen.NO_ZERO: 100}, {1: 5, 2: 5, 3: 5})
        assert ill("UD604", seen).severity is Severity.NOTE

    def test_undeclared_255(self) -> None:
        seen = given({Seen.VOID: 50}, {0: 5, 1: 5, 255: 1}, Declared(classes=2))
        assert ill("UD604", seen).severity is Severity.WARNING
        assert "ignore_index=255" in ill("UD604", seen).remedies[0].patch

    def test_undeclared_255_in_a_binary_task(self) -> None:
        binary = Declared(task=Task.BINARY)
        masks = [encoded(np.repeat(np.array([values], np.uint8), 8, 0)) for values in ([0, 0, 1, 255], [0, 0, 0, 255])]
        records = [audit_pair(None, mask, binary, mask_name="m.png") for mask in masks]
        found = ill("UD604", evidence(data=dataset_of(totals_of(records, binary), binary)))
        assert found.severity is Severity.WARNING
        assert "255 beside the ids 0..1" in found.message
        assert "mask != 255" in found.remedies[0].patch

    def test_fractions_and_pictures(self) -> None:
        assert (
            "1/255" in ill("UD604", given(family(Family.FRACTIONS), {0: 5, 1: 5, 2: 5}, coding=Coding.FLOATS)).message
        )
        assert "pixel to pixel" in ill("UD604", given(family(Family.MANY))).message


class TestMaskIsColour:
    """UD605."""

    def test_colours_need_a_palette(self) -> None:
        seen = {named("coding", Coding.COLOURS): 100, named("family", Family.COLOURS): 100}
        colours = {0: 5, 0x800000: 5}
        shown = given(seen, colours, coding=Coding.COLOURS)
        assert shown.data is not None
        found = ill("UD605", replace(shown, data=replace(shown.data, colours=(((0, 0, 0), 0), ((128, 0, 0), 1)))))
        assert found.severity is Severity.ERROR
        assert "{(0, 0, 0): 0, (128, 0, 0): 1}" in found.remedies[0].patch
        own = Declared(palette="own", colours=((0, 0, 0), (128, 0, 0)))
        assert not only("UD605", given(seen, colours, own, Coding.COLOURS)).ill

    @pytest.mark.parametrize(("share", "sound"), [(0.009, True), (0.011, False)])
    def test_a_palette_may_lack_a_stray_colour(self, share: float, sound: bool) -> None:
        seen = given({named("family", Family.COLOURS): 100}, declared=Declared(palette="own", colours=((0, 0, 0),)))
        assert seen.data is not None
        tallies = {**seen.data.totals.tallies, Seen.UNKNOWN: tally(3, share)}
        data = replace(seen.data, totals=replace(seen.data.totals, tallies=tallies))
        assert only("UD605", replace(seen, data=data)).ill is not sound

    @pytest.mark.parametrize(
        ("coding", "severity"),
        [
            (Coding.PALETTE, Severity.NOTE),
            (Coding.ALPHA, Severity.WARNING),
            (Coding.GREY_AS_COLOUR, Severity.WARNING),
        ],
    )
    def test_other_codings(self, coding: Coding, severity: Severity) -> None:
        assert ill("UD605", given({named("coding", coding): 100})).severity is severity

    def test_pictures(self) -> None:
        assert "--task rgb" in ill("UD605", given(family(Family.PICTURE))).message


def test_targets_of_a_network_that_enlarges_are_a_note() -> None:
    assert ill("UD606", given({Seen.SIZE: 100}, declared=Declared(task=Task.RGB))).severity is Severity.NOTE
    assert ill("UD606", given({Seen.SIZE: 60}, declared=Declared(task=Task.RGB))).severity is Severity.WARNING


def test_masks_that_were_drawn_before_exif_turned_the_pictures() -> None:
    turned = {Seen.TURNED: 100, Seen.MISPLACED: 60, named("placement", "rotated by 270 degrees"): 60}
    found = ill("UD608", given(turned, aligned=60))
    assert "EXIF turns the pictures" in found.message
    assert "IGNORE_ORIENTATION" in found.remedies[0].patch
    assert not only("UD606", given(turned, aligned=60)).ill
    flipped = {**turned, named("placement", "flipped left-right"): 3}
    assert "EXIF" not in ill("UD608", given(flipped, aligned=60)).message


def test_masks_that_fit_the_turned_picture() -> None:
    found = ill("UD606", given({Seen.TURNED: 100, Seen.PLACED: 60}, aligned=60))
    assert "fit what is seen" in found.message


@pytest.mark.parametrize(
    ("seen", "severity"),
    [
        (Seen.FORM, Severity.ERROR),
        (Seen.TRANSPOSED, Severity.ERROR),
        (Seen.TURNED_SIZE, Severity.ERROR),
        (Seen.SIZE, Severity.WARNING),
        (Seen.TURNED, Severity.WARNING),
    ],
)
def test_sizes_that_differ_ud606(seen: Seen, severity: Severity) -> None:
    found = ill("UD606", given({seen: 2}))
    assert found.severity is severity
    assert found.place.file == "masks/a.png"


class TestMaskInterpolatedOrLossy:
    """UD607."""

    def test_blurred_borders(self) -> None:
        assert ill("UD607", given({Seen.BLURRED: 1})).severity is Severity.ERROR

    def test_colours_in_jpeg_are_brought_back_by_the_nearest_one(self) -> None:
        seen = given({Seen.LOSSY: 100, Seen.BLURRED_LOSSY: 100}, coding=Coding.COLOURS)
        colours = (((10, 20, 30), 0), ((14, 16, 37), 1), ((200, 40, 40), 2))
        found = ill("UD607", replace(seen, data=replace(seen.data, colours=colours)))
        assert "colours, not ids" in found.message
        assert "np.array([[10, 20, 30], [200, 40, 40]])" in found.remedies[0].patch

    def test_jpeg_is_worse_where_values_are_left(self) -> None:
        assert ill("UD607", given({Seen.LOSSY: 100})).severity is Severity.WARNING
        assert ill("UD607", given({Seen.LOSSY: 100, Seen.BLURRED_LOSSY: 90})).severity is Severity.ERROR

    def test_jpeg_and_interpolated_masks_are_told_apart(self) -> None:
        seen = given({Seen.LOSSY: 6, Seen.BLURRED: 3}, {0: 800, 255: 200})
        jpeg, blurred = (finding for finding in examine("UD607", seen) if finding.ill)
        assert jpeg.severity is Severity.WARNING
        assert "no region" not in jpeg.message
        assert blurred.message.startswith("3 of 100 masks (3 %) hold values that no region has")

    def test_interpolated_levels_are_to_be_divided_too(self) -> None:
        found = ill("UD607", given({Seen.BLURRED: 100}, {0: 800, 60: 100, 120: 100}))
        assert "ids times 60" in found.message
        assert "mask / 60" in found.remedies[0].patch
        assert "mask /" not in ill("UD607", given({Seen.BLURRED: 100}, {0: 8, 1: 1, 2: 1})).remedies[0].patch

    @pytest.mark.parametrize(("count", "sound"), [(10, True), (11, False)])
    def test_strips_in_a_few_masks_are_chance(self, count: int, sound: bool) -> None:
        assert only("UD607", given({Seen.STRIPS: count})).ill is not sound


class TestMaskMisaligned:
    """UD608."""

    @pytest.mark.parametrize(
        ("count", "severity"), [(0, Severity.OK), (5, Severity.OK), (6, Severity.ERROR), (50, Severity.ERROR)]
    )
    def test_a_few_are_chance(self, count: int, severity: Severity) -> None:
        seen = {Seen.MISPLACED: count, named("placement", "flipped left-right"): count} if count else {}
        assert only("UD608", given(seen, aligned=100)).severity is severity

    def test_one_of_two_is_a_warning(self) -> None:
        seen = {Seen.MISPLACED: 1, named("placement", "transposed"): 1}
        assert only("UD608", given(seen, aligned=2)).severity is Severity.WARNING

    def test_the_placements_are_named_most_frequent_first(self) -> None:
        seen = {Seen.MISPLACED: 30, named("placement", "transposed"): 10, named("placement", "flipped left-right"): 20}
        assert "flipped left-right (20), transposed (10)" in ill("UD608", given(seen, aligned=100)).message


class TestEmptyGroundTruth:
    """UD609."""

    @pytest.mark.parametrize(("count", "severity"), [(95, Severity.OK), (96, Severity.WARNING), (100, Severity.ERROR)])
    def test_many_empty_masks_are_sound_and_all_are_not(self, count: int, severity: Severity) -> None:
        assert examine("UD609", given({Seen.BACKGROUND: count}))[0].severity is severity

    def test_full_masks(self) -> None:
        assert "filled with one id" in ill("UD609", given({Seen.FOREGROUND: 100}, {1: 100})).message
        assert not [x for x in examine("UD609", given({Seen.FOREGROUND: 99})) if x.ill]

    def test_a_class_that_nobody_saw(self) -> None:
        found = ill("UD609", given(declared=Declared(classes=4)))
        assert found.severity is Severity.WARNING
        assert found.message.endswith("2, 3.")
        assert not [x for x in examine("UD609", given(declared=Declared(classes=2))) if x.ill]


class TestClassImbalance:
    """UD610."""

    @pytest.mark.parametrize(
        ("pixels", "severity"), [(9, Severity.WARNING), (11, Severity.NOTE), (49, Severity.NOTE), (51, Severity.OK)]
    )
    def test_of_two_classes(self, pixels: int, severity: Severity) -> None:
        assert only("UD610", given(values={0: 1000 - pixels, 1: pixels})).severity is severity

    def test_the_weight_is_that_of_the_data(self) -> None:
        found = only("UD610", given(values={0: 995, 1: 5}))
        assert "pos_weight=torch.tensor(199)" in found.remedies[0].patch

    @pytest.mark.parametrize(("pixels", "sound"), [(9, False), (11, True)])
    def test_of_several(self, pixels: int, sound: bool) -> None:
        assert only("UD610", given(values={0: 5000, 1: 4900, 2: pixels, 255: 3})).ill is not sound

    def test_instances_and_blurred_masks_are_not_judged(self) -> None:
        assert not examine("UD610", given(values=dict.fromkeys(range(200), 10)))
        assert not examine("UD610", given({Seen.BLURRED: 90}, {0: 9999, 1: 1}))

    def test_ids_that_are_no_class_ids_do_not_count(self) -> None:
        found = only("UD610", given({Seen.FAR: 2}, {0: 800, 1: 100, 2: 90, 300: 1, 600: 1}))
        assert found.message.startswith("Id 2 covers")
        declared = Declared(classes=3)
        found = only("UD610", given({}, {0: 800, 1: 100, 2: 90, 300: 1}, declared))
        assert found.message.startswith("Id 2 covers")


def test_one_mask_is_spoken_of_in_the_singular_and_names_stay_as_they_are() -> None:
    one = given(family(Family.IDS, 1), pairs=1, images=1, masks=1, labelled=1)
    for code, words in (
        ("UD604", "holds the values"),
        ("UD606", "has the size of its picture"),
        ("UD607", "has sharp"),
    ):
        assert only(code, one).message.startswith(f"The one mask {words}")
    assert such_as(Tally(1, ((0.0, "data/masks/a\\b.png"),))) == " (a\\b.png)"


@pytest.mark.parametrize("oddity", [Oddity.DEEP, Oddity.ANIMATED, Oddity.SUFFIX, Oddity.NON_FINITE])
def test_oddities_of_masks_ud613(oddity: Oddity) -> None:
    found = ill("UD613", given({named("mask", oddity): 2}))
    assert found.message.startswith("2 of 100 masks (2 %) h")
    assert only("UD613", given({named("mask", Oddity.DEEP): 100})).ill is False

    def test_colours_of_a_declared_palette_are_classes(self) -> None:
        own = Declared(palette="own", colours=((0, 0, 0), (128, 0, 0)))
        found = only("UD610", given({}, {0: 9990, 0x800000: 10}, own, Coding.COLOURS))
        assert found.message.startswith("Id 1 covers 0.1 %")


class TestGreyImages:
    """UD611."""

    @pytest.mark.parametrize(
        ("task", "count", "severity"),
        [
            (Task.GENERATOR, 51, Severity.WARNING),
            (Task.AUTO, 51, Severity.NOTE),
            (Task.GENERATOR, 50, Severity.OK),
        ],
    )
    def test_grey_pictures(self, task: Task, count: int, severity: Severity) -> None:
        seen = given({Seen.GREY_PICTURE: count}, declared=Declared(task=task), modes={"image PNG RGB": 100})
        assert only("UD611", seen).severity is severity

    def test_grey_targets_of_colour_pictures(self) -> None:
        """They may be mattes: a note."""
        assert ill("UD611", given(declared=Declared(task=Task.RGB))).severity is Severity.NOTE

    def test_targets_that_never_had_colour(self) -> None:
        modes = {"image PNG RGB": 100, "mask PNG I;16": 100}
        assert not any(f.ill for f in examine("UD611", given(declared=Declared(task=Task.RGB), modes=modes)))

    def test_pictures_stored_in_grey_are_not_judged(self) -> None:
        assert not examine("UD611", given(modes={"image PNG L": 100}))


@pytest.mark.parametrize(("count", "severity"), [(1, Severity.WARNING), (50, Severity.WARNING), (51, Severity.ERROR)])
@pytest.mark.parametrize("seen", [Seen.NO_MASK, Seen.NO_IMAGE])
def test_missing_partners_ud612(seen: Seen, count: int, severity: Severity) -> None:
    assert ill("UD612", given({seen: count})).severity is severity


class TestUnreadableOrOddFile:
    """UD613."""

    @pytest.mark.parametrize("fault", list(Fault))
    @pytest.mark.parametrize("role", ["image", "mask"])
    def test_every_fault_is_an_error_with_words(self, fault: Fault, role: str) -> None:
        found = ill("UD613", given({named(role, fault): 1}))
        assert found.severity is Severity.ERROR
        assert "1 of 100" in found.message

    @pytest.mark.parametrize("oddity", [Oddity.DEEP, Oddity.FLOAT, Oddity.PALETTE, Oddity.CMYK])
    def test_what_readers_get_wrong_is_a_warning(self, oddity: Oddity) -> None:
        assert ill("UD613", given({named("image", oddity): 1})).severity is Severity.WARNING

    def test_odd_masks_are_not_judged_here(self) -> None:
        assert not only("UD613", given({named("mask", Oddity.PALETTE): 100})).ill

    def test_channels(self) -> None:
        modes = {"image PNG RGB": 90, "image PNG RGBA": 10}
        found = ill("UD613", given({named("image", Oddity.ALPHA): 10}, modes=modes))
        assert "90 have 3, 10 have 4" in found.message
        assert "fourth input" in ill("UD613", given({named("image", Oddity.ALPHA): 100})).message


class TestDuplicateOrLeak:
    """UD614."""

    def test_copies_are_a_note_and_leaks_a_warning(self) -> None:
        seen = given()
        assert seen.data is not None
        twins = (Twins(equal=True, count=2, names=("train/a.png", "val/a.png"), splits=("train", "val")),)
        data = replace(seen.data, twins=twins, copies=1, leaks=1, hashed=100)
        found = examine("UD614", replace(seen, data=data))
        assert [x.severity for x in found] == [Severity.OK, Severity.WARNING]
        assert "train/a.png = val/a.png" in found[1].message
        many = replace(data, copies=2, leaks=0, twins=(replace(twins[0], splits=()),))
        assert [x.severity for x in examine("UD614", replace(seen, data=many))] == [Severity.NOTE]


class TestDatasetStatistics:
    """UD615."""

    def grey(self, declared: Declared) -> Finding:
        """Pictures of mean .5 and deviation .25."""
        level = round(0.5 * 65535)
        square = round((0.25**2 + 0.5**2) * 65535**2)
        return only(
            "UD615", given(declared=declared, pixels=1000, sums=(1000 * level,) * 3, squares=(1000 * square,) * 3)
        )

    def test_they_are_said(self) -> None:
        found = self.grey(Declared())
        assert not found.ill
        assert "mean 0.500, 0.500, 0.500 and the deviation 0.250" in found.message

    @pytest.mark.parametrize(
        ("mean", "std", "severity"),
        [
            ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225), Severity.OK),
            ((0.5,), (0.5,), Severity.OK),
            ((123.7, 116.3, 103.5), (58.4, 57.1, 57.4), Severity.WARNING),
            ((0.5, 0.5, 0.5), (0.05, 0.05, 0.05), Severity.WARNING),
        ],
    )
    def test_only_another_scale_is_a_warning(
        self, mean: tuple[float, ...], std: tuple[float, ...], severity: Severity
    ) -> None:
        assert self.grey(Declared(mean=mean, std=std)).severity is severity
