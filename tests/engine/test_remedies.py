"""Every remedy on the tape against really changing a copy of the model, eager and TorchScript."""

import copy
import io
from collections.abc import Callable
from functools import cache

import pytest
import torch
from torch import Tensor, nn

from tests.engine import test_chance, test_finiteness, test_liveliness, test_precision
from tests.engine.networks import NETWORKS
from unetdoctor.engine.bench import NotApplicableError
from unetdoctor.engine.blocks import ACTIONS as BLOCK_ACTIONS
from unetdoctor.engine.casting import ACTIONS as SCALING
from unetdoctor.engine.colours import ACTIONS as COLOURING
from unetdoctor.engine.digest import model_digest
from unetdoctor.engine.evaluation import isolated_random_state
from unetdoctor.engine.examination import Examination
from unetdoctor.engine.finishing import ACTIONS as FINISHING
from unetdoctor.engine.grid_remedies import evened
from unetdoctor.engine.loading.loads import Load, nothing
from unetdoctor.engine.mask_remedies import ACTIONS as MASKING
from unetdoctor.engine.misread import ACTIONS as PAINTING
from unetdoctor.engine.preprocessing import ACTIONS as FEEDING
from unetdoctor.engine.remedies import ACTIONS
from unetdoctor.engine.returned import find_tensors
from unetdoctor.engine.setting import Setting, Subject
from unetdoctor.engine.skip_remedies import ACTIONS as SKIP_ACTIONS
from unetdoctor.facts import Latent, Place, Probe, Remedy, Request

SEED = 0
EAGER = ["generator", "smp-unet", "monai-basic-unet", "residual", "torchvision-lraspp", "attention"]
TORCHSCRIPT = ["generator", "smp-unet", "residual"]


@cache
def original(name: str) -> nn.Module:
    torch.manual_seed(0)
    return NETWORKS[name][0]().eval()


def reloaded(module: torch.jit.ScriptModule) -> nn.Module:
    buffer = io.BytesIO()
    torch.jit.save(module, buffer)
    buffer.seek(0)
    return torch.jit.load(buffer).eval()


@cache
def traced(name: str) -> torch.jit.ScriptModule:
    x = torch.randn(NETWORKS[name][1])
    return torch.jit.trace(original(name), x, check_trace=False)


def fresh(name: str, torchscript: bool) -> nn.Module:
    return reloaded(traced(name)) if torchscript else copy.deepcopy(original(name))


def probes(name: str) -> list[Tensor]:
    generator = torch.Generator().manual_seed(3)
    return [torch.randn(NETWORKS[name][1], generator=generator) for _ in range(2)]


def examined(model: nn.Module, name: str, loads: tuple[Load, ...] = ()) -> Examination:
    latent = "generator" in name
    subject = Subject(model, name, "eager", False, latent, False, lambda layer: Place(layer), loads)
    setting = Setting(model, "cpu", SEED, "", "")
    examination = Examination(setting, subject, Request(target=name, seed=SEED))
    for number, x in enumerate(probes(name)):
        shape = tuple(x.shape)
        known = Latent(shape, 1.0, -3.0, 3.0, False) if latent else None
        examination.observe(Probe(f"noise-{number}", shape, False, False), (x,), {}, known)
    return examination


def run(model: nn.Module, x: Tensor, path: str) -> Tensor:
    with torch.no_grad(), isolated_random_state(SEED):
        return dict(find_tensors(model(x)))[path]


def under(examination: Examination, remedy: Remedy) -> Tensor:
    found = examination.picture_under((remedy,))
    assert found is not None
    return found[0]


def norms(model: nn.Module) -> list[nn.Module]:
    return [m for n, m in model.named_modules() if f"{n}.running_mean" in dict(model.named_buffers())]


def change_parameter(model: nn.Module, name: str, make: Callable[[Tensor], Tensor]) -> None:
    with torch.no_grad():
        target = dict((*model.named_parameters(), *model.named_buffers()))[name]
        target.copy_(make(target))


CASES = [(n, False) for n in EAGER] + [(n, True) for n in TORCHSCRIPT]
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(params=CASES, ids=[f"{n}-{'torchscript' if t else 'eager'}" for n, t in CASES])
def case(request):
    name, torchscript = request.param
    model = fresh(name, torchscript)
    before = model_digest(model)
    examination = examined(model, name)
    yield name, fresh(name, torchscript), examination, probes(name)[0], examination.main.path
    assert model_digest(model) == before


def last(examination: Examination) -> str:
    return examination.evidence().model.last_layer


def has_norms(model: nn.Module) -> bool:
    return any(name.endswith("running_mean") for name, _ in model.named_buffers())


def test_batch_statistics(case):
    name, copied, examination, x, path = case
    remedy = Remedy("batch_statistics")
    if not has_norms(copied):
        with pytest.raises(NotApplicableError, match="no layer normalises"):
            under(examination, remedy)
        return
    traced_one = isinstance(copied, torch.jit.ScriptModule)
    if traced_one:  # a trace has its mode baked in: the eager model with the same weights is the reference
        copied = copy.deepcopy(original(name))
    for module in norms(copied):
        module.train()
    got, expected = under(examination, remedy), run(copied, x, path)
    assert torch.equal(got, expected) or (traced_one and torch.allclose(got, expected, rtol=1e-4, atol=1e-5))


def test_recalibrate(case):
    name, copied, examination, x, path = case
    remedy = Remedy("recalibrate")
    if not has_norms(copied):
        with pytest.raises(NotApplicableError, match="no layer keeps"):
            under(examination, remedy)
        return
    if isinstance(copied, torch.jit.ScriptModule):
        eager = copy.deepcopy(original(name))
        reference = recalibrated(eager, name)
        for key, value in reference.items():
            change_parameter(copied, key, lambda _, v=value: v)
    else:
        recalibrated(copied, name)
    torch.testing.assert_close(under(examination, remedy), run(copied, x, path), rtol=1e-4, atol=1e-5)


def recalibrated(model: nn.Module, name: str) -> dict[str, Tensor]:
    for module in norms(model):
        module.reset_running_stats()
        module.momentum = None
        module.train()
    with torch.no_grad():
        for x in probes(name):
            model(x)
    model.eval()
    return {n: b for n, b in model.named_buffers() if n.endswith(("running_mean", "running_var"))}


@pytest.mark.parametrize("scheme", ["xavier_uniform", "xavier_normal", "kaiming_fan_in", "kaiming_fan_out", "default"])
def test_initialise_last(case, scheme):
    _, copied, examination, x, path = case
    layer = last(examination)
    got = under(examination, Remedy("initialise", parameters={"scheme": scheme, "layers": "last"}))
    parameters = dict(copied.named_parameters())
    with isolated_random_state(examination.bench(examination.main).seed):
        weight = torch.empty_like(parameters[f"{layer}.weight"])
        if scheme == "default":
            nn.init.kaiming_uniform_(weight, a=5**0.5)
        elif scheme.startswith("xavier"):
            getattr(nn.init, f"{scheme}_")(weight)
        else:
            nn.init.kaiming_normal_(weight, mode=scheme.removeprefix("kaiming_"), nonlinearity="relu")
        change_parameter(copied, f"{layer}.weight", lambda _: weight)
        if scheme == "default" and f"{layer}.bias" in parameters:
            fan = weight[0].numel()
            change_parameter(copied, f"{layer}.bias", lambda b: torch.empty_like(b).uniform_(-(fan**-0.5), fan**-0.5))
    torch.testing.assert_close(got, run(copied, x, path), rtol=1e-4, atol=1e-5)


def test_initialise_all(case):
    _, copied, examination, x, path = case
    got = under(examination, Remedy("initialise", parameters={"scheme": "kaiming_fan_in", "layers": "all"}))
    change = examination.change(
        examination.main, (Remedy("initialise", parameters={"scheme": "kaiming_fan_in", "layers": "all"}),)
    )
    weighted = {f"{x.layer}.weight" for x in examination.evidence().model.layers if x.op is not None}
    assert set(change.leaves) == {n for n in weighted if n in dict(copied.named_parameters())}
    for key, value in change.leaves.items():
        fan_in = value[0].numel()
        if value.numel() > 1000:
            assert value.std().item() == pytest.approx((2 / fan_in) ** 0.5, rel=0.15)
        change_parameter(copied, key, lambda _, v=value: v)
    torch.testing.assert_close(got, run(copied, x, path), rtol=1e-3, atol=1e-4)


def test_rescale(case):
    _, copied, examination, x, path = case
    layer = examination.evidence().model.last
    factor = layer.default_std / layer.std
    change_parameter(copied, f"{layer.layer}.weight", lambda w: w * factor)
    got = under(examination, Remedy("rescale", parameters={"layers": "last"}))
    torch.testing.assert_close(got, run(copied, x, path), rtol=1e-4, atol=1e-5)


def test_zero_bias(case):
    _, copied, examination, x, path = case
    remedy = Remedy("zero_bias", parameters={"layers": "last"})
    bias = f"{last(examination)}.bias"
    if bias not in dict(copied.named_parameters()):
        with pytest.raises(NotApplicableError, match="no bias"):
            under(examination, remedy)
        return
    change_parameter(copied, bias, torch.zeros_like)
    torch.testing.assert_close(under(examination, remedy), run(copied, x, path), rtol=1e-5, atol=1e-6)


def test_spectral_norm(case):
    name, copied, examination, x, path = case
    layer = last(examination)
    eager = copy.deepcopy(original(name)).get_submodule(layer)
    with isolated_random_state(SEED + 1):
        nn.utils.parametrizations.spectral_norm(eager)
    weight = eager.eval().weight.detach()
    change_parameter(copied, f"{layer}.weight", lambda _: weight)
    got = under(examination, Remedy("spectral_norm", parameters={"layers": "last"}))
    torch.testing.assert_close(got, run(copied, x, path), rtol=2e-2, atol=5e-3)  # 15 power iterations


@pytest.mark.parametrize("kind", ["sigmoid", "tanh", "identity"])
def test_final_activation(case, kind):
    name, copied, examination, x, path = case
    remedy = Remedy("final_activation", parameters={"kind": kind})
    present = examination.main.drawing.activation or "identity"
    if kind == present:
        with pytest.raises(NotApplicableError, match="already"):
            under(examination, remedy)
        return
    raw = run(copied, x, path)
    if present == "tanh":
        raw = original(name).main[:-1](x)
    function = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "identity": lambda y: y}[kind]
    with torch.no_grad():
        torch.testing.assert_close(under(examination, remedy), function(raw), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("distribution", ["normal", "uniform", "x10"])
def test_latent(case, distribution):
    name, copied, examination, x, path = case
    remedy = Remedy("latent", parameters={"distribution": distribution})
    if name != "generator":
        with pytest.raises(NotApplicableError, match="no latent"):
            under(examination, remedy)
        return
    change = examination.change(examination.main, (remedy,))
    fed = change.inputs[0]
    if distribution == "x10":
        assert torch.equal(fed, x * 10)
    elif distribution == "uniform":
        assert fed.abs().max() <= 1
        assert fed.std().item() == pytest.approx(3**-0.5, rel=0.2)
    else:
        assert fed.std().item() == pytest.approx(1, rel=0.2)
    assert torch.equal(under(examination, remedy), run(copied, fed, path))


def test_replace_non_finite(case):
    name = case[0]
    model = copy.deepcopy(original(name))
    layer = next(n for n, p in model.named_parameters() if p.dim() == 4)
    with torch.no_grad():
        dict(model.named_parameters())[layer].view(-1)[0] = float("nan")
    examination = examined(model, name)
    assert torch.isnan(examination.main.output).any()
    for wanted in ("all", layer, layer.rpartition(".")[0]):
        assert torch.isfinite(under(examination, Remedy("replace_non_finite", parameters={"layers": wanted}))).all()
    change = examination.change(examination.main, (Remedy("replace_non_finite", parameters={"layers": "all"}),))
    healed = change.leaves[layer]
    assert torch.equal(healed.view(-1)[1:], dict(model.named_parameters())[layer].detach().view(-1)[1:])


def test_load_weights(case):
    name = case[0]
    model = copy.deepcopy(original(name))
    stored = {k: v * 1.25 + 0.01 for k, v in model.state_dict().items() if v.is_floating_point()}
    stored = {k: v.abs() if k.endswith("running_var") else v for k, v in stored.items()}
    before, after = nothing("w.pth"), nothing("w.pth", model=9)
    examination = examined(model, name, (Load(before, {"entry ema": after}, {"entry ema": stored}),))
    remedy = Remedy("load_weights", parameters={"load": 0, "reading": "entry ema"})
    other = copy.deepcopy(model)
    other.load_state_dict(stored, strict=False)
    x, path = probes(name)[0], examination.main.path
    assert torch.equal(under(examination, remedy), run(other, x, path))
    evidence = examination.counterfactual((remedy,))
    assert evidence.loads == (after,)
    assert examination.evidence().loads == (before,)
    with pytest.raises(NotApplicableError, match="no such weights"):
        under(examination, Remedy("load_weights", parameters={"load": 0, "reading": "entry x"}))


def test_rescale_input_of_activation():
    examination = examined(copy.deepcopy(original("generator")), "generator")
    raw = examination.main.raw
    expected = torch.tanh((raw - raw.mean((1, 2, 3), keepdim=True)) / raw.std((1, 2, 3), keepdim=True))
    got = under(examination, Remedy("rescale_input_of_activation"))
    torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-5)
    with pytest.raises(NotApplicableError, match="no final activation"):
        under(examined(copy.deepcopy(original("smp-unet")), "smp-unet"), Remedy("rescale_input_of_activation"))


def observed(model: nn.Module) -> tuple[Examination, Tensor]:
    subject = Subject(model, "plain", "eager", False, False, False, lambda layer: Place(layer), ())
    examination = Examination(Setting(model, "cpu", SEED, "", ""), subject, Request(target="plain"))
    x = torch.randn(2, 3, 12, 12, generator=torch.Generator().manual_seed(5))
    examination.observe(Probe("noise", tuple(x.shape), False, False), (x,), {}, None)
    return examination, x


def test_refill_filters():
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.ConvTranspose2d(8, 3, 2, stride=2))
    with torch.no_grad():
        model[2].weight[:, 1] = 0
    examination, x = observed(model)
    facts = examination.evidence().model
    assert [layer.dead_filters for layer in facts.layers] == [0, 1]
    with torch.no_grad():
        before = model(x)
    got = under(examination, Remedy("refill_filters", parameters={"layers": "2"}))
    assert torch.equal(got[:, ::2], before[:, ::2])
    assert got[:, 1].std() > 0.2 * before[:, 0].std()
    assert before[:, 1].std() < 1e-6


def test_one_group():
    model = nn.Sequential(nn.Conv2d(3, 6, 3), nn.GroupNorm(6, 6), nn.Conv2d(6, 3, 1))
    changed = nn.Sequential(model[0], nn.GroupNorm(1, 6), model[2])
    examination, x = observed(model)
    op = next(o.index for o in examination.evidence().runs[0].ops if o.name == "native_group_norm")
    with torch.no_grad():
        torch.testing.assert_close(
            under(examination, Remedy("one_group", parameters={"op": op})), changed(x), rtol=1e-4, atol=1e-5
        )
    with pytest.raises(NotApplicableError, match="no group normalisation"):
        under(examination, Remedy("one_group", parameters={"op": 0}))


def test_normalise_behind():
    model = nn.Sequential(nn.Conv2d(3, 6, 3), nn.ReLU(), nn.Conv2d(6, 3, 1))
    changed = nn.Sequential(model[0], nn.GroupNorm(1, 6, eps=0), *model[1:])
    examination, x = observed(model)
    got = under(examination, Remedy("normalise_behind", parameters={"op": 0}))
    with torch.no_grad():
        torch.testing.assert_close(got, changed(x), rtol=1e-4, atol=1e-5)
    with pytest.raises(NotApplicableError, match="no such operation"):
        under(examination, Remedy("normalise_behind", parameters={"op": 99}))


def test_where_control_flow_depends_on_data_the_model_itself_runs():
    name = "branching"
    model = copy.deepcopy(original(name))
    examination = examined(model, name)
    assert examination.main.verified
    assert examination.main.tape.reads_values(set(range(len(examination.main.tape.entries))))
    copied = copy.deepcopy(model)
    with torch.no_grad():  # over the threshold: the branch that the tape never saw
        copied.first.weight.mul_(20)
    from unetdoctor.engine.evaluation import Change

    change = Change(leaves={"first.weight": copied.first.weight.detach()})
    got, _ = examination.evaluate(examination.main, change)
    assert torch.equal(got, run(copied, probes(name)[0], "output"))


def test_zero_bias_of_a_normalisation():
    examination = examined(fresh("generator", False), "generator")
    copied = copy.deepcopy(original("generator"))
    nn.init.ones_(copied.main[1].bias)
    nn.init.ones_(examination.subject.model.main[1].bias)
    examination = examined(examination.subject.model, "generator")
    got = under(examination, Remedy("zero_bias", parameters={"layers": "main.1"}))
    assert not torch.equal(got, run(copied, probes("generator")[0], "output"))
    nn.init.zeros_(copied.main[1].bias)
    assert torch.equal(got, run(copied, probes("generator")[0], "output"))


@pytest.mark.parametrize("channels", [2, 5])
def test_draw_channels(case, channels):
    name, _, examination, x, path = case
    model = copy.deepcopy(original(name))  # a trace has its shapes baked in, the eager model the same weights
    remedy = Remedy("draw_channels", parameters={"channels": channels})
    if name == "attention":
        with pytest.raises(NotApplicableError, match="the last layer is no convolution"):
            under(examination, remedy)
        return
    if name in ("residual", "torchvision-lraspp"):  # sums with the input, of two heads
        with pytest.raises(RuntimeError, match=rf"tensor . \({channels}\).* at non-singleton dimension 1"):
            under(examination, remedy)
        return
    got, before = under(examination, remedy), run(model, x, path)
    kept = min(channels, before.shape[1])
    assert got.shape == (before.shape[0], channels, *before.shape[2:])
    torch.testing.assert_close(got[:, :kept], before[:, :kept])
    assert got[:, kept:].std() > 0 or kept == channels


def test_draw_channels_of_a_layer_that_another_one_reads():
    model = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4)).eval()
    with pytest.raises(NotApplicableError, match="1 behind the last layer is made for the channels that it draws"):
        under(examined(model, "smp-unet"), Remedy("draw_channels", parameters={"channels": 2}))


def test_every_action_is_tested_here():
    source = {
        **globals(),
        **vars(test_finiteness),
        **vars(test_liveliness),
        **vars(test_chance),
        **vars(test_precision),
    }
    # test_head.py, test_colours.py, test_chains.py, test_skips.py, test_cut_branches.py, test_mask_remedies.py
    elsewhere = {*FINISHING, *COLOURING, *SCALING, *PAINTING, *SKIP_ACTIONS, *BLOCK_ACTIONS, *MASKING, *FEEDING}
    elsewhere |= {"fold_as", "attend_over"}  # test_folding.py, test_attention.py
    assert all(f"test_{action}" in source or f"test_{action}_last" in source for action in set(ACTIONS) - elsewhere)


def test_permute_view():
    class Renaming(nn.Module):
        def __init__(self, move: bool) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.mix, self.draw, self.move = nn.Linear(5, 6), nn.Conv2d(6, 2, 1), move

        def forward(self, x: Tensor) -> Tensor:
            tokens = self.mix(x.flatten(2).transpose(1, 2))
            tokens = tokens.transpose(1, 2) if self.move else tokens
            return self.draw(tokens.reshape(x.shape[0], 6, *x.shape[2:]))

    model = Renaming(False).eval()
    x = torch.randn(2, 5, 4, 8)
    examination = Examination(
        Setting(model, "cpu", SEED, "", ""),
        Subject(model, "", "eager", False, False, False, lambda layer: Place(layer)),
        Request(target=""),
    )
    examination.observe(Probe("noise", (2, 5, 4, 8), False, False), (x,), {}, None)
    views = [op.index for op in examination.evidence().runs[0].ops if "view" in op.name and len(op.shape) == 4]
    got = under(examination, Remedy("permute_view", parameters={"op": views[-1]}))
    torch.testing.assert_close(got, run(Renaming(True).eval(), x, "output"))
    with pytest.raises(NotApplicableError, match="no such view"):
        under(examination, Remedy("permute_view", parameters={"op": 999}))


class Joined(nn.Module):
    """A U of one level; the skip connection is multiplied by `gate`."""

    def __init__(self, gate: float) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.gate = gate
        self.look, self.deep, self.draw = (
            nn.Conv2d(3, 4, 3, padding=1),
            nn.Conv2d(4, 4, 3, padding=1),
            nn.Conv2d(8, 2, 1),
        )
        self.grow = nn.ConvTranspose2d(4, 4, 3, 2, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        skip = torch.relu(self.look(x))
        up = self.grow(torch.relu(self.deep(nn.functional.max_pool2d(skip, 2))))
        return self.draw(torch.cat([up, self.gate * skip], dim=1))


def joined(gate: float) -> tuple[Joined, Examination, dict[str, int]]:
    model = Joined(gate).eval()
    examination = examined(model, "smp-unet")
    skip = examination.evidence().skips[0]
    return model, examination, {"join": skip.join, "operand": skip.operand}


def test_reconnect_skip():
    _, examination, where = joined(0.0)
    expected = run(Joined(1.0).eval(), probes("smp-unet")[0], examination.main.path)
    assert torch.equal(under(examination, Remedy("reconnect_skip", parameters=where)), expected)


def test_fresh_slice():
    model, examination, where = joined(1.0)
    remedy = Remedy("fresh_slice", parameters={**where, "branch": "skip"})
    new = ACTIONS["fresh_slice"](examination.bench(examination.main), remedy).leaves["draw.weight"]
    assert torch.equal(new[:, :4], model.draw.weight[:, :4])
    assert not torch.equal(new[:, 4:], model.draw.weight[:, 4:])
    changed = copy.deepcopy(model)
    changed.draw.weight.data = new
    expected = run(changed, probes("smp-unet")[0], examination.main.path)
    assert torch.equal(under(examination, remedy), expected)


def test_even_kernel():
    model, examination, _ = joined(1.0)
    grow = next(i for i, e in enumerate(examination.main.tape.entries) if "grow.weight" in e.parameters)
    changed = copy.deepcopy(model)
    changed.grow.weight.data = evened(model.grow.weight, (2, 2))
    expected = run(changed, probes("smp-unet")[0], examination.main.path)
    assert torch.equal(under(examination, Remedy("even_kernel", parameters={"ops": [grow]})), expected)
