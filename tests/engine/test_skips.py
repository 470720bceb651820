"""Skip connections from the graph, what each is worth, and the grid of learned upsampling."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.engine.networks import NETWORKS
from unetdoctor.checks.ud211_checkerboard import AGREE_LIMIT
from unetdoctor.engine import checkerboard
from unetdoctor.engine.ablation import skips, skips_under
from unetdoctor.engine.examination import Examination
from unetdoctor.engine.grid_remedies import evened
from unetdoctor.engine.setting import Setting, Subject
from unetdoctor.engine.skips import find_joins
from unetdoctor.facts import Place, Probe, Remedy, Request, Skip

torch.set_num_threads(1)

Joining = Callable[[Tensor, Tensor], Tensor]


def concatenated(deep: Tensor, skip: Tensor) -> Tensor:
    return torch.cat([deep, skip], dim=1)


class UNet(nn.Module):
    """Two levels over a bottleneck of 8x8, joined as the test wants it."""

    def __init__(self, joining: Joining = concatenated, width: int = 2) -> None:
        super().__init__()
        self.joining = joining
        self.top = nn.Conv2d(3, 4, 3, padding=1)
        self.middle = nn.Conv2d(4, 4, 3, padding=1)
        self.bottom = nn.Conv2d(4, 4, 3, padding=1)
        self.rise = nn.Conv2d(4 * width, 4, 3, padding=1)
        self.draw = nn.Conv2d(4 * width, 4, 3, padding=1)
        self.out = nn.Conv2d(4, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        top = F.relu(self.top(x))
        middle = F.relu(self.middle(F.max_pool2d(top, 2)))
        bottom = F.relu(self.bottom(F.max_pool2d(middle, 2)))
        up = F.relu(self.rise(self.joining(F.interpolate(bottom, scale_factor=2.0), middle)))
        up = F.relu(self.draw(self.joining(F.interpolate(up, scale_factor=2.0), top)))
        return self.out(up)


def examined(model: nn.Module, shape: tuple[int, ...] = (2, 3, 32, 32)) -> Examination:
    subject = Subject(model.eval(), "net", "eager", False, False, False, Place)
    examination = Examination(Setting(model, "cpu", 0, "", ""), subject, Request(target="net"))
    x = torch.randn(shape, generator=torch.Generator().manual_seed(3))
    examination.observe(Probe("noise", shape, False, False), (x,), {}, None)
    return examination


def of(model: nn.Module, shape: tuple[int, ...] = (2, 3, 32, 32)) -> tuple[Skip, ...]:
    return skips(examined(model, shape))


def built(make: Callable[[], nn.Module]) -> nn.Module:
    torch.manual_seed(0)
    return make()


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("smp-unet", 4),
        ("smp-linknet", 4),
        ("smp-fpn", 3),
        ("smp-deeplabv3plus", 1),
        ("smp-segformer", 3),
        ("smp-manet", 4),
        ("smp-unetplusplus", 20),
        ("smp-pspnet", 0),
        ("monai-unet", 1),
        ("monai-attention-unet", 2),
        ("monai-basic-unet", 4),
        ("residual", 0),
        ("generator", 0),
        ("torchvision-lraspp", 1),
    ],
)
def test_how_many_a_network_has(name: str, count: int) -> None:
    make, shape = NETWORKS[name]
    tape = examined(built(make), shape).main.tape
    found = find_joins(tape)
    assert len(found) == count
    assert all(math.prod(tape.entries[x.bottom].shape[2:]) < math.prod(x.size) for x in found)
    assert all(x.gated for x in found) == (name == "monai-attention-unet" or not found)


@pytest.mark.parametrize("name", ["smp-linknet", "smp-fpn", "monai-attention-unet"])
def test_every_branch_of_a_fresh_network_has_an_effect(name: str) -> None:
    make, shape = NETWORKS[name]
    assert all(x.influence > 0 and x.deep_influence > 0 for x in of(built(make), shape))


class TestFacts:
    def test_of_a_concatenation(self) -> None:
        deep, top = of(built(UNet))
        assert (deep.level, deep.size, deep.join_size) == (1, (16, 16), (16, 16))
        assert (top.level, top.size, top.bottom_size) == (0, (32, 32), (8, 8))
        assert (top.kind, top.channels, top.deep_channels, top.bottom_channels) == ("cat", 4, 4, 4)
        assert (top.consumer.layer, top.source.layer) == ("draw", "top")
        assert top.reconnects
        assert top.reaches

    def test_of_a_sum(self) -> None:
        found = of(built(lambda: UNet(torch.add, width=1)))
        assert [x.kind for x in found] == ["add", "add"]
        assert all(math.isnan(x.weight) for x in found)

    def test_a_gate_that_reads_the_deep_branch_leaves_the_skip_a_skip(self) -> None:
        def gated(deep: Tensor, skip: Tensor) -> Tensor:
            return torch.cat([deep, skip * torch.sigmoid((deep + skip).mean(dim=1, keepdim=True))], dim=1)

        found = of(built(lambda: UNet(gated)))
        assert [(x.kind, x.gated, x.source.layer) for x in found] == [("cat", True, "middle"), ("cat", True, "top")]

    def test_a_resized_one_keeps_its_own_level(self) -> None:
        class Crossed(UNet):
            def forward(self, x: Tensor) -> Tensor:
                top = self.top(x)
                middle = self.middle(F.max_pool2d(top, 2))
                bottom = F.interpolate(self.bottom(F.max_pool2d(middle, 2)), scale_factor=2.0)
                up = self.rise(torch.cat([bottom, F.interpolate(top, size=bottom.shape[2:])], dim=1))
                up = F.interpolate(up, scale_factor=2.0)
                return self.out(self.draw(torch.cat([up, F.interpolate(middle, size=up.shape[2:])], dim=1)))

        found = of(built(Crossed))
        assert [(x.size, x.join_size, x.resized) for x in found] == [
            ((32, 32), (16, 16), True),
            ((16, 16), (32, 32), True),
        ]

    def test_the_input_itself_is_told_apart(self) -> None:
        class Correcting(UNet):
            def forward(self, x: Tensor) -> Tensor:
                return x[:, :2] + super().forward(x)

        assert [x.from_input for x in of(built(Correcting))] == [False, False, True]

    def test_an_upsampled_input_is_no_skip(self) -> None:
        """Super-resolution: nothing was below the resolution at which the branches part."""

        class Enlarging(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.look = nn.Conv2d(3, 12, 3, padding=1)

            def forward(self, x: Tensor) -> Tensor:
                return F.interpolate(x, scale_factor=2.0, mode="bilinear") + F.pixel_shuffle(self.look(x), 2)

        assert of(built(Enlarging)) == ()


class TestInfluence:
    def test_equals_the_model_with_the_mean_in_its_place(self) -> None:
        model = built(UNet)
        examination = examined(model)
        measured = skips(examination)[1].influence

        def flat(deep: Tensor, skip: Tensor) -> Tensor:
            top = skip.shape[2] == 32
            return concatenated(deep, skip.mean(dim=(0, 2, 3), keepdim=True).expand_as(skip) if top else skip)

        x = examination.main.inputs[0]
        with torch.no_grad():
            before = model(x)
            model.joining = flat
            moved = (model(x) - before).square().mean().sqrt()
        spread = (before - before.mean(dim=(0, 2, 3), keepdim=True)).square().mean().sqrt()
        assert measured == pytest.approx((moved / spread).item(), rel=1e-4)

    def test_zero_weights(self) -> None:
        model = built(UNet)
        with torch.no_grad():
            model.draw.weight[:, 4:] = 0
        deep, top = of(model)
        assert (top.influence, top.weight) == (0, 0)
        assert top.signal > 0
        assert deep.influence > 0

    def test_multiplied_by_zero(self) -> None:
        found = of(built(lambda: UNet(lambda deep, skip: concatenated(deep, 0 * skip))))
        assert [x.influence for x in found] == [0, 0]
        assert [x.signal for x in found] == [0, 0]

    @pytest.mark.parametrize("gate", [lambda s: s * torch.zeros_like(s), lambda s: torch.zeros_like(s) * s])
    def test_a_gate_of_constants_is_none(self, gate) -> None:
        top = of(built(lambda: UNet(lambda deep, skip: concatenated(deep, gate(skip)))))[-1]
        assert (top.influence, top.cut, top.blotted) == (0, True, True)

    def test_what_nobody_reads(self) -> None:
        class Overwritten(UNet):
            def forward(self, x: Tensor) -> Tensor:
                top = self.top(x)
                up = F.interpolate(self.bottom(F.max_pool2d(top, 2)), scale_factor=2.0)
                torch.cat([up, top], dim=1)
                sound = torch.cat([up, top], dim=1)
                return self.out(self.draw(sound))

        unread, sound = of(built(Overwritten))
        assert (unread.reaches, unread.influence) == (False, 0)
        assert sound.reaches
        assert sound.influence > 0

    def test_what_only_another_output_reads(self) -> None:
        """Deep supervision: the picture that is looked at is drawn before the last join."""

        class Supervised(UNet):
            def forward(self, x: Tensor) -> list[Tensor]:  # type: ignore[override]
                top = self.top(x)
                deep = F.interpolate(self.bottom(F.max_pool2d(top, 2)), scale_factor=2.0)
                first = self.draw(torch.cat([deep, top], dim=1))
                second = F.interpolate(self.bottom(F.max_pool2d(first, 2)), scale_factor=2.0)
                return [self.out(first), self.out(self.rise(torch.cat([second, first], dim=1)))]

        found = of(built(Supervised))
        assert len(found) == 2
        assert all(x.reaches and x.influence > 0 and x.deep_influence > 0 for x in found)

    def test_an_output_without_spread_tells_nothing(self) -> None:
        model = built(UNet)
        nn.init.zeros_(model.out.weight)
        assert all(math.isnan(x.influence) for x in of(model))

    def test_the_other_head_counts(self) -> None:
        """Two heads joined in the output: a skip that only the first one reads is not without effect."""

        class Heads(UNet):
            def forward(self, x: Tensor) -> Tensor:
                top = self.top(x)
                up = F.interpolate(self.bottom(F.max_pool2d(top, 2)), scale_factor=2.0)
                first = self.out(self.draw(torch.cat([up, top], dim=1)))
                return torch.cat([first, self.out(up)], dim=1)

        assert all(x.influence > 0 for x in of(built(Heads)))

    def test_nothing_is_written_into_the_model(self) -> None:
        model = built(UNet)
        before = {name: x.clone() for name, x in model.state_dict().items()}
        of(model)
        assert all(torch.equal(x, before[name]) for name, x in model.state_dict().items())


class TestRemedies:
    def remedy(self, action: str, skip: Skip, **more: Any) -> Remedy:
        return Remedy(action, parameters={"join": skip.join, "operand": skip.operand, **more})

    def test_a_tensor_that_was_lost_is_joined_again(self) -> None:
        examination = examined(built(lambda: UNet(lambda deep, skip: concatenated(deep, 0 * skip))))
        top = skips(examination)[1]
        after = skips_under(examination, (self.remedy("reconnect_skip", top),))
        assert [x.influence > 0 for x in after] == [False, True]
        assert after[1].signal > 0

    @pytest.mark.parametrize(("branch", "taken"), [("skip", slice(4, 8)), ("deep", slice(0, 4))])
    def test_weights_are_drawn_anew(self, branch: str, taken: slice) -> None:
        model = built(UNet)
        with torch.no_grad():
            model.draw.weight[:, taken] = 0
        examination = examined(model)
        top = skips(examination)[1]
        after = skips_under(examination, (self.remedy("fresh_slice", top, branch=branch),))[1]
        assert min(top.influence, top.deep_influence) == 0
        assert min(after.influence, after.deep_influence) > 0
        assert after.weight == pytest.approx(after.deep_weight, rel=0.5)


class Growing(nn.Module):
    """Half the size, and back."""

    def __init__(self, grow: nn.Module) -> None:
        super().__init__()
        self.look = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.grow = grow

    def forward(self, x: Tensor) -> Tensor:
        return self.grow(F.relu(self.look(x)))


GROWING: dict[str, Callable[[], nn.Module]] = {
    "2x2": lambda: nn.ConvTranspose2d(8, 3, 2, 2),
    "3x3": lambda: nn.ConvTranspose2d(8, 3, 3, 2, 1, 1),
    "4x4": lambda: nn.ConvTranspose2d(8, 3, 4, 2, 1),
    "shuffle": lambda: nn.Sequential(nn.Conv2d(8, 12, 3, padding=1), nn.PixelShuffle(2)),
}


class TestGrid:
    def seen(self, grow: Callable[[], nn.Module], monkeypatch: pytest.MonkeyPatch) -> Examination:
        monkeypatch.setattr("unetdoctor.engine.model_facts.is_trained", lambda *given: True)
        return examined(built(lambda: Growing(grow())), (2, 3, 64, 64))

    @pytest.mark.parametrize("name", GROWING)
    def test_even_kernels_draw_none(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        examination = self.seen(GROWING[name], monkeypatch)
        found = checkerboard.grid(examination)
        assert found is not None
        assert found.period == 2
        assert found.even > 0.05
        assert [x.uneven for x in found.makers] == [name == "3x3"]
        remedy = Remedy("even_kernel", parameters={"ops": [x.op for x in found.makers]})
        after = checkerboard.grid(examination, (remedy,))
        assert after is not None
        assert after.even < 1e-5

    def test_a_resizing_network_has_no_maker(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def resizing() -> nn.Module:
            return nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(8, 3, 3, padding=1))

        assert checkerboard.grid(self.seen(resizing, monkeypatch)) is None

    def test_a_fresh_network_is_not_looked_at(self) -> None:
        assert checkerboard.grid(examined(built(lambda: Growing(GROWING["3x3"]())), (2, 3, 64, 64))) is None

    def test_the_mean_kernel_stays(self) -> None:
        weight = torch.randn(4, 3, 3, 3)
        even = evened(weight, (2, 2))
        assert torch.allclose(even.sum(dim=(2, 3)), weight.sum(dim=(2, 3)), atol=1e-5)


def test_fresh_grids_are_measured_where_they_are_judged():
    assert checkerboard.NOISE == AGREE_LIMIT
