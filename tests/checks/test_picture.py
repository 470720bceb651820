"""UD201 to UD213: what a person sees."""

from dataclasses import replace

import pytest

from tests.checks.build import (
    MASK,
    NAN,
    OTHER,
    PICTURE,
    channel,
    comparison,
    evidence,
    examine,
    flat,
    last,
    logits,
    model,
    only,
    op,
    ops,
    output,
    place,
    run,
    statistics,
)
from unetdoctor.facts import DisplayRange, Evidence, Finding, Intent, Output, Probe, Severity, Task

GREY = output([flat(index) for index in range(3)])
BROKEN = output(
    [flat(index, spread=0.0, raw_spread=0.0) for index in range(3)],
    nan=12288,
    raw_spread=0.0,
    channel_difference_8bit=NAN,
    channel_difference_raw=NAN,
    channel_correlation=NAN,
    at_low=NAN,
    at_high=NAN,
    outside=NAN,
)
"""A picture of which no value is finite."""

NO_OUTPUT = evidence(runs=(run(output=None),))


@pytest.mark.parametrize("code", ["UD202", "UD203", "UD204", "UD205", "UD212", "UD213"])
def test_of_an_output_that_is_not_finite_nothing_else_is_said(code: str) -> None:
    assert not examine(code, evidence(BROKEN, intent=Intent(Task.RGB)))
    assert not examine(code, evidence(BROKEN, intent=Intent(Task.MULTICLASS)))
    finding = only(code, evidence(BROKEN, output(), intent=Intent(Task.RGB)))
    assert not finding.ill


NUMBERLESS = {
    "channel_difference_8bit": NAN,
    "at_low": NAN,
    "outside": NAN,
    "display": DisplayRange(0.0, 1.0, "as is", "declared"),
}


@pytest.mark.parametrize("code", ["UD202", "UD203", "UD204", "UD205", "UD213"])
def test_nan_holds_nothing(code: str) -> None:
    without = [channel(index, p1_8bit=NAN, std_8bit=NAN) for index in range(3)]
    assert only(code, evidence(output(without, **NUMBERLESS))).severity is Severity.NOTE


@pytest.mark.parametrize("code", ["UD201", "UD202", "UD203", "UD204", "UD205", "UD206", "UD212", "UD213", "UD501"])
def test_without_an_output_nothing_is_said(code: str) -> None:
    assert not examine(code, NO_OUTPUT)


class TestSingleChannelPicture:
    """UD201."""

    @pytest.mark.parametrize(
        "intent",
        [
            Intent(Task.RGB),
            Intent(Task.MULTICLASS),
            Intent(Task.MULTICLASS, classes=2),
            Intent(Task.MULTILABEL, classes=5),
            Intent(classes=3),
        ],
        ids=["rgb", "multiclass", "two classes", "multilabel", "classes"],
    )
    @pytest.mark.parametrize("trained", [True, False])
    def test_one_channel_against_a_declared_intent(self, intent: Intent, trained: bool) -> None:
        finding = only("UD201", evidence(output([channel()]), intent=intent, trained=trained))
        assert finding.severity is Severity.ERROR

    @pytest.mark.parametrize(
        "intent",
        [Intent(), PICTURE, MASK, Intent(Task.BINARY), Intent(Task.GENERATOR), Intent(classes=2)],
        ids=["none", "inferred", "inferred classes", "binary", "generator", "two classes"],
    )
    def test_one_channel_is_right_elsewhere(self, intent: Intent) -> None:
        assert not only("UD201", evidence(output([channel()]), intent=intent)).ill

    def test_three_channels(self) -> None:
        finding = only("UD201", evidence(intent=Intent(Task.RGB)))
        assert not finding.ill
        assert finding.message == "The output drawn by draw (model.py:30) has 3 channels (the declared task needs 3)."

    def test_class_ids_have_one_channel(self) -> None:
        assert not only("UD201", evidence(output([channel()], dtype="int64"), intent=Intent(Task.MULTICLASS))).ill

    def test_nan_changes_nothing(self) -> None:
        assert not only("UD201", evidence(BROKEN, intent=Intent(Task.RGB))).ill


EQUAL = {"channel_difference_8bit": 0.0, "channel_difference_raw": 0.0, "channel_correlation": 1.0}


class TestIdenticalChannels:
    """UD202."""

    def test_equal_channels(self) -> None:
        finding = only("UD202", evidence(output(**EQUAL), output(**EQUAL)))
        assert finding.severity is Severity.ERROR
        assert finding.readings[0].unit == "8-bit levels"
        assert "differ by at most 0 8-bit levels (at least 3) on the best of 2 inputs" in finding.message

    def test_untrained_is_a_note(self) -> None:
        assert only("UD202", evidence(output(**EQUAL), trained=False)).severity is Severity.NOTE

    def test_one_input_that_tells_them_apart_is_enough(self) -> None:
        assert not only("UD202", evidence(output(**EQUAL), output())).ill
        dull = output(**{**EQUAL, "channel_difference_8bit": 0.4, "channel_correlation": 0.2})
        assert not only("UD202", evidence(output(**{**EQUAL, "channel_difference_8bit": 0.8}), dull)).ill

    def test_correlation_alone_proves_nothing(self) -> None:
        assert not only("UD202", evidence(output(channel_correlation=0.9995, channel_difference_8bit=20.0))).ill

    def test_a_white_picture_of_equal_channels_counts(self) -> None:
        white = output([flat(index, 255.0, 0.0, raw_spread=3.0) for index in range(3)], **EQUAL)
        assert only("UD202", evidence(white)).severity is Severity.ERROR

    def test_constant_channels_are_left_to_others(self) -> None:
        assert not examine("UD202", evidence(output(channel_difference_8bit=0.0, channel_correlation=NAN)))
        assert not only("UD202", evidence(output(channel_difference_8bit=40.0, channel_correlation=NAN))).ill

    def test_masks_are_judged_by_exact_equality(self) -> None:
        assert only("UD202", evidence(logits(**EQUAL), intent=MASK)).severity is Severity.ERROR
        alike = logits(channel_difference_8bit=0.0, channel_difference_raw=1e-4, channel_correlation=0.9999)
        assert not only("UD202", evidence(alike, intent=MASK)).ill
        assert only("UD202", evidence(logits(**EQUAL), intent=MASK, trained=False)).severity is Severity.NOTE

    def test_one_channel_has_nothing_to_compare(self) -> None:
        assert not examine("UD202", evidence(output([channel()])))


class TestFlatPicture:
    """UD203."""

    @pytest.mark.parametrize(
        ("level", "tone"),
        [(128, "mid-grey"), (3, "black"), (252, "white"), (60, "grey of level 60")],
    )
    def test_an_even_tone(self, level: float, tone: str) -> None:
        finding = only("UD203", evidence(output([flat(index, level) for index in range(3)])))
        assert finding.severity is Severity.ERROR
        assert f"is an even {tone}: it spreads over 2 of 255 levels (at least 14)" in finding.message
        assert finding.message.endswith("on the one input, shown in -1..1 (tanh).")
        assert finding.readings[0].value == 2
        assert finding.readings[0].unit == "8-bit levels"
        assert finding.readings[1].value == 0.5

    @pytest.mark.parametrize(
        ("intent", "spread", "severity"),
        [
            (Intent(Task.REGRESSION), 300.0, Severity.NOTE),
            (Intent(Task.REGRESSION), 10.0, Severity.WARNING),
            (Intent(Task.REGRESSION, display_range=(0.0, 1e5)), 300.0, Severity.WARNING),
            (Intent(Task.RGB), 300.0, Severity.ERROR),
        ],
        ids=["inverse depth", "the same everywhere", "on a declared display", "a picture"],
    )
    def test_quantities_have_a_range_of_their_own(self, intent: Intent, spread: float, severity: Severity) -> None:
        drawn = output([flat(0, 255)], raw_spread=spread, minimum=100.0, maximum=500.0)
        assert only("UD203", evidence(drawn, intent=intent)).severity is severity

    def test_a_density_of_thousandths_is_no_flat_picture(self) -> None:
        density = output(
            [flat(0, 0)],
            raw_spread=0.001,
            minimum=0.0,
            maximum=0.003,
            display=DisplayRange(0, 1, "as is", "values in 0..1"),
        )
        assert only("UD203", evidence(density, intent=Intent(Task.REGRESSION))).severity is Severity.NOTE

    def test_an_even_colour_is_as_flat(self) -> None:
        finding = only("UD203", evidence(output([flat(0, 200), flat(1, 90), flat(2, 20)])))
        assert finding.severity is Severity.ERROR
        assert "colour (200, 90, 20)" in finding.message

    def test_without_channels_the_whole_output_is_read(self) -> None:
        finding = only("UD203", evidence(output([], spread_8bit=1.0, std_8bit=0.2)))
        assert finding.ill
        assert "mid-grey" in finding.message

    def test_untrained_is_a_note(self) -> None:
        assert only("UD203", evidence(GREY, trained=False)).severity is Severity.NOTE

    def test_other_tasks_are_a_warning(self) -> None:
        assert only("UD203", evidence(GREY, intent=OTHER)).severity is Severity.WARNING

    def test_one_picture_with_contrast_is_enough(self) -> None:
        assert not only("UD203", evidence(GREY, output())).ill
        assert not only("UD203", evidence(BROKEN, output())).ill

    def test_constant_inputs_are_left_out(self) -> None:
        given = evidence(runs=(run("noise", GREY), run("zeros", output())))
        assert only("UD203", given).ill

    def test_few_bright_dots_are_a_picture(self) -> None:
        stars = output([flat(index, 2.0, 1.0, std_8bit=22.0) for index in range(3)])
        assert not only("UD203", evidence(stars)).ill

    def test_a_mask_without_contrast(self) -> None:
        blind = logits(raw_spread=0.12, activation="softmax")
        assert only("UD203", evidence(blind, intent=MASK)).severity is Severity.ERROR
        assert only("UD203", evidence(blind, intent=MASK, trained=False)).severity is Severity.NOTE
        assert not only("UD203", evidence(blind, logits(), intent=MASK)).ill

    def test_between_sick_and_sound_a_mask_needs_a_real_picture(self) -> None:
        weak = logits(raw_spread=0.3, activation="softmax")
        assert only("UD203", evidence(weak, intent=MASK)).severity is Severity.WARNING
        real = Probe("image-1", (1, 3, 64, 64), real=True, constant=False)
        given = evidence(runs=(run(drawn=weak, probe=real),), intent=MASK)
        assert only("UD203", given).severity is Severity.ERROR

    def test_without_an_activation_a_mask_is_only_guessed(self) -> None:
        assert not only("UD203", evidence(logits(raw_spread=0.15), intent=MASK)).ill
        assert only("UD203", evidence(logits(raw_spread=0.001), intent=MASK)).severity is Severity.WARNING
        declared = evidence(logits(raw_spread=0.15), intent=Intent(Task.MULTICLASS))
        assert only("UD203", declared).severity is Severity.ERROR

    def test_a_flat_probability_is_no_fault(self) -> None:
        empty = output([flat(index, 1.0) for index in range(4)], raw_spread=2.0)
        assert not only("UD203", evidence(empty, intent=MASK)).ill


class TestLowContrast:
    """UD204."""

    DULL = output([flat(index, spread=18.0) for index in range(3)])

    def test_dull(self) -> None:
        finding = only("UD204", evidence(self.DULL))
        assert finding.severity is Severity.ERROR
        assert "spreads over 18 of 255 levels (at least 26)" in finding.message

    def test_untrained_is_a_note(self) -> None:
        assert only("UD204", evidence(self.DULL, trained=False)).severity is Severity.NOTE

    def test_sound(self) -> None:
        assert not only("UD204", evidence(self.DULL, output())).ill

    def test_flat_is_not_its_own(self) -> None:
        assert not examine("UD204", evidence(GREY))

    def test_masks_are_not_judged(self) -> None:
        assert not examine("UD204", evidence(self.DULL, intent=MASK))

    def test_few_bright_dots_are_a_picture(self) -> None:
        assert not only("UD204", evidence(output([flat(spread=18.0, std_8bit=22.0)]))).ill


class TestSaturatedPicture:
    """UD205."""

    POSTER = output(at_low=0.5, at_high=0.45, raw_spread=50.0)

    def test_poster(self) -> None:
        finding = only("UD205", evidence(self.POSTER))
        assert finding.severity is Severity.ERROR
        assert finding.readings[0].value == pytest.approx(95)
        assert "50 % black and 45 % white" in finding.message

    def test_white(self) -> None:
        white = output([flat(index, 255.0) for index in range(3)], at_low=0.0, at_high=1.0)
        assert only("UD205", evidence(white)).severity is Severity.ERROR

    def test_untrained_is_a_note(self) -> None:
        assert only("UD205", evidence(self.POSTER, trained=False)).severity is Severity.NOTE

    def test_a_drawing_on_white_is_a_note(self) -> None:
        assert only("UD205", evidence(output(at_low=0.03, at_high=0.9, raw_spread=4.0))).severity is Severity.NOTE

    def test_one_picture_with_shades_is_enough(self) -> None:
        assert not only("UD205", evidence(self.POSTER, output())).ill

    def test_a_confident_mask_is_no_fault(self) -> None:
        assert not examine("UD205", evidence(self.POSTER, intent=MASK))

    def test_grey_is_not_its_own(self) -> None:
        assert not examine("UD205", evidence(output([flat()], at_low=0.0, at_high=0.0)))


class TestNonFiniteOutput:
    """UD206."""

    @staticmethod
    def _broken(**changes: object) -> Evidence:
        bad = statistics(minimum=NAN, maximum=NAN)
        fields = dict(changes)
        recorded = [replace(x, statistics=bad) if x.index >= 3 else x for x in ops()]
        recorded.insert(0, op(-5, "mask", "attention", (), statistics=statistics(minimum=-float("inf"))))
        return evidence(runs=(run(drawn=replace(BROKEN, nan=40, infinite=2), ops=tuple(recorded)),), **fields)

    @pytest.mark.parametrize("trained", [True, False])
    def test_the_first_non_finite_op_is_named(self, trained: bool) -> None:
        finding = only("UD206", self._broken(model=model(trained=trained)))
        assert finding.severity is Severity.ERROR
        assert finding.op == 3
        assert finding.place.line == 43
        assert (
            "(at most 0 %; 40 NaN and 2 infinite of 12288) on the probe `noise`, first after `relu`" in finding.message
        )

    def test_views_are_passed(self) -> None:
        bad = statistics(minimum=NAN, maximum=NAN)
        recorded = (
            op(0, "log", "", (-1,), statistics=bad),
            op(1, "view", "", (0,), statistics=None, is_view=True),
            op(2, "add", "", (1, 0), statistics=bad),
        )
        assert only("UD206", evidence(runs=(run(drawn=BROKEN, ops=recorded),))).op == 0

    @pytest.mark.parametrize("recorded", [(), ops()], ids=["no ops", "finite ops"])
    def test_an_unknown_origin_is_the_last_layer(self, recorded: tuple[object, ...]) -> None:
        finding = only("UD206", evidence(runs=(run(drawn=BROKEN, ops=recorded),)))
        assert finding.place == place()
        assert finding.message.endswith("drawn by draw (model.py:30).")

    def test_a_constant_input_counts_where_no_other_has_any(self) -> None:
        bad = statistics(minimum=NAN, maximum=NAN)
        even = replace(run("zeros", BROKEN).probe, constant=True)
        behind = [replace(x, statistics=bad) if x.index >= 3 else x for x in ops()]
        finding = only("UD206", evidence(runs=(run(), run("zeros", BROKEN, probe=even, ops=tuple(behind)))))
        assert finding.severity is Severity.WARNING
        assert "on the probe `zeros`, which is one even tone, first after `relu`" in finding.message
        noise = run(drawn=replace(BROKEN, nan=1))
        assert "`noise`, " in only("UD206", evidence(runs=(run("zeros", BROKEN, probe=even), noise))).message

    def test_a_constant_input_brought_to_a_deviation_of_one_is_a_note(self) -> None:
        bad = statistics(minimum=NAN, maximum=NAN)
        even = replace(run("zeros", BROKEN).probe, constant=True)
        everywhere = (op(-1, "div", "", (), statistics=bad), *(replace(x, statistics=bad) for x in ops()))
        finding = only("UD206", evidence(runs=(run(), run("zeros", BROKEN, probe=even, ops=everywhere))))
        assert finding.severity is Severity.NOTE

    def test_finite(self) -> None:
        assert only("UD206", evidence()).readings[0].value == 0

    def test_nothing_to_count(self) -> None:
        assert not only("UD206", evidence(output(count=0))).ill


@pytest.mark.parametrize(("code", "kind"), [("UD209", "inputs"), ("UD210", "latents")])
class TestStaysTheSame:
    """UD209 and UD210."""

    def test_the_same(self, code: str, kind: str) -> None:
        finding = only(code, evidence(comparisons=(comparison(0.0, kind), comparison(0.002, kind))))
        assert finding.severity is Severity.ERROR
        assert finding.readings[0].value == pytest.approx(0.2)
        assert "changes by 0.2 % of its own deviation" in finding.message
        assert finding.place == place()

    def test_untrained_is_a_note(self, code: str, kind: str) -> None:
        given = evidence(comparisons=(comparison(0.0, kind),), trained=False)
        assert only(code, given).severity is Severity.NOTE

    def test_one_pair_that_differs_is_enough(self, code: str, kind: str) -> None:
        assert not only(
            code, evidence(comparisons=(comparison(0.0, kind), comparison(NAN, kind), comparison(1.0, kind)))
        ).ill

    def test_nan_holds_nothing(self, code: str, kind: str) -> None:
        assert only(code, evidence(comparisons=(comparison(NAN, kind),))).severity is Severity.NOTE

    def test_a_broken_output_is_no_comparison(self, code: str, kind: str) -> None:
        assert not examine(code, evidence(BROKEN, output(), comparisons=(comparison(0.0, kind),)))

    def test_nothing_to_compare(self, code: str, kind: str) -> None:
        assert not examine(code, evidence(comparisons=(comparison(0.0, "modes"),)))
        assert kind in ("inputs", "latents")

    def test_without_a_last_layer_the_model_is_its_place(self, code: str, kind: str) -> None:
        given = evidence(comparisons=(comparison(0.0, kind),), model=model(last_layer=""))
        assert only(code, given).place.text == "the model"


@pytest.mark.parametrize(("signal", "grave"), [(0.0, Severity.ERROR), (0.3, Severity.WARNING)])
def test_where_nothing_of_ones_own_pictures_comes_through_it_is_an_error(signal: float, grave: Severity) -> None:
    quiet = statistics(signal)
    passed = tuple(replace(x, statistics=quiet) if x.name == "relu" else x for x in ops())
    seen = run(ops=passed, probe=replace(run().probe, real=True))
    mask = Intent(inferred_task=Task.BINARY, inferred_from="one output channel")
    given = evidence(runs=(seen,), comparisons=(comparison(0.0),), intent=mask)
    assert only("UD209", given).severity is grave


def test_a_constant_input_is_no_comparison() -> None:
    given = evidence(runs=(run(), run("zeros")), comparisons=(comparison(0.0, second="zeros"),))
    assert not examine("UD209", given)


class TestDeadOutputChannel:
    """UD212."""

    @staticmethod
    def _spreads(*spreads: float, **fields: object) -> Output:
        return output([channel(index, raw_spread=x) for index, x in enumerate(spreads)], **fields)

    def _only(self, *spreads: float, intent: Intent = MASK, trained: bool = True) -> Finding:
        return only("UD212", evidence(self._spreads(*spreads), intent=intent, trained=trained))

    def test_a_dead_class(self) -> None:
        finding = self._only(2.0, 0.0, 3.0, 1.0)
        assert finding.severity is Severity.ERROR
        assert "Of 4 channels drawn by draw (model.py:30) channel 1 is constant" in finding.message

    def test_a_dead_colour(self) -> None:
        assert self._only(0.4, 0.3, 0.0, intent=PICTURE).severity is Severity.ERROR

    def test_more_dead_than_living(self) -> None:
        assert "channel 0, 1 is constant" in self._only(0.0, 0.0, 2.0).message

    def test_untrained_is_a_note(self) -> None:
        assert self._only(2.0, 0.0, 3.0, trained=False).severity is Severity.NOTE

    def test_other_tasks_and_pairs_are_a_warning(self) -> None:
        assert self._only(2.0, 0.0, 3.0, intent=OTHER).severity is Severity.WARNING
        assert self._only(2.0, 0.0).severity is Severity.WARNING

    def test_a_quiet_class_lives(self) -> None:
        assert not self._only(2.0, 0.01, 3.0).ill

    def test_one_picture_in_which_it_lives_is_enough(self) -> None:
        given = evidence(self._spreads(2.0, 0.0, 3.0), self._spreads(2.0, 1.0, 3.0), intent=MASK)
        assert not only("UD212", given).ill

    def test_opacity_is_constant_by_design(self) -> None:
        assert not self._only(0.4, 0.3, 0.2, 0.0, intent=PICTURE).ill

    def test_where_none_lives_it_is_left_to_others(self) -> None:
        assert not examine("UD212", evidence(self._spreads(0.0, 0.0, 0.0)))

    def test_unknown_spreads_are_not_examined(self) -> None:
        assert not examine("UD212", evidence(self._spreads(NAN, NAN, NAN)))

    def test_one_channel(self) -> None:
        assert not examine("UD212", evidence(self._spreads(0.0)))

    @pytest.mark.parametrize(("made_of", "coloured"), [(1, True), (2, True), (3, False)])
    def test_a_function_that_colours_may_leave_a_colour_out(self, made_of: int, coloured: bool) -> None:
        drawn = replace(self._spreads(1.0, 0.0, 1.0), final_ops=("postprocess",), drawn_by=4)
        seen = run(drawn=drawn)
        passed = replace(seen, ops=(*seen.ops[:4], replace(seen.ops[4], shape=(4, made_of, 32, 32))))
        assert bool(examine("UD212", evidence(runs=(passed,)))) is not coloured


class TestRangeDoesNotFitDisplay:
    """UD213."""

    UNIT = DisplayRange(0.0, 1.0, "as is", "declared")
    GUESSED = DisplayRange(0.0, 1.0, "as is", "values in 0..1")

    @pytest.mark.parametrize(
        ("low", "high", "words", "patch"),
        [
            (-0.99, 1.0, "of the range of tanh", "picture = ((output + 1) / 2).clamp(0, 1)"),
            (0.0, 255.0, "of the range of 8-bit levels", "picture = (output / 255).clamp(0, 1)"),
            (-6.0, 8.0, "unbounded", "picture = output.clamp(0, 1)"),
        ],
    )
    def test_outside(self, low: float, high: float, words: str, patch: str) -> None:
        finding = only("UD213", evidence(output(minimum=low, maximum=high, outside=0.68, display=self.UNIT)))
        assert finding.severity is Severity.ERROR
        assert f"they are {words}," in finding.message
        assert finding.patch.startswith(patch)
        assert not finding.remedies

    @pytest.mark.parametrize(("behind", "offered"), [(("sub", "div"), True), ((), False)])
    def test_arithmetic_behind_the_activation_is_left_out(self, behind: tuple[str, ...], offered: bool) -> None:
        drawn = output(minimum=-2.0, maximum=2.6, outside=0.58, display=self.UNIT, final_ops=("tanh", *behind))
        finding = only("UD213", evidence(drawn))
        assert [x.action for x in finding.remedies] == ["as_activated"] * offered

    @pytest.mark.parametrize(
        ("display", "intent", "trained", "severity"),
        [
            (UNIT, PICTURE, True, Severity.ERROR),
            (UNIT, OTHER, True, Severity.ERROR),
            (UNIT, PICTURE, False, Severity.NOTE),
            (GUESSED, Intent(Task.RGB), True, Severity.ERROR),
            (GUESSED, PICTURE, True, Severity.NOTE),
            (GUESSED, Intent(Task.RGB), False, Severity.NOTE),
        ],
    )
    def test_an_error_needs_a_declaration(
        self, display: DisplayRange, intent: Intent, trained: bool, severity: Severity
    ) -> None:
        given = evidence(output(outside=0.5, display=display), intent=intent, trained=trained)
        assert only("UD213", given).severity is severity

    def test_overshoot_is_well(self) -> None:
        assert not only("UD213", evidence(output(outside=0.04, display=self.UNIT))).ill

    def test_masks_and_guesses_of_other_tasks_are_not_judged(self) -> None:
        decoded = replace(self.UNIT, decode="sigmoid")
        assert not examine("UD213", evidence(output(outside=0.9, display=decoded)))
        assert not examine("UD213", evidence(output(outside=0.9, display=self.GUESSED), intent=OTHER))


def test_without_a_known_last_layer_the_op_is_the_place() -> None:
    unnamed = model(last_layer="")
    assert only("UD203", evidence(model=unnamed)).place.line == 44
    assert only("UD203", evidence(output(drawn_by=99), model=unnamed)).place.text == "the model"
    assert only("UD203", evidence(model=model(last()))).place == place()
