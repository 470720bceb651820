"""What chance changes, and the experiments that take it away."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from tests.engine.test_finiteness import examined
from unetdoctor.engine.bench import NotApplicableError
from unetdoctor.engine.digest import model_digest
from unetdoctor.engine.examination import Examination
from unetdoctor.engine.isolation import isolate
from unetdoctor.facts import Remedy

WITHOUT = Remedy("without_chance")
IN_EVAL = Remedy("as_in_eval")

RANDOM: dict[str, Callable[[Tensor], Tensor]] = {
    "randn": lambda x: x + torch.randn(x.shape),
    "randn_like": lambda x: x + torch.randn_like(x),
    "normal_": lambda x: x + torch.empty_like(x).normal_(1.0, 2.0),
    "rand": lambda x: x + torch.rand_like(x),
    "uniform_": lambda x: x + torch.empty_like(x).uniform_(-1, 3),
    "dropout": lambda x: F.dropout(x, 0.5, True),
    "dropout2d": lambda x: F.dropout2d(x, 0.25, True),
    "native_dropout": lambda x: torch.native_dropout(x, 0.5, True)[0],
    "bernoulli": lambda x: x * torch.bernoulli(torch.full_like(x, 0.25)),
}
MEANS: dict[str, Callable[[Tensor], Tensor]] = {
    "randn": torch.clone,
    "randn_like": torch.clone,
    "normal_": lambda x: x + 1,
    "rand": lambda x: x + 0.5,
    "uniform_": lambda x: x + 1,
    "dropout": torch.clone,
    "dropout2d": torch.clone,
    "native_dropout": torch.clone,
    "bernoulli": lambda x: x * 0.25,
}


def expected(examination: Examination, function: Callable[[Tensor], Tensor]) -> Tensor:
    """What the network draws with another function between its convolutions."""
    model = examination.subject.model
    with torch.no_grad():
        out: Tensor = model.last(function(model.first(examination.main.inputs[0])))
    return out


@pytest.mark.parametrize("name", RANDOM)
def test_without_chance(name):
    examination = examined(RANDOM[name])
    before = model_digest(examination.subject.model)
    chance = examination.evidence().chance
    assert chance is not None
    assert chance.relative > 0.05
    assert chance.repeated == 0
    found = examination.picture_under((WITHOUT,))
    assert found is not None
    torch.testing.assert_close(found[0], expected(examination, MEANS[name]))
    after = examination.counterfactual((WITHOUT,)).chance
    assert after is not None
    assert after.relative == 0
    assert model_digest(examination.subject.model) == before


@pytest.mark.parametrize("name", ["dropout", "native_dropout"])
def test_as_in_eval(name):
    examination = examined(RANDOM[name])
    found = examination.picture_under((IN_EVAL,))
    assert found is not None
    torch.testing.assert_close(found[0], expected(examination, torch.clone))


def test_as_in_eval_normalises_with_what_is_stored():
    mean, variance = torch.arange(4.0), torch.arange(1.0, 5.0)
    examination = examined(lambda x: F.batch_norm(x, mean.clone(), variance.clone(), training=True))
    examination.isolation = isolate(examination.setting, examination.main)
    assert examination.isolation is not None
    assert examination.isolation.relative > 1e-3
    found = examination.picture_under((IN_EVAL,))
    assert found is not None
    torch.testing.assert_close(found[0], expected(examination, lambda x: F.batch_norm(x, mean, variance)))
    under = examination.counterfactual((IN_EVAL,)).isolation
    assert under is not None
    assert under.relative < 1e-6


def test_networks_that_draw_nothing_need_no_pass():
    examination = examined(torch.relu)
    examination.isolation = isolate(examination.setting, examination.main)
    calls: list[int] = []
    forward = examination.subject.model.forward
    examination.subject.model.forward = lambda x: calls.append(1) or forward(x)
    assert examination.evidence().chance is None
    assert not calls


def test_random_numbers_that_no_seed_reaches():
    from random import SystemRandom

    chance = examined(lambda x: x * SystemRandom().random()).evidence().chance
    assert chance is not None
    assert chance.drawing == ()
    assert chance.repeated > 0


def test_random_numbers_of_python():
    import random

    chance = examined(lambda x: x * random.random()).evidence().chance
    assert chance is not None
    assert chance.drawing == ()
    assert chance.repeated == 0
    assert chance.relative > 0


def test_nothing_to_take_away():
    for remedy, said in ((WITHOUT, "draws random numbers"), (IN_EVAL, "as in training")):
        with pytest.raises(NotApplicableError, match=said):
            examined(torch.relu).picture_under((remedy,))
    with pytest.raises(NotApplicableError, match="randperm"):
        examined(lambda x: x[:, torch.randperm(4)]).picture_under((replace(WITHOUT),))
