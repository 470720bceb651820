"""UD309, UD401, UD402, UD405, UD801: what further looks at a pass tell."""

from dataclasses import replace

import pytest

from tests.checks.build import (
    MASK,
    NAN,
    comparison,
    evidence,
    examine,
    flat,
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
    statistics,
)
from tests.checks.test_skips import a_skip
from unetdoctor.checks.ud401_dead_relu import DeadRelu
from unetdoctor.facts import BrokenOp, DeadActivation, Evidence, HalfPrecision, ModeGap, Op, PinnedActivation, Severity

BROKEN_PICTURE = output(nan=40)


def broken(name: str = "log", wider: bool = False, **fields: object) -> Evidence:
    """A network whose third operation makes NaN of what is finite."""
    bad = statistics(minimum=NAN, maximum=NAN)
    recorded = [replace(x, statistics=bad) if x.index > 3 else x for x in ops()]
    recorded[3] = op(3, name, "deep", (2,), statistics=bad)
    found = BrokenOp("noise", 3, 40, 12288, (("self", -1.5, 2.0),), wider, "float32")
    return evidence(runs=(run(drawn=BROKEN_PICTURE, ops=tuple(recorded)),), broken=(found,), **fields)


class TestNonFiniteOrigin:
    """UD405."""

    def test_the_operation_and_its_operand_are_named(self) -> None:
        finding = only("UD405", broken())
        assert finding.severity is Severity.ERROR
        assert finding.op == 3
        assert "`log` at deep (model.py:43) makes 40 of 12288 values" in finding.message
        assert "(self -1.5..2); its operand must not be at 0 or below." in finding.message
        assert [r.action for r in finding.remedies] == ["guard_operand", "keep_finite"]
        assert "clamp_min" in finding.remedies[0].patch

    def test_a_root_of_0_is_finite(self) -> None:
        assert "its operand must not be below 0." in only("UD405", broken("sqrt")).message

    def test_an_operation_written_in_place(self) -> None:
        assert only("UD405", broken("sqrt_")).remedies[0].parameters == {"name": "sqrt"}

    def test_a_division(self) -> None:
        assert only("UD405", broken("div")).remedies[0].title == "divide by no less than eps"

    def test_what_is_finite_in_a_wider_type(self) -> None:
        finding = only("UD405", broken("convolution", wider=True))
        assert [r.action for r in finding.remedies] == ["compute_wider", "keep_finite"]
        assert "finite in float64, but beyond float32" in finding.message

    def test_a_broken_parameter_is_said_by_its_own_check(self) -> None:
        given = broken("convolution", model=model(non_finite=(("deep.weight", 3),)))
        recorded = tuple(replace(x, parameters=("deep.weight",)) if x.index == 3 else x for x in given.runs[0].ops)
        assert not examine("UD405", replace(given, runs=(replace(given.runs[0], ops=recorded),)))

    def test_finite(self) -> None:
        assert not only("UD405", evidence()).ill

    @pytest.mark.parametrize("given", [evidence(runs=()), replace(broken(), broken=())])
    def test_nothing_that_was_seen(self, given: Evidence) -> None:
        assert not examine("UD405", given)


def dead(share: float, channels: int = 200, **fields: object) -> Evidence:
    """A network whose second ReLU has dead channels."""
    found = (DeadActivation(1, channels, 0), DeadActivation(3, channels, round(share * channels)))
    recorded = tuple(replace(x, parameters=("deep.weight", "deep.bias")) if x.index == 2 else x for x in ops())
    return evidence(dead=found, runs=(run(ops=recorded), run("natural")), **fields)


class TestDeadRelu:
    """UD401."""

    def test_dead(self) -> None:
        finding = only("UD401", dead(0.99))
        assert finding.severity is Severity.NOTE
        assert finding.op == 3
        assert "198 of 200 channels (99 %, at most 98 %)" in finding.message
        assert [r.action for r in finding.remedies] == ["zero_bias", "initialise", "leaky_slope"]
        assert finding.remedies[0].parameters == {"layers": "deep"}

    def test_two_thirds_dead_are_usual(self) -> None:
        assert not only("UD401", dead(0.69)).ill

    @pytest.mark.parametrize("part", ["shut_at", "deep_shut_at"])
    def test_a_branch_that_it_shuts(self, part: str) -> None:
        given = replace(dead(1.0), skips=(a_skip(**{part: 3, "influence": 0.0, "deep_influence": 0.0}),))
        finding = only("UD401", given)
        assert finding.severity is Severity.WARNING
        assert DeadRelu.is_proof(finding, given)
        assert not DeadRelu.is_proof(finding, dead(1.0))
        assert not any(x.ill for x in examine("UD406" if part == "shut_at" else "UD407", given))

    def test_a_layer_without_a_bias(self) -> None:
        given = dead(1.0)
        bare = tuple(replace(x, parameters=("deep.weight",)) for x in given.runs[0].ops)
        finding = only("UD401", replace(given, runs=(replace(given.runs[0], ops=bare),)))
        assert [r.action for r in finding.remedies] == ["initialise", "leaky_slope"]

    @pytest.mark.parametrize("given", [evidence(), evidence(runs=()), dead(1.0, channels=3)])
    def test_nothing_to_count(self, given: Evidence) -> None:
        shown = examine("UD401", given)
        assert not [x for x in shown if x.ill]

    def test_the_lost_signal_behind_it_is_its_own(self) -> None:
        lost = tuple(replace(x, statistics=statistics(0.0)) if x.index == 4 else x for x in six())
        given = replace(dead(1.0), runs=(run(ops=lost, drawn=output(drawn_by=6)),))
        assert not examine("UD403", given)
        assert only("UD403", replace(given, dead=())).ill


def six() -> tuple[Op, ...]:
    """Three hidden convolutions, so that one stands behind the second ReLU and is not the last."""
    return (*ops()[:4], op(4, "convolution", "late", (3,)), op(5, "relu", "", (4,)), op(6, "convolution", "draw", (5,)))


def gaps(*ratios: float, dull: bool = False, **fields: object) -> Evidence:
    """A trained network whose normalisation layers have these logarithms of batch over stored variance."""
    norms = tuple(norm(f"norm{i}", log_variance_ratio=ratio, op=i) for i, ratio in enumerate(ratios))
    drawn = output([flat(index) for index in range(3)]) if dull else output()
    return evidence(drawn, drawn, **{"model": model(norms=norms), **fields})


def photographed(*ratios: float, **fields: object) -> Evidence:
    """The same, fed with a person's own photographs."""
    return replace(gaps(*ratios, **fields), runs=(run(probe=replace(run().probe, real=True)),))


class TestBatchnormStatisticsWrong:
    """UD309."""

    def test_absurd_variances_are_a_warning_whatever_is_drawn(self) -> None:
        finding = only("UD309", gaps(-14.1, -18.5, 20.0))
        assert finding.severity is Severity.WARNING
        assert finding.place.layer == "norm2"
        assert finding.op == 0
        assert "4.85e+08 times larger than the stored one (at most 3.27e+06 times)" in finding.message
        assert [r.action for r in finding.remedies] == ["batch_statistics", "recalibrate"]

    @pytest.mark.parametrize(("gap", "tried"), [(0.9, True), (5.0, False), (NAN, False)])
    def test_the_other_order_of_a_join_is_tried_where_they_fit_it(self, gap: float, tried: bool) -> None:
        finding = only("UD309", photographed(-5.8, -2.5, exchanged_gap=gap, skips=(a_skip(0), a_skip(1))))
        actions = [r.action for r in finding.remedies]
        assert actions == ["exchange_joined"] * tried + ["batch_statistics", "recalibrate"]
        assert not tried or finding.remedies[0].parameters == {"joins": [20, 30]}

    def test_on_ones_own_pictures_they_are_an_error(self) -> None:
        given = gaps(-14.1, -18.5, 20.0)
        pictured = replace(given, runs=(run(probe=replace(run().probe, real=True)),))
        assert only("UD309", pictured).severity is Severity.ERROR
        mild = replace(gaps(-5.8, -2.5), runs=pictured.runs)
        assert only("UD309", mild).severity is Severity.WARNING

    def test_statistics_behind_a_lost_signal_are_not_judged(self) -> None:
        lost = tuple(replace(x, statistics=statistics(0.0)) if x.name == "relu" else x for x in run().ops)
        given = replace(gaps(-14.1, -18.5, 20.0), runs=(run(ops=lost),))
        norms = tuple(replace(x, op=9) for x in given.model.norms)
        assert not examine("UD309", replace(given, model=replace(given.model, norms=norms)))

    def test_pictures_with_less_contrast_than_those_of_training_are_a_note(self) -> None:
        real = (run(probe=replace(run().probe, real=True)),)
        assert only("UD309", replace(gaps(-4.5, -2.5), runs=real)).severity is Severity.NOTE
        assert only("UD309", replace(gaps(4.5, -2.5), runs=real)).severity is Severity.WARNING

    def test_the_gap_between_the_modes_is_told(self) -> None:
        finding = only("UD309", photographed(-0.5, modes=ModeGap(4, 0.21)))
        assert not finding.ill
        assert finding.message.endswith(
            "On statistics averaged over the 4 photographs the output differs by 0.21 of its spread (at most 0.7)."
        )

    def test_a_gap_between_the_modes_alone_is_a_note(self) -> None:
        finding = only("UD309", photographed(-0.5, modes=ModeGap(3, 1.2)))
        assert finding.severity is Severity.NOTE
        assert not finding.remedies

    def test_few_photographs_say_nothing_of_the_gap(self) -> None:
        alone = only("UD309", photographed(-0.5, modes=ModeGap(1, 1.2)))
        assert not alone.ill
        assert alone.message.endswith("On statistics of the photograph itself the output differs by 1.2 of its spread.")

    def test_before_training_the_gap_has_no_bound(self) -> None:
        given = photographed(0.2, 0.2, modes=ModeGap(4, 1.2))
        assert not only("UD309", replace(given, model=replace(given.model, trained=False))).ill

    def test_noise_is_not_what_the_network_was_trained_on(self) -> None:
        assert not only("UD309", gaps(3.33, 2.68, -3.5)).ill
        assert not only("UD309", gaps(-7.9, -5.8)).ill

    def test_an_input_on_another_scale_is_no_absurd_variance(self) -> None:
        assert not only("UD309", gaps(-22.0, -5.8)).ill

    def test_in_front_of_a_flat_picture_an_experiment_decides(self) -> None:
        finding = only("UD309", gaps(-5.8, -2.5, dull=True))
        assert finding.severity is Severity.NOTE
        assert finding.place.layer == "norm0"
        assert not only("UD309", gaps(3.3, -2.5, dull=True)).ill

    def test_a_picture_that_stays_the_same(self) -> None:
        assert only("UD309", gaps(-5.8, comparisons=(comparison(0.01),))).ill

    def test_a_flat_mask(self) -> None:
        drawn = logits(raw_spread=0.2)
        given = replace(gaps(-5.8, intent=MASK), runs=(run(drawn=drawn),))
        assert only("UD309", given).ill

    def test_before_training_statistics_that_no_input_explains_are_told(self) -> None:
        def fresh(ratio: float) -> Evidence:
            norms = (norm("first"), norm("second", log_variance_ratio=ratio))
            return evidence(model=model(norms=norms, trained=False))

        assert only("UD309", fresh(20.0)).severity is Severity.WARNING
        assert only("UD309", fresh(13.6)).severity is Severity.WARNING
        assert not only("UD309", fresh(8.0)).ill

    def test_only_the_network_s_first_one_is_explained_by_its_input(self) -> None:
        lone = norm("second", log_variance_ratio=-20.0)
        given = evidence(model=model(norms=(pristine("first"), lone), trained=False))
        assert only("UD309", given).place.layer == "second"

    @pytest.mark.parametrize(
        "given",
        [
            evidence(),
            gaps(20.0),
            gaps(NAN, NAN),
            gaps(20.0, 20.0, model=model(norms=(pristine(), pristine("other")))),
        ],
    )
    def test_nothing_to_judge(self, given: Evidence) -> None:
        assert not examine("UD309", given)

    def test_nothing_readable_was_drawn(self) -> None:
        broken_picture = output(nan=12288)
        assert not only("UD309", replace(gaps(-5.8, -3.0), runs=(run(drawn=broken_picture),))).ill

    def test_the_lost_signal_behind_it_is_its_own(self) -> None:
        lost = tuple(
            replace(x, name="native_batch_norm", statistics=statistics(0.0), place=place("norm1"))
            if x.index == 3
            else x
            for x in ops()
        )
        given = replace(gaps(-5.8, -9.0), runs=(run(ops=lost),))
        assert not examine("UD403", given)
        assert only("UD403", replace(given, model=model())).ill


class TestHalfPrecisionOverflow:
    """UD801."""

    LARGE = tuple(replace(x, statistics=statistics(maximum=1.3e5)) if x.index == 2 else x for x in ops())

    def test_what_float16_cannot_hold_is_a_note_in_float32(self) -> None:
        given = evidence(runs=(run(ops=self.LARGE),), half=HalfPrecision("noise", 0.127, 0.0))
        finding = only("UD801", given)
        assert finding.severity is Severity.NOTE
        assert finding.op == 2
        assert "1.98 of what float16 holds (at most 1)" in finding.message
        assert "12.7 % of the output are not finite, to bfloat16 0 %" in finding.message
        assert "bfloat16" in finding.patch

    def test_usual_results(self) -> None:
        assert not only("UD801", evidence()).ill

    def test_masks_of_attention(self) -> None:
        masked = tuple(replace(x, statistics=statistics(minimum=-3.4e38)) if x.index == 2 else x for x in ops())
        assert not only("UD801", evidence(runs=(run(ops=masked),))).ill

    def test_an_overflow_in_float16_is_the_cause(self) -> None:
        given = broken("mul", wider=True)
        given = replace(given, broken=(replace(given.broken[0], dtype="float16"),))
        finding = only("UD801", given)
        assert finding.severity is Severity.ERROR
        assert finding.place.layer == "deep"
        assert [r.parameters["dtype"] for r in finding.remedies] == ["bfloat16", "float32"]
        assert not examine("UD405", given)

    def test_bfloat16_reaches_as_far_as_float32(self) -> None:
        assert not examine("UD801", evidence(runs=(run(ops=self.LARGE, drawn=output(dtype="bfloat16")),)))

    @pytest.mark.parametrize("given", [evidence(runs=()), evidence(runs=(run(ops=()),))])
    def test_nothing_ran(self, given: Evidence) -> None:
        assert not examine("UD801", given)


def pinned(share: float, name: str = "tanh", **fields: object) -> Evidence:
    """A network whose second activation has two ends and lies at them."""
    recorded = [replace(x, name=name) if x.index == 3 else x for x in ops()]
    recorded[2] = replace(recorded[2], parameters=("deep.weight", "deep.bias"))
    found = (PinnedActivation(3, share),)
    return evidence(**{"pinned": found, "runs": (run(ops=tuple(recorded)), run("natural")), **fields})


class TestSaturatedActivation:
    """UD402."""

    def test_pinned(self) -> None:
        finding = only("UD402", pinned(0.99))
        assert finding.severity is Severity.NOTE
        assert finding.op == 3
        assert "99 % of what `tanh` at" in finding.message
        assert [r.action for r in finding.remedies] == ["zero_bias", "centre_input"]

    def test_usual_activations(self) -> None:
        assert not only("UD402", pinned(0.6)).ill

    def test_a_gate_is_made_for_its_ends(self) -> None:
        given = pinned(1.0)
        gated = tuple(replace(x, inputs=(3, 1)) if x.index == 4 else x for x in given.runs[0].ops)
        assert not examine("UD402", replace(given, runs=(replace(given.runs[0], ops=gated),)))

    def test_a_layer_without_a_bias(self) -> None:
        bare = tuple(replace(x, parameters=()) for x in pinned(1.0).runs[0].ops)
        finding = only("UD402", pinned(1.0, runs=(run(ops=bare),)))
        assert [r.action for r in finding.remedies] == ["centre_input"]

    @pytest.mark.parametrize(
        "given", [evidence(), evidence(runs=()), pinned(1.0, runs=(run(drawn=output(drawn_by=None)),))]
    )
    def test_nothing_to_judge(self, given: Evidence) -> None:
        assert not examine("UD402", given)

    def test_the_lost_signal_behind_it_is_its_own(self) -> None:
        lost = tuple(replace(x, statistics=statistics(0.0)) if x.index in (3, 4) else x for x in six())
        given = replace(pinned(1.0), runs=(run(ops=lost, drawn=output(drawn_by=6)),))
        assert not examine("UD403", given)
        turns = tuple(replace(x, statistics=statistics(1.0)) if x.index == 3 else x for x in lost)
        assert only("UD403", replace(given, runs=(run(ops=turns, drawn=output(drawn_by=6)),))).ill
        assert only("UD403", replace(given, pinned=())).ill


class TestCut:
    """UD403 where nothing at all is left of the input."""

    def test_an_operation_without_weights_is_left_out(self) -> None:
        gone = op(3, "mul", "", (2,), statistics=statistics(0.0))
        given = evidence(runs=(run(ops=(*ops()[:3], gone, *ops()[4:])),), trained=False)
        finding = only("UD403", given)
        assert (finding.severity, finding.op) == (Severity.WARNING, 3)
        assert "nothing is left of the input" in finding.message
        assert [r.action for r in finding.remedies] == ["skip_operation"]

    def test_a_layer_is_drawn_anew(self) -> None:
        gone = replace(ops()[2], statistics=statistics(0.0))
        finding = only("UD403", evidence(runs=(run(ops=(*ops()[:2], gone, *ops()[3:])),), trained=False))
        assert finding.severity is Severity.WARNING
        assert [r.action for r in finding.remedies] == ["initialise", "initialise"]

    def test_what_faded_before_is_not_cut_off(self) -> None:
        signals = (1.0, 1e-9, 1e-17, 0.0)
        fading = tuple(replace(x, statistics=statistics(s)) for x, s in zip(ops(), signals, strict=False))
        fresh = only("UD403", evidence(runs=(run(ops=(*fading, *ops()[4:])),), trained=False))
        assert fresh.severity is Severity.NOTE
        assert "nothing is left" not in fresh.message

    def test_one_place_has_no_spread(self) -> None:
        lone = replace(ops()[2], statistics=statistics(0.0), shape=(1, 16, 1, 1))
        given = evidence(runs=(run(ops=(*ops()[:2], lone, *ops()[3:])),), trained=False)
        assert not examine("UD403", given)

    def test_a_last_layer_of_zeros_is_how_some_networks_start(self) -> None:
        last = tuple(replace(x, statistics=statistics(0.0)) if x.index >= 4 else x for x in ops())
        assert not only("UD403", evidence(runs=(run(ops=last),), trained=False)).ill
