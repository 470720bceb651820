"""What is read of the model again under remedies: filters that part, statistics that fit."""

import copy
from dataclasses import replace

import pytest
import torch
from torch import nn

from tests.engine.test_remedies import examined, original
from unetdoctor.facts import Remedy

RECALIBRATE = Remedy("recalibrate")
RESCALE = Remedy("rescale", parameters={"layers": "last"})
ANEW = Remedy("initialise", parameters={"scheme": "default", "layers": "last"})


@pytest.fixture
def generator() -> nn.Module:
    torch.set_num_threads(1)
    return copy.deepcopy(original("generator"))


def norms(model: nn.Module) -> list[nn.BatchNorm2d]:
    return [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]


@pytest.mark.parametrize("passes", [0, 5])
def test_statistics_are_pristine_whatever_the_counter_says(generator: nn.Module, passes: int) -> None:
    for norm in norms(generator):
        assert norm.num_batches_tracked is not None
        norm.num_batches_tracked.fill_(passes)
    assert all(x.pristine for x in examined(generator, "generator").evidence().model.norms)


@pytest.mark.parametrize("trained", [True, False])
def test_recalibrated_statistics_fit_the_batch(generator: nn.Module, trained: bool) -> None:
    for norm in norms(generator):
        assert norm.running_var is not None
        norm.running_var.fill_(1e9)
    found = examined(generator, "generator")
    found.remodels = True
    found.subject = replace(found.subject, weights_given=trained)
    before = found.evidence().model.norms
    after = found.counterfactual((RECALIBRATE,)).model.norms
    assert [x.layer for x in after] == [x.layer for x in before]
    assert all(abs(x.log_variance_ratio) > 15 for x in before)
    if trained:
        assert all(abs(x.log_variance_ratio) < 1 for x in after)
    else:
        assert after == before  # of a fresh network nobody asks
    assert all(float(m.running_var.max()) == pytest.approx(1e9) for m in norms(generator))  # nothing is written


def test_fresh_filters_part(generator: nn.Module) -> None:
    last = [m for m in generator.modules() if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d))][-1]
    with torch.no_grad():
        last.weight.fill_(0.1)
    found = examined(generator, "generator")
    found.remodels = True
    before, after = found.evidence().model.last, found.counterfactual((ANEW,)).model.last
    assert before is not None
    assert after is not None
    assert before.row_difference == 0
    assert after.row_difference > 0.5
    assert after.bias_largest == before.bias_largest


def test_the_signal_behind_a_rescaled_layer_is_measured(generator: nn.Module) -> None:
    last = [m for m in generator.modules() if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d))][-1]
    with torch.no_grad():
        last.weight.mul_(1e-3)
    found = examined(generator, "generator")
    found.remodels = True
    before, after = found.evidence().model.last, found.counterfactual((RESCALE,)).model.last
    assert before is not None
    assert after is not None
    assert after.gain / before.gain == pytest.approx(after.std / before.std)
    assert after.signal_out / before.signal_out == pytest.approx(after.gain / before.gain, rel=1e-3)
    assert after.gain == pytest.approx(before.gain * before.default_std / before.std)


def test_nothing_is_read_again_where_no_cause_is_judged_by_it(generator: nn.Module) -> None:
    found = examined(generator, "generator")
    assert found.counterfactual((ANEW,)).model == found.evidence().model
