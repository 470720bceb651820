"""UD404, and what UD411 leaves to it."""

from dataclasses import replace

import pytest

from tests.checks.build import (
    MASK,
    NAN,
    OTHER,
    PICTURE,
    evidence,
    examine,
    layer,
    model,
    norm,
    only,
    op,
    output,
    pristine,
    run,
    statistics,
)
from unetdoctor.checks.growth import growth
from unetdoctor.facts import Evidence, Intent, Op, Run, Severity

SATURATED = output(drawn_by=5, at_low=0.5, at_high=0.5, raw_spread=900.0)


def growing(*signals: float, drawn_by: int = 5, **fields: object) -> Run:
    """Five results with these signals (convolutions and a residual sum at 3), and a last layer."""
    names = ("convolution", "relu", "convolution", "add", "relu")
    inputs = ((-1,), (0,), (1,), (2, 1), (3,))
    chain: list[Op] = [
        op(index, names[index], f"layer{index}", inputs[index], statistics=statistics(signal))
        for index, signal in enumerate(signals)
    ]
    chain.append(op(5, "convolution", "draw", (4,), statistics=statistics(900.0)))
    return run(drawn=replace(SATURATED, drawn_by=drawn_by, **fields), ops=tuple(chain))


class TestSignalExplodes:
    """UD404."""

    def test_from_the_first_large_result_on(self) -> None:
        finding = only("UD404", evidence(runs=(growing(0.5, 0.4, 300.0, 400.0, 250.0),)))
        assert finding.severity is Severity.WARNING
        assert (finding.op, finding.place.layer) == (2, "layer2")
        assert finding.readings[0].value == pytest.approx(500)
        assert [x.parameters["op"] for x in finding.remedies] == [2, 4]
        assert finding.remedies[0].patch == "model.layer2 = nn.Sequential(model.layer2, nn.GroupNorm(1, 16))"

    def test_a_residual_sum(self) -> None:
        assert only("UD404", evidence(runs=(growing(0.5, 0.4, 1.0, 400.0, 250.0),))).op == 3

    def test_what_is_normalised_again_does_no_harm(self) -> None:
        assert not only("UD404", evidence(runs=(growing(0.5, 400.0, 9000.0, 4000.0, 1.0),))).ill

    def test_bytes_are_large_from_the_first_layer_on(self) -> None:
        assert not only("UD404", evidence(runs=(growing(150.0, 150.0, 150.0, 190.0, 190.0),))).ill

    def test_a_weak_first_layer(self) -> None:
        assert not only("UD404", evidence(runs=(growing(0.001, 0.5, 0.5, 0.5, 0.5),))).ill

    def test_before_training_weights_may_be_drawn_anew(self) -> None:
        finding = only("UD404", evidence(runs=(growing(0.5, 0.4, 300.0, 400.0, 250.0),), trained=False))
        assert finding.severity is Severity.NOTE
        assert [x.action for x in finding.remedies] == ["normalise_behind"] * 2 + ["initialise"] * 2

    def test_logits_that_nothing_bounds_are_a_note(self) -> None:
        unbounded = growing(0.5, 0.4, 300.0, 400.0, 250.0, activation="")
        assert only("UD404", evidence(runs=(unbounded,))).severity is Severity.NOTE

    @pytest.mark.parametrize(("activation", "intent"), [("relu", PICTURE), ("relu", OTHER), ("sigmoid", MASK)])
    def test_ends_of_the_display_alone_and_of_a_mask_are_a_note(self, activation: str, intent: Intent) -> None:
        given = growing(0.5, 0.4, 300.0, 400.0, 250.0, activation=activation)
        assert only("UD404", evidence(runs=(given,), intent=intent)).severity is Severity.NOTE

    def test_a_last_layer_that_makes_up_for_it_is_a_note(self) -> None:
        small = growing(0.5, 0.4, 300.0, 400.0, 250.0, at_low=0.0, at_high=0.1)
        assert only("UD404", evidence(runs=(small,))).severity is Severity.NOTE

    @pytest.mark.parametrize(
        "stated",
        [
            {"norms": (pristine(),)},
            {"layers": (layer("layer2", gain=900.0, std=90.0, signal_in=0.4, signal_out=300.0),)},
        ],
        ids=["running statistics never filled", "one layer beyond every scale"],
    )
    def test_what_another_check_says(self, stated: dict[str, object]) -> None:
        given = evidence(runs=(growing(0.5, 0.4, 300.0, 400.0, 250.0),))
        assert not examine("UD404", replace(given, model=replace(given.model, **stated)))

    def test_wrong_statistics_are_said_by_their_own_check(self) -> None:
        grown = growing(0.5, 0.4, 300.0, 400.0, 250.0)
        ops = tuple(replace(x, name="native_batch_norm") if x.index == 2 else x for x in grown.ops)
        given = evidence(runs=(replace(grown, ops=ops),))
        wrong = model(norms=(norm("layer2", op=2, log_variance_ratio=12.0),))
        assert only("UD404", given).ill
        assert not examine("UD404", replace(given, model=wrong))

    @pytest.mark.parametrize(
        "given",
        [
            evidence(runs=()),
            evidence(output(drawn_by=None)),
            evidence(runs=(growing(0.0, 0.0, 0.0, 0.0, 0.0),)),
            evidence(runs=(growing(0.5, NAN, NAN, NAN, NAN),)),
            evidence(runs=(growing(0.5, 0.4, 300.0, 400.0, 250.0, nan=5),)),
            evidence(runs=(growing(0.5, 0.4, 300.0, 400.0, 250.0, drawn_by=0),)),
            evidence(runs=(growing(0.5, 0.4, 300.0, 400.0, 250.0, drawn_by=99),)),
        ],
        ids=["no run", "no last op", "no signal at all", "unknown", "not finite", "one layer", "drawn from weights"],
    )
    def test_nothing_to_follow(self, given: Evidence) -> None:
        assert growth(given) is None
        assert not examine("UD404", given)


def test_the_activation_is_not_blamed_for_what_arrives() -> None:
    """UD411."""
    ill, sound = growing(0.5, 0.4, 300.0, 400.0, 250.0), growing(0.5, 0.4, 3.0, 4.0, 2.0)
    assert not examine("UD411", evidence(runs=(ill,)))
    assert only("UD411", evidence(runs=(sound,))).ill
