"""Shapes without arithmetic against real forward passes, for many families, eager and TorchScript."""

import io
import random
import subprocess
import sys
import time
from functools import cache

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.engine.networks import NETWORKS, Generator
from unetdoctor.engine.digest import model_digest
from unetdoctor.engine.returned import find_tensors
from unetdoctor.engine.shape_answers import answer, bind
from unetdoctor.engine.shapes import ShapeFailure, ShapesUnknownError, output_shape, sweep

VALUES_DECIDE = {"branching"}
"""Networks that read a value into Python: shapes alone do not decide."""


@cache
def network(name: str) -> nn.Module:
    torch.manual_seed(0)
    return NETWORKS[name][0]().eval()


def real_shapes(model: nn.Module, *args: Tensor) -> tuple[tuple[int, ...], ...]:
    with torch.no_grad():
        return tuple(tuple(t.shape) for _, t in find_tensors(model(*args)))


def through_a_file(module: torch.jit.ScriptModule) -> torch.jit.ScriptModule:
    buffer = io.BytesIO()
    torch.jit.save(module, buffer)
    buffer.seek(0)
    return torch.jit.load(buffer).eval()


@pytest.mark.parametrize("name", sorted(NETWORKS.keys() - VALUES_DECIDE))
def test_shapes_equal_those_of_a_real_pass_and_touch_nothing(name):
    model, shape = network(name), NETWORKS[name][1]
    x = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    before, fed = model_digest(model), x.clone()
    found = output_shape(model, (x,))
    assert model_digest(model) == before
    assert torch.equal(x, fed)
    assert found.shapes == real_shapes(model, x)
    assert found.weighted
    assert found.weighted[0].sources == 1


def test_enough_families_were_tried():
    assert len(NETWORKS) - len(VALUES_DECIDE) >= 20


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("name", "trace"),
    [(n, True) for n in ("generator", "residual", "smp-unet", "smp-fpn", "monai-unet", "attention")]
    + [(n, False) for n in ("generator", "residual", "smp-unet", "torchvision-lraspp", "monai-basic-unet")],
)
def test_torchscript_files_as_well(name, trace):
    model, shape = network(name), NETWORKS[name][1]
    x = torch.randn(shape)
    module = through_a_file(torch.jit.trace(model, x, check_trace=False) if trace else torch.jit.script(model))
    before = model_digest(module)
    found = output_shape(module, (x,))
    assert model_digest(module) == before
    assert found.shapes == real_shapes(module, x)
    assert found.weighted[0].layer in {n.rpartition(".")[0] for n, _ in module.named_parameters()}


def test_nothing_heavy_is_imported_and_it_is_quick():
    program = """
import sys, time
from tests.engine import test_shapes as those
from tests.engine.networks import Attention, Generator, Normed, Residual
from unetdoctor.engine.shapes import output_shape
sys.modules["sympy"] = sys.modules["torch._dynamo"] = None
empty = lambda *shape: those.torch.empty(shape, device="meta")
start = time.process_time()
for model, shape in (
    (Generator(), (4, 32, 1, 1)), (Normed(), (2, 3, 64, 64)), (Residual(), (1, 3, 4096, 4096)),
    (Attention(), (2, 3, 32, 32)),
):
    output_shape(model.eval(), (empty(*shape),))
for name in those.OPERATIONS.keys() - {"unpool"}:  # torch itself imports sympy there
    output_shape(those.Doing(name), (those.X, those.Z, those.I))
assert time.process_time() - start < 4, time.process_time() - start
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], check=True, timeout=120)


def test_a_huge_input_costs_no_memory():
    model = nn.Sequential(nn.Conv2d(3, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(2)).eval()
    start = time.process_time()
    found = output_shape(model, (torch.empty(64, 3, 8192, 8192, device="meta"),))
    assert found.shapes == ((64, 64, 4096, 4096),)
    assert time.process_time() - start < 2


class UNet(nn.Module):
    def __init__(self, depth: int = 4, width: int = 4) -> None:
        super().__init__()
        self.down = nn.ModuleList([nn.Conv2d(3 if i == 0 else width, width, 3, padding=1) for i in range(depth + 1)])
        self.up = nn.ModuleList([nn.ConvTranspose2d(width, width, 2, 2) for _ in range(depth)])
        self.merge = nn.ModuleList([nn.Conv2d(2 * width, width, 3, padding=1) for _ in range(depth)])
        self.pool = nn.MaxPool2d(2)

    def forward(self, x: Tensor) -> Tensor:
        skips: list[Tensor] = []
        for layer in list(self.down)[:-1]:
            x = F.relu(layer(x))
            skips.append(x)
            x = self.pool(x)
        x = self.down[-1](x)
        for up, merge in zip(self.up, self.merge, strict=True):
            x = merge(torch.cat([skips.pop(), up(x)], dim=1))
        return x


def test_a_refused_concatenation_names_its_operands():
    with pytest.raises(ShapeFailure) as raised:
        output_shape(UNet(), (torch.empty(1, 3, 100, 100, device="meta"),))
    failure = raised.value
    assert failure.op == "cat"
    assert failure.operands == ((1, 4, 25, 25), (1, 4, 24, 24))
    with pytest.raises(RuntimeError) as real:
        UNet()(torch.zeros(1, 3, 100, 100))
    assert failure.message == str(real.value)
    assert [h.size_in for h in failure.seen.halvings] == [(100, 100), (50, 50), (25, 25), (12, 12)]
    assert [h.layer for h in failure.seen.halvings] == ["pool"] * 4
    assert all("test_shapes.py:" in h.place for h in failure.seen.halvings)


def test_python_that_raises_is_no_operation():
    class Model(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            raise ValueError("only on Tuesdays")

    with pytest.raises(ShapeFailure, match="only on Tuesdays") as raised:
        output_shape(Model(), (torch.zeros(1, 3, 8, 8),))
    assert raised.value.op == ""


def test_channels_that_do_not_fit_tell_what_was_wanted():
    for model, wanted in ((nn.Conv2d(4, 8, 3, groups=2), 4), (nn.ConvTranspose2d(100, 8, 4), 100)):
        with pytest.raises(ShapeFailure, match=f"to have {wanted} channels, but got 3 channels instead") as raised:
            output_shape(model, (torch.zeros(2, 3, 8, 8),))
        assert raised.value.seen.weighted[-1].channels == wanted


@pytest.mark.parametrize(
    "read",
    [
        lambda x: x * float(x.max()),
        lambda x: x[x > 0],
        lambda x: x if (x > 0).any() else -x,
        lambda x: torch.nonzero(x),
        lambda x: torch.from_numpy(x.cpu().numpy()),
        lambda x: torch.unique(x),
    ],
)
def test_values_that_decide_are_admitted(read):
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(1, 1, 1)

        def forward(self, x: Tensor) -> Tensor:
            return read(self.conv(x))

    with pytest.raises(ShapesUnknownError) as raised:
        output_shape(Model(), (torch.zeros(1, 1, 4, 4),))
    assert len(raised.value.seen.weighted) == 1


class Caching(nn.Module):
    """Keeps what it computed, draws random numbers, writes into a parameter, counts in a constant."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.register_buffer("steps", torch.zeros((), dtype=torch.long))
        self.grid: Tensor | None = None
        self.seen: list[Tensor] = []
        self.table: dict[str, Tensor] = {}
        self.plain = torch.zeros(2)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x)
        if self.grid is None:
            self.grid = torch.linspace(0, 1, y.shape[-1], device=y.device)
        self.seen.append(y)
        self.table["y"] = y
        self.plain += 1
        self.steps += 1
        self.conv.weight.data.mul_(0.5)
        self.last = y
        scale = torch.arange(4).float().mean().item()
        return y * self.grid + torch.randn_like(y) * random.random() + scale


def test_what_forward_keeps_is_given_back():
    model = Caching().eval()
    before, plain = model_digest(model), model.plain.clone()
    found = output_shape(model, (torch.zeros(1, 3, 8, 8),))
    assert found.shapes == ((1, 4, 6, 6),)
    assert model_digest(model) == before
    assert torch.equal(model.plain, plain)
    assert model.grid is None
    assert model.seen == []
    assert model.table == {}
    assert not hasattr(model, "last")
    assert not model(torch.zeros(1, 3, 8, 8)).is_meta


@pytest.mark.usefixtures("torchscript")
def test_a_scripted_buffer_is_given_back():
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3)
            self.register_buffer("last", torch.zeros(1))

        def forward(self, x: Tensor) -> Tensor:
            self.last = self.conv(x)
            return self.last

    module = torch.jit.script(Model())
    buffer = module.last
    assert output_shape(module, (torch.zeros(1, 3, 8, 8),)).shapes == ((1, 4, 6, 6),)
    assert module.last is buffer
    assert not module.last.is_meta


def test_training_mode_writes_no_statistics():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Dropout(0.5), nn.InstanceNorm2d(4)).train()
    before = model_digest(model)
    assert output_shape(model, (torch.zeros(2, 3, 8, 8),)).shapes == ((2, 4, 6, 6),)
    assert model_digest(model) == before


def test_real_and_meta_tensors_meet_in_composite_functions():
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("grid", torch.zeros(1, 9, 9, 2))

        def forward(self, x: Tensor) -> Tensor:
            grid = self.grid.expand(x.shape[0], -1, -1, -1)
            return F.grid_sample(x, grid, align_corners=False) + torch.ones(9)

    assert output_shape(Model(), (torch.zeros(2, 3, 8, 8),)).shapes == ((2, 3, 9, 9),)


X = torch.zeros(2, 4, 12, 10)
Z = torch.zeros(2, 4, 6)
I = torch.zeros(2, 4, 12, 10, dtype=torch.long)  # noqa: E741
OPERATIONS = {
    "pool": lambda: F.max_pool2d(X, 3, 2, 1, ceil_mode=True),
    "pool-indices": lambda: F.max_pool2d(X, 2, return_indices=True),
    "average": lambda: F.avg_pool2d(X, 3, 2, 1, ceil_mode=True),
    "average-1d": lambda: F.avg_pool1d(Z, 2),
    "pool-1d": lambda: F.max_pool1d(Z, 2),
    "pool-3d": lambda: F.max_pool3d(X, 2),
    "adaptive": lambda: F.adaptive_avg_pool2d(X, (5, None)),
    "adaptive-max": lambda: F.adaptive_max_pool2d(X, 3),
    "unpool": lambda: F.max_unpool2d(*F.max_pool2d(X, 2, return_indices=True), 2),
    "nearest": lambda: F.interpolate(X, scale_factor=1.7),
    "bilinear": lambda: F.interpolate(X, size=(7, 9), mode="bilinear", align_corners=True),
    "bicubic": lambda: F.interpolate(X, scale_factor=2.0, mode="bicubic"),
    "antialias": lambda: F.interpolate(X, scale_factor=0.5, mode="bilinear", antialias=True),
    "linear": lambda: F.interpolate(Z, scale_factor=2.0, mode="linear"),
    "reflect": lambda: F.pad(X, (1, 2, 3, 4), mode="reflect"),
    "replicate": lambda: F.pad(X, (1, 2, 3, 4), mode="replicate"),
    "circular": lambda: F.pad(X, (1, 2, 3, 4), mode="circular"),
    "constant": lambda: F.pad(X, (1, -2, 3, 4)),
    "unfold": lambda: F.unfold(X, 3, 1, 1, 2),
    "fold": lambda: F.fold(F.unfold(X, 2, stride=2), (12, 10), 2, stride=2),
    "grid": lambda: F.grid_sample(X, torch.zeros(2, 5, 6, 2), align_corners=False),
    "affine-grid": lambda: F.affine_grid(torch.zeros(2, 2, 3), [2, 4, 5, 6], align_corners=False),
    "transposed": lambda: F.conv_transpose2d(X, torch.zeros(4, 3, 3, 3), stride=2, padding=1, output_padding=1),
    "grouped": lambda: F.conv2d(X, torch.zeros(8, 2, 3, 3), groups=2, stride=(2, 1), dilation=2, padding="valid"),
    "conv-1d": lambda: F.conv1d(Z, torch.zeros(3, 4, 3)),
    "last": lambda: F.conv2d(X.to(memory_format=torch.channels_last), torch.zeros(3, 4, 3, 3)),
    "matmul": lambda: X @ X.transpose(2, 3),
    "einsum": lambda: torch.einsum("bchw,bdhw->bcd", X, X),
    "linear-layer": lambda: F.linear(X, torch.zeros(3, 10), torch.zeros(3)),
    "baddbmm": lambda: torch.baddbmm(torch.zeros(2, 4, 4), Z, Z.transpose(1, 2)),
    "attention": lambda: F.scaled_dot_product_attention(X, X, X),
    "masked-attention": lambda: F.scaled_dot_product_attention(X, X, X, attn_mask=torch.ones(12, 12).bool()),
    "softmax": lambda: X.softmax(1),
    "log-softmax": lambda: X.log_softmax(1),
    "mean": lambda: X.mean((2, 3), keepdim=True),
    "sum-all": lambda: I.sum(),
    "var": lambda: X.var(1),
    "std-mean": lambda: torch.std_mean(X, 1),
    "norm": lambda: X.norm(dim=1),
    "normalize": lambda: F.normalize(X, dim=1),
    "cosine": lambda: F.cosine_similarity(X, X),
    "amax": lambda: X.amax((1, 2)),
    "max": lambda: X.max(1),
    "max-all": lambda: X.max(),
    "max-two": lambda: torch.maximum(X, X[:, :1]),
    "argmax": lambda: X.argmax(1),
    "any": lambda: (X > 0).any(1),
    "topk": lambda: X.topk(2, 1),
    "sort": lambda: X.sort(1),
    "cumsum": lambda: X.cumsum(1),
    "logsumexp": lambda: X.logsumexp(1, keepdim=True),
    "cat": lambda: torch.cat([X, X[:, :1], torch.zeros(0)], 1),
    "cat-types": lambda: torch.cat([X, I], 1),
    "stack": lambda: torch.stack([X, X], -1),
    "repeat": lambda: X.repeat(2, 1, 1, 3),
    "interleave": lambda: X.repeat_interleave(2, 1),
    "roll": lambda: X.roll((1, 2), (2, 3)),
    "flip": lambda: X.flip(2),
    "gather": lambda: X.gather(1, I[:, :2]),
    "index": lambda: X[:, torch.zeros(3, dtype=torch.long), torch.zeros(3, dtype=torch.long)],
    "index-apart": lambda: X[torch.zeros(3, dtype=torch.long), :, torch.zeros(3, dtype=torch.long)],
    "index-select": lambda: X.index_select(1, torch.zeros(3, dtype=torch.long)),
    "one-hot": lambda: F.one_hot(torch.zeros(3, dtype=torch.long), 5),
    "embedding": lambda: F.embedding(I[0, 0], torch.zeros(5, 7)),
    "shuffle": lambda: F.pixel_shuffle(X, 2),
    "unshuffle": lambda: F.pixel_unshuffle(X, 2),
    "channel-shuffle": lambda: F.channel_shuffle(X, 2),
    "fft": lambda: torch.fft.rfft2(X),
    "ifft": lambda: torch.fft.irfft2(torch.fft.rfft2(X)),
    "glu": lambda: F.glu(X, 1),
    "prelu": lambda: F.prelu(X, torch.zeros(4)),
    "hardswish": lambda: F.hardswish(X),
    "gelu": lambda: F.gelu(X),
    "mish": lambda: F.mish(X),
    "where": lambda: torch.where(X > 0, X, 0.0),
    "masked-fill": lambda: X.masked_fill(X > 0, 1.0),
    "compare": lambda: I > 3,
    "divide": lambda: I / 2,
    "floor-divide": lambda: I // 2,
    "cast": lambda: X.to(torch.float16),
    "triu": lambda: torch.ones_like(X).triu(),
    "layer-norm": lambda: F.layer_norm(X, (12, 10)),
    "group-norm": lambda: F.group_norm(X, 2),
    "instance-norm": lambda: F.instance_norm(X),
    "batch-norm": lambda: F.batch_norm(X, torch.zeros(4), torch.ones(4)),
    "response-norm": lambda: F.local_response_norm(X, 3),
    "cdist": lambda: torch.cdist(Z, Z),
    "meshgrid": lambda: torch.meshgrid(X[0, 0, 0], X[0, 0, 0], indexing="ij"),
    "windows": lambda: X.unfold(2, 4, 2),
    "chunks": lambda: X.chunk(2, 1),
    "transposed-gelu": lambda: F.gelu(X.permute(0, 2, 3, 1)),
    "lerp": lambda: torch.lerp(X, X, 0.5),
    "clamp": lambda: X.clamp(0, 1),
    "in-place": lambda: X.clone().relu_().add_(1).clamp_(0, 1),
}


class Doing(nn.Module):
    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def forward(self, x: Tensor, z: Tensor, i: Tensor):
        saved = globals()["X"], globals()["Z"], globals()["I"]
        globals()["X"], globals()["Z"], globals()["I"] = x, z, i
        try:
            return OPERATIONS[self.name]()
        finally:
            globals()["X"], globals()["Z"], globals()["I"] = saved


@pytest.mark.parametrize("name", OPERATIONS)
def test_each_operation_has_the_shape_type_and_layout_of_the_real_one(name):
    kept = []

    class Keeping(Doing):
        def forward(self, x: Tensor, z: Tensor, i: Tensor):
            out = super().forward(x, z, i)
            kept.extend(t for _, t in find_tensors(out))
            return out

    output_shape(Keeping(name), (X, Z, I))
    real = [t for _, t in find_tensors(OPERATIONS[name]())]
    assert all(t.is_meta for t in kept) or name in ("affine-grid", "one-hot")  # these read constants alone
    assert [(t.shape, t.dtype) for t in kept] == [(t.shape, t.dtype) for t in real]
    if name in ("last", "transposed-gelu", "cast", "in-place"):
        assert [t.stride() for t in kept] == [t.stride() for t in real]


REFUSED = {
    "add": lambda: X + torch.zeros(3, 1, 1),
    "cat": lambda: torch.cat([X, X[:, :, 1:]], 1),
    "cat-dims": lambda: torch.cat([X, Z], 1),
    "stack": lambda: torch.stack([X, X[:, 1:]]),
    "linear": lambda: F.linear(X, torch.zeros(3, 9)),
    "bmm": lambda: Z @ Z,
    "kernel": lambda: F.conv2d(X, torch.zeros(1, 4, 13, 13)),
    "type": lambda: F.conv2d(X, torch.zeros(1, 4, 1, 1).double()),
    "pool": lambda: F.max_pool2d(X, 13),
    "reflect": lambda: F.pad(X, (10, 0, 0, 0), mode="reflect"),
    "layer-norm": lambda: F.layer_norm(X, (11,)),
    "group-norm": lambda: F.group_norm(X, 3),
    "batch-norm": lambda: F.batch_norm(X, torch.zeros(5), torch.ones(5)),
    "view": lambda: X.view(7, -1),
    "shuffle": lambda: F.pixel_shuffle(X, 3),
    "embedding": lambda: F.embedding(X, torch.zeros(5, 7)),
    "instance-norm": lambda: F.instance_norm(X[:, :, :1, :1]),
    "topk": lambda: X.topk(9, 1),
    "in-place": lambda: X[:, :1].clone().add_(X),
    "fold": lambda: F.fold(Z, (9, 9), 2),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_torch_refuses_is_refused(name):
    with pytest.raises(Exception):  # noqa: B017, PT011 - torch raises RuntimeError or ValueError
        REFUSED[name]()
    OPERATIONS[name + "!"] = REFUSED[name]
    try:
        with pytest.raises(ShapeFailure):
            output_shape(Doing(name + "!"), (X, Z, I))
    finally:
        del OPERATIONS[name + "!"]


def test_arguments_are_bound_by_the_schema():
    func = torch.ops.aten.sum.dim_IntList
    x = torch.empty(2, 3, device="meta")
    bound = bind(func, (x, [1]), {"keepdim": True})
    assert bound == {"self": x, "dim": [1], "keepdim": True, "dtype": None}
    assert answer(func, "sum", bound, (x, [1]), {"keepdim": True}).shape == (2, 1)


class Patches(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.down, self.up = nn.Conv2d(3, 8, size, size), nn.ConvTranspose2d(8, 3, size, size)

    def forward(self, x: Tensor) -> Tensor:
        return self.up(self.down(x)) + x


def picture(height: int, width: int) -> tuple[Tensor]:
    return (torch.empty(1, 3, height, width, device="meta"),)


def test_the_valid_sizes_of_a_unet():
    found = sweep(UNet(), picture, (100, 100), (64, 64))
    assert (found.multiple, found.smallest) == (16, 16)
    assert (found.previous_valid, found.next_valid) == ((96, 96), (112, 112))
    assert (100, 100) in found.failing
    assert len(found.passing) + len(found.failing) <= 14
    assert [(layer, op, a, b) for layer, _, op, a, b in found.rounding] == [("pool", "max_pool2d", 25, 12)]
    assert found.rounding[0][1].startswith("test_shapes.py:")


@pytest.mark.parametrize(("size", "start"), [(3, 96), (12, 96), (14, 224), (24, 192), (8, 64), (7, 224)])
def test_multiples_that_are_no_powers_of_two(size, start):
    found = sweep(Patches(size), picture, (100, 91), (start, start))
    assert (found.multiple, found.smallest) == (size, size)
    assert found.next_valid == (-(-100 // size) * size, -(-91 // size) * size)
    assert found.previous_valid == (100 // size * size, 91 // size * size)


def test_any_size_passes_a_network_without_pools():
    found = sweep(nn.Conv2d(3, 1, 5), picture, (10, 7), (64, 64))
    assert (found.multiple, found.smallest) == (1, 5)
    assert found.next_valid == found.previous_valid == (10, 7)


def test_a_size_below_the_smallest_grows():
    found = sweep(nn.Conv2d(3, 1, 33), picture, (10, 40), (64, 64))
    assert found.smallest == 33
    assert found.previous_valid is None


def test_a_network_of_one_size_has_no_multiple():
    model = nn.Sequential(nn.Flatten(), nn.Linear(3 * 64 * 64, 2))
    found = sweep(model, picture, (100, 100), (64, 64))
    assert found.multiple is None
    assert found.next_valid is None
    assert found.passing == ((64, 64),)


def test_a_starting_size_is_found_where_none_is_known():
    found = sweep(Patches(14), picture, (100, 100))
    assert found.multiple == 14


def test_a_network_that_takes_nothing_has_no_valid_size():
    model = nn.Sequential(nn.Conv2d(3, 4, 1), nn.Conv2d(5, 1, 1))
    found = sweep(model, picture, (64, 64))
    assert (found.multiple, found.smallest, found.passing) == (None, None, ())


@pytest.mark.filterwarnings("ignore")
def test_the_valid_sizes_of_a_traced_unet():
    module = torch.jit.trace(UNet(2), torch.zeros(1, 3, 16, 16))
    found = sweep(module, picture, (18, 20), (16, 16))
    assert (found.multiple, found.smallest) == (4, 4)
    assert (found.previous_valid, found.next_valid) == ((16, 20), (20, 20))
    assert found.rounding[0][1] == ""


def test_real_passes_answer_where_values_decide():
    class Model(UNet):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x) / max(float(x.abs().max()), 1.0)

    model = Model(2)
    before = model_digest(model)
    found = sweep(model, picture, (18, 20), (16, 16))
    assert (found.multiple, found.next_valid) == (4, (20, 20))
    assert model_digest(model) == before


def test_a_generator_has_shapes_too():
    assert output_shape(Generator().eval(), (torch.zeros(2, 32, 1, 1),)).shapes == ((2, 3, 16, 16),)


class Anchored(nn.Module):
    """Keeps a list of tensors that forward() moves to the input's type, as torchvision's detectors do."""

    anchors: list[torch.Tensor]

    def __init__(self) -> None:
        super().__init__()
        self.draw = nn.Conv2d(3, 2, 1)
        self.anchors = [torch.ones(2)]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.anchors = [a.to(x.device) * 2 for a in self.anchors]
        return self.draw(x) * self.anchors[0].sum()


@pytest.mark.usefixtures("torchscript")
def test_what_a_program_writes_into_itself_is_put_back() -> None:
    program = torch.jit.script(Anchored())
    assert output_shape(program, (torch.empty(1, 3, 8, 8, device="meta"),)).shapes == ((1, 2, 8, 8),)
    (kept,) = program.anchors
    assert kept.device.type == "cpu"
    assert kept.tolist() == [1, 1]
