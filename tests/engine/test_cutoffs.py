"""Thresholds inside a network, as they are and under experiments."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from tests.engine.test_skips import built, examined
from unetdoctor.engine.cutoffs import cutoff
from unetdoctor.facts import Cutoff, Remedy


class Cutting(nn.Module):
    """A convolution and what decides behind it."""

    def __init__(self, decide: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.draw = nn.Conv2d(3, 1, 3, padding=1)
        self.decide = decide

    def forward(self, x: Tensor) -> Tensor:
        return self.decide(self.draw(x))


def found(decide: Callable[[Tensor], Tensor], *remedies: Remedy) -> Cutoff | None:
    return cutoff(examined(built(lambda: Cutting(decide))), remedies)


@pytest.mark.parametrize(
    ("decide", "name", "threshold", "low", "high"),
    [
        (lambda x: (torch.sigmoid(x) > 127).float(), "gt", 127, 0, 1),
        (lambda x: ((torch.sigmoid(x) * 255).byte() >= 128).float(), "ge", 128, 0, 255),
        (lambda x: ((torch.tanh(x) + 1) / 2 < 0.5).to(torch.uint8) * 255, "lt", 0.5, 0, 1),
        (lambda x: x > 128, "gt", 128, -torch.inf, torch.inf),
    ],
)
def test_what_is_cut(decide: Callable[[Tensor], Tensor], name: str, threshold: float, low: float, high: float) -> None:
    cut = found(decide)
    assert cut is not None
    assert (cut.name, cut.threshold, cut.low, cut.high) == (name, threshold, low, high)
    assert (cut.split == 0) is (threshold > high or (threshold == 128 and high > 255))


def test_another_number_splits_it() -> None:
    cut = found(lambda x: torch.sigmoid(x) > 127)
    assert cut is not None
    assert cut.split == 0
    moved = found(lambda x: torch.sigmoid(x) > 127, Remedy("cut_at", parameters={"op": cut.op, "threshold": 0.5}))
    assert moved is not None
    assert (moved.threshold, moved.moved) == (0.5, True)
    assert 0 < moved.split <= 0.5


@pytest.mark.parametrize("decide", [torch.sigmoid, lambda x: x * (x > x.mean()), lambda x: x.argmax(1)])
def test_no_threshold(decide: Callable[[Tensor], Tensor]) -> None:
    assert found(decide) is None
