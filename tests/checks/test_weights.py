"""UD301 to UD308: weights and normalisation layers."""

from dataclasses import replace

import pytest

from tests.checks.build import (
    MASK,
    NAN,
    OTHER,
    channel,
    evidence,
    examine,
    last,
    layer,
    logits,
    model,
    norm,
    only,
    op,
    ops,
    output,
    place,
    pristine,
    run,
    scaled,
    statistics,
)
from unetdoctor.facts import Evidence, Finding, Intent, Latent, LayerWeights, ModelFacts, Op, Severity, Task

COPIES = {"row_difference": 0.0, "row_cosine": 1.0}
CODES_OF_THE_LAST_LAYER = ["UD301", "UD302", "UD303", "UD304"]


def network(final: LayerWeights, **fields: object) -> ModelFacts:
    """A network with this last layer."""
    return model(layer("stem"), final, **fields)


def ill(code: str, given: Evidence) -> list[Finding]:
    """The ill findings of one check."""
    return [finding for finding in examine(code, given) if finding.ill]


@pytest.mark.parametrize("code", CODES_OF_THE_LAST_LAYER)
def test_without_a_last_layer_nothing_is_said(code: str) -> None:
    assert not examine(code, evidence(model=model(last_layer="")))


class TestIdenticalFinalFilters:
    """UD301."""

    @pytest.mark.parametrize("trained", [True, False])
    def test_copies(self, trained: bool) -> None:
        finding = only("UD301", evidence(model=network(last(**COPIES), trained=trained)))
        assert finding.severity is Severity.ERROR
        assert finding.place == place()
        assert finding.remedies[0].patch == "model.draw.reset_parameters()"
        assert finding.remedies[1].patch == "nn.init.xavier_uniform_(model.draw.weight)"
        assert "The 3 filters of draw (model.py:30) are identical: they differ by at most 0 %" in finding.message

    def test_scaled_copies_are_no_copies(self) -> None:
        assert not only("UD301", evidence(model=network(last(row_cosine=1.0, row_difference=0.5)))).ill

    def test_sound(self) -> None:
        assert not only("UD301", evidence()).ill

    def test_a_pixel_shuffle_to_one_channel_starts_so_by_design(self) -> None:
        given = evidence(output([channel()]), model=network(last(**COPIES)))
        assert only("UD301", given).severity is Severity.NOTE

    @pytest.mark.parametrize(
        "final",
        [last(shape=(1, 16, 3, 3), **COPIES), last(zero=1.0, **COPIES), last(row_difference=NAN, row_cosine=NAN)],
        ids=["one filter", "zero", "unknown"],
    )
    def test_nothing_to_compare(self, final: LayerWeights) -> None:
        assert not examine("UD301", evidence(model=network(final)))

    def test_an_unknown_cosine_is_left_out(self) -> None:
        finding = only("UD301", evidence(model=network(last(row_difference=0.0, row_cosine=NAN))))
        assert len(finding.readings) == 1
        assert finding.severity is Severity.ERROR

    def test_a_transposed_layer_counts_its_filters_in_dim_1(self) -> None:
        turned = last(kind="transposed convolution", transposed=True, shape=(16, 3, 4, 4), **COPIES)
        assert "The 3 filters" in only("UD301", evidence(model=network(turned))).message


class TestFinalLayerScale:
    """UD302."""

    def _only(self, factor: float, *, intent: Intent | None = None, **fields: object) -> Finding:
        given = evidence(model=network(scaled(last(), factor), **fields))
        return only("UD302", replace(given, intent=intent) if intent else given)

    def test_a_hundredth(self) -> None:
        finding = self._only(0.01)
        assert finding.severity is Severity.WARNING
        assert finding.remedies[0].patch == "with torch.no_grad():\n    model.draw.weight.mul_(100)"
        assert "is 0.01 times that of a fresh layer (sound: 0.05 to 60)" in finding.message

    def test_in_an_untrained_network_it_is_a_note(self) -> None:
        assert self._only(0.01, trained=False).severity is Severity.NOTE

    def test_of_a_picture_that_is_to_be_seen_it_is_more(self) -> None:
        picture, fresh = Intent(Task.RGB), {"trained": False}
        assert self._only(0.01, intent=picture, **fresh).severity is Severity.WARNING
        assert self._only(0.01, intent=Intent(Task.BINARY), **fresh).severity is Severity.NOTE
        assert self._only(0.01, intent=picture, residual_output=True, **fresh).severity is Severity.NOTE
        generator = evidence(
            model=network(scaled(last(), 0.01), **fresh), latent=Latent((4, 12), 1.0, -3.0, 3.0, False)
        )
        assert only("UD302", generator).severity is Severity.WARNING
        assert self._only(0.035, intent=picture, **fresh).severity is Severity.NOTE  # N(0, .001) is a head that exists

    @pytest.mark.parametrize("trained", [True, False])
    @pytest.mark.parametrize("factor", [0.001, 1000.0])
    def test_beyond_every_scheme(self, factor: float, trained: bool) -> None:
        assert self._only(factor, trained=trained).severity is Severity.ERROR
        assert self._only(factor, trained=trained, intent=MASK).severity is Severity.WARNING
        assert self._only(factor, trained=trained, intent=Intent(Task.BINARY)).severity is Severity.ERROR

    @pytest.mark.parametrize("design", ["residual_output", "timestep_input"])
    def test_by_design_it_is_a_note(self, design: str) -> None:
        assert self._only(1e-6, trained=False, **{design: True}).severity is Severity.NOTE

    @pytest.mark.parametrize("factor", [0.1, 1.0, 2.4, 50.0])
    def test_usual_schemes(self, factor: float) -> None:
        assert not self._only(factor).ill

    def test_weights_scaled_at_run_time(self) -> None:
        final = scaled(last(), 1000.0, signal_out=0.6)
        assert not only("UD302", evidence(model=network(final))).ill

    def test_a_small_head_whose_signal_lives(self) -> None:
        final = scaled(last(), 0.03, signal_out=0.5)
        assert not only("UD302", evidence(model=network(final))).ill

    def test_what_comes_from_padded_borders_is_no_signal(self) -> None:
        final = scaled(last(), 0.01, signal_in=1e-5, signal_out=1.5e-5, level_in=0.01)
        assert only("UD302", evidence(model=network(final))).ill
        assert not only("UD302", evidence(model=network(replace(final, level_in=3e-5)))).ill
        assert not only("UD302", evidence(model=network(replace(final, level_in=NAN)))).ill

    def test_a_transposed_layer_has_two_fans(self) -> None:
        final = scaled(last(default_std=0.001, std=0.0012), 1.0, gain=0.01, signal_out=0.01)
        assert not only("UD302", evidence(model=network(final))).ill

    @pytest.mark.parametrize(
        "final",
        [scaled(last(), 0.0), last(signal_in=NAN), last(signal_in=0.0), last(signal_out=NAN), last(default_std=0.0)],
        ids=["zero", "signal in unknown", "no signal in", "signal out unknown", "default unknown"],
    )
    def test_what_is_unknown_is_not_examined(self, final: LayerWeights) -> None:
        assert not examine("UD302", evidence(model=network(final)))


class TestFinalLayerZero:
    """UD303."""

    ZERO = last(zero=1.0, std=0.0, largest=0.0, gain=0.0, signal_out=0.0)
    BLANK = tuple(channel(index, std=0.0) for index in range(3))

    @pytest.mark.parametrize("trained", [True, False])
    def test_zero(self, trained: bool) -> None:
        finding = only("UD303", evidence(output(self.BLANK), model=network(self.ZERO, trained=trained)))
        assert finding.severity is Severity.ERROR
        assert "100 % of the weights of draw (model.py:30) are exactly 0 (at most 99.99 %)." in finding.message
        assert [x.parameters["scheme"] for x in finding.remedies] == ["default", "xavier_uniform", "kaiming_fan_in"]

    def test_a_fresh_head_of_which_the_task_is_guessed_is_a_warning(self) -> None:
        def severity(intent: Intent, *, trained: bool) -> Severity:
            drawn = replace(logits(), channels=self.BLANK)
            zero = evidence(drawn, model=network(self.ZERO, trained=trained), intent=intent)
            return only("UD303", zero).severity

        assert severity(MASK, trained=False) is Severity.WARNING
        assert severity(MASK, trained=True) is Severity.ERROR
        assert severity(Intent(Task.MULTICLASS), trained=False) is Severity.ERROR

    @pytest.mark.parametrize("design", ["residual_output", "timestep_input"])
    def test_by_design(self, design: str) -> None:
        def severity(*, trained: bool) -> Severity:
            fields = {"trained": trained, design: True}
            return only("UD303", evidence(model=network(self.ZERO, **fields))).severity

        assert severity(trained=False) is Severity.NOTE
        assert severity(trained=True) is Severity.WARNING

    def test_a_picture_that_is_drawn_all_the_same(self) -> None:
        assert only("UD303", evidence(model=network(self.ZERO, trained=False))).severity is Severity.NOTE

    def test_as_other_layers_of_the_network(self) -> None:
        given = evidence(model=model(layer("stem"), layer("deep", zero=1.0), self.ZERO, trained=False))
        finding = only("UD303", given)
        assert finding.severity is Severity.NOTE
        assert finding.message.endswith(", as in 1 other layers.")

    def test_sound(self) -> None:
        assert not only("UD303", evidence()).ill

    def test_nan_holds_nothing(self) -> None:
        assert only("UD303", evidence(model=network(last(zero=NAN)))).severity is Severity.NOTE


class TestFinalBiasDominates:
    """UD304."""

    def _only(
        self, largest: float, *, trained: bool = True, given: Evidence | None = None, **fields: object
    ) -> Finding:
        final = last(**{"bias": (largest, 0.0, 0.0), "bias_largest": abs(largest), "signal_out": 0.3, **fields})
        return only("UD304", replace(given or evidence(), model=network(final, trained=trained)))

    def test_pinned(self) -> None:
        finding = self._only(8.0)
        assert finding.severity is Severity.ERROR
        assert finding.remedies[0].patch == "nn.init.zeros_(model.draw.bias)"
        assert (
            "is 8 (the activation is at its end from 2.8 on), 26.7 times the layer's signal of 0.3" in finding.message
        )

    def test_untrained_is_a_note(self) -> None:
        assert self._only(8.0, trained=False).severity is Severity.NOTE

    def test_a_mask_is_a_warning(self) -> None:
        given = evidence(logits(activation="sigmoid"), intent=MASK)
        assert self._only(-8.0, given=given).severity is Severity.WARNING
        assert self._only(-8.0, given=evidence(logits(), intent=Intent(Task.BINARY))).severity is Severity.WARNING

    def test_what_is_only_guessed_to_be_a_mask_is_a_note(self) -> None:
        assert self._only(-8.0, given=evidence(logits(), intent=MASK)).severity is Severity.NOTE

    @pytest.mark.parametrize("bias", [-4.6, -2.0])
    def test_a_prior_bias_is_no_fault(self, bias: float) -> None:
        given = evidence(logits(), intent=MASK)
        assert not self._only(bias, given=given, trained=False).ill
        assert not self._only(bias, given=given).ill

    @pytest.mark.parametrize("trained", [True, False])
    def test_relu_leaves_nothing_of_what_lies_far_below_zero(self, trained: bool) -> None:
        given = evidence(output(activation="relu"), intent=Intent(Task.REGRESSION))
        finding = self._only(-3.0, bias=(-3.0, -2.9, 0.0), given=given, trained=trained)
        assert finding.severity is Severity.WARNING
        assert "largest bias of draw (model.py:30) is 3 (the activation is at its end from 1 on)" in finding.message
        assert not self._only(12.0, given=given).ill  # a mean depth
        soft = evidence(output(activation="softplus"), intent=Intent(Task.REGRESSION))
        assert not self._only(-3.0, bias=(-3.0, -2.9, 0.0), given=soft, trained=trained).ill

    def test_a_signal_that_is_as_large(self) -> None:
        assert not self._only(8.0, signal_out=4.0).ill

    def test_softmax_sees_only_how_far_biases_lie_apart(self) -> None:
        soft = evidence(logits(activation="softmax"), intent=MASK)
        assert not self._only(9.0, given=soft, bias=(9.0, 9.0, 9.0)).ill
        assert self._only(9.0, given=soft, bias=(9.0, 0.0, -9.0)).ill
        assert self._only(9.0, given=soft, bias=()).ill

    def test_without_an_activation_the_shown_range_counts(self) -> None:
        plain = evidence(output(activation=""))
        assert self._only(2.0, given=plain).ill
        assert not self._only(0.9, given=plain, signal_out=0.1).ill

    def test_without_a_signal(self) -> None:
        assert self._only(8.0, signal_out=0.0).ill
        assert not self._only(0.0, signal_out=0.0).ill
        given = evidence(model=network(last(signal_out=NAN)))
        assert not examine("UD304", given)
        assert not examine("UD304", evidence(runs=()))


class TestConstantWeights:
    """UD305."""

    CONSTANT = layer("deep", std=0.0, largest=0.01, state="degenerate")
    ZERO = layer("deep", std=0.0, largest=0.0, zero=1.0, signal_out=0.0)

    @pytest.mark.parametrize("trained", [True, False])
    def test_constant(self, trained: bool) -> None:
        constant, others = examine(
            "UD305", evidence(model=model(layer("stem"), self.CONSTANT, last(), trained=trained))
        )
        assert constant.severity is Severity.ERROR
        assert constant.place == place("deep")
        assert constant.remedies[0].parameters == {"scheme": "default", "layers": "deep"}
        assert constant.remedies[0].patch == "model.deep.reset_parameters()"
        assert not others.ill

    def test_sound_layers_are_one_finding(self) -> None:
        assert only("UD305", evidence()).message.startswith("The weights of 2 hidden layers of the model deviate")

    @pytest.mark.parametrize("trained", [True, False])
    def test_zero_where_everything_must_pass_is_a_warning(self, trained: bool) -> None:
        turns = tuple(replace(x, statistics=statistics(0.0)) if x.index == 2 else x for x in ops())
        severed = evidence(model=model(self.ZERO, last(), trained=trained), runs=(run(ops=turns),))
        (finding,) = ill("UD305", severed)
        assert finding.severity is Severity.WARNING
        assert not examine("UD403", severed)

    def test_zero_is_a_note(self) -> None:
        (finding,) = ill("UD305", evidence(model=model(self.ZERO, last(), trained=False)))
        assert finding.severity is Severity.NOTE
        two = model(self.ZERO, replace(self.ZERO, layer="stem"), last())
        assert {x.severity for x in ill("UD305", evidence(model=two))} == {Severity.NOTE}

    def test_the_one_zero_layer_of_a_trained_network(self) -> None:
        assert only("UD305", evidence(model=model(self.ZERO, last()))).severity is Severity.WARNING

    @pytest.mark.parametrize(
        "blameless",
        [
            replace(CONSTANT, shape=(16, 1, 3, 3), groups=16),
            replace(CONSTANT, shape=(1, 1, 1, 1)),
            replace(CONSTANT, kind="embedding"),
            replace(CONSTANT, std=NAN),
        ],
        ids=["depthwise blur", "one weight", "embedding", "unknown"],
    )
    def test_what_has_no_symmetry(self, blameless: LayerWeights) -> None:
        assert not examine("UD305", evidence(model=model(blameless, last())))

    def test_the_last_layer_is_not_its_own(self) -> None:
        assert not examine("UD305", evidence(model=model(last(std=0.0))))


class TestWeightScaleOff:
    """UD306."""

    def _given(self, factor: float, recorded: tuple[Op, ...] = (), **fields: object) -> Evidence:
        sick = scaled(layer("deep"), factor)
        runs = (run(ops=recorded or ops()),)
        return evidence(runs=runs, model=model(layer("stem"), sick, last(), **fields))

    def test_a_hundredth(self) -> None:
        sick, others = examine("UD306", self._given(0.01))
        assert sick.severity is Severity.WARNING
        assert sick.place == place("deep")
        assert [x.action for x in sick.remedies] == ["initialise", "rescale", "initialise"]
        assert sick.remedies[1].patch == "with torch.no_grad():\n    model.deep.weight.mul_(100)"
        assert not others.ill

    def test_in_an_untrained_network_it_is_a_note(self) -> None:
        (sick,) = ill("UD306", self._given(0.01, trained=False))
        assert sick.severity is Severity.NOTE

    @pytest.mark.parametrize("factor", [0.001, 1000.0])
    def test_beyond_every_scheme(self, factor: float) -> None:
        (sick,) = ill("UD306", self._given(factor, trained=False))
        assert sick.severity is Severity.ERROR

    def test_all_sound(self) -> None:
        assert only("UD306", evidence()).readings[0].value == 2

    def test_all_sick(self) -> None:
        assert only("UD306", evidence(model=model(scaled(layer("deep"), 0.01), last()))).ill

    def test_a_residual_branch_is_small_by_design(self) -> None:
        recorded = (
            op(0, "convolution", "stem", (-1,)),
            op(2, "convolution", "deep", (0,)),
            op(3, "view", "", (2,), is_view=True),
            op(4, "add", "", (0, 3)),
        )
        (sick,) = ill("UD306", self._given(0.001, recorded))
        assert sick.severity is Severity.NOTE

    def test_a_normalisation_behind_it_makes_up_for_it(self) -> None:
        recorded = (
            op(0, "convolution", "stem", (-1,)),
            op(2, "convolution", "deep", (0,)),
            op(3, "relu", "", (2,)),
            op(4, "native_batch_norm", "norm", (3,)),
        )
        assert not ill("UD306", self._given(0.01, recorded))
        assert not ill("UD306", self._given(0.01, recorded, norms=(norm(op=4),)))
        assert ill("UD306", self._given(0.01, recorded, norms=(pristine(op=4),)))

    def test_no_run(self) -> None:
        assert ill("UD306", replace(self._given(0.01), runs=()))

    def test_weights_scaled_at_run_time(self) -> None:
        assert not ill("UD306", evidence(model=model(scaled(layer("deep"), 4000.0, signal_out=0.6), last())))

    def test_what_is_unknown_is_not_examined(self) -> None:
        assert not examine("UD306", evidence(model=model(layer("deep", signal_in=NAN), last())))

    def test_a_constant_layer_is_not_its_own(self) -> None:
        constant = layer("deep", std=1e-9, largest=0.01, signal_out=0.001)
        assert not examine("UD306", evidence(model=model(constant, last())))


class TestNonFiniteWeights:
    """UD307."""

    def test_bytes_that_differ_from_their_checksum(self) -> None:
        damaged, finite = examine("UD307", evidence(model=model(damaged=("deep.weight", "odd"))))
        assert (damaged.ill, damaged.severity, damaged.place) == (True, Severity.ERROR, place("deep"))
        assert damaged.message == (
            "The weights file is damaged: the bytes of deep.weight, odd differ from the checksum that was saved with "
            "them (at most 0 tensors); copy or download it again."
        )
        assert [remedy.cause for remedy in damaged.remedies] == ["UD307"]
        assert not finite.ill

    def test_bytes_that_agree_with_their_checksum(self) -> None:
        checksums, finite = examine("UD307", evidence(model=model(damaged=())))
        assert not checksums.ill
        assert not finite.ill

    @pytest.mark.parametrize("trained", [True, False])
    def test_one_value(self, trained: bool) -> None:
        finding = only("UD307", evidence(model=model(non_finite=(("deep.weight", 1),), trained=trained)))
        assert finding.severity is Severity.ERROR
        assert finding.place == place("deep")
        assert finding.op == 2
        remedy = finding.remedies[0]
        assert remedy.parameters == {"layers": "deep.weight"}
        assert remedy.patch == (
            "with torch.no_grad():\n    model.deep.weight.nan_to_num_(nan=0.0, posinf=0.0, neginf=0.0)"
        )

    def test_many_tensors(self) -> None:
        names = tuple((f"blocks.{index}.norm.running_var", 2) for index in range(5))
        finding = only("UD307", evidence(model=model(non_finite=names)))
        assert "10 values of blocks.0.norm.running_var, " in finding.message
        assert " and 2 more are NaN" in finding.message
        assert finding.place.layer == "blocks.0.norm"
        assert finding.remedies[0].parameters == {"layers": "all"}
        assert "model.blocks[0].norm.running_var.nan_to_num_(nan=1.0" in finding.remedies[0].patch

    def test_a_norm_has_its_place(self) -> None:
        given = evidence(model=model(non_finite=(("norm.running_mean", 1),), norms=(norm(),)))
        assert only("UD307", given).place == place("norm", 20)

    def test_an_odd_name_is_written_so_that_it_runs(self) -> None:
        given = evidence(model=model(non_finite=(("block-1.conv.weight", 1),)))
        assert 'model.get_submodule("block-1.conv").weight.nan_to_num_' in only("UD307", given).remedies[0].patch

    def test_an_attention_mask_is_a_note(self) -> None:
        given = evidence(model=model(non_finite=(("attention.causal_mask", 400),)))
        assert only("UD307", given).severity is Severity.NOTE
        broken = replace(given, runs=(run(drawn=output(nan=3)),))
        assert only("UD307", broken).severity is Severity.ERROR

    def test_finite(self) -> None:
        assert not only("UD307", evidence()).ill

    def test_no_parameters(self) -> None:
        assert not examine("UD307", evidence(model=model(parameters=0)))


class TestBatchNormNeverUpdated:
    """UD308."""

    def _only(self, *norms: object, trained: bool = True) -> Finding:
        return only("UD308", evidence(model=model(norms=norms, trained=trained)))

    def test_reset_in_a_trained_network(self) -> None:
        finding = self._only(pristine("norm1"), pristine("norm2"))
        assert finding.severity is Severity.ERROR
        assert finding.place == place("norm1", 20)
        assert finding.message == (
            "2 of 2 normalisation layers use statistics that were never filled (at most 0), the first at "
            "norm1 (model.py:20); furthest off is norm1 (model.py:20): the variance of the batch is 7.39 times smaller "
            "than the stored one, and its mean 3 deviations away."
        )
        assert [x.action for x in finding.remedies] == ["batch_statistics", "recalibrate"]
        assert "module.momentum = None" in finding.remedies[1].patch

    def test_untrained_is_a_note(self) -> None:
        assert self._only(pristine(), trained=False).severity is Severity.NOTE

    def test_some_of_them(self) -> None:
        finding = self._only(norm("norm1"), pristine("norm2"))
        assert finding.severity is Severity.ERROR
        assert finding.message.startswith("1 of 2")

    def test_harmless_ones_are_a_note(self) -> None:
        assert self._only(pristine(mean_shift=0.1, log_variance_ratio=0.2)).severity is Severity.NOTE

    def test_what_is_unknown_is_not_harmless(self) -> None:
        finding = self._only(pristine(mean_shift=NAN, log_variance_ratio=NAN))
        assert finding.severity is Severity.ERROR
        assert len(finding.readings) == 1

    def test_folded_statistics_are_a_warning(self) -> None:
        assert self._only(pristine(counter=None, affine_pristine=False)).severity is Severity.WARNING
        assert self._only(pristine(counter=None, affine_pristine=True)).severity is Severity.ERROR

    def test_filled(self) -> None:
        finding = self._only(norm("norm1"), norm("norm2"))
        assert not finding.ill
        assert (
            finding.message
            == "0 of 2 normalisation layers use statistics that were never filled (at most 0) in the model."
        )

    def test_unused_statistics_do_not_count(self) -> None:
        assert not examine("UD308", evidence(model=model(norms=(pristine(used_stored=False),))))

    def test_other_tasks_are_the_same(self) -> None:
        given = evidence(model=model(norms=(pristine(),)), intent=OTHER)
        assert only("UD308", given).severity is Severity.ERROR
