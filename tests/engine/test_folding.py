"""The order in which a layer's values are laid out as pixels, on patches of pictures whose order is known."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.engine.test_remedies import SEED
from unetdoctor.engine.bench import NotApplicableError
from unetdoctor.engine.examination import Examination
from unetdoctor.engine.setting import Setting, Subject
from unetdoctor.facts import Folding, Place, Probe, Remedy, Request

SHUFFLED = "ncpqhw"
PATCHES = "nhwpqc"


class _Cells(nn.Module):
    """Hands on pictures that were cut into cells, whose values are put together again in some order."""

    def __init__(self, values: int, together: Any) -> None:
        super().__init__()
        self.draw, self.together = nn.Conv2d(values, values, 1, bias=False), together
        with torch.no_grad():
            self.draw.weight.copy_(torch.eye(values)[:, :, None, None])

    def forward(self, x: Tensor) -> Tensor:
        drawn: Tensor = torch.sigmoid(self.together(self.draw(x)))
        return drawn


def smooth(height: int, width: int) -> Tensor:
    """Two pictures of three colours without an edge."""
    down = torch.linspace(0, 5, height)[:, None] + torch.arange(3)[:, None, None]
    across = torch.linspace(0, 3, width)
    one = torch.sin(down) + torch.cos(2 * across + down)
    return torch.stack([one, one.flip(1) * 0.7])


def examination(model: nn.Module, x: Tensor) -> Examination:
    """One that has seen a network draw this."""
    subject = Subject(model.eval(), "plain", "eager", True, False, False, lambda layer: Place(layer), ())
    found = Examination(Setting(model, "cpu", SEED, "", ""), subject, Request(target="plain"))
    found.observe(Probe("natural", tuple(x.shape), False, False), (x,), {}, None)
    return found


def cut(picture: Tensor, side: int) -> Tensor:
    """Cut pictures into cells, as pixel_shuffle puts them together."""
    return nn.functional.pixel_unshuffle(picture, side)


def seen(together: Any, picture: Tensor, side: int) -> tuple[Examination, Folding | None]:
    """What is measured of cells that are put together like this."""
    x = cut(picture, side)
    found = examination(_Cells(x.shape[1], together), x)
    return found, found.evidence().folding


def tensorflow(x: Tensor) -> Tensor:
    """Read channels as row, column and colour."""
    n, c, h, w = x.shape
    return x.view(n, 2, 2, c // 4, h, w).permute(0, 3, 4, 1, 5, 2).reshape(n, c // 4, 2 * h, 2 * w)


def turned(x: Tensor) -> Tensor:
    """Exchange rows and columns of each cell."""
    n, c, h, w = x.shape
    return x.view(n, c // 16, 4, 4, h, w).permute(0, 1, 4, 3, 5, 2).reshape(n, c // 16, 4 * h, 4 * w)


def renamed(x: Tensor) -> Tensor:
    """Take cells for a picture by renaming axes."""
    n, c, h, w = x.shape
    return x.permute(0, 2, 3, 1).reshape(n, h * w, c).reshape(n, c // 16, 4 * h, 4 * w)


@pytest.mark.parametrize("side", [2, 4])
def test_the_right_order_is_the_smoothest(side: int) -> None:
    _, found = seen(nn.PixelShuffle(side), smooth(32, 48), side)
    assert found is not None
    assert (found.order, found.rougher) == (SHUFFLED, pytest.approx(1))


@pytest.mark.parametrize(("together", "side"), [(tensorflow, 2), (turned, 4), (renamed, 4)])
@pytest.mark.parametrize("size", [(32, 32), (32, 48)])
def test_a_wrong_order_is_told_and_put_right(together: Any, side: int, size: tuple[int, int]) -> None:
    examined, found = seen(together, smooth(*size), side)
    assert found is not None
    assert found.rougher > 1.5
    assert found.sizes == {"n": 2, "c": 3, "h": size[0] // side, "w": size[1] // side, "p": side, "q": side}
    remedy = Remedy("fold_as", parameters={"order": found.order})
    under = examined.counterfactual((remedy,)).folding
    assert under is not None
    assert under.rougher == pytest.approx(1)


def test_a_grid_between_the_channels_is_no_wrong_order() -> None:
    x = cut(smooth(48, 48), 2)
    x = x + 10 * torch.randn(12, generator=torch.Generator().manual_seed(0))[:, None, None]
    found = examination(_Cells(12, nn.PixelShuffle(2)), x).evidence().folding
    assert found is not None
    assert found.rougher < 1.5  # 7.9 where the channels of a convolution are read as rows


def test_noise_has_no_order() -> None:
    _, found = seen(tensorflow, torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(4)), 2)
    assert found is not None
    assert found.rougher < 1.1


def test_a_layer_behind_it_reads_any_order() -> None:
    together = nn.Sequential(nn.PixelShuffle(2), nn.Conv2d(3, 3, 3, padding=1))
    assert seen(together, smooth(32, 32), 2)[1] is None


def test_a_picture_that_is_drawn_as_it_is() -> None:
    x = smooth(32, 32)
    assert examination(_Cells(3, nn.Identity()), x).evidence().folding is None


def test_an_order_that_this_pass_does_not_have() -> None:
    examined, _ = seen(nn.PixelShuffle(2), smooth(32, 32), 2)
    with pytest.raises(NotApplicableError):
        examined.counterfactual((Remedy("fold_as", parameters={"order": "nope"}),))
