"""Fresh weights of every usual scheme are told from trained and from broken ones."""

import math

import pytest
import torch
from torch import Tensor, nn

from unetdoctor.engine.filters import as_rows
from unetdoctor.engine.fingerprints import bias_trained, mark
from unetdoctor.engine.model_facts import shifts
from unetdoctor.engine.weights import default_fan


def judged(weight: Tensor, transposed: bool = False):
    rows = as_rows(weight, transposed)
    some = rows[:32]
    unit = some / some.norm(dim=1, keepdim=True)
    cosine = float((unit @ unit.T).min())
    difference = float((some.amax(0) - some.amin(0)).max() / some.abs().max())
    return mark(weight, rows, 1 / math.sqrt(default_fan(weight)), cosine, difference)


SCHEMES = {
    "default": lambda w: nn.init.kaiming_uniform_(w, a=math.sqrt(5)),
    "xavier uniform": nn.init.xavier_uniform_,
    "xavier normal": nn.init.xavier_normal_,
    "kaiming normal": nn.init.kaiming_normal_,
    "dcgan": lambda w: nn.init.normal_(w, 0, 0.02),
    "trunc normal": lambda w: nn.init.trunc_normal_(w, std=0.02),
    "lecun": lambda w: nn.init.trunc_normal_(w, std=0.05, a=-0.1, b=0.1),
    "equalised": lambda w: nn.init.normal_(w, 0, 1),
}
SHAPES = [(64, 32, 3, 3), (8, 3, 3, 3), (256, 64, 1, 1), (64, 3, 4, 4), (40, 300)]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("shape", SHAPES)
def test_fresh_weights_are_fresh(scheme, shape):
    torch.manual_seed(0)
    states = [judged(SCHEMES[scheme](torch.empty(shape))).state for _ in range(20)]
    assert states.count("fresh") >= 19


def test_default_is_recognised_as_such():
    torch.manual_seed(0)
    assert judged(nn.Conv2d(16, 32, 3).weight.detach()).scheme == "default"
    assert judged(nn.ConvTranspose2d(16, 32, 4).weight.detach(), True).scheme == "default"


def test_trained_weights_are_trained():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 16, 3, padding=1))
    parameters = list(net.parameters())
    for _ in range(150):
        x = torch.randn(4, 3, 16, 16)
        target = 3 * torch.nn.functional.avg_pool2d(x, 3, 1, 1).repeat(1, 6, 1, 1)[:, :16]
        gradients = torch.autograd.grad((net(x) - target).square().mean(), parameters)
        with torch.no_grad():
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter -= 0.3 * gradient
    assert [judged(net[i].weight.detach()).state for i in (0, 2)] == ["trained", "trained"]


@pytest.mark.parametrize(
    ("weight", "scheme"),
    [
        (torch.zeros(8, 4, 3, 3), "zero"),
        (torch.ones(8, 4, 3, 3), "constant"),
        (torch.randn(1, 4, 3, 3).repeat(8, 1, 1, 1), "identical filters"),
        (torch.full((8, 4, 3, 3), float("nan")), "non-finite"),
    ],
)
def test_broken_weights_are_degenerate(weight, scheme):
    seen = judged(weight)
    assert (seen.state, seen.scheme) == ("degenerate", scheme)


def test_a_bias_is_trained_beyond_the_bound_of_its_initialisation():
    assert not bias_trained(torch.zeros(16), 0.1)
    assert not bias_trained(torch.full((16,), -4.6), 0.1)
    assert not bias_trained(torch.linspace(-0.1, 0.1, 16), 0.1)
    assert bias_trained(torch.linspace(-0.3, 0.3, 16), 0.1)


class TestShifts:
    """What a few steps move, where the weights still look as drawn."""

    @staticmethod
    def network() -> nn.Module:
        return nn.Sequential(
            *(nn.Conv2d(3, 16, 3), nn.BatchNorm2d(16), nn.ReLU()),
            *(nn.Conv2d(16, 16, 3), nn.GroupNorm(4, 16), nn.PReLU(), nn.Conv2d(16, 1, 1)),
        )

    def test_fresh_normalisations_have_not_moved(self) -> None:
        model = self.network().train()
        model(torch.rand(4, 3, 16, 16))  # statistics move, shifts do not
        assert shifts(model) == (("1", False), ("4", False))

    def test_two_steps_move_them(self) -> None:
        torch.manual_seed(0)
        model = self.network().train()
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
        for _ in range(2):
            optimizer.zero_grad()
            model(torch.rand(4, 3, 16, 16)).square().mean().backward()
            optimizer.step()
        assert shifts(model) == (("1", True), ("4", True))
        assert judged(model[3].weight).state == "fresh"
