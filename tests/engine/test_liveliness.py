"""Channels that an activation never lets through, and the experiments on it."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.engine.test_finiteness import examined
from unetdoctor.engine.bench import NotApplicableError
from unetdoctor.facts import DeadActivation, Remedy


def below(x: Tensor, channels: int = 4) -> Tensor:
    """Push the first channels far below zero."""
    return x - 100 * (torch.arange(x.shape[1]) < channels).reshape(1, -1, 1, 1)


ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": torch.relu,
    "relu_": lambda x: x.clone().relu_(),
    "relu6": F.relu6,
    "clamp_min": lambda x: x.clamp_min(0),
    "threshold": lambda x: F.threshold(x, 0.1, 0.0),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_dead_channels_are_counted(name):
    (found,) = examined(lambda x: ACTIVATIONS[name](below(x))).evidence().dead
    assert (found.channels, found.dead) == (4, 4)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_channel_that_is_rarely_active_is_alive(name):
    def rare(x: Tensor) -> Tensor:
        out = below(x)
        out[0, 0, 3, 5] = 1.0
        return ACTIVATIONS[name](out)

    assert examined(rare).evidence().dead[0].dead == 3


@pytest.mark.parametrize(
    "function",
    [F.leaky_relu, torch.tanh, lambda x: x.clamp_min(-5), lambda x: F.hardtanh(x)],
    ids=["leaky_relu", "tanh", "clamp_min", "hardtanh"],
)
def test_other_activations_do_not_die(function):
    assert examined(lambda x: function(below(x))).evidence().dead == ()


def test_the_last_activation_is_no_hidden_one():
    examination = examined(lambda x: x)
    examination.subject.model.last = nn.Sequential(examination.subject.model.last, nn.ReLU())
    examination.seen.clear()
    probe = torch.randn(2, 3, 8, 8)
    from unetdoctor.facts import Probe

    examination.observe(Probe("noise", (2, 3, 8, 8), False, False), (probe,), {}, None)
    assert examination.evidence().dead == ()


def test_leaky_slope():
    examination = examined(lambda x: below(x).relu_())
    (dead,) = examination.evidence().dead
    assert dead == DeadActivation(dead.op, 4, 4)
    found = examination.picture_under((Remedy("leaky_slope", parameters={"op": dead.op}),))
    assert found is not None
    model, x = examination.subject.model, examination.main.inputs[0]
    with torch.no_grad():
        assert torch.equal(found[0], model.last(F.leaky_relu(below(model.first(x)), 0.2)))
    with pytest.raises(NotApplicableError, match="no such activation"):
        examination.picture_under((Remedy("leaky_slope", parameters={"op": 0}),))


@pytest.mark.parametrize(
    ("function", "share"),
    [
        (lambda x: torch.tanh(1000 + x), 1.0),
        (lambda x: torch.sigmoid(x - 1000), 1.0),
        (lambda x: F.hardsigmoid(x + 1000), 1.0),
        (lambda x: torch.tanh(0.1 * x), 0.0),
        (lambda x: x.clone().sigmoid_(), 0.0),
    ],
)
def test_values_at_an_end_are_counted(function, share):
    (found,) = examined(function).evidence().pinned
    assert found.share == share


def test_the_least_of_all_probes_counts():
    examination = examined(lambda x: torch.tanh(1000 * x.mean((1, 2, 3), keepdim=True) + x))
    x = examination.main.inputs[0]
    first = examination.evidence().pinned[0].share
    from unetdoctor.facts import Probe

    examination.observe(Probe("other", tuple(x.shape), False, False), (x * 0 + 0.01 * x,), {}, None)
    assert examination.evidence().pinned[0].share <= first


def test_centre_input():
    for function in (torch.tanh, lambda x: x.tanh_()):
        examination = examined(lambda x, f=function: f(50 + 3 * x))
        (pinned,) = examination.evidence().pinned
        found = examination.picture_under((Remedy("centre_input", parameters={"op": pinned.op}),))
        assert found is not None
        model, x = examination.subject.model, examination.main.inputs[0]
        with torch.no_grad():
            features = model.first(x)
            std, mean = torch.std_mean(features, dim=(0, 2, 3), keepdim=True, correction=0)
            expected = model.last(torch.tanh((features - mean) / std))
        torch.testing.assert_close(found[0], expected, rtol=1e-3, atol=1e-3)
        with pytest.raises(NotApplicableError, match="no such activation"):
            examination.picture_under((Remedy("centre_input", parameters={"op": 0}),))
