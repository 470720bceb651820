"""What ends a network, and the remedies on it: read on the tape, and tried on it."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from unetdoctor.engine.examination import Examination
from unetdoctor.engine.head import numbers
from unetdoctor.engine.setting import Setting, Subject
from unetdoctor.facts import Latent, Place, Probe, Remedy, Request

X = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))


class Ends(nn.Module):
    """A convolution with any ending."""

    def __init__(self, end, channels=3):
        super().__init__()
        torch.manual_seed(0)
        self.head = nn.Conv2d(3, channels, 3, padding=1)
        self.end = end

    def forward(self, x):
        return self.end(self.head(x))


def examined(end, channels=3, latent: Latent | None = None) -> Examination:
    model = Ends(end, channels).eval()
    subject = Subject(model, "Ends", "eager", False, False, False, lambda layer: Place(layer))
    examination = Examination(Setting(model, "cpu", 0, "", ""), subject, Request(target="ends"))
    examination.observe(Probe("noise", tuple(X.shape), False, False), (X,), {}, latent)
    return examination


def found(end, channels=3):
    return examined(end, channels).evidence().finishes


def last_first(y):
    return y.permute(0, 2, 3, 1)


ENDS = {
    "softmax": (lambda y: torch.softmax(y, 1), [("softmax", 1, 1, True)]),
    "over the samples": (lambda y: torch.softmax(y, 0), [("softmax", 0, 1, True)]),
    "counted from behind": (lambda y: torch.softmax(y, -1), [("softmax", 3, 1, True)]),
    "channels last": (lambda y: torch.softmax(last_first(y), -1), [("softmax", 3, 3, True)]),
    "transposed": (lambda y: torch.softmax(y.transpose(1, 3), 1), [("softmax", 1, 3, True)]),
    "flattened": (lambda y: torch.softmax(y.flatten(2), -1).view_as(y), [("softmax", 2, 1, True)]),
    "mixed by a view": (lambda y: torch.softmax(y.reshape(2, 16, 48), 1), [("softmax", 1, None, True)]),
    "argmax": (lambda y: torch.softmax(y, 1).argmax(1), [("softmax", 1, 1, True), ("argmax", 1, 1, True)]),
    "indices of max": (lambda y: torch.max(y, 1)[1], [("argmax", 1, 1, True)]),
    "values of max": (lambda y: torch.max(y, 1)[0], []),
    "threshold": (lambda y: torch.sigmoid(y) > 0.5, [("sigmoid", None, 1, True)]),
    "enlarged": (lambda y: F.interpolate(torch.sigmoid(y), scale_factor=2), [("sigmoid", None, 1, True)]),
    "scaled": (lambda y: torch.sigmoid(y) * 255, [("sigmoid", None, 1, False)]),
    "twice": (lambda y: torch.sigmoid(torch.sigmoid(y)), [("sigmoid", None, 1, True)] * 2),
    "gate": (lambda y: torch.sigmoid(y) * y, []),
    "none": (lambda y: y, []),
}


@pytest.mark.parametrize("name", ENDS)
def test_the_functions_at_the_end(name):
    end, wanted = ENDS[name]
    assert [(x.kind, x.dim, x.channels, x.ends) for x in found(end)] == wanted


HANDED = {
    "(tanh + 1) / 2": (lambda y: (torch.tanh(y) + 1) / 2, (0, 1)),
    "turned over": (lambda y: 255 - torch.sigmoid(y) * 255, (0, 255)),
    "cut off": (lambda y: y.clamp(-2, 3) * 2, (-4, 6)),
    "as it is": (lambda y: torch.sigmoid(y).permute(0, 2, 3, 1), (0, 1)),
    "to the power": (lambda y: torch.sigmoid(y) ** 2, None),
    "times what varies": (lambda y: torch.sigmoid(y) * torch.ones(16), None),
    "times nothing": (lambda y: torch.relu(y) * 0, (0, 0)),
}


@pytest.mark.parametrize("name", HANDED)
def test_the_values_that_are_handed_on(name):
    end, wanted = HANDED[name]
    assert found(end)[-1].handed == wanted


def test_the_ends_of_a_relu():
    assert [(x.low, x.high) for x in found(F.relu6)] == [(0, 6)]
    assert [(x.low, x.high) for x in found(torch.relu)] == [(0, math.inf)]


def under(examination: Examination, action: str, **parameters):
    drawn = examination.picture_under((Remedy(action, parameters=parameters),))
    assert drawn is not None
    return drawn[0]


LOGITS = Ends(lambda y: y)(X).detach()
ONE = Ends(lambda y: y, 1)(X).detach()


def test_one_of_two_activations_is_left_out():
    examination = examined(lambda y: torch.sigmoid(torch.sigmoid(y)))
    first = examination.evidence().finishes[0]
    assert torch.equal(under(examination, "skip_operation", op=first.op), torch.sigmoid(LOGITS))


def test_a_normalisation_is_left_out():
    examination = examined(F.instance_norm)
    norm = next(x.index for x in examination.evidence().runs[0].ops if "norm" in x.name)
    assert torch.equal(under(examination, "skip_operation", op=norm), LOGITS)


def test_a_softmax_is_turned():
    examination = examined(lambda y: torch.softmax(y, 2))
    op = examination.evidence().finishes[0].op
    assert torch.equal(under(examination, "softmax_over", op=op, dim=1), torch.softmax(LOGITS, 1))


def test_an_argmax_is_turned():
    examination = examined(lambda y: y.argmax(2))
    found = examination.evidence().finishes[0]
    assert (found.kind, found.dim, found.channels) == ("argmax", 2, 1)
    assert torch.equal(under(examination, "softmax_over", op=found.op, dim=1), LOGITS.argmax(1))


@pytest.mark.parametrize(
    ("end", "ends"),
    [
        (lambda y: torch.softmax(y, 1), torch.sigmoid),
        (lambda y: F.log_softmax(y, 1), F.logsigmoid),
        (lambda y: y.argmax(1), lambda y: (y > 0).long()[:, 0]),
        (lambda y: y.argmax(1, keepdim=True), lambda y: (y > 0).long()),
        (lambda y: torch.max(y, 1)[1], lambda y: (y > 0).long()[:, 0]),
    ],
)
def test_one_channel_is_decided(end, ends):
    examination = examined(end, 1)
    ops = [x.op for x in examination.evidence().finishes]
    assert torch.equal(under(examination, "decide_one_channel", ops=ops, threshold=0.0), ends(ONE))


def test_the_output_is_mapped():
    drawn = under(examined(torch.tanh), "scale_output", factor=0.5, shift=0.5)
    assert torch.allclose(drawn, (torch.tanh(LOGITS) + 1) / 2)


def test_log_softmax_as_the_final_activation():
    drawn = under(examined(lambda y: torch.softmax(y, 1)), "final_activation", kind="log_softmax")
    assert torch.allclose(drawn, torch.log_softmax(LOGITS, 1))


class TestNumbers:
    """Of the head."""

    def test_sums(self):
        scores = torch.randn(2, 3, 8, 8)
        assert numbers(torch.softmax(scores, 1), scores, "softmax").channel_sum_error < 1e-6
        assert numbers(torch.log_softmax(scores, 1), scores, "log_softmax").channel_sum_error < 1e-6
        assert numbers(torch.softmax(scores, 2), scores, "softmax").channel_sum_error > 0.5
        assert math.isnan(numbers(scores[:, :1], scores[:, :1], "").channel_sum_error)

    def test_the_lead_of_a_class(self):
        scores = torch.zeros(1, 3, 2, 2)
        scores[:, 1] = torch.tensor([[5.0, 3.0], [5.0, 3.0]])
        head = numbers(scores, scores, "")
        assert (head.margin, head.margin_spread, head.margin_least) == (4.0, 1.0, 3.0)

    def test_the_distance_from_a_threshold(self):
        scores = torch.tensor([-6.0, -4.0]).reshape(1, 1, 1, 2)
        head = numbers(torch.sigmoid(scores), scores, "sigmoid")
        assert (head.margin, head.margin_spread, head.margin_least) == (5.0, 1.0, 4.0)

    def test_zeros_and_means(self):
        x = torch.relu(torch.tensor([-1.0, 1.0]).repeat(2, 1, 8, 4))
        head = numbers(x, x, "relu")
        assert head.zeros == 0.5
        assert head.mean_drift == 0
        assert math.isnan(numbers(x[:1], x[:1], "relu").mean_drift)
        assert numbers(x * torch.tensor([1.0, 3.0])[:, None, None, None], x, "").mean_drift == 0.5
