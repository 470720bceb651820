"""The tape against the models themselves: bit for bit, for many families, eager and TorchScript."""

import io
from functools import cache

import pytest
import torch
from torch import Tensor, nn

from tests.engine.networks import NETWORKS
from unetdoctor.engine.digest import model_digest
from unetdoctor.engine.evaluation import evaluate, isolated_random_state
from unetdoctor.engine.observation import observe
from unetdoctor.engine.registration import idle
from unetdoctor.engine.returned import find_tensors
from unetdoctor.engine.setting import Setting
from unetdoctor.facts import Probe

UNREPLAYABLE = {"variational"}
"""Their source of randomness is global: the same seed gives the same output."""


@cache
def network(name: str) -> nn.Module:
    torch.manual_seed(0)
    return NETWORKS[name][0]().eval()


def setting(model: nn.Module) -> Setting:
    return Setting(model, "cpu", 7, "", "")


def an_input(name: str) -> Tensor:
    return torch.randn(NETWORKS[name][1], generator=torch.Generator().manual_seed(1))


def see(model: nn.Module, x: Tensor):
    return observe(setting(model), Probe("noise", tuple(x.shape), False, False), (x,), {}, verify=True)


def plain_output(model: nn.Module, x: Tensor, path: str) -> Tensor:
    with torch.no_grad(), isolated_random_state(7):
        return dict(find_tensors(model(x.clone())))[path]


@pytest.mark.parametrize("name", NETWORKS)
def test_observation_changes_nothing(name):
    model, x = network(name), an_input(name)
    before, fed = model_digest(model), x.clone()
    seen = see(model, x)
    assert seen.crash is None
    assert model_digest(model) == before
    assert torch.equal(x, fed)
    plain = plain_output(model, x, seen.path)
    model.load_state_dict(model.state_dict())
    if name == "counting":
        model.calls.zero_()
    assert torch.equal(plain, seen.output)


@pytest.mark.parametrize("name", NETWORKS)
def test_evaluated_tape_equals_the_model(name):
    model, x = network(name), an_input(name)
    seen = see(model, x)
    assert seen.verified, "whole tape"
    assert seen.drawing.drawn_by is not None
    count = len(seen.tape.entries)
    starts = sorted({count // 4, count // 2, (3 * count) // 4, seen.drawing.drawn_by})
    wanted = (seen.drawing.output,)
    _, snapshots = evaluate(seen.tape, wanted, take=tuple(starts), seed=7)
    assert sorted(snapshots) == starts
    for snapshot in snapshots.values():
        for _ in range(2):  # an evaluation leaves its snapshot as it was
            again, _ = evaluate(seen.tape, wanted, snapshot=snapshot, seed=7)
            assert torch.equal(again[seen.drawing.output], seen.output)


def scripted(name: str, trace: bool) -> nn.Module:
    model, x = network(name), an_input(name)
    buffer = io.BytesIO()
    module = torch.jit.trace(model, x, check_trace=False, strict=False) if trace else torch.jit.script(model)
    torch.jit.save(module, buffer)
    buffer.seek(0)
    return torch.jit.load(buffer).eval()


TRACED = ["generator", "unit-generator", "residual", "smp-unet", "smp-fpn", "smp-linknet", "monai-unet", "attention"]
SCRIPTED = ["generator", "residual", "smp-unet", "torchvision-lraspp", "monai-basic-unet"]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "trace"), [(n, True) for n in TRACED] + [(n, False) for n in SCRIPTED])
def test_torchscript_tape_equals_the_module(name, trace):
    model, x = scripted(name, trace), an_input(name)
    before = model_digest(model)
    for _ in range(3):  # profiling runs must not change what is seen
        seen = see(model, x)
        assert seen.verified
        assert torch.equal(plain_output(model, x, seen.path), seen.output)
    assert model_digest(model) == before
    last = seen.tape.entries[seen.drawing.drawn_by]
    assert last.layer in {n.rpartition(".")[0] for n, _ in model.named_parameters()}


def test_activations_are_not_kept():
    model = nn.Sequential(*[nn.Conv2d(8, 8, 3, padding=1) for _ in range(12)]).eval()
    x = torch.randn(1, 8, 64, 64)
    alive: list[int] = []
    import gc

    class Watch(nn.Module):
        def forward(self, y: Tensor) -> Tensor:
            alive.append(sum(1 for o in gc.get_objects() if type(o) is Tensor and o.shape == y.shape))
            return y

    watched = nn.Sequential(*[m for conv in model for m in (conv, Watch())]).eval()
    see(watched, x)
    assert max(alive) - min(alive) <= 1


def test_a_crash_keeps_the_tape_and_both_operands():
    class Skip(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.down = nn.Conv2d(3, 4, 3, 2, 1)
            self.up = nn.ConvTranspose2d(4, 4, 2, 2)

        def forward(self, x: Tensor) -> Tensor:
            return torch.cat([x, self.up(self.down(x))], 1)

    seen = see(Skip().eval(), torch.randn(1, 3, 15, 15))
    crash = seen.crash
    assert crash.op == "cat"
    assert crash.dimension == 1
    assert [o.shape for o in crash.operands] == [(1, 3, 15, 15), (1, 4, 16, 16)]
    assert [o.place.layer for o in crash.operands] == ["", "up"]
    assert crash.operands[0].drawn_by == -1
    assert [e.name for e in seen.tape.entries][:2] == ["convolution", "convolution"]


def test_upstream_leaves_out_what_nothing_returned_depends_on():
    class TwoHeads(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body, self.head, self.side = nn.Conv2d(1, 2, 1), nn.Conv2d(2, 1, 1), nn.Conv2d(2, 1, 1)
            self.mark = nn.Parameter(torch.ones(1, 1, 4, 4))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            seen = self.body(x)
            self.side(seen)
            canvas = torch.zeros(1, 1, 8, 8)
            canvas[..., :4, :4] = self.mark
            return self.head(seen) + canvas

    net = TwoHeads()
    seen = see(net, torch.rand(1, 1, 8, 8))
    assert sorted(name for name, _ in idle(net, seen.tape)) == ["side.bias", "side.weight"]
