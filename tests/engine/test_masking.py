"""Masks of zeros behind the last layer, and arithmetic behind the final activation, left out."""

import pytest
import torch
from torch import Tensor, nn

from tests.engine.test_folding import examination, smooth
from unetdoctor.engine.bench import NotApplicableError
from unetdoctor.facts import Remedy


class _Painted(nn.Module):
    """Paints what lies in no hole into the hole."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.draw = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        hole = torch.zeros_like(x[:, :1])
        return hole * self.draw(x)


def test_the_operand_that_says_most_goes_on() -> None:
    examined = examination(_Painted(), smooth(32, 32))
    product = next(op for op in examined.evidence().runs[0].ops if op.name == "mul")
    assert product.statistics is not None
    assert product.statistics.signal == 0
    under = examined.counterfactual((Remedy("without_masks", parameters={"ops": [product.index]}),))
    assert under.outputs[0][1].raw_spread > 0.1


def test_an_operation_that_is_not_there() -> None:
    examined = examination(_Painted(), smooth(32, 32))
    with pytest.raises(NotApplicableError):
        examined.counterfactual((Remedy("without_masks", parameters={"ops": [99]}),))


class _Normalised(nn.Module):
    """Puts arithmetic behind its final activation."""

    def __init__(self, activation: str, factor: float) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.draw, self.activation, self.factor = nn.Conv2d(3, 3, 3, padding=1), activation, factor

    def forward(self, x: Tensor) -> Tensor:
        drawn: Tensor = getattr(torch, self.activation)(self.draw(x))
        return (drawn - 0.45) / self.factor if self.factor else drawn


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_arithmetic_behind_the_final_activation_left_out(activation: str) -> None:
    model, x = _Normalised(activation, 0.2), smooth(32, 32)
    under = examination(model, x).counterfactual((Remedy("as_activated"),)).outputs[0][1]
    drawn = getattr(torch, activation)(model.draw(x)).detach()
    wanted = (drawn + 1) / 2 if activation == "tanh" else drawn
    assert (under.minimum, under.maximum) == pytest.approx((wanted.min().item(), wanted.max().item()))


def test_no_arithmetic_behind_the_final_activation() -> None:
    with pytest.raises(NotApplicableError):
        examination(_Normalised("tanh", 0), smooth(32, 32)).counterfactual((Remedy("as_activated"),))
