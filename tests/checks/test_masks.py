"""Checks that need a mask: UD109, UD215, UD511, UD512, and what a mask says of UD103, UD207 and UD208."""

import math
from dataclasses import replace
from typing import Any

import pytest

from tests.checks import build
from tests.checks.build import MASK, NAN, evidence, examine, logits, model, only, op, output, run
from tests.checks.test_data import given
from unetdoctor.checks.ud511_threshold_misfit import ThresholdMisfit
from unetdoctor.facts import (
    ClassScore,
    Cutoff,
    DisplayRange,
    Edges,
    Evidence,
    Finding,
    HeadNumbers,
    Intent,
    MaskScores,
    Order,
    Painting,
    Partners,
    Severity,
    Shift,
    SizeScore,
    Task,
    Threshold,
)

BINARY = Intent(inferred_task=Task.BINARY)
SHIFT = Shift(down=0.1, right=-0.05, grows=0.2, scatter=0.1, unrest=0.3, support=4000)
EDGES = Edges(width=2, band=0.05, interior=0.001, wrong_in_band=0.98, length=1.0, period=2, phase=0.0)
THRESHOLD = Threshold(used=0.5, best=0.52, dice=0.95, best_dice=0.96, auc=0.99)
HEAD = HeadNumbers(NAN, 0.0, 9.0, 3.0, 1.0, 0.1)


def classes(*pixels: int) -> tuple[ClassScore, ...]:
    """Class scores with so many places in the masks."""
    return tuple(ClassScore(k, f"class {k}", 0.95, 0.9, 0.8, count, count) for k, count in enumerate(pixels))


def scores(**fields: Any) -> MaskScores:
    """Scores of a sound network."""
    base = MaskScores(
        pairs=("image-1", "image-2", "image-3"),
        size=(32, 32),
        drawn=(32, 32),
        how="sigmoid above 0.5",
        classes=classes(900, 124),
        dice=0.95,
        iou=0.9,
        boundary_iou=0.8,
        accuracy=0.99,
        each=(0.95, 0.95, 0.95),
        confusion=((890, 10), (4, 120)),
        ignored=0,
        sizes=(SizeScore("small", 3, 2, 0.7),),
        edges=EDGES,
        shift=SHIFT,
        threshold=THRESHOLD,
        order=Order((0, 1), 0.95, 0.95),
    )
    return replace(base, **fields)


def beside(*, trained: bool = True, **fields: Any) -> Evidence:
    """Evidence of a network of one channel with masks."""
    drawn = output(
        [output().channels[0]], shape=(1, 1, 32, 32), display=DisplayRange(0.0, 1.0, "sigmoid", "logits"), activation=""
    )
    runs = tuple(run(name, drawn) for name in ("image-1", "image-2", "image-3"))
    known = model(trained=trained)
    return evidence(runs=runs, intent=BINARY, model=known, scores=scores(**fields))


CODES = ("UD109", "UD215", "UD511", "UD512")
ILL: dict[str, dict[str, Any]] = {
    "UD109": {"shift": replace(SHIFT, down=1.5, scatter=0.2)},
    "UD215": {"edges": replace(EDGES, band=0.32)},
    "UD511": {"threshold": replace(THRESHOLD, dice=0.1, best=0.03)},
    "UD512": {"order": Order((1, 0), 0.02, 0.95)},
}


@pytest.mark.parametrize("code", CODES)
class TestEach:
    """What all of them keep."""

    def test_is_well_beside_masks_that_fit(self, code: str) -> None:
        assert not only(code, beside()).ill

    def test_is_ill(self, code: str) -> None:
        found = only(code, beside(**ILL[code]))
        assert found.ill
        assert "3 pictures with masks" in found.message

    def test_says_nothing_without_a_mask(self, code: str) -> None:
        assert not examine(code, evidence())

    def test_says_nothing_of_fresh_weights(self, code: str) -> None:
        assert not examine(code, beside(trained=False, **ILL[code]))


class TestShift:
    """UD109."""

    def test_pictures_that_differ_show_no_shift(self) -> None:
        assert not only("UD109", beside(shift=replace(SHIFT, down=1.5, scatter=1.2))).ill

    def test_one_picture_must_be_further_off(self) -> None:
        alone = beside(pairs=("image-1",), shift=replace(SHIFT, down=1.2, scatter=0.0))
        assert not only("UD109", alone).ill
        assert only("UD109", beside(pairs=("image-1",), shift=replace(SHIFT, down=2.2, scatter=0.0))).ill

    def test_the_shift_is_put_back(self) -> None:
        (remedy,) = only("UD109", beside(**ILL["UD109"])).remedies
        assert remedy.action == "shift_output"
        assert remedy.parameters["down"] == pytest.approx(1.5 / 32)

    def test_growth_counts_where_something_is_interpolated(self) -> None:
        grown = beside(shift=replace(SHIFT, grows=2.5, unrest=0.5))
        assert not only("UD109", grown).ill
        enlarged = (*grown.runs[0].ops, op(6, "upsample_bilinear2d", "", (5,)))
        runs = (replace(grown.runs[0], ops=enlarged), *grown.runs[1:])
        found = only("UD109", replace(grown, runs=runs))
        assert found.ill
        assert {r.action for r in found.remedies} == {"flip_align_corners"}
        unsteady = replace(runs[0], ops=enlarged)
        wild = beside(shift=replace(SHIFT, grows=2.5, unrest=2.5))
        assert not only("UD109", replace(wild, runs=(unsteady, *wild.runs[1:]))).ill

    def test_what_does_not_fit_at_all_is_not_shifted(self) -> None:
        assert not examine("UD109", beside(dice=0.1, **ILL["UD109"]))


class TestBoundary:
    """UD215."""

    def test_errors_inside_are_another_fault(self) -> None:
        assert not only("UD215", beside(edges=replace(EDGES, band=0.5, interior=0.18))).ill
        assert not examine("UD215", beside(dice=0.77, edges=replace(EDGES, band=0.39)))
        assert not only("UD215", beside(edges=replace(EDGES, band=0.4, wrong_in_band=0.2))).ill

    def test_evidence_stands_in_the_message(self) -> None:
        edges = replace(EDGES, band=0.35, phase=0.45, period=4)
        message = only("UD215", beside(edges=edges, drawn=(8, 8))).message
        assert "repeat every 4 pixels" in message
        assert "drawn at 8x8" in message
        assert "2 of 3 small objects" in message

    def test_without_an_error_there_is_no_share_of_errors(self) -> None:
        assert not only("UD215", beside(edges=replace(EDGES, band=0.0, wrong_in_band=math.nan))).ill


class TestThreshold:
    """UD511."""

    def test_values_that_tell_nothing_have_no_threshold(self) -> None:
        assert not only("UD511", beside(threshold=Threshold(0.5, 0.7, 0.1, 0.4, 0.66))).ill

    def test_an_empty_mask_says_nothing(self) -> None:
        assert not examine("UD511", beside(classes=classes(1024, 0), **ILL["UD511"]))

    def test_several_channels_have_none(self) -> None:
        assert not examine("UD511", beside(threshold=None))

    def test_what_can_be_worked_with_is_a_warning(self) -> None:
        thin = replace(THRESHOLD, dice=0.606, best=0.05, best_dice=0.915)
        assert only("UD511", beside(threshold=thin)).severity is Severity.WARNING
        assert only("UD511", beside(threshold=replace(thin, dice=0.4))).severity is Severity.ERROR

    def test_a_full_mask_is_an_error_whatever_its_dice(self) -> None:
        background, mask = classes(400, 624)
        full = (replace(background, dice=0.0), replace(mask, dice=0.76))
        found = only("UD511", beside(classes=full, threshold=replace(THRESHOLD, dice=0.76, best=0.9)))
        assert found.severity is Severity.ERROR

    @pytest.mark.parametrize(("dice", "proof"), [(0.606, False), (0.1, True)])
    def test_only_a_useless_mask_becomes_an_error_by_proof(self, dice: float, proof: bool) -> None:
        given = beside(threshold=replace(THRESHOLD, dice=dice, best=0.05))
        assert ThresholdMisfit.is_proof(only("UD511", given), given) is proof

    @pytest.mark.parametrize(
        ("display", "scale"),
        [
            (DisplayRange(0.0, 1.0, "sigmoid", "logits"), "logits"),
            (DisplayRange(0.0, 1.0, "as is", "sigmoid"), "probabilities"),
            (DisplayRange(0.0, 255.0, "as is", "bytes"), "values"),
        ],
    )
    def test_values_are_moved_on_their_own_scale(self, display: DisplayRange, scale: str) -> None:
        given = beside(**ILL["UD511"])
        drawn = given.runs[0].output
        assert drawn is not None
        runs = (replace(given.runs[0], output=replace(drawn, display=display)), *given.runs[1:])
        (remedy,) = only("UD511", replace(given, runs=runs)).remedies
        assert remedy.parameters["scale"] == scale
        assert "0.03" in remedy.patch


class TestOrder:
    """UD512."""

    def test_exchanged_classes_are_named(self) -> None:
        given = beside(
            classes=classes(500, 200, 324), threshold=None, order=Order((0, 2, 1), 0.1, 0.9), confusion=((1,),)
        )
        found = only("UD512", given)
        assert "1 is 2, 2 is 1" in found.message
        assert found.remedies[0].parameters == {"classes": [0, 2, 1]}

    def test_an_inverted_mask_is_named(self) -> None:
        found = only("UD512", beside(**ILL["UD512"]))
        assert "inverted" in found.message
        assert found.remedies[0].title == "exchange the mask and its background"

    def test_what_fits_in_no_order_is_no_order(self) -> None:
        assert not only("UD512", beside(order=Order((1, 0), 0.0, 0.3))).ill

    def test_the_channel_order_explains_at_least_as_much(self) -> None:
        assert not examine("UD512", beside(order=Order((1, 0), 0.485, 0.915), exchanged=0.51))
        assert only("UD512", beside(order=Order((1, 0), 0.1, 0.95), exchanged=0.3)).ill

    def test_ids_beyond_the_declared_classes_are_no_order(self) -> None:
        order = Order((0, 1, 9, 3, 4, 5, 6, 7, 8, 2), 0.6, 0.95)
        drawn = logits(shape=(1, 4, 32, 32))
        given = beside(order=order, threshold=None, classes=classes(500, 200, 0, 0, 0, 0, 0, 0, 0, 324))
        runs = tuple(replace(x, output=drawn) for x in given.runs)
        given = replace(given, runs=runs, intent=Intent(task=Task.MULTICLASS))
        (remedy,) = only("UD512", given).remedies
        assert "torch.tensor([0, 1, 9, 3])" in remedy.patch
        assert not examine("UD512", replace(given, intent=Intent(task=Task.MULTICLASS, classes=3)))

    def test_background_alone_has_no_order(self) -> None:
        assert not examine("UD512", beside(order=Order((0, 1), NAN, NAN)))


class TestOneClass:
    """UD207 and UD208: a mask says whether nothing is right."""

    def empty(self, **fields: Any) -> Evidence:
        given = beside(**fields)
        drawn = given.runs[0].output
        assert drawn is not None
        blank = replace(drawn, class_shares=(1.0, 0.0), head=HEAD)
        runs = tuple(replace(r, output=blank, probe=replace(r.probe, real=True)) for r in given.runs)
        return replace(given, runs=runs)

    def test_an_empty_mask_is_drawn_rightly(self) -> None:
        assert not only("UD208", self.empty(classes=classes(1024, 0), dice=NAN)).ill

    def test_an_object_that_is_not_drawn_is_an_error(self) -> None:
        found = only("UD208", self.empty())
        assert found.severity is Severity.ERROR
        assert "12.1 % to other classes" in found.message

    def test_without_a_mask_it_stays_a_guess(self) -> None:
        assert only("UD208", replace(self.empty(), scores=None)).severity is not Severity.ERROR

    def test_fresh_weights_are_a_note(self) -> None:
        assert only("UD208", replace(self.empty(), model=model(trained=False))).severity is Severity.NOTE

    def test_several_classes_likewise(self) -> None:
        drawn = logits(class_shares=(1.0, 0.0, 0.0, 0.0), head=HEAD, shape=(1, 4, 32, 32))
        runs = tuple(replace(run(f"image-{k}", drawn), probe=replace(run().probe, real=True)) for k in (1, 2, 3))
        given = evidence(runs=runs, intent=MASK, scores=scores(classes=classes(900, 100, 24)))
        assert only("UD207", given).severity is Severity.ERROR
        assert not only("UD207", replace(given, scores=scores(classes=classes(1024, 0, 0)))).ill


def test_a_network_may_draw_at_the_size_of_the_masks() -> None:
    small = output(shape=(1, 3, 13, 13))
    first = run("image-1", small)
    given = evidence(runs=(replace(first, probe=replace(first.probe, shape=(1, 3, 32, 32))),))
    assert only("UD103", given).ill
    found = only("UD103", replace(given, scores=scores(size=(13, 13))))
    assert not found.ill
    assert "as the masks are" in found.message


def test_classes_are_repainted_as_the_masks_are() -> None:
    black = Painting(3, 4, True, ((0.0, 0.0, 0.0),) * 2, 3, "uint8", False)
    given = replace(beside(palette=("#000000", "#80ff00", "#ffffff")), painting=black)
    (remedy,) = only("UD510", given).remedies
    assert remedy.parameters["colours"] == ["#000000", "#80ff00"]
    assert "[128, 255, 0]" in remedy.patch
    (plain,) = only("UD510", replace(given, scores=None)).remedies
    assert "colours" not in plain.parameters


def test_a_class_of_the_masks_that_is_drawn_as_the_background_is_a_warning() -> None:
    shifted = Painting(3, 4, True, ((0.0,) * 3, (0.0,) * 3, (0.0, 200.0, 0.0)), 3, "uint8", False)
    assert only("UD510", evidence(painting=shifted)).severity is Severity.NOTE
    assert only("UD510", replace(beside(), painting=shifted)).severity is Severity.WARNING


class TestPartners:
    """UD608 of masks that were given for each other's pictures."""

    NAMES = ("a.png", "b.png", "c.png")
    MOVED = ("b.png", "c.png", "a.png")

    def finding(self, dice: float, best: float, *, trained: bool = True) -> Finding:
        fits = self.MOVED if best > dice else self.NAMES
        marked = beside(trained=trained, partners=Partners(self.NAMES, fits, dice, best))
        return only("UD608", replace(marked, data=given({}, aligned=3).data))

    def test_masks_of_other_pictures(self) -> None:
        found = self.finding(0.1, 0.95)
        assert found.severity is Severity.ERROR
        assert "the one given a.png fits b.png" in found.message

    @pytest.mark.parametrize(("dice", "best"), [(0.95, 0.95), (0.8, 0.9), (0.1, 0.4)])
    def test_masks_that_fit_and_outputs_that_fit_none(self, dice: float, best: float) -> None:
        assert not self.finding(dice, best).ill

    def test_fresh_weights_tell_nothing(self) -> None:
        assert not self.finding(0.1, 0.95, trained=False).ill


class TestOwnThreshold:
    """UD511 of a threshold inside the network."""

    CUT = Cutoff(9, build.place("head"), "gt", 127.0, 0.0, 1.0, "sigmoid", 0.0)

    @pytest.mark.parametrize(
        ("name", "threshold", "ill"),
        [
            ("gt", 1.0, True),
            ("ge", 1.0, False),
            ("ge", 1.1, True),
            ("lt", 0.0, True),
            ("le", 0.0, False),
            ("gt", -0.1, True),
            ("gt", 0.5, False),
        ],
    )
    def test_what_no_value_can_cross(self, name: str, threshold: float, ill: bool) -> None:
        finding = only("UD511", evidence(cutoff=replace(self.CUT, name=name, threshold=threshold)))
        assert finding.ill is ill
        assert (finding.severity is Severity.ERROR) is ill
        assert [r.parameters for r in finding.remedies] == ([{"op": 9, "threshold": 0.5}] if ill else [])

    @pytest.mark.parametrize(("threshold", "ill"), [(128.0, True), (-128.0, True), (20.0, False)])
    def test_logits_have_no_end(self, threshold: float, ill: bool) -> None:
        cut = replace(self.CUT, threshold=threshold, low=-math.inf, high=math.inf, activation="")
        finding = only("UD511", evidence(cutoff=cut))
        assert finding.ill is ill
        assert "values that no activation bounds" in finding.message

    @pytest.mark.parametrize(("threshold", "ill"), [(0.5, True), (2.0, False), (254.5, True)])
    def test_an_end_of_bytes(self, threshold: float, ill: bool) -> None:
        assert only("UD511", evidence(cutoff=replace(self.CUT, threshold=threshold, high=255.0))).ill is ill

    def test_what_is_split_is_within_reach(self) -> None:
        assert not only("UD511", evidence(cutoff=replace(self.CUT, split=0.01))).ill

    def test_an_experiment_must_split_it(self) -> None:
        tried = replace(self.CUT, threshold=0.5, moved=True)
        assert only("UD511", evidence(cutoff=tried)).ill
        assert not only("UD511", evidence(cutoff=replace(tried, split=0.2))).ill
