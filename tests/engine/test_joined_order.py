"""Two branches that are concatenated in the other order than the one that stored statistics remember."""

import math

import pytest
import torch
from torch import Tensor, nn

from tests.engine.test_folding import examination, smooth
from unetdoctor.engine.bench import NotApplicableError
from unetdoctor.facts import Remedy


class _Joined(nn.Module):
    """A U-Net of one level, whose deep branch is far louder than its skip connection."""

    def __init__(self, *, exchanged: bool = False) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.look, self.sink = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 3, 2, 1)
        self.read, self.norm, self.draw = nn.Conv2d(16, 8, 1), nn.BatchNorm2d(8, momentum=None), nn.Conv2d(8, 3, 1)
        with torch.no_grad():
            self.read.weight[:, 8:] *= 0.02
        self.exchanged = False
        self(smooth(32, 32))
        self.exchanged = exchanged

    def forward(self, x: Tensor) -> Tensor:
        looked = self.look(x).relu()
        deep = 50 * nn.functional.interpolate(self.sink(looked).relu(), scale_factor=2.0)
        joined = torch.cat([deep, looked] if self.exchanged else [looked, deep], 1)
        drawn: Tensor = self.draw(self.norm(self.read(joined)).relu())
        return drawn


def test_the_order_that_the_statistics_remember() -> None:
    examined = examination(_Joined(exchanged=True), smooth(32, 32))
    evidence = examined.evidence()
    assert abs(evidence.model.norms[0].log_variance_ratio) > 3
    assert evidence.exchanged_gap < 0.5
    joins = [skip.join for skip in evidence.skips]
    examined.remodels = True
    under = examined.counterfactual((Remedy("exchange_joined", parameters={"joins": joins}),))
    assert abs(under.model.norms[0].log_variance_ratio) < 0.5


def test_nothing_is_tried_where_they_fit() -> None:
    assert math.isnan(examination(_Joined(), smooth(32, 32)).evidence().exchanged_gap)


def test_two_branches_are_concatenated_nowhere_else() -> None:
    examined = examination(_Joined(exchanged=True), smooth(32, 32))
    with pytest.raises(NotApplicableError):
        examined.counterfactual((Remedy("exchange_joined", parameters={"joins": [0]}),))
