"""UD310, and what UD401 leaves to it."""

from dataclasses import replace
from typing import Any

import pytest

from tests.checks.build import evidence, examine, last, layer, model, only, op, output, run
from unetdoctor.facts import DeadActivation, Evidence, Finding, LayerWeights, Severity


def given(dead: int, *others: LayerWeights, **fields: Any) -> Evidence:
    """A network whose second layer has this many of sixteen filters without weight."""
    deep = layer("deep", **{"dead_filters": dead, "zero": dead / 16, **fields})
    return evidence(model=model(layer("stem"), deep, *others, last()))


def sick(found: Evidence) -> list[Finding]:
    """The findings that are ill."""
    return [finding for finding in examine("UD310", found) if finding.ill]


class TestDeadFilters:
    """UD310."""

    def test_sound(self) -> None:
        final, hidden = examine("UD310", evidence())
        assert (final.readings[0].value, hidden.readings[0].value) == (0, 0)
        assert not sick(evidence())

    def test_one_filter_of_the_last_layer(self) -> None:
        (finding,) = sick(evidence(model=model(layer("stem"), layer("deep"), last(dead_filters=1, zero=1 / 3))))
        assert finding.severity is Severity.WARNING
        assert finding.readings[0].value == pytest.approx(100 / 3)
        (remedy,) = finding.remedies
        assert (remedy.action, remedy.parameters) == ("refill_filters", {"layers": "draw"})
        assert "model.draw.weight.unbind(0)" in remedy.patch

    def test_transposed_filters_stand_in_dim_1(self) -> None:
        (finding,) = sick(
            evidence(
                model=model(
                    layer("stem"),
                    last(dead_filters=4, zero=0.5, transposed=True, shape=(16, 4, 2, 2), groups=2, fan_in=16),
                )
            )
        )
        assert finding.readings[0].value == 50
        assert "model.draw.weight.chunk(2) for k in group.unbind(1)" in finding.remedies[0].patch

    def test_most_of_a_hidden_layer(self) -> None:
        (finding,) = sick(given(12))
        assert (finding.severity, finding.place.layer) == (Severity.WARNING, "deep")

    def test_few_of_a_hidden_layer(self) -> None:
        assert not sick(given(8))
        assert "most at deep" in examine("UD310", given(8))[1].message

    def test_a_layer_that_a_skip_connection_bypasses(self) -> None:
        chain = (
            op(0, "convolution", "stem", (-1,)),
            op(2, "convolution", "deep", (0,)),
            op(4, "convolution", "draw", (2, 0)),
        )
        (finding,) = sick(replace(given(12), runs=(run(ops=chain),)))
        assert finding.severity is Severity.NOTE

    def test_pruned_by_intent(self) -> None:
        reader = layer("reader", unread_inputs=12)
        assert sick(given(12, reader))[0].severity is Severity.NOTE
        assert sick(given(12, zero=0.95))[0].severity is Severity.NOTE

    def test_before_training(self) -> None:
        assert sick(replace(given(12), model=replace(given(12).model, trained=False)))[0].severity is Severity.NOTE

    def test_without_a_pass(self) -> None:
        assert sick(replace(given(12), runs=()))[0].severity is Severity.WARNING
        assert sick(replace(given(12), runs=(run(drawn=output(drawn_by=None)),)))[0].severity is Severity.WARNING

    def test_no_layers(self) -> None:
        assert not examine("UD310", evidence(model=replace(model(), layers=(), last_layer="")))


def test_the_activation_behind_them_is_not_blamed() -> None:
    """UD401."""
    dead = (DeadActivation(op=3, channels=16, dead=16),)
    assert only("UD401", replace(given(0), dead=dead)).ill
    assert not examine("UD401", replace(given(15), dead=dead))
