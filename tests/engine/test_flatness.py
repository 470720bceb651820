"""Group and instance normalisations: what they take together, and whether it varies."""

import pytest
import torch
from torch import Tensor, nn

from tests.engine.test_remedies import observed
from unetdoctor.facts import PlaceNorm


def measured(norm: nn.Module, pooled: bool = False, scale: float = 1.0) -> PlaceNorm:
    """The normalisation of a small network, behind a global pool or not."""
    torch.manual_seed(0)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem, self.norm, self.draw = nn.Conv2d(3, 8, 3, padding=1), norm, nn.Conv2d(8, 3, 1)

        def forward(self, x: Tensor) -> Tensor:
            x = self.stem(x) * scale
            x = self.norm(x.mean((2, 3), keepdim=True)).expand_as(x) if pooled else self.norm(x)
            drawn: Tensor = self.draw(x)
            return drawn

    (found,) = observed(Net().eval())[0].evidence().place_norms
    return found


@pytest.mark.parametrize("norm", [nn.GroupNorm(4, 8), nn.InstanceNorm2d(8), nn.InstanceNorm2d(8, affine=True)])
def test_on_features_that_vary(norm: nn.Module) -> None:
    found = measured(norm)
    assert (found.flat, found.epsilon) == (0, 1e-5)
    assert found.values == (288 if isinstance(norm, nn.GroupNorm) else 144)
    assert found.signal_out > 0.9


def test_one_value() -> None:
    found = measured(nn.GroupNorm(8, 8), pooled=True)
    assert (found.values, found.flat) == (1, 1)
    assert found.signal_in > 0.01
    assert found.signal_out < 1e-3


def test_two_values_vary() -> None:
    assert measured(nn.GroupNorm(4, 8), pooled=True).flat < 0.5


def test_a_weak_signal_is_not_taken_away() -> None:
    found = measured(nn.GroupNorm(4, 8), scale=1e-5)
    assert found.flat == 1
    assert found.signal_out > 10 * found.signal_in


def test_with_a_weight_of_zero_the_features_still_vary() -> None:
    norm = nn.GroupNorm(4, 8)
    nn.init.zeros_(norm.weight)
    found = measured(norm)
    assert (found.flat, found.signal_out) == (0, 0)


@pytest.mark.parametrize("norm", [nn.BatchNorm2d(8), nn.InstanceNorm2d(8, track_running_stats=True), nn.Identity()])
def test_with_stored_statistics_it_is_another_matter(norm: nn.Module) -> None:
    examination, _ = observed(nn.Sequential(nn.Conv2d(3, 8, 3), norm, nn.Conv2d(8, 3, 1)).eval())
    assert not examination.evidence().place_norms


def test_stored_statistics_of_an_instance_normalisation_are_those_of_its_channels() -> None:
    norm = nn.InstanceNorm2d(8, affine=True, track_running_stats=True)
    model = nn.Sequential(nn.Conv2d(3, 8, 3), norm, nn.Conv2d(8, 3, 1)).eval()
    examination, x = observed(model)
    (found,) = examination.evidence().model.norms
    with torch.no_grad():
        features = model[0](x)
    assert found.mean_shift == pytest.approx(features.mean((0, 2, 3)).abs().mean().item(), rel=1e-3)
    running = examination.running_statistics()
    torch.testing.assert_close(running["1.running_mean"], features.mean((0, 2, 3)), rtol=1e-3, atol=1e-5)
    assert running["1.running_var"].shape == (8,)
