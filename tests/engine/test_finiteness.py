"""Where values stop being finite, and the experiments on that operation."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from unetdoctor.checks.graph import non_finite_origin
from unetdoctor.engine.bench import NotApplicableError
from unetdoctor.engine.examination import Examination
from unetdoctor.engine.finiteness import broken_operations
from unetdoctor.engine.setting import Setting, Subject
from unetdoctor.facts import Place, Probe, Remedy, Request


class Between(nn.Module):
    """A convolution, a function, a convolution."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first, self.last, self.function = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 2, 1), function

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.function(self.first(x)))
        return out


def examined(function: Callable[[Tensor], Tensor]) -> Examination:
    """Examine such a network on one probe."""
    model = Between(function).eval()
    subject = Subject(model, "between", "eager", False, False, False, lambda layer: Place(layer))
    examination = Examination(Setting(model, "cpu", 0, "", ""), subject, Request(target="between"))
    x = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    examination.observe(Probe("noise", tuple(x.shape), False, False), (x,), {}, None)
    return examination


def zero_spread(x: Tensor) -> Tensor:
    flat = torch.cat([torch.zeros_like(x[:, :1]), x[:, 1:]], 1)
    return flat / flat.std((2, 3), keepdim=True)


def standardised(x: Tensor) -> Tensor:
    return (x - x.mean((2, 3), keepdim=True)) / x.std((2, 3), keepdim=True)


GUARDED: dict[str, Callable[[Tensor], Tensor]] = {
    "sqrt": torch.sqrt,
    "sqrt_": lambda x: x.clone().sqrt_(),
    "log": lambda x: torch.log(x.relu()),
    "log1p": lambda x: torch.log1p(x - 5),
    "rsqrt": torch.rsqrt,
    "reciprocal": lambda x: torch.reciprocal(x.relu()),
    "div": zero_spread,
    "pow": lambda x: x**0.5,
    "pow-negative": lambda x: x.relu() ** -0.5,
    "exp": lambda x: torch.exp(200 * x.abs()),
    "acos": lambda x: torch.acos(3 * x),
    "atanh": lambda x: torch.atanh(3 * x),
    "acosh": torch.acosh,
    "var": lambda x: x + x[:, :1].var(1, keepdim=True),
    "native_batch_norm": lambda x: nn.functional.batch_norm(x, torch.zeros(4), torch.full((4,), -1.0)),
    "native_group_norm": lambda x: nn.functional.group_norm(0 * x, 2, eps=0.0),
}


@pytest.mark.filterwarnings("ignore:.*degrees of freedom")
@pytest.mark.parametrize("name", GUARDED)
def test_guard_operand(name):
    examination = examined(GUARDED[name])
    broken = examination.evidence().broken
    plain = name.partition("-")[0]
    assert plain in examination.main.tape.entries[broken[0].op].name
    assert broken[0].count
    assert broken[0].operands
    operation = examination.main.tape.entries[broken[0].op].name.removesuffix("_")
    found = examination.picture_under((Remedy("guard_operand", parameters={"name": operation}),))
    assert found is not None
    assert torch.isfinite(found[0]).all()


@pytest.mark.parametrize("name", ["sqrt", "sqrt_", "div"])
def test_keep_finite(name):
    examination = examined(GUARDED[name])
    found = examination.picture_under((Remedy("keep_finite", parameters={"name": name.removesuffix("_")}),))
    assert found is not None
    assert torch.isfinite(found[0]).all()


def test_compute_wider():
    examination = examined(lambda x: (x.abs() * 1e30) * 1e10 * 1e-30)
    (broken,) = examination.evidence().broken
    assert broken.wider
    assert broken.dtype == "float32"
    found = examination.picture_under((Remedy("compute_wider", parameters={"name": "mul"}),))
    assert found is not None
    assert torch.isfinite(found[0]).all()


def test_what_no_type_helps():
    assert not examined(torch.sqrt).evidence().broken[0].wider


def test_a_constant_of_the_network_s_own():
    examination = examined(lambda x: x * torch.tensor(-1.0).sqrt())
    (broken,) = broken_operations(examination)
    assert (broken.count, broken.operands) == (1, (("self", -1.0, -1.0),))
    run = examination.evidence().main
    assert non_finite_origin(run).name == "sqrt"


def test_sound_networks_are_left_alone():
    assert examined(torch.relu).evidence().broken == ()


def test_a_mask_of_minus_infinity_is_no_fault():
    masked = examined(lambda x: torch.softmax(x.masked_fill(x < 0, -float("inf")), 1).nan_to_num())
    assert masked.evidence().broken == ()


@pytest.mark.parametrize("action", ["guard_operand", "keep_finite", "compute_wider"])
def test_an_operation_that_did_not_run(action):
    with pytest.raises(NotApplicableError, match="no log ran"):
        examined(torch.sqrt).picture_under((Remedy(action, parameters={"name": "log"}),))


def test_an_operation_without_a_guard():
    with pytest.raises(NotApplicableError, match="no operand to guard"):
        examined(torch.sqrt).picture_under((Remedy("guard_operand", parameters={"name": "convolution"}),))


class TestOneEvenTone:
    """A picture without a motif, on which a deviation is 0."""

    ANEW = Remedy("guard_operand", parameters={"name": "div"})

    def examined(self, function: Callable[[Tensor], Tensor]) -> Examination:
        examination = examined(function)
        zeros = torch.zeros(2, 3, 8, 8)
        examination.observe(Probe("zeros", tuple(zeros.shape), real=False, constant=True), (zeros,), {}, None)
        return examination

    def test_it_is_looked_at_where_it_alone_is_not_finite(self) -> None:
        examination = self.examined(standardised)
        assert [s.probe.name for s in examination.blanks] == ["zeros"]
        assert examination.evidence().broken
        under = examination.counterfactual((self.ANEW,))
        assert [run.probe.name for run in under.runs] == ["noise", "zeros"]
        assert all(run.output is not None and not run.output.non_finite for run in under.runs)

    def test_else_it_is_not(self) -> None:
        assert not self.examined(torch.log).blanks
        examination = self.examined(torch.relu)
        assert not examination.blanks
        under = examination.counterfactual((Remedy("initialise", parameters={"scheme": "default"}),))
        assert [run.probe.name for run in under.runs] == ["noise"]


def test_memory_that_is_set_aside_is_no_result():
    seen = examined(lambda x: x * x.new_empty(x.shape).fill_(2.0) + torch.empty_like(x).zero_()).main
    measured = {seen.tape.entries[op].name for op in seen.statistics}
    assert {"fill_", "mul", "zero_", "add"} <= measured
    assert not [name for name in measured if "empty" in name]
