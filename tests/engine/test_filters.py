"""Filters without weight, and inputs that no filter reads: plain, grouped and transposed kernels."""

import pytest
import torch
from torch import nn

from unetdoctor.engine.filters import as_rows, filled, spread, unread, without_weight

KERNELS = {
    "plain": nn.Conv2d(6, 8, 3),
    "grouped": nn.Conv2d(6, 8, 3, groups=2),
    "depthwise": nn.Conv2d(8, 8, 3, groups=8),
    "transposed": nn.ConvTranspose2d(6, 8, 2, stride=2),
    "grouped transposed": nn.ConvTranspose2d(6, 8, 2, stride=2, groups=2),
    "volume": nn.Conv3d(6, 8, 3),
    "linear": nn.Linear(6, 8),
}


@pytest.fixture(params=KERNELS, ids=list(KERNELS))
def layer(request: pytest.FixtureRequest) -> nn.Module:
    """A layer of eight filters, of which the second and the last have no weight and no bias."""
    torch.manual_seed(0)
    found: nn.Module = KERNELS[request.param]
    found.reset_parameters()
    weight = found.weight.detach()
    kind = isinstance(found, nn.ConvTranspose2d), getattr(found, "groups", 1)
    with torch.no_grad():
        found.bias.zero_()
        if not kind[0]:
            weight[[1, 7]] = 0
        elif kind[1] == 1:
            weight[:, [1, 7]] = 0
        else:  # the first group draws channels 0-3 of inputs 0-2
            weight[:3, 1] = 0
            weight[3:, 3] = 1e-39
    return found


def kind(layer: nn.Module) -> tuple[bool, int]:
    """Whether the kernel is transposed, and its groups."""
    return isinstance(layer, nn.ConvTranspose2d), getattr(layer, "groups", 1)


def test_filters_without_weight_draw_nothing(layer: nn.Module) -> None:
    dead = without_weight(as_rows(layer.weight, *kind(layer)))
    assert dead.tolist() == [False, True, False, False, False, False, False, True]


def test_only_they_are_drawn_anew(layer: nn.Module) -> None:
    rows = as_rows(layer.weight, *kind(layer))
    anew = as_rows(filled(layer.weight, *kind(layer)), *kind(layer))
    assert torch.equal(anew[[0, 2, 3, 4, 5, 6]], rows[[0, 2, 3, 4, 5, 6]])
    assert not without_weight(anew).any()
    assert 0.3 < (anew[[1, 7]].std() / rows[[0, 2, 3, 4, 5, 6]].std()).item() < 3


def test_inputs_that_nothing_reads() -> None:
    plain, grouped, transposed = nn.Conv2d(6, 8, 3), nn.Conv2d(6, 8, 3, groups=2), nn.ConvTranspose2d(6, 8, 2)
    with torch.no_grad():
        plain.weight[:, 2] = 0
        grouped.weight[4:, 0] = 0
        transposed.weight[5] = 0
    assert unread(plain.weight, False).nonzero().flatten().tolist() == [2]
    assert unread(grouped.weight, False, 2).nonzero().flatten().tolist() == [3]
    assert unread(transposed.weight, True).nonzero().flatten().tolist() == [5]


@pytest.mark.parametrize("rows", [torch.zeros(4, 3), torch.zeros(4, 0), torch.full((4, 3), torch.nan)])
def test_where_none_has_any_nothing_is_told_apart(rows: torch.Tensor) -> None:
    assert not without_weight(rows).any()


@pytest.mark.parametrize(("mean", "std"), [(0, 0.02), (0.1, 0.02), (1000, 0.02), (5, 0), (0, 1e25), (0, 1e-30)])
def test_the_spread_is_that_of_the_weights(mean: float, std: float) -> None:
    rows = torch.randn(64, 300, generator=torch.Generator().manual_seed(0)) * std + mean
    wanted = rows.double()
    found = spread(rows)
    assert found[0] == pytest.approx(wanted.std(correction=0).item(), rel=1e-4, abs=1e-5 * abs(mean))
    assert found[1] == pytest.approx(wanted.mean().item(), rel=1e-4, abs=std * 1e-4)
