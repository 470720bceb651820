"""The first sample alone and in its batch: what mixes samples is found, at its operation; the sound are left alone."""

import warnings

import pytest
import torch
from torch import Tensor, nn

from unetdoctor.engine.digest import model_digest
from unetdoctor.engine.evaluation import Change
from unetdoctor.engine.isolation import beside_another, isolate
from unetdoctor.engine.observation import observe
from unetdoctor.engine.setting import Setting
from unetdoctor.facts import Isolation, Probe


def isolated(model: nn.Module, samples: int = 3, device: str = "cpu") -> tuple[Isolation | None, list[str]]:
    """Return what came of a network, and the names of its operations."""
    setting = Setting(model, device, 0, "", "")
    x = torch.randn(samples, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    seen = observe(setting, Probe("noise", tuple(x.shape), False, False), (x,), {}, verify=False)
    before = model_digest(model)
    found = isolate(setting, seen)
    assert model_digest(model) == before
    return found, [entry.name for entry in seen.tape.entries]


class Network(nn.Module):
    """A convolution, something between, a convolution."""

    def __init__(self, between: nn.Module) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first, self.between, self.last = nn.Conv2d(3, 4, 3, padding=1), between, nn.Conv2d(4, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.between(self.first(x)))
        return out


class Between(nn.Module):
    """A function as a module."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def forward(self, x: Tensor) -> Tensor:
        if self.name == "softmax":
            return torch.softmax(x, dim=0) * 4
        if self.name == "roll":
            return x.roll(1, 0)
        if self.name == "view":
            return x.reshape(4, -1, 8, 8).transpose(0, 1).reshape(x.shape)
        if self.name == "random":
            return x + torch.rand_like(x)
        if self.name == "hidden random":
            import random

            return x * random.random() if len(x) > 1 else x
        if self.name == "refuses one":
            assert len(x) > 1
        return x * 0 if self.name == "constant" else x


def test_sound_networks():
    for between in (nn.ReLU(), nn.BatchNorm2d(4), nn.InstanceNorm2d(4), nn.GroupNorm(2, 4)):
        found, _ = isolated(Network(between).eval())
        assert found is not None
        assert found.samples == 3
        assert found.relative < 1e-6
        assert found.origin is None


@pytest.mark.parametrize(("name", "op"), [("softmax", "_softmax"), ("roll", "roll"), ("view", None)])
def test_what_mixes_is_found(name: str, op: str | None):
    found, names = isolated(Network(Between(name)).eval())
    assert found is not None
    assert found.relative > 0.1
    assert found.origin is not None
    assert op is None or names[found.origin] == op


def test_batch_statistics_mix():
    model = Network(nn.BatchNorm2d(4)).eval()
    model.between.train()
    found, names = isolated(model)
    assert found is not None
    assert found.relative > 0.01
    assert found.origin is not None
    assert "batch_norm" in names[found.origin]


@pytest.mark.parametrize("name", ["random", "hidden random", "constant"])
def test_what_says_nothing(name: str):
    model = Network(Between(name)).eval()
    if name == "constant":
        nn.init.zeros_(model.last.weight)
        nn.init.zeros_(model.last.bias)
    assert isolated(model)[0] is None


def test_what_refuses_one_sample_is_fed_copies_of_it():
    found, _ = isolated(Network(Between("refuses one")).eval())
    assert found is not None
    assert found.relative < 1e-6

    class Mixing(Between):
        def forward(self, x: Tensor) -> Tensor:
            return torch.softmax(super().forward(x), dim=0) * 4

    found, names = isolated(Network(nn.Sequential(nn.ReLU(), Mixing("refuses one"))).eval())
    assert found is not None
    assert found.relative > 0.1
    assert found.origin is not None
    assert names[found.origin] == "_softmax"


def test_under_a_change():
    model = Network(nn.BatchNorm2d(4)).eval()
    model.between.train()
    setting = Setting(model, "cpu", 0, "", "")
    x = torch.randn(3, 3, 8, 8)
    seen = observe(setting, Probe("noise", (3, 3, 8, 8), False, False), (x,), {}, verify=False)
    norms = [op for op, entry in enumerate(seen.tape.entries) if "batch_norm" in entry.name]
    change = Change(dict.fromkeys(norms, lambda func, args, kwargs: (args[0] * 2, args[3], args[4])))
    found = isolate(setting, seen, change)
    assert found is not None
    assert found.relative < 1e-6


def test_one_sample_has_no_others():
    assert isolated(Network(nn.ReLU()).eval(), 1)[0] is None


def test_other_arguments_are_cut_with_the_picture():
    class Conditioned(Network):
        def forward(self, x: Tensor, t: Tensor, extra: dict[str, list[Tensor]]) -> Tensor:  # type: ignore[override]
            return super().forward(x + t[:, None, None, None] + extra["more"][0])

    model = Conditioned(nn.ReLU()).eval()
    setting = Setting(model, "cpu", 0, "", "")
    x = torch.randn(2, 3, 8, 8)
    args = (x, torch.tensor([0.0, 1.0]), {"more": [torch.ones(8)]})
    seen = observe(setting, Probe("noise", (2, 3, 8, 8), False, False), args, {}, verify=False)
    found = isolate(setting, seen)
    assert found is not None
    assert found.relative < 1e-6


def test_half_precision_is_judged_by_its_own_rounding():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = Network(nn.ReLU()).eval().bfloat16()
    setting = Setting(model, "cpu", 0, "", "")
    x = torch.randn(2, 3, 8, 8).bfloat16()
    found = isolate(setting, observe(setting, Probe("noise", (2, 3, 8, 8), False, False), (x,), {}, verify=False))
    assert found is not None
    assert torch.finfo(torch.bfloat16).eps <= found.precision < 2 * torch.finfo(torch.bfloat16).eps


class OnTopOf(Network):
    """A faint picture on a large constant."""

    def forward(self, x: Tensor) -> Tensor:
        return 12 + 0.003 * super().forward(x)


def test_a_mean_far_above_the_spread_is_rounded_to_its_own_size():
    found, _ = isolated(OnTopOf(nn.Conv2d(4, 4, 3, padding=1)).eval())
    assert found is not None
    assert found.precision > 1000 * torch.finfo(torch.float32).eps
    assert found.relative < 5 * found.precision
    assert found.origin is None


def test_what_mixes_below_a_large_mean_is_found():
    found, names = isolated(OnTopOf(Between("softmax")).eval())
    assert found is not None
    assert found.relative > 100 * found.precision
    assert found.origin is not None
    assert names[found.origin] == "_softmax"


def test_training_flags_are_put_back_after_every_pass():
    class Training(Network):
        def forward(self, x: Tensor) -> Tensor:
            self.train()
            return super().forward(x)

    model = Training(nn.BatchNorm2d(4)).eval()
    found, _ = isolated(model)
    assert found is not None
    assert found.relative > 0.01
    assert not any(module.training for module in model.modules())


@pytest.mark.parametrize(
    ("between", "sizes", "mixed"),
    [
        (nn.BatchNorm2d(4), (8, 8), True),
        (nn.BatchNorm2d(4), (8, 4), False),
        (nn.BatchNorm2d(4).eval(), (8, 8), False),
    ],
)
def test_single_photographs_are_set_beside_each_other(between: nn.Module, sizes: tuple[int, int], mixed: bool) -> None:
    """Where a normalisation takes statistics of the batch: no pass holds two samples otherwise."""
    model = Network(between)
    setting, passes = Setting(model, "cpu", 0, "", ""), []
    for number, size in enumerate(sizes):
        x = torch.randn(1, 3, 8, size, generator=torch.Generator().manual_seed(number)) * (1 + number)
        passes.append(observe(setting, Probe(f"image-{number}", tuple(x.shape), True, False), (x,), {}, verify=False))
    before = model_digest(model)
    fed = beside_another(setting, passes[0], passes)
    assert (fed is not passes[0]) == mixed
    found = isolate(setting, fed)
    assert (found is not None) == mixed
    assert found is None or (found.samples == 2 and found.relative > 0.1)
    assert model_digest(model) == before
