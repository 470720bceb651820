"""Skip connections and grids: UD211, UD406, UD407 and UD408 on evidence."""

from dataclasses import replace
from typing import Any

import pytest

from tests.checks.build import MASK, NAN, OTHER, PICTURE, evidence, examine, flat, only, output
from tests.checks.test_loads import load
from unetdoctor.checks import by_code
from unetdoctor.facts import Blocks, Evidence, Grid, Intent, Maker, Place, Severity, Skip


def a_skip(at: int = 0, **fields: Any) -> Skip:
    """A sound skip connection at one level of a U-Net."""
    size = (64 >> at, 64 >> at)
    base = Skip(
        join=30 - 10 * at,
        operand=1,
        kind="cat",
        gated=False,
        place=Place(f"decoder{at}", "model.py", 40),
        source=Place(f"encoder{at}", "model.py", 30),
        level=at,
        size=size,
        join_size=size,
        channels=16,
        deep_channels=32,
        bottom_size=(8, 8),
        bottom_channels=64,
        influence=0.4,
        deep_influence=0.6,
        signal=0.5,
        deep_signal=0.5,
        weight=0.1,
        deep_weight=0.1,
        reconnects=True,
        consumer=Place(f"decoder{at}.conv"),
    )
    return replace(base, **fields)


def given(*skips: Skip, trained: bool = True) -> Evidence:
    """Evidence with these skip connections, joined deepest first."""
    return evidence(trained=trained, skips=skips)


SOUND = (a_skip(2), a_skip(1), a_skip(0))


@pytest.mark.parametrize("code", ["UD406", "UD407", "UD408"])
class TestSound:
    def test_every_place_is_well(self, code: str) -> None:
        findings = examine(code, given(*SOUND))
        assert findings
        assert all(f.severity is Severity.OK for f in findings)

    def test_a_network_without_skips_says_nothing(self, code: str) -> None:
        assert examine(code, given()) == []


@pytest.mark.parametrize(("code", "field"), [("UD406", "influence"), ("UD407", "deep_influence")])
class TestInfluence:
    def test_what_was_not_measured_is_not_judged(self, code: str, field: str) -> None:
        unknown = [replace(x, **{field: NAN}) for x in SOUND]
        assert examine(code, given(*unknown)) == []

    def test_a_weak_branch_is_sound(self, code: str, field: str) -> None:
        weak = [replace(x, **{field: 9e-5}) for x in SOUND]
        assert not any(f.ill for f in examine(code, given(*weak)))

    def test_a_tiny_one_of_a_trained_network_is_a_warning(self, code: str, field: str) -> None:
        tiny = replace(SOUND[2], **{field: 4e-6})
        ill = [f for f in examine(code, given(*SOUND[:2], tiny)) if f.ill]
        assert [f.severity for f in ill] == [Severity.WARNING]
        assert not any(f.ill for f in examine(code, given(*SOUND[:2], tiny, trained=False)))

    def test_none_at_all_is_an_error_and_of_a_fresh_network_a_note(self, code: str, field: str) -> None:
        dead = (*SOUND[:2], replace(SOUND[2], **{field: 0.0}))
        assert [f.severity for f in examine(code, given(*dead)) if f.ill] == [Severity.ERROR]
        assert [f.severity for f in examine(code, given(*dead, trained=False)) if f.ill] == [Severity.NOTE]


class TestWhy:
    def test_a_constant_is_joined_again(self) -> None:
        dead = a_skip(0, influence=0.0, signal=0.0)
        found = next(f for f in examine("UD406", given(dead)) if f.ill)
        assert "one constant" in found.message
        assert [r.action for r in found.remedies] == ["reconnect_skip"]

    def test_zero_weights_are_drawn_anew(self) -> None:
        found = next(f for f in examine("UD406", given(a_skip(0, influence=0.0, weight=0.0))) if f.ill)
        assert "are zero" in found.message
        assert [(r.action, r.parameters["branch"]) for r in found.remedies] == [("fresh_slice", "skip")]

    def test_zero_weights_on_the_deep_branch(self) -> None:
        found = next(f for f in examine("UD407", given(a_skip(0, deep_influence=0.0, deep_weight=0.0))) if f.ill)
        assert [(r.action, r.parameters["branch"]) for r in found.remedies] == [("fresh_slice", "deep")]

    def test_an_unread_join_is_a_warning(self) -> None:
        found = only("UD406", given(a_skip(0, influence=0.0, reaches=False)))
        assert found.severity is Severity.WARNING
        assert "reads the join" in found.message
        assert examine("UD407", given(a_skip(0, deep_influence=0.0, reaches=False))) == []

    def test_what_is_overwritten_behind_the_join_is_left_alone_in_the_experiment(self) -> None:
        found = next(f for f in examine("UD406", given(a_skip(0, influence=0.0, overwritten=True))) if f.ill)
        assert [r.action for r in found.remedies] == ["leave_joined"]
        found = next(f for f in examine("UD407", given(a_skip(0, deep_influence=0.0, overwritten=True))) if f.ill)
        assert [r.action for r in found.remedies] == ["leave_joined"]

    @pytest.mark.parametrize(
        ("fields", "action"),
        [
            ({"deep_cut": True}, "reconnect_skip"),
            ({"deep_blank": Place("up"), "deep_cut": True}, "fresh_branch"),
            ({}, "structural"),
        ],
    )
    def test_a_constant_deep_branch(self, fields: dict[str, Any], action: str) -> None:
        dead = a_skip(0, deep_influence=0.0, deep_signal=0.0, **fields)
        assert [r.action for f in examine("UD407", given(dead)) if f.ill for r in f.remedies] == [action]

    def test_a_correction_of_the_input_is_no_bypass(self) -> None:
        assert examine("UD407", given(a_skip(0, deep_influence=0.0, from_input=True))) == []


class TestFresh:
    """Before training only what no initialisation does is a warning, which the experiment then proves."""

    @pytest.mark.parametrize(
        ("code", "fields", "severity"),
        [
            ("UD406", {"influence": 0.0, "overwritten": True}, Severity.WARNING),
            ("UD406", {"influence": 0.0, "overwritten": True, "signal": 1e-9}, Severity.NOTE),
            ("UD406", {"influence": 0.0, "overwritten": True, "kind": "add"}, Severity.NOTE),
            ("UD406", {"influence": 0.0, "overwritten": True, "deep_influence": 0.0}, Severity.NOTE),
            ("UD406", {"influence": 0.0, "signal": 0.0, "cut": True}, Severity.WARNING),
            ("UD406", {"influence": 0.0, "signal": 0.0}, Severity.NOTE),
            ("UD407", {"deep_influence": 0.0, "overwritten": True}, Severity.WARNING),
            ("UD407", {"deep_influence": 0.0, "deep_signal": 0.0, "deep_cut": True}, Severity.WARNING),
            ("UD407", {"deep_influence": 0.0, "deep_signal": 0.0, "deep_blank": Place("up")}, Severity.WARNING),
            (
                "UD407",
                {"deep_influence": 0.0, "deep_signal": 0.0, "deep_blank": Place("zero"), "deep_starts": True},
                Severity.NOTE,
            ),
            (
                "UD407",
                {"deep_influence": 0.0, "deep_signal": 0.0, "deep_blank": Place("up"), "kind": "add"},
                Severity.NOTE,
            ),
        ],
    )
    def test_severity(self, code: str, fields: dict[str, Any], severity: Severity) -> None:
        found = [f for f in examine(code, given(a_skip(0, **fields), trained=False)) if f.ill]
        assert [f.severity for f in found] == [severity]


def test_what_a_dead_branch_takes_along_is_not_said_twice() -> None:
    """Where the deep branch is dead at the top, all below is without effect: one finding, at the top."""
    dead = [replace(x, influence=0.0, deep_influence=0.0) for x in SOUND[:2]]
    top = replace(SOUND[2], deep_influence=0.0)
    everything = given(*dead, top)
    assert not any(f.ill for f in examine("UD406", everything))
    assert [f.place.layer for f in examine("UD407", everything) if f.ill] == ["decoder0"]


class TestCrossed:
    def crossed(self, *pairs: tuple[int, int]) -> Evidence:
        """Skips of one level that are joined at another one."""
        return given(*[a_skip(at, size=(64 >> of, 64 >> of), level=of) for of, at in pairs])

    def test_exchanged_levels(self) -> None:
        found = only("UD408", self.crossed((0, 2), (1, 1), (2, 0)))
        assert found.severity is Severity.WARNING
        assert found.readings[0].value == 2
        assert [r.action for r in found.remedies] == ["structural"]

    def exchangeable(self, **fields: float) -> Evidence:
        found = self.crossed((0, 2), (1, 1), (2, 0)).skips
        told = {"apart": 1.4, "misfit": 1.5, "misfit_exchanged": 0.3, **fields}
        return given(*[x if not x.resized else replace(x, exchangeable=True, **told) for x in found])

    def test_weights_that_were_trained_the_other_way_round_are_an_error(self) -> None:
        found = only("UD408", self.exchangeable())
        assert found.severity is Severity.ERROR
        assert [r.action for r in found.remedies] == ["exchange_skips", "structural"]
        assert "with the skips exchanged e^0.3" in found.message

    @pytest.mark.parametrize("fields", [{"misfit": 0.5}, {"misfit_exchanged": 1.2}, {"misfit": NAN}])
    def test_others_are_a_warning(self, fields: dict[str, float]) -> None:
        assert only("UD408", self.exchangeable(**fields)).severity is Severity.WARNING

    def test_exchanged_ones_are_in_order(self) -> None:
        assert not only("UD408", self.exchangeable(apart=0.0)).ill

    def test_three_in_a_ring(self) -> None:
        assert only("UD408", self.crossed((0, 2), (2, 1), (1, 0))).readings[0].value == 3

    def test_a_resized_one_that_fits_nowhere_else_is_in_order(self) -> None:
        assert not only("UD408", self.crossed((0, 0), (1, 1), (0, 2))).ill

    def test_full_scale_skips_are_in_order(self) -> None:
        """Every level joins those of all levels, resized (UNet 3+)."""
        skips = [a_skip(at, size=(64 >> of, 64 >> of), level=of, operand=of) for at in (2, 1, 0) for of in range(3)]
        assert not only("UD408", given(*skips)).ill

    def test_a_crop_is_no_other_level(self) -> None:
        assert not a_skip(0, size=(64, 64), join_size=(56, 56)).resized


class TestCheckerboard:
    MAKERS = (
        Maker(3, Place("grow", "model.py", 9), "transposed convolution", (4, 4), (2, 2)),
        Maker(5, Place("paint", "model.py", 10), "transposed convolution", (4, 4), (2, 2)),
    )

    def grid(self, even: float, picture: float, **fields: Any) -> Evidence:
        """Evidence of a network that draws pictures, with this much of a grid."""
        return evidence(
            grid=Grid("natural", **{"period": 2, "makers": self.MAKERS, **fields}, even=even, picture=picture)
        )

    def test_a_grid_on_both(self) -> None:
        found = only("UD211", self.grid(0.3, 0.2))
        assert found.severity is Severity.WARNING
        assert found.place.layer == "paint"
        assert [r.action for r in found.remedies] == ["even_kernel"] * 3 + ["structural"]

    def test_a_grid_in_an_even_tone_is_none(self) -> None:
        assert not only("UD211", replace(self.grid(0.9, 0.9), runs=evidence(output([flat()])).runs)).ill

    @pytest.mark.parametrize(("even", "picture"), [(0.055, 0.064), (0.6, 0.05), (0.05, 0.3)])
    def test_a_grid_on_one_of_them_is_none(self, even: float, picture: float) -> None:
        assert not only("UD211", self.grid(even, picture)).ill

    def test_an_uneven_kernel_is_named_first(self) -> None:
        uneven = replace(self.MAKERS[0], kernel=(3, 3))
        found = only("UD211", self.grid(0.3, 0.2, makers=(uneven, self.MAKERS[1])))
        assert found.place.layer == "grow"
        assert "not divisible" in found.message

    def test_a_longer_period_is_drawn_further_down(self) -> None:
        assert only("UD211", self.grid(0.3, 0.2, period=4)).place.layer == "grow"

    def test_scores_are_not_judged(self) -> None:
        assert examine("UD211", replace(self.grid(0.5, 0.5), intent=MASK)) == []
        assert examine("UD211", evidence()) == []

    @pytest.mark.parametrize(("name", "severity"), [("paint", Severity.NOTE), ("grow", Severity.WARNING)])
    def test_a_layer_that_a_load_left_empty_is_noise(self, name: str, severity: Severity) -> None:
        given = load(own=True, common=4, missing=(f"{name}.weight",))
        assert only("UD211", replace(self.grid(0.3, 0.2), loads=(given,))).severity is severity

    def uneven(self, **fields: float) -> tuple[Maker, ...]:
        told = {"imbalance": 0.24, "follows": 0.95, **fields}
        return (replace(self.MAKERS[0], kernel=(3, 3), **told), self.MAKERS[1])

    def test_taps_that_agree_are_judged_in_fresh_networks_and_in_masks(self) -> None:
        for judged in (
            self.grid(0.15, 0.02, makers=self.uneven()),
            replace(self.grid(0.15, 0.02, makers=self.uneven()), intent=MASK),
            replace(self.grid(0.15, 0.02, makers=self.uneven()), model=evidence(trained=False).model),
        ):
            found = only("UD211", judged)
            assert found.severity is Severity.WARNING
            assert found.place.layer == "grow"

    @pytest.mark.parametrize("fields", [{"imbalance": 3.0}, {"imbalance": 0.05}, {"follows": 0.1}])
    def test_others_are_as_random_ones(self, fields: dict[str, float]) -> None:
        made = self.uneven(**fields)
        assert not only("UD211", self.grid(0.21, 0.14, makers=made)).ill
        assert only("UD211", self.grid(0.3, 0.16, makers=made)).ill
        assert examine("UD211", replace(self.grid(0.9, 0.9, makers=made), intent=MASK)) == []

    @pytest.mark.parametrize(
        ("factor", "equal", "severity"),
        [(4, 100.0, Severity.WARNING), (2, 100.0, Severity.NOTE), (4, 3.0, Severity.OK)],
    )
    def test_blocks(self, factor: int, equal: float, severity: Severity) -> None:
        found = only("UD211", evidence(blocks=Blocks(7, Place("up"), factor, equal)))
        assert found.severity is severity
        assert [r.action for r in found.remedies] == ["smooth_resize"] * found.ill

    @pytest.mark.parametrize("intent", [MASK, OTHER])
    def test_blocks_are_a_note_where_no_picture_is_drawn(self, intent: Intent) -> None:
        found = only("UD211", replace(evidence(blocks=Blocks(7, Place("up"), 4, 76.0)), intent=intent))
        assert found.severity is Severity.NOTE

    def test_what_its_own_proof_makes_an_error(self) -> None:
        """A grid in a picture, and a strong one in a mask; blocks never."""
        check = by_code("UD211")
        blocks = evidence(blocks=Blocks(7, Place("up"), 4, 76.0))
        assert not check.is_proof(only("UD211", blocks), blocks)
        for even, intent, expected in [
            (0.3, PICTURE, True),
            (0.3, MASK, False),
            (0.3, OTHER, False),
            (0.6, MASK, True),
        ]:
            given = replace(self.grid(even, 0.2, makers=self.uneven()), intent=intent)
            assert check.is_proof(only("UD211", given), given) is expected

    def test_the_lines_to_paste_even_a_layer(self) -> None:
        """They do what the experiment does: every pixel of a cell gets the same sum."""
        torch = pytest.importorskip("torch")
        from types import SimpleNamespace

        patch = only("UD211", self.grid(0.3, 0.2)).remedies[1].patch
        layer = torch.nn.ConvTranspose2d(4, 3, 3, stride=2)
        exec(patch, {"model": SimpleNamespace(paint=layer)})
        sums = [layer.weight.data[..., a::2, b::2].sum((-2, -1)) for a in (0, 1) for b in (0, 1)]
        assert all(torch.allclose(x, sums[0], atol=1e-6) for x in sums)
