"""UD214."""

from dataclasses import replace
from typing import Any

import pytest

from tests.checks.build import MASK, evidence, examine, op, ops, output, run
from unetdoctor.facts import Colours, Evidence, Finding, Intent, Probe, Severity, Task

KEPT = Colours(straight=0.98, exchanged=-0.9, brightness=0.97, tint=40.0, offsets=(1.0, 0.0, -1.0), rest=5.0)
SWAPPED = replace(KEPT, straight=-0.9, exchanged=0.98, offsets=(60.0, 0.0, -60.0), rest=30.0)
SHIFTED = replace(KEPT, offsets=(0.0, 40.0, 1.0), rest=4.0)
TRANSLATES = ops()
RESTORES = (*TRANSLATES, op(6, "add", "", (-1, 5), shape=(4, 3, 32, 32)))


def given(*colours: Colours, restores: bool = True, **fields: Any) -> Evidence:
    """A trained network that was fed photographs."""
    runs = tuple(
        run(
            f"image-{number}",
            output(colours=x),
            ops=RESTORES if restores else TRANSLATES,
            probe=Probe(f"image-{number}", (1, 3, 32, 32), real=True, constant=False),
        )
        for number, x in enumerate(colours, start=1)
    )
    return evidence(**{"runs": runs, "intent": Intent(inferred_task=Task.RGB), **fields})


def sick(found: Evidence) -> list[Finding]:
    """The findings that are ill."""
    return [finding for finding in examine("UD214", found) if finding.ill]


class TestColourCastOrSwap:
    """UD214."""

    def test_kept(self) -> None:
        order, shift = examine("UD214", given(KEPT))
        assert (order.ill, shift.ill) == (False, False)

    def test_exchanged(self) -> None:
        (finding,) = sick(given(SWAPPED))
        assert finding.severity is Severity.ERROR
        assert [x.value for x in finding.readings] == [0.98, -0.9]
        assert [x.action for x in finding.remedies] == ["exchange_colours"]

    def test_the_shift_that_follows_from_it_is_not_said(self) -> None:
        assert len(examine("UD214", given(replace(SWAPPED, rest=1.0)))) == 1

    def test_one_photograph_that_keeps_its_colours_is_enough(self) -> None:
        assert not sick(given(SWAPPED, KEPT))

    def test_a_translation_may_be_meant(self) -> None:
        assert sick(given(SWAPPED, restores=False))[0].severity is Severity.NOTE
        assert sick(given(SHIFTED, restores=False))[0].severity is Severity.NOTE

    def test_super_resolution_restores(self) -> None:
        found = given(SWAPPED, restores=False)
        larger = replace(found.runs[0].output, shape=(1, 3, 64, 64))
        assert sick(replace(found, runs=(replace(found.runs[0], output=larger),)))[0].severity is Severity.ERROR

    def test_shifted(self) -> None:
        (finding,) = sick(given(SHIFTED))
        assert finding.severity is Severity.WARNING
        assert finding.readings[0].value == 39
        (remedy,) = finding.remedies
        assert remedy.parameters["offsets"] == pytest.approx([0.0, 0.3137, 0.0078])  # tanh: 2 for 255 levels

    def test_another_white_balance(self) -> None:
        assert not sick(given(replace(KEPT, offsets=(30.0, 0.0, -37.0), rest=10.0)))

    def test_all_channels_alike_are_no_cast(self) -> None:
        assert not sick(given(replace(KEPT, offsets=(50.0, 51.0, 49.0), rest=0.5)))

    def test_a_constant_shift_without_any_rest(self) -> None:
        assert sick(given(replace(SHIFTED, rest=0.0)))

    @pytest.mark.parametrize(
        "found",
        [
            given(replace(SWAPPED, brightness=0.5)),
            given(SWAPPED, intent=MASK),
            evidence(),
            evidence(runs=()),
        ],
        ids=["another picture", "a mask", "no photograph", "no run"],
    )
    def test_not_judged(self, found: Evidence) -> None:
        assert not examine("UD214", found)

    def test_a_grey_photograph_has_no_order(self) -> None:
        assert len(examine("UD214", given(replace(SWAPPED, tint=3.0)))) == 1

    def test_before_training(self) -> None:
        found = given(SWAPPED)
        assert not examine("UD214", replace(found, model=replace(found.model, trained=False)))
