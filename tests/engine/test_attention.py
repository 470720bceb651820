"""Attention written out, with its softmax over keys, queries or heads."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.engine.test_folding import examination, smooth
from unetdoctor.facts import Attention, Remedy


class _Attending(nn.Module):
    """One layer of attention between patches, summed as a function says."""

    def __init__(self, attend: Any) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.look, self.draw, self.attend = nn.Conv2d(3, 24, 4, 4), nn.Conv2d(8, 3, 1), attend

    def forward(self, x: Tensor) -> Tensor:
        looked = self.look(x)
        q, k, v = looked.flatten(2).transpose(1, 2).chunk(3, dim=-1)
        summed = self.attend(4 * q, 4 * k, v)
        drawn: Tensor = self.draw(summed.transpose(1, 2).reshape(len(x), 8, *looked.shape[2:]))
        return drawn


def heads(x: Tensor) -> Tensor:
    """Part channels among two heads."""
    return x.unflatten(-1, (2, 4)).transpose(1, 2)


def over(dim: int) -> Any:
    """Attention of two heads with a softmax over one axis of [N, heads, queries, keys]."""

    def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        weights = torch.softmax(heads(q) @ heads(k).transpose(-1, -2) / 2 + 0.1, dim)
        return (nn.functional.dropout(weights, 0.1, training=False) @ heads(v)).transpose(1, 2).flatten(2)

    return attend


def turned(transposed: bool) -> Any:
    """Values times weights, which are transposed before as they must be, or are not."""

    def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        weights = torch.softmax(torch.einsum("nqc,nkc->nqk", q, k), -1)
        return torch.bmm(v.transpose(1, 2), weights.transpose(1, 2) if transposed else weights).transpose(1, 2)

    return attend


def slots(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Attention over queries, whose weights are made to add up to one afterwards."""
    weights = torch.softmax(q @ k.transpose(1, 2), 1)
    return (weights / weights.sum(-1, keepdim=True)) @ v


def linear(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Attention without a product of queries and keys."""
    return torch.softmax(q, -1) @ (torch.softmax(k, 1).transpose(1, 2) @ v)


def measured(attend: Any) -> tuple[Attention, ...]:
    """What is measured of it."""
    return examination(_Attending(attend), smooth(32, 48)).evidence().attentions


@pytest.mark.parametrize("attend", [over(-1), turned(True)])
def test_weights_that_add_up_to_one(attend: Any) -> None:
    (found,) = measured(attend)
    assert found.error < 1e-5
    assert found.dim == found.right == len(found.shape) - 1


@pytest.mark.parametrize(("attend", "dim", "right"), [(over(1), 1, 3), (over(2), 2, 3), (turned(False), 2, 1)])
def test_weights_that_do_not(attend: Any, dim: int, right: int) -> None:
    examined = examination(_Attending(attend), smooth(32, 48))
    (found,) = examined.evidence().attentions
    assert found.error > 0.1
    assert (found.dim, found.right) == (dim, right)
    (under,) = examined.counterfactual((Remedy("attend_over", parameters={"axes": [[found.op, right]]}),)).attentions
    assert under.error < 1e-5


@pytest.mark.parametrize("attend", [slots, linear])
def test_attention_of_another_kind_is_not_judged(attend: Any) -> None:
    assert measured(attend) == ()
