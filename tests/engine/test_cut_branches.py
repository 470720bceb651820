"""Branches that are cut or crossed, taps that agree, repeated pixels: measured, and undone in an experiment."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.engine.test_skips import GROWING, Growing, Joining, UNet, built, concatenated, examined
from unetdoctor.engine import checkerboard
from unetdoctor.engine.ablation import skips, skips_under
from unetdoctor.engine.blocks import blocks
from unetdoctor.engine.liveliness import dead_activations
from unetdoctor.facts import Remedy, Skip


def remedy(action: str, skip: Skip, **more: object) -> Remedy:
    return Remedy(action, place=skip.deep_blank, parameters={"join": skip.join, "operand": skip.operand, **more})


def overwriting(first: int, last: int) -> Joining:
    """Join, and put zeros over some channels."""

    def joining(deep: Tensor, skip: Tensor) -> Tensor:
        x = torch.relu(torch.cat([deep, skip], dim=1))
        return torch.cat([x[:, :first], torch.zeros_like(x[:, first:last]), x[:, last:]], dim=1)

    return joining


def masked(deep: Tensor, skip: Tensor) -> Tensor:
    x = torch.cat([deep, skip], dim=1)
    return x * torch.tensor([1.0] * 4 + [0.0] * 4).reshape(1, 8, 1, 1)


def written_in_place(deep: Tensor, skip: Tensor) -> Tensor:
    x = torch.cat([deep, skip], dim=1)
    x[:, 4:] = 0
    return x


class TestOverwritten:
    @pytest.mark.parametrize("joining", [overwriting(4, 8), masked, written_in_place])
    def test_a_skip_that_is_lost_behind_the_join_comes_back(self, joining: Joining) -> None:
        examination = examined(built(lambda: UNet(joining)))
        lost = skips(examination)[1]
        assert (lost.influence, lost.overwritten) == (0, True)
        assert lost.deep_influence > 0
        assert lost.signal > 0
        assert skips_under(examination, (remedy("leave_joined", lost),))[1].influence > 0

    def test_so_does_a_deep_branch(self) -> None:
        examination = examined(built(lambda: UNet(overwriting(0, 4))))
        lost = skips(examination)[1]
        assert lost.deep_influence == 0
        assert skips_under(examination, (remedy("leave_joined", lost),))[1].deep_influence > 0

    def test_a_sound_join_is_left_alone(self) -> None:
        assert not any(x.overwritten or x.cut or x.deep_cut or x.deep_blank.layer for x in skips(examined(built(UNet))))


class Blank(UNet):
    """The deep branch is drawn by a layer whose weights are zero, in front of the join."""

    def __init__(self, up: Any, bias: float = 0.5) -> None:
        super().__init__(width=2)
        self.up = up
        nn.init.zeros_(up.weight)
        if up.bias is not None:
            nn.init.constant_(up.bias, bias)

    def forward(self, x: Tensor) -> Tensor:
        top = F.relu(self.top(x))
        bottom = F.relu(self.bottom(F.max_pool2d(top, 2)))
        if self.up.stride == (1, 1):
            bottom = F.interpolate(bottom, scale_factor=2.0)
        return self.out(F.relu(self.draw(torch.cat([self.up(bottom), top], dim=1))))


class TestCut:
    def test_a_deep_branch_is_joined_as_it_was_drawn(self) -> None:
        def joining(deep: Tensor, skip: Tensor) -> Tensor:
            return concatenated(deep * 0, skip)

        examination = examined(built(lambda: UNet(joining)))
        lost = skips(examination)[1]
        assert (lost.deep_influence, lost.deep_signal, lost.deep_cut) == (0, 0, True)
        after = skips_under(examination, (remedy("reconnect_skip", lost, branch="deep"),))[1]
        assert after.deep_influence > 0

    @pytest.mark.parametrize("part", ["deep", "skip"])
    def test_layers_may_lie_behind_the_cut(self, part: str) -> None:
        class Behind(UNet):
            def __init__(self) -> None:
                super().__init__()
                self.late = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 4, 1))
                self.joining = self.cutting

            def cutting(self, deep: Tensor, skip: Tensor) -> Tensor:
                parts = {"deep": deep, "skip": skip}
                parts[part] = self.late(parts[part] * 0)
                return concatenated(parts["deep"], parts["skip"])

        examination = examined(built(Behind))
        lost = skips(examination)[1]
        cut, influence = ("deep_cut", "deep_influence") if part == "deep" else ("cut", "influence")
        assert (getattr(lost, influence), getattr(lost, cut)) == (0, True)
        at = getattr(lost, f"{cut}_at")
        assert examination.main.tape.entries[at].name == "mul"
        after = skips_under(examination, (remedy("reconnect_skip", lost, branch=part, at=at),))[1]
        assert getattr(after, influence) > 0

    def test_a_dead_activation_shuts_a_branch(self) -> None:
        class Shut(UNet):
            def __init__(self) -> None:
                super().__init__()
                nn.init.constant_(self.bottom.bias, -100.0)

        examination = examined(built(Shut))
        lost = skips(examination)[0]
        entry = examination.main.tape.entries[lost.deep_shut_at]
        assert (entry.name, lost.deep_influence, lost.deep_cut, lost.shut_at) == ("relu", 0, False, -1)
        (found,) = [x for x in dead_activations(examination) if x.op == lost.deep_shut_at]
        assert found.dead == found.channels == 4
        cure = Remedy("zero_bias", parameters={"layers": "bottom"})
        (after,) = [x for x in dead_activations(examination, (cure,)) if x.op == found.op]
        assert after.dead < 4

    def test_a_sum_is_blotted_by_constants_alone(self) -> None:
        def blotting(deep: Tensor, skip: Tensor) -> Tensor:
            return deep + skip * 0

        def gating(deep: Tensor, skip: Tensor) -> Tensor:
            return deep + skip * (skip.mean((2, 3), keepdim=True) * 0)

        blotted = skips(examined(built(lambda: UNet(blotting, width=1))))[-1]
        gated = skips(examined(built(lambda: UNet(gating, width=1))))[-1]
        assert (blotted.cut, blotted.blotted) == (True, True)
        assert (gated.cut, gated.blotted) == (True, False)

    def test_a_layer_of_zeros_is_named_and_drawn_anew(self) -> None:
        examination = examined(built(lambda: Blank(nn.ConvTranspose2d(4, 4, 2, 2))))
        (lost,) = skips(examination)
        assert (lost.deep_blank.layer, lost.deep_influence, lost.deep_starts) == ("up", 0, False)
        (after,) = skips_under(examination, (remedy("fresh_branch", lost),))
        assert after.deep_influence > 0
        assert not after.deep_blank.layer

    @pytest.mark.parametrize(
        ("layer", "bias", "starts"),
        [
            (partial(nn.Conv2d, 4, 4, 1), 0.5, True),
            (partial(nn.Conv2d, 4, 4, 3, padding=1), 0.0, True),
            (partial(nn.Conv2d, 4, 4, 3, padding=1, bias=False), 0.0, True),
            (partial(nn.Conv2d, 4, 4, 3, padding=1), 0.5, False),
            (partial(nn.ConvTranspose2d, 4, 4, 3, padding=1), 0.0, False),
        ],
    )
    def test_a_layer_that_is_to_start_as_nothing(self, layer: Callable[[], Any], bias: float, starts: bool) -> None:
        (lost,) = skips(examined(built(lambda: Blank(layer(), bias))))
        assert (lost.deep_blank.layer, lost.deep_starts) == ("up", starts)

    @pytest.mark.parametrize("gate", [lambda x: x, torch.tanh, lambda x: x.reshape(1, 1, 1, 1)])
    def test_a_gate_that_training_opens_is_no_cut(self, gate: Callable[[Tensor], Tensor]) -> None:
        class Gated(UNet):
            def __init__(self) -> None:
                super().__init__()
                self.gate = nn.Parameter(torch.zeros(1))
                self.joining = lambda deep, skip: concatenated(deep, gate(self.gate) * skip)

        lost = skips(examined(built(Gated)))[1]
        assert (lost.influence, lost.signal, lost.cut) == (0, 0, False)

    def test_a_gate_behind_the_join_overwrites_nothing(self) -> None:
        class Gated(UNet):
            def __init__(self) -> None:
                super().__init__()
                self.gate = nn.Parameter(torch.tensor([1.0] * 4 + [0.0] * 4).reshape(1, 8, 1, 1))
                self.joining = lambda deep, skip: self.gate * torch.cat([deep, skip], dim=1)

        lost = skips(examined(built(Gated)))[1]
        assert (lost.influence, lost.overwritten) == (0, False)


class Crossed(UNet):
    """Each level gets the other one's skip, resized to fit, with statistics of the sound network behind."""

    crossed = True

    def __init__(self) -> None:
        super().__init__()
        self.norms = nn.ModuleList([nn.BatchNorm2d(4, momentum=1.0) for _ in range(2)])

    def forward(self, x: Tensor) -> Tensor:
        top = F.relu(self.top(x))
        middle = F.relu(self.middle(F.max_pool2d(top, 2)))
        up = F.relu(self.bottom(F.max_pool2d(middle, 2)))
        joined = (top, middle) if self.crossed else (middle, top)
        for layer, norm, skip in zip((self.rise, self.draw), self.norms, joined, strict=True):
            up = F.interpolate(up, scale_factor=2.0)
            if skip.shape != up.shape:
                skip = F.interpolate(skip, size=up.shape[2:])
            up = F.relu(norm(layer(torch.cat([up, skip], dim=1))))
        return self.out(up)


class TestCrossed:
    def test_the_statistics_fit_with_the_skips_exchanged(self) -> None:
        model = built(Crossed)
        with torch.no_grad():
            model.middle.weight *= 20
            model.crossed = False
            model.train()(torch.randn((2, 3, 32, 32), generator=torch.Generator().manual_seed(3)))
        model.crossed = True
        examination = examined(model)
        found = skips(examination)
        assert all(x.exchangeable and x.apart > 0.5 for x in found)
        assert found[-1].misfit > 2 * found[-1].misfit_exchanged
        after = skips_under(examination, (remedy("exchange_skips", found[0]),))
        assert [x.apart for x in after] == [0, 0]
        assert [x.misfit for x in after] == [x.misfit_exchanged for x in found]

    def test_skips_of_their_own_level_are_not_exchangeable(self) -> None:
        model = built(Crossed)
        model.crossed = False
        assert not any(x.exchangeable for x in skips(examined(model)))
        assert all(math.isnan(x.misfit) for x in skips(examined(model)))


class TestTaps:
    def test_equal_taps_follow_their_number_and_random_ones_are_noise(self) -> None:
        imbalance, follows = checkerboard.imbalance(torch.ones(4, 3, 3, 3), (2, 2))
        assert imbalance == pytest.approx(0.2346, abs=1e-4)
        assert follows == pytest.approx(1)
        imbalance, follows = checkerboard.imbalance(torch.randn(64, 32, 3, 3), (2, 2))
        assert imbalance > 2
        assert follows == pytest.approx(0.44, abs=0.05)

    def test_an_even_kernel_has_none(self) -> None:
        assert all(math.isnan(x) for x in checkerboard.imbalance(torch.ones(4, 3, 4, 4), (2, 2)))

    def test_a_fresh_network_is_looked_at_where_they_agree(self) -> None:
        model = built(lambda: Growing(GROWING["3x3"]()))
        with torch.no_grad():
            model.look.bias.fill_(1)
            model.grow.weight.copy_(model.grow.weight.mean(dim=(2, 3), keepdim=True).expand_as(model.grow.weight))
        examination = examined(model, (2, 3, 64, 64))
        found = checkerboard.grid(examination)
        assert found is not None
        assert min(found.even, found.picture) > 0.3
        after = checkerboard.grid(examination, (Remedy("even_kernel", parameters={"ops": [found.makers[0].op]}),))
        assert after is not None
        assert after.even < 1e-5
        assert after.makers == found.makers


class TestBlocks:
    def drawn(self, *behind: nn.Module) -> nn.Module:
        return built(lambda: nn.Sequential(nn.Conv2d(3, 2, 3, stride=4, padding=1), *behind))

    @pytest.mark.parametrize("behind", [nn.Sigmoid, nn.Identity])
    def test_repeated_pixels_are_seen_and_smoothed(self, behind: Callable[[], nn.Module]) -> None:
        examination = examined(self.drawn(nn.Upsample(scale_factor=4.0), behind()))
        found = blocks(examination)
        assert found is not None
        assert found.factor == 4
        assert found.equal == pytest.approx(77, abs=3)
        after = blocks(examination, (Remedy("smooth_resize", parameters={"op": found.op}),))
        assert after is not None
        assert after.equal < 10

    def test_soft_borders_leave_blocks(self) -> None:
        found = blocks(examined(self.drawn(nn.Upsample(scale_factor=4.0), nn.UpsamplingBilinear2d(scale_factor=2))))
        assert found is not None
        assert found.equal > 40

    def test_a_flat_picture_is_in_no_blocks(self) -> None:
        model = self.drawn(nn.Upsample(scale_factor=4.0))
        nn.init.zeros_(model[0].weight)
        assert blocks(examined(model)) is None

    @pytest.mark.parametrize("decide", [lambda y: y.argmax(1, keepdim=True).float(), lambda y: (y > 0).float()])
    def test_decisions_are_enlarged_by_repetition(self, decide: Callable[[Tensor], Tensor]) -> None:
        class Deciding(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.draw = nn.Conv2d(3, 2, 3, stride=4, padding=1)

            def forward(self, x: Tensor) -> Tensor:
                return F.interpolate(decide(self.draw(x)), scale_factor=4.0)

        assert blocks(examined(built(Deciding))) is None

    def test_a_layer_behind_smooths_them(self) -> None:
        assert blocks(examined(self.drawn(nn.Upsample(scale_factor=4.0), nn.Conv2d(2, 2, 3, padding=1)))) is None

    def test_resizing_between_pixels_draws_none(self) -> None:
        assert blocks(examined(self.drawn(nn.Upsample(scale_factor=4.0, mode="bilinear")))) is None
