"""What a loss makes of an output, and which loss a file applies to what its network returns."""

import textwrap
from pathlib import Path

import pytest
import torch

from unetdoctor.engine.loss_source import applied_losses, inferred_loss
from unetdoctor.engine.losses import loss_numbers

LOGITS = 4 * torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
ONE = LOGITS[:, :1]
ENDS = {
    "": lambda x: x,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "softmax": lambda x: torch.softmax(x, 1),
    "log_softmax": lambda x: torch.log_softmax(x, 1),
}


def numbers(loss, activation, logits=LOGITS):
    found = loss_numbers(ENDS[activation](logits), activation, loss)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("loss", "activation", "logits"),
    [
        ("bce", "sigmoid", ONE),
        ("bce", "softmax", LOGITS),
        ("bce-with-logits", "", ONE),
        ("cross-entropy", "", LOGITS),
        ("cross-entropy", "log_softmax", LOGITS),
        ("nll", "log_softmax", LOGITS),
    ],
)
def test_pairs_that_fit(loss, activation, logits):
    found = numbers(loss, activation, logits)
    assert abs(found.least) < 1e-4
    assert found.outside == 0
    assert found.gradient_wrong > 0.1


@pytest.mark.parametrize(
    ("loss", "activation", "least"),
    [
        ("cross-entropy", "softmax", 0.5514),
        ("cross-entropy", "sigmoid", 0.5514),
        ("nll", "softmax", -1.0),
        ("nll", "", -50.0),
    ],
)
def test_the_least_loss_of_pairs_that_clash(loss, activation, least):
    assert numbers(loss, activation).least == pytest.approx(least, abs=1e-3)


def test_logits_twice_squeezed_can_not_be_sure():
    assert 0.31 < numbers("bce-with-logits", "sigmoid", ONE).least < 0.70
    assert numbers("bce-with-logits", "sigmoid", ONE).gradient_left > 0.2


def test_what_bce_refuses():
    assert numbers("bce", "", ONE).outside > 0.5
    assert numbers("bce", "tanh", ONE).outside > 0.3


def test_cross_entropy_of_one_channel_learns_nothing():
    assert numbers("cross-entropy", "", ONE).gradient_wrong == 0


def test_an_activation_that_an_experiment_took_away():
    assert loss_numbers(ONE, "sigmoid", "bce-with-logits").least < 1e-4


@pytest.mark.parametrize("output", [LOGITS.long(), LOGITS[0], LOGITS * torch.nan, LOGITS[:0]])
def test_what_has_no_numbers(output):
    assert loss_numbers(output, "", "bce") is None


def test_losses_of_any_range_have_none():
    assert loss_numbers(LOGITS, "", "dice") is None
    assert loss_numbers(LOGITS, "", "") is None


NETWORK = """
import torch
from torch import nn
from torch.nn import functional as F

class Net(nn.Module):
    def forward(self, x):
        return x
"""


def read(tmp_path: Path, text: str, network: str = NETWORK):
    file = tmp_path / "model.py"
    file.write_text(network + textwrap.dedent(text), encoding="utf-8")
    return file


APPLIED = {
    "a function on the call": ("def train(model, x, y):\n    return F.cross_entropy(model(x), y)", "cross-entropy"),
    "a name in between": (
        "def train(net, x, y):\n    out = net(x)\n    return F.binary_cross_entropy(out, y)",
        "bce",
    ),
    "a criterion": (
        "criterion = nn.BCEWithLogitsLoss().to('cpu')\ndef step(x, y):\n    m = Net().cuda()\n    o = m(x)\n"
        "    loss = criterion(o, y)",
        "bce-with-logits",
    ),
    "of a module": (
        "class T:\n    def __init__(self):\n        self.loss = nn.NLLLoss()\n    def step(self, x, y):\n"
        "        out = self(x)\n        return self.loss(out, y)",
        "nll",
    ),
    "in one line": ("def step(model, x, y):\n    return nn.CrossEntropyLoss()(model(x), y)", "cross-entropy"),
    "beside dice": (
        "def step(model, x, y):\n    o = model(x)\n    return F.cross_entropy(o, y) + dice_loss(o, y)",
        "cross-entropy",
    ),
}


@pytest.mark.parametrize("name", APPLIED)
def test_the_loss_of_a_file(tmp_path, name):
    text, kind = APPLIED[name]
    found = inferred_loss(read(tmp_path, text), "Net", lambda _: "model.py")
    assert found["inferred_loss"] == kind
    assert "in model.py, line" in found["inferred_loss_from"]


UNCLEAR = {
    "only made": "criterion = nn.BCELoss()",
    "of something else": "def step(model, x, y):\n    return F.cross_entropy(model.logits(x), y)",
    "after an activation": "def step(model, x, y):\n    return F.binary_cross_entropy(torch.sigmoid(model(x)), y)",
    "of another network": "def step(model, critic, x, y):\n    return F.binary_cross_entropy(critic(x), y)",
    "of another class": "class Other(nn.Module): ...\nmodel = Other()\nF.cross_entropy(model(x), y)",
    "in a text": '"""F.cross_entropy(model(x), y)"""',
}


@pytest.mark.parametrize("name", UNCLEAR)
def test_what_is_not_clear_is_not_read(tmp_path, name):
    assert inferred_loss(read(tmp_path, UNCLEAR[name]), "Net", str) == {}


def test_several_losses_are_named_and_none_is_chosen(tmp_path):
    text = "def a(model, x, y):\n    return F.l1_loss(model(x), y) + F.cross_entropy(model(x), y)"
    found = inferred_loss(read(tmp_path, text), "Net", str)
    assert "inferred_loss" not in found
    assert "F.l1_loss" in found["inferred_loss_from"]


def test_a_network_that_returns_something_else_in_training(tmp_path):
    network = NETWORK.replace("return x", "return x if self.training else x.sigmoid()")
    text = "def train(model, x, y):\n    return F.cross_entropy(model(x), y)"
    assert applied_losses(read(tmp_path, text, network)) == ()


def test_no_file():
    assert applied_losses(None) == ()
