"""UD207, UD208, UD311, UD502 to UD507, UD513: what ends a network."""

import math
from dataclasses import replace
from typing import Any

import pytest

from tests.checks.build import channel, evidence, examine, last, logits, model, only, op, ops, output, run
from unetdoctor.facts import DisplayRange, Evidence, Finish, HeadNumbers, Intent, LossNumbers, Output, Severity, Task

BINARY = Intent(task=Task.BINARY)
CLASSES = Intent(task=Task.MULTICLASS)
SHAPE = (4, 3, 32, 32)


def numbers(**fields: Any) -> HeadNumbers:
    """Those of a sound mask."""
    base = HeadNumbers(
        channel_sum_error=0.5, zeros=0.0, margin=1.0, margin_spread=2.0, margin_least=-3.0, mean_drift=1.0
    )
    return replace(base, **fields)


BOUNDS = {"sigmoid": (0.0, 1.0), "softmax": (0.0, 1.0), "tanh": (-1.0, 1.0)}


def finish(kind: str, index: int = 5, **fields: Any) -> Finish:
    """A function of single values at the end."""
    low, high = BOUNDS.get(kind, (-math.inf, math.inf))
    plain = Finish(op=index, kind=kind, dim=None, shape=SHAPE, channels=1, ends=True, low=low, high=high)
    made = replace(plain, **fields)
    return replace(made, handed=(made.low, made.high)) if made.ends and "handed" not in fields else made


def softmax(dim: int = 1, shape: tuple[int, ...] = SHAPE, kind: str = "softmax", **fields: Any) -> Finish:
    return finish(kind, dim=dim, shape=shape, **fields)


def mask(**fields: Any) -> Output:
    """Logits of one channel."""
    display = DisplayRange(0.0, 1.0, "sigmoid", "logits")
    numbers_of = {"head": numbers(), "display": display, "class_shares": (0.6, 0.4), "activation": "", **fields}
    return output([channel()], **{"activation_op": None, "final_ops": (), **numbers_of})


def ended(*finishes: Finish, drawn: Output | None = None, **fields: Any) -> Evidence:
    given = drawn if drawn is not None else output(head=numbers())
    return evidence(given, given, finishes=finishes, **fields)


class TestActivationTwice:
    """UD502."""

    def test_sigmoid_twice(self) -> None:
        given = ended(finish("sigmoid", 3), finish("sigmoid"), drawn=output(minimum=0.5, maximum=0.731))
        finding = only("UD502", given)
        assert finding.severity is Severity.ERROR
        assert (finding.readings[0].value, finding.readings[0].lower) == (pytest.approx(23.1, abs=0.1), 90)
        assert finding.remedies[0].parameters == {"op": 3}

    @pytest.mark.parametrize(("first", "second", "reach"), [("softmax", "softmax", 42.1), ("sigmoid", "tanh", 38.1)])
    def test_two_others_leave_the_order(self, first: str, second: str, reach: float) -> None:
        given = ended(finish(first, 3, dim=1), finish(second, dim=1), drawn=output(minimum=0.2, maximum=0.5))
        finding = only("UD502", given)
        assert finding.severity is Severity.WARNING
        assert finding.readings[0].value == pytest.approx(reach, abs=0.1)

    def test_softmax_of_log_softmax_is_that_softmax(self) -> None:
        given = ended(softmax(kind="log_softmax", op=3), softmax(), drawn=output(minimum=0.3, maximum=0.4))
        assert not only("UD502", given).ill

    def test_something_in_between_makes_it_another_function(self) -> None:
        given = ended(finish("sigmoid", 3, ends=False), finish("sigmoid"), drawn=output(minimum=0.5, maximum=0.7))
        assert not only("UD502", given).ill

    def test_numbers_in_between_are_followed(self) -> None:
        first = finish("tanh", 3, ends=False, handed=(0.0, 1.0))
        given = ended(first, finish("sigmoid"), drawn=output(minimum=0.5, maximum=0.731))
        finding = only("UD502", given)
        assert finding.severity is Severity.ERROR
        assert "brought to 0 to 1" in finding.message
        assert finding.remedies[0].parameters == {"op": 5}

    def test_a_soft_limit_of_logits_is_no_activation(self) -> None:
        first = finish("tanh", 3, ends=False, handed=(-4.0, 4.0))
        finding = only("UD502", ended(first, finish("sigmoid"), drawn=output(minimum=0.1, maximum=0.9)))
        assert not finding.ill
        assert finding.readings[0].value == pytest.approx(96.4, abs=0.1)

    def test_values_cut_off_at_0_and_1_are_squeezed_as_well(self) -> None:
        first = finish("clamp", 3, low=0.0, high=1.0)
        finding = only("UD502", ended(first, finish("sigmoid"), drawn=output(minimum=0.5, maximum=0.731)))
        assert finding.severity is Severity.ERROR

    def test_what_is_scaled_for_display_is_read_in_its_own_range(self) -> None:
        last = finish("sigmoid", ends=False, handed=(0.0, 255.0))
        finding = only("UD502", ended(finish("sigmoid", 3), last, drawn=output(minimum=127.5, maximum=186.4)))
        assert finding.severity is Severity.ERROR
        assert finding.readings[1].value == pytest.approx(23.1, abs=0.1)

    def test_what_is_multiplied_by_zero_uses_nothing(self) -> None:
        last = finish("sigmoid", ends=False, handed=(0.0, 0.0))
        finding = only("UD502", ended(last, drawn=output(minimum=0.0, maximum=0.0)))
        assert (finding.ill, finding.readings[1].value) == (False, 0)

    def test_without_an_activation_nothing_is_said(self) -> None:
        assert not examine("UD502", ended(finish("relu")))

    def test_a_softmax_of_one_value_is_the_other_check(self) -> None:
        given = ended(finish("sigmoid", 3), softmax(shape=(1, 1, 32, 32)), drawn=output(minimum=1.0, maximum=1.0))
        assert not only("UD502", given).ill

    def test_once_it_is_dropped_all_of_the_range_is_reached(self) -> None:
        finding = only("UD502", ended(finish("sigmoid"), drawn=output(minimum=0.4, maximum=0.6)))
        assert not finding.ill
        assert finding.readings[0].value == 100


class TestConfinedValues:
    """UD502 where the graph does not tell: a trained network whose values keep to what two activations leave."""

    MASK = Intent(Task.BINARY)

    def drawn(self, low: float, high: float, channels: int = 1, error: float = 0.5) -> Output:
        parts = [channel(i) for i in range(channels)]
        return output(parts, minimum=low, maximum=high, head=numbers(channel_sum_error=error))

    @pytest.mark.parametrize("ends", [(), (finish("sigmoid"),)])
    def test_sigmoid(self, ends: tuple[Finish, ...]) -> None:
        finding = only("UD502", ended(*ends, drawn=self.drawn(0.5002, 0.7305), intent=self.MASK))
        assert finding.severity is Severity.ERROR
        assert "sigmoid applied twice" in finding.message
        assert [r.action for r in finding.remedies] == ["skip_operation" if ends else "structural"]

    @pytest.mark.parametrize(("channels", "low", "high"), [(2, 0.2689, 0.7311), (3, 0.2119, 0.5761)])
    def test_softmax(self, channels: int, low: float, high: float) -> None:
        finding = only("UD502", ended(drawn=self.drawn(low, high, channels, 1e-6), intent=self.MASK))
        assert finding.severity is Severity.WARNING
        assert "softmax applied twice" in finding.message

    @pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.5, 0.65), (0.55, 0.7311), (0.49, 0.7311), (0.5, 0.75)])
    def test_other_ranges_are_in_order(self, low: float, high: float) -> None:
        assert not only("UD502", ended(drawn=self.drawn(low, high), intent=self.MASK)).ill

    @pytest.mark.parametrize("ends", [(), (finish("tanh"),)])
    def test_a_picture_may_have_such_values(self, ends: tuple[Finish, ...]) -> None:
        drawn = self.drawn(0.5005, 0.73, 3)
        assert not only("UD502", ended(*ends, drawn=drawn, intent=Intent(Task.RGB))).ill

    @pytest.mark.parametrize("kind", ["tanh", "relu", "clamp"])
    def test_another_function_at_the_end_is_in_order(self, kind: str) -> None:
        given = ended(finish(kind), drawn=self.drawn(0.5002, 0.7305), intent=self.MASK)
        assert not any(x.ill for x in examine("UD502", given))

    def test_one_input_that_goes_beyond_is_enough(self) -> None:
        given = evidence(self.drawn(0.5, 0.7311), self.drawn(0.2, 0.7311), finishes=(), intent=self.MASK)
        assert not only("UD502", given).ill

    def test_fresh_weights_are_not_judged(self) -> None:
        assert examine("UD502", ended(drawn=self.drawn(0.5, 0.7311), trained=False, intent=self.MASK)) == []


class TestSoftmaxOnOneChannel:
    """UD503."""

    ALONE = (4, 1, 32, 32)

    def test_softmax(self) -> None:
        given = ended(softmax(shape=self.ALONE), drawn=output(minimum=1.0, maximum=1.0), trained=False)
        finding = only("UD503", given)
        assert finding.severity is Severity.ERROR
        assert finding.remedies[0].parameters == {"ops": [5], "threshold": 0.0}

    def test_argmax_of_a_softmax_takes_the_threshold_of_probabilities(self) -> None:
        both = softmax(shape=self.ALONE, op=4), softmax(shape=self.ALONE, kind="argmax")
        finding = only("UD503", ended(*both, drawn=output(minimum=0.0, maximum=0.0)))
        assert finding.remedies[0].parameters == {"ops": [4, 5], "threshold": 0.5}

    def test_one_sample_of_several_channels_is_the_other_check(self) -> None:
        given = ended(softmax(0, (1, 3, 32, 32)), drawn=output(minimum=1.0, maximum=1.0, head=numbers()))
        assert not only("UD503", given).ill
        assert only("UD504", given).ill

    def test_several_channels(self) -> None:
        assert not only("UD503", ended(softmax())).ill

    def test_attention_inside_is_not_judged(self) -> None:
        assert not examine("UD503", ended(softmax(shape=self.ALONE, ends=False)))


class TestSoftmaxOverWrongDim:
    """UD504."""

    @pytest.mark.parametrize("dim", [0, 2, 3])
    def test_over_another_axis(self, dim: int) -> None:
        finding = only("UD504", ended(softmax(dim), drawn=output(head=numbers(channel_sum_error=0.9))))
        assert finding.severity is Severity.ERROR
        assert finding.remedies[0].parameters == {"op": 5, "dim": 1}

    def test_over_the_channels(self) -> None:
        assert not only("UD504", ended(softmax(), drawn=output(head=numbers(channel_sum_error=1e-7)))).ill

    def test_an_argmax_over_the_rows(self) -> None:
        lanes = output(shape=(4, 3, 32), head=numbers())
        finding = only("UD504", ended(softmax(), softmax(2, kind="argmax", op=6), drawn=lanes))
        assert finding.severity is Severity.ERROR
        assert "`argmax` at" in finding.message
        assert finding.readings[0].value == 2
        assert finding.remedies[0].parameters == {"op": 6, "dim": 1}
        assert not only("UD504", ended(softmax(1, kind="argmax"))).ill
        ids = output(shape=(4, 32, 32), head=numbers())
        assert not only("UD504", ended(softmax(), softmax(2, kind="argmax", op=6), drawn=ids)).ill  # as the cure leaves

    def test_the_row_of_a_surface_in_every_column(self) -> None:
        lanes = ended(softmax(2, kind="argmax"), drawn=output(shape=(4, 3, 32), head=numbers()))
        assert only("UD504", lanes).severity is Severity.NOTE
        rows = ended(softmax(2), softmax(2, kind="argmax", op=6), drawn=output(shape=(4, 3, 32), head=numbers()))
        assert only("UD504", rows).severity is Severity.NOTE
        declared = replace(lanes, intent=replace(lanes.intent, task=Task.MULTICLASS))
        assert only("UD504", declared).severity is Severity.ERROR

    def test_the_depth_of_a_cost_volume(self) -> None:
        assert not examine("UD504", ended(softmax(2, (2, 1, 48, 16, 16), kind="argmax")))

    def test_channels_in_the_last_place_have_no_sums(self) -> None:
        given = ended(softmax(3, (4, 32, 32, 3), channels=3), drawn=output(head=numbers(channel_sum_error=3.0)))
        assert not only("UD504", given).ill

    @pytest.mark.parametrize("unclear", [softmax(2, (4, 3, 1024)), softmax(2, channels=None), softmax(2, ends=False)])
    def test_what_is_unclear_is_not_judged(self, unclear: Finish) -> None:
        assert not examine("UD504", ended(unclear))

    def test_nan(self) -> None:
        given = ended(softmax(2), drawn=output(head=numbers(channel_sum_error=math.nan)))
        assert only("UD504", given).severity is Severity.NOTE

    def test_the_mixed_samples_are_said_once(self) -> None:
        from unetdoctor.facts import Isolation

        given = ended(softmax(0, op=5), isolation=Isolation(4, 0.3, 1e-7, origin=5))
        assert only("UD107", given).severity is Severity.NOTE


class TestMargins:
    """UD207 and UD208."""

    def empty(self, lead: float, spread: float = 1.0, bias: float = 0.0, **fields: Any) -> Evidence:
        drawn = mask(head=numbers(margin=lead, margin_spread=spread), class_shares=(1.0, 0.0))
        return evidence(drawn, drawn, intent=BINARY, model=model(last(bias_largest=bias), **fields))

    def test_beyond_reach(self) -> None:
        finding = only("UD208", self.empty(30.0, 5.0, bias=28.0))
        assert finding.severity is Severity.ERROR
        assert finding.readings[0].value == 6.0

    def test_a_bias_makes_most_of_the_lead(self) -> None:
        assert only("UD208", self.empty(12.0, 3.0, bias=12.0)).ill

    def test_sharp_logits_of_a_sound_network(self) -> None:
        """Dice leaves leads of 24 and more, with a small bias."""
        assert not only("UD208", self.empty(30.0, 5.0, bias=2.0)).ill

    def test_then_the_bias_is_the_cause(self) -> None:
        bias = {"bias_largest": 12.0, "signal_out": 2.5}
        drawn = mask(head=numbers(margin=12.0, margin_spread=2.0), class_shares=(1.0, 0.0))
        assert only("UD304", evidence(drawn, intent=BINARY, model=model(last(**bias)))).ill
        assert not only("UD304", evidence(mask(), intent=BINARY, model=model(last(**bias)))).ill

    def test_on_ones_own_pictures_a_smaller_bias_is_the_cause(self) -> None:
        bias = model(last(bias_largest=12.0, signal_out=4.9))
        drawn = mask(head=numbers(margin=5.0, margin_spread=4.0), class_shares=(1.0, 0.0))
        noise = evidence(drawn, intent=BINARY, model=bias)
        pictured = replace(noise, runs=(run(drawn=drawn, probe=replace(run().probe, real=True)),))
        assert not only("UD304", noise).ill
        assert only("UD304", pictured).ill

    def test_a_sound_network_that_finds_nothing_in_noise(self) -> None:
        assert not only("UD208", self.empty(5.0)).ill

    def test_one_input_that_is_crossed(self) -> None:
        pinned = mask(head=numbers(margin=50.0, margin_spread=1.0), class_shares=(1.0, 0.0))
        assert not only("UD208", evidence(pinned, mask(), intent=BINARY, model=model(last(bias_largest=50.0)))).ill

    def test_untrained_is_a_note(self) -> None:
        assert only("UD208", self.empty(50.0, bias=50.0, trained=False)).severity is Severity.NOTE

    def test_an_empty_mask_of_a_picture_of_ones_own(self) -> None:
        given = self.empty(3.0)
        real = replace(given.runs[0], probe=replace(given.runs[0].probe, real=True))
        assert only("UD208", replace(given, runs=(real,))).severity is Severity.WARNING

    def test_one_class(self) -> None:
        drawn = logits(head=numbers(margin=50.0, margin_spread=2.0), class_shares=(0.0, 1.0, 0.0, 0.0))
        finding = only("UD207", evidence(drawn, intent=CLASSES, model=model(last(bias_largest=50.0))))
        assert finding.severity is Severity.ERROR
        assert finding.message.startswith("Class 1 has 100 %")
        assert not examine("UD208", evidence(drawn, intent=CLASSES))

    def test_what_is_a_mask_by_a_guess_only_is_a_note(self) -> None:
        drawn = logits(head=numbers(margin=50.0, margin_spread=2.0), class_shares=(1.0, 0.0, 0.0, 0.0))
        biased = model(last(bias_largest=50.0))
        guessed = evidence(drawn, intent=Intent(inferred_task=Task.MULTICLASS), model=biased)
        assert only("UD207", guessed).severity is Severity.NOTE

    def test_pictures_and_ids_have_no_margin(self) -> None:
        assert not examine("UD207", evidence(output(head=numbers())))
        assert not examine("UD208", evidence(mask(dtype="int64"), intent=BINARY))


class TestReluOnOutput:
    """UD507."""

    RELU = finish("relu", low=0.0)

    @pytest.mark.parametrize(
        ("task", "severity"),
        [(Task.BINARY, Severity.ERROR), (Task.RGB, Severity.WARNING), (Task.AUTO, Severity.NOTE)],
    )
    def test_by_what_was_declared(self, task: Task, severity: Severity) -> None:
        given = ended(self.RELU, drawn=mask(head=numbers(zeros=0.6)), intent=Intent(task=task))
        assert only("UD507", given).severity is severity

    def test_few_zeros(self) -> None:
        assert not only("UD507", ended(self.RELU, drawn=mask(head=numbers(zeros=0.1)))).ill

    @pytest.mark.parametrize(
        ("first", "last_one", "reach"),
        [("relu", "sigmoid", 50), ("gelu", "sigmoid", 54.2), ("relu", "tanh", 50), ("softplus", "sigmoid", 50)],
    )
    def test_in_front_of_the_final_activation(self, first: str, last_one: str, reach: float) -> None:
        finding = only("UD507", ended(finish(first, low=0.0 if first == "relu" else -math.inf), finish(last_one, 6)))
        assert (finding.severity, finding.readings[0].value) == (Severity.WARNING, pytest.approx(reach, abs=0.1))
        assert [r.parameters for r in finding.remedies] == [{"op": 5}]
        assert not only("UD507", ended(finish(last_one, 6))).ill

    @pytest.mark.parametrize("first", [finish("leaky_relu"), finish("relu", low=-3.0), finish("relu", ends=False)])
    def test_what_leaves_the_final_activation_its_range(self, first: Finish) -> None:
        assert not only("UD507", ended(first, finish("sigmoid", 6))).ill

    def test_a_clamp_to_the_range_of_a_picture(self) -> None:
        assert not examine("UD507", ended(finish("clamp", low=0.0, high=1.0), drawn=mask(head=numbers(zeros=0.6))))


class TestNormOnOutputHead:
    """UD311."""

    def normed(self, name: str, training: bool | None, drift: float) -> Evidence:
        norm = op(5, name, "norm", (4,), training=training)
        drawn = output(final_ops=(name, "tanh"), head=numbers(mean_drift=drift))
        chain = (*ops()[:5], norm, op(6, "tanh", "", (5,)))
        return evidence(drawn, runs=(run(drawn=drawn, ops=chain),))

    def test_instance_normalisation(self) -> None:
        finding = only("UD311", self.normed("native_batch_norm", True, 0.004))
        assert (finding.severity, finding.op) == (Severity.WARNING, 5)

    def test_pictures_of_different_brightness(self) -> None:
        assert not only("UD311", self.normed("native_group_norm", None, 0.6)).ill

    @pytest.mark.parametrize(("name", "training"), [("native_batch_norm", False), ("native_layer_norm", None)])
    def test_what_takes_nothing_away(self, name: str, training: bool | None) -> None:
        assert not examine("UD311", self.normed(name, training, 0.004))


class TestDeclaredRange:
    """UD506 and UD513."""

    UNIT = DisplayRange(0.0, 1.0, "as is", "declared")

    def shown(self, *finishes: Finish, low: float = 0.0, high: float = 1.0, **fields: Any) -> Evidence:
        display = DisplayRange(low, high, "as is", "declared")
        drawn = output(**{"display": display, "outside": 0.6, "head": numbers(), **fields})
        return ended(*finishes, drawn=drawn, intent=Intent(task=Task.RGB, display_range=(low, high)))

    def test_logits(self) -> None:
        finding = only("UD506", self.shown(activation="", activation_op=None))
        assert [x.parameters["kind"] for x in finding.remedies] == ["sigmoid"]
        assert finding.ill

    def test_a_range_that_no_activation_keeps(self) -> None:
        finding = only("UD506", self.shown(activation="", activation_op=None, high=255.0))
        assert finding.ill
        assert not finding.remedies

    def test_little_overshoot(self) -> None:
        assert not only("UD506", self.shown(activation="", activation_op=None, outside=0.04)).ill

    def test_an_activation_is_not_its_case(self) -> None:
        assert not examine("UD506", self.shown())

    def test_tanh(self) -> None:
        finding = only("UD513", self.shown(finish("tanh", low=-1.0, high=1.0)))
        assert finding.ill
        assert finding.remedies[0].parameters == {"factor": 0.5, "shift": 0.5}
        assert finding.remedies[0].patch == "picture = (output + 1) / 2"

    def test_tanh_that_is_mapped(self) -> None:
        assert not examine("UD513", self.shown(finish("tanh", ends=False, low=-1.0, high=1.0), outside=0.0))

    def test_without_a_declared_range_nothing_is_said(self) -> None:
        given = replace(self.shown(finish("tanh", low=-1.0, high=1.0)), intent=Intent(task=Task.RGB))
        assert not examine("UD513", given)
        assert not examine("UD506", given)


class TestLossAndActivationClash:
    """UD505."""

    def lost(self, loss: str, intent: Intent | None = None, activation: str = "", **fields: Any) -> Evidence:
        sound = LossNumbers(loss, least=0.0, outside=0.0, gradient_left=0.0, gradient_wrong=0.5)
        end = 5 if activation else None
        drawn = mask(loss=replace(sound, **fields), activation=activation, activation_op=end)
        return evidence(drawn, drawn, intent=intent or Intent(task=Task.BINARY, loss=loss))

    def test_a_pair_that_fits(self) -> None:
        assert not only("UD505", self.lost("bce-with-logits")).ill

    @pytest.mark.parametrize(
        ("loss", "activation", "fields", "kind"),
        [
            ("bce-with-logits", "sigmoid", {"least": 0.6}, "identity"),
            ("bce", "", {"outside": 0.8}, "sigmoid"),
            ("nll", "softmax", {"least": -1.0}, "log_softmax"),
        ],
    )
    def test_pairs_that_clash(self, loss: str, activation: str, fields: dict[str, float], kind: str) -> None:
        finding = only("UD505", self.lost(loss, activation=activation, **fields))
        assert finding.severity is Severity.ERROR
        if loss != "nll":
            assert [x.parameters["kind"] for x in finding.remedies] == [kind]

    def test_one_channel_has_no_activation_with_which_cross_entropy_learns(self) -> None:
        finding = only("UD505", self.lost("cross-entropy", gradient_wrong=0.0))
        assert finding.ill
        assert not finding.remedies
        assert "BCEWithLogitsLoss" in finding.patch

    def test_a_loss_that_was_read_is_a_warning_and_says_where(self) -> None:
        read = Intent(task=Task.BINARY, inferred_loss="bce", inferred_loss_from="nn.BCELoss in model.py, line 7")
        finding = only("UD505", self.lost("bce", read, outside=0.5))
        assert finding.severity is Severity.WARNING
        assert "model.py, line 7" in finding.message

    def test_a_loss_that_was_read_says_nothing_of_pictures(self) -> None:
        read = Intent(task=Task.RGB, inferred_loss="bce", inferred_loss_from="nn.BCELoss in model.py, line 7")
        assert not examine("UD505", self.lost("bce", read, outside=0.5))

    def test_no_loss(self) -> None:
        assert not examine("UD505", evidence(mask(), intent=BINARY))
