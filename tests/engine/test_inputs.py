"""The ladder of inputs: pictures and latent vectors are told apart without flags, and every probe is reproducible."""

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F

from tests.engine.networks import NETWORKS
from tests.engine.test_shapes import UNet
from unetdoctor.engine import probing
from unetdoctor.engine.candidates import Search
from unetdoctor.engine.digest import model_digest
from unetdoctor.engine.inputs import ChoiceError, ChosenInput, ProbeInput, choose_input, make_probes
from unetdoctor.engine.signature import parameters
from unetdoctor.facts import InputSpec, Request


def choose(model: nn.Module, request: Request | None = None, examples: tuple[Tensor, ...] | None = None) -> ChosenInput:
    return choose_input(model.eval(), "eager", request or Request("x"), examples, lambda _, function: function())


def fed(model: nn.Module, chosen: ChosenInput, request: Request | None = None) -> tuple[ProbeInput, ...]:
    """Make the probes and run the model on each of them."""
    probes = make_probes(chosen, request or Request("x"), "cpu")
    for probe in probes:
        with torch.no_grad():
            model(*probe.args, **probe.kwargs)
    return probes


class Generator(nn.Module):
    def __init__(self, latent: int = 100, form: str = "") -> None:
        super().__init__()
        self.form, self.latent = form, latent
        self.main = nn.Sequential(
            nn.ConvTranspose2d(latent, 8, 4, 1, 0, bias=False),
            nn.BatchNorm2d(8),
            nn.ReLU(inplace=True),
            nn.ConvTranspose2d(8, 3, 4, 2, 1),
            nn.Tanh(),
        )

    def forward(self, z: Tensor) -> Tensor:
        if self.form == "view":
            z = z.view(-1, self.latent, 1, 1)
        elif self.form == "index":
            z = z[:, :, None, None]
        elif self.form == "size":
            z = z.view(z.size(0), z.size(1), 1, 1)
        return self.main(z)


class Perceptron(nn.Module):
    def __init__(self, latent: int = 100) -> None:
        super().__init__()
        self.main = nn.Sequential(nn.Linear(latent, 32), nn.LeakyReLU(0.2), nn.Linear(32, 784), nn.Tanh())

    def forward(self, z: Tensor) -> Tensor:
        return self.main(z).view(z.size(0), 1, 28, 28)


class Growing(nn.Module):
    def __init__(self, latent: int = 64) -> None:
        super().__init__()
        self.linear, self.draw = nn.Linear(latent, 8 * 49), nn.ConvTranspose2d(8, 1, 4, 4)

    def forward(self, z: Tensor) -> Tensor:
        return torch.tanh(self.draw(self.linear(z).view(-1, 8, 7, 7)))


class Conditional(nn.Module):
    def __init__(self, form: str) -> None:
        super().__init__()
        self.form = form
        self.embed = nn.Embedding(10, 10)
        self.main = nn.Sequential(nn.Linear(110, 32), nn.ReLU(), nn.Linear(32, 784))

    def forward(self, noise: Tensor, labels: Tensor) -> Tensor:
        if self.form == "embedding":
            labels = self.embed(labels)
        elif self.form == "one hot":
            labels = F.one_hot(labels, 10).float()
        return self.main(torch.cat((labels, noise), dim=1)).view(-1, 1, 28, 28)


class Diffusion(nn.Module):
    def __init__(self, table: bool) -> None:
        super().__init__()
        self.time: nn.Module = nn.Embedding(100, 8) if table else nn.Linear(1, 8)
        self.table = table
        self.first, self.last = nn.Conv2d(1, 8, 3, padding=1), nn.Conv2d(8, 1, 3, padding=1)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        step = self.time(t) if self.table else self.time(t[:, None])
        return self.last(self.first(x) + step[:, :, None, None])


class TimeFirst(Diffusion):
    def __init__(self) -> None:
        super().__init__(True)

    def forward(self, t: Tensor, x: Tensor) -> Tensor:  # type: ignore[override]
        return super().forward(x, t)


class Transformer(nn.Module):
    def __init__(self, side: int, patch: int) -> None:
        super().__init__()
        self.patch, self.count = nn.Conv2d(3, 16, patch, patch), side // patch
        self.position = nn.Parameter(torch.zeros(1, self.count**2, 16))
        self.draw = nn.Linear(16, 3 * patch**2)
        self.size = patch

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.patch(x).flatten(2).transpose(1, 2) + self.position
        maps = self.draw(tokens).transpose(1, 2).reshape(x.shape[0], -1, self.count, self.count)
        return F.pixel_shuffle(maps, self.size)


class Patches(nn.Module):
    """Its first weight is a linear layer on patches."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.read, self.draw = nn.Linear(channels * 64, 16), nn.Linear(16, 2 * 64)

    def forward(self, x: Tensor) -> Tensor:
        patches = F.unfold(x, 8, stride=8).transpose(1, 2)
        return F.fold(self.draw(self.read(patches)).transpose(1, 2), x.shape[2:], 8, stride=8)


class Flat(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.main = nn.Sequential(nn.Flatten(), nn.Linear(784, 16), nn.ReLU(), nn.Linear(16, 784), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        return self.main(x).view(-1, 1, 28, 28)


class Variational(nn.Module):
    """Takes one size alone: a linear layer reads its flattened map."""

    def __init__(self) -> None:
        super().__init__()
        self.encode = nn.Sequential(nn.Conv2d(3, 8, 4, 2, 1), nn.ReLU(), nn.Conv2d(8, 8, 4, 2, 1), nn.Flatten())
        self.mean, self.decode = nn.Linear(512, 8), nn.Linear(8, 3 * 32 * 32)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mean = self.mean(self.encode(x))
        return self.decode(mean).view(-1, 3, 32, 32), mean


class Pair(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(6, 1, 3, padding=1)

    def forward(self, before: Tensor, after: Tensor) -> Tensor:
        return self.conv(torch.cat([before, after], dim=1))


class ReadsValues(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        return x / max(float(x.abs().max()), 1e-3)


class Deep(nn.Sequential):
    """Halves five times: 64 pixels leave two."""

    def __init__(self) -> None:
        layers = [nn.Conv2d(3 if i == 0 else 4, 4, 3, 2, 1) for i in range(5)]
        super().__init__(*layers, nn.Upsample(scale_factor=32), nn.Conv2d(4, 1, 1))


class ChannelsLast(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.read = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.read(x)).permute(0, 3, 1, 2)


class Shifted(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.time, self.head = nn.Linear(1, 4), nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        return self.head(x + self.time(t[:, None].float())[:, :, None, None])


class ChannelsLastConvolution(nn.Conv2d):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)


TABLE = {
    "generator [N, Z, 1, 1]": (Generator, (16, 100, 1, 1), True),
    "generator of 128": (lambda: Generator(128), (16, 128, 1, 1), True),
    "generator that views": (lambda: Generator(form="view"), (16, 100), True),
    "generator that indexes": (lambda: Generator(form="index"), (16, 100), True),
    "generator that reads sizes": (lambda: Generator(form="size"), (16, 100), True),
    "perceptron": (Perceptron, (16, 100), True),
    "growing, 64": (Growing, (16, 64), True),
    "growing, 100": (lambda: Growing(100), (16, 100), True),
    "conditional, embedding": (lambda: Conditional("embedding"), (16, 100), True),
    "conditional, one hot inside": (lambda: Conditional("one hot"), (16, 100), True),
    "conditional, one hot outside": (lambda: Conditional(""), (16, 100), True),
    "diffusion, table": (lambda: Diffusion(True), (2, 1, 64, 64), False),
    "diffusion, linear": (lambda: Diffusion(False), (2, 1, 64, 64), False),
    "diffusion, time first": (TimeFirst, (2, 1, 64, 64), False),
    "transformer 224/16": (lambda: Transformer(224, 16), (2, 3, 224, 224), False),
    "transformer 518/14": (lambda: Transformer(518, 14), (2, 3, 518, 518), False),
    "transformer 72/12": (lambda: Transformer(72, 12), (2, 3, 72, 72), False),
    "patches": (lambda: Patches(3), (2, 3, 64, 64), False),
    "grey patches": (lambda: Patches(1), (2, 1, 64, 64), False),
    "flat": (Flat, (2, 1, 28, 28), False),
    "variational": (Variational, (2, 3, 32, 32), False),
    "pair": (Pair, (2, 3, 64, 64), False),
    "reads values": (ReadsValues, (2, 1, 64, 64), False),
    "deep": (Deep, (2, 3, 128, 128), False),
    "u-net": (UNet, (2, 3, 64, 64), False),
    "channels last": (ChannelsLast, (2, 64, 64, 3), False),
    "channels last, convolution": (lambda: ChannelsLastConvolution(3, 1, 3), (2, 64, 64, 3), False),
    "four channels that a sum tells": (Shifted, (2, 4, 64, 64), False),
    "four channels": (lambda: nn.Conv2d(4, 1, 3), (2, 4, 64, 64), False),
    "thirteen channels": (lambda: nn.Conv2d(13, 1, 3), (2, 13, 64, 64), False),
    "double": (lambda: nn.Conv2d(3, 1, 3).double(), (2, 3, 64, 64), False),
    "signal": (lambda: nn.Conv1d(2, 1, 3), (2, 2, 256), False),
    "volume": (lambda: nn.Conv3d(1, 1, 3), (2, 1, 32, 32, 32), False),
    "super-resolution by deconvolution": (lambda: nn.ConvTranspose2d(3, 3, 4, 2, 1), (2, 3, 64, 64), False),
    "nothing learned": (nn.Sigmoid, (2, 3, 64, 64), False),
}


@pytest.mark.parametrize("name", TABLE)
def test_inputs_without_flags(name):
    build, shape, latent = TABLE[name]
    model = build().eval()
    before = model_digest(model)
    chosen = choose(model)
    assert model_digest(model) == before
    assert (chosen.main.shape, chosen.latent) == (shape, latent)
    assert chosen.choice.shape == shape
    assert chosen.choice.latent == latent
    assert chosen.passes
    assert chosen.choice.tried[-1].endswith("passes")
    fed(model, chosen)


@pytest.mark.usefixtures("torchscript")
@pytest.mark.parametrize("name", ["generator that views", "growing, 64", "conditional, embedding", "flat", "deep"])
def test_a_scripted_file_is_fed_the_same(name):
    build, shape, latent = TABLE[name]
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.script(build().eval()), buffer)
    buffer.seek(0)
    model = torch.jit.load(buffer)
    chosen = choose(model)
    assert (chosen.main.shape, chosen.latent) == (shape, latent)
    fed(model, chosen)


THIRD_PARTY = [n for n in NETWORKS if n.startswith(("smp", "torchvision", "monai"))]


@pytest.mark.parametrize("name", THIRD_PARTY)
def test_third_party_networks_without_flags(name):
    model = NETWORKS[name][0]().eval()
    chosen = choose(model)
    assert not chosen.latent
    assert chosen.main.shape[:2] == (2, 3)
    assert chosen.main.shape[2] in (64, 128, 256)
    assert chosen.choice.rung == "first consumed parameter"
    assert len(chosen.choice.tried) <= 3


def test_the_deepest_map_keeps_a_few_pixels():
    for name, side in (("smp-unet", 128), ("monai-unet", 64), ("smp-deeplabv3plus", 64)):
        assert choose(NETWORKS[name][0]()).main.shape[2] == side


def test_what_was_chosen_is_explained():
    chosen = choose(Generator())
    assert chosen.choice.rung == "first consumed parameter"
    assert chosen.choice.text == (
        "The first weight (transposed convolution main.0, 100x8x4x4) reads latent vectors: 16x100x1x1."
    )
    assert any("refused at convolution: Given groups=1" in line for line in chosen.choice.tried)
    assert "refused alike" not in " ".join(chosen.choice.tried)
    assert choose(nn.Sigmoid()).choice.rung == "probing"
    assert "Real forward passes were needed" in choose(ReadsValues()).choice.text


def test_timesteps_and_labels_lie_within_their_tables():
    chosen = choose(Diffusion(True))
    assert chosen.timestep
    assert fed(Diffusion(True).eval(), chosen)[0].args[1].tolist() == [50, 50]
    assert not choose(UNet()).timestep
    labels = make_probes(choose(Conditional("embedding")), Request("x"), "cpu")[0].args[1]
    assert labels.dtype == torch.int64
    assert labels.tolist() == [n % 10 for n in range(16)]
    hot = make_probes(choose(Conditional("")), Request("x"), "cpu")[0].args[1]
    assert hot.sum(dim=1).tolist() == [1.0] * 16


def test_a_batch_is_respected():
    assert choose(UNet(), Request("x", batch=5)).main.shape == (5, 3, 64, 64)
    assert choose(Generator(), Request("x", batch=3)).main.shape == (3, 100, 1, 1)


class Broken(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Conv2d(1, 8, 3, padding=1), nn.Conv2d(9, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.first(x))


class Raising(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        raise ValueError("only on Tuesdays")


@pytest.mark.parametrize(("model", "shape"), [(Broken(), (2, 1, 64, 64)), (Raising(), (2, 3, 64, 64))])
def test_a_broken_network_gets_the_most_natural_input(model, shape):
    chosen = choose(model)
    assert chosen.main.shape == shape
    assert chosen.passes is False
    assert "Nothing that was tried passes" in chosen.choice.text
    assert chosen.choice.tried[0].startswith("2x")
    with pytest.raises((RuntimeError, ValueError)):
        fed(model, chosen)


class BrokenGenerator(Generator):
    def forward(self, z: Tensor) -> Tensor:
        return torch.cat([super().forward(z), z.mean(dim=(2, 3))], dim=1)


def test_a_broken_generator_gets_latents():
    chosen = choose(BrokenGenerator())
    assert (chosen.main.shape, chosen.latent, chosen.passes) == ((16, 100, 1, 1), True, False)


class Conditioned(nn.Module):
    """A network of six arguments, most of which may be left out, as diffusion networks have them."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.time = nn.Conv2d(3, 8, 3, padding=1), nn.Linear(1, 8)
        self.body, self.out = nn.Conv2d(8, 8, 3, padding=1), nn.Conv2d(8, 3, 3, padding=1)

    def forward(
        self,
        x: Tensor,
        timesteps: Tensor,
        context: Tensor | None = None,
        class_labels: Tensor | None = None,
        down_residuals: tuple[Tensor, ...] | None = None,
        mid_residual: Tensor | None = None,
    ) -> Tensor:
        x = self.stem(x) + self.time(timesteps[:, None].float())[..., None, None]
        x = F.silu(self.body(x))
        return self.out(x if mid_residual is None else x + mid_residual)


@pytest.mark.parametrize(("layer", "kind"), [("stem", torch.float16), ("out", torch.float64), ("body", torch.bfloat16)])
def test_layers_of_two_precisions_ask_for_no_other_shapes(layer, kind):
    model = Conditioned()
    model.get_submodule(layer).to(kind)
    search = Search(model.eval(), parameters(model), 2)
    found = probing.probe(search, None)
    assert (found.answer.main.shape, found.answer.main.dtype, found.alike) == ((2, 3, 64, 64), "float32", True)
    assert "ype" in found.answer.message
    assert len(search.answers) <= 24  # one shape with what else may be fed; 768 where other shapes are tried
    assert choose(model).passes is False


class Wants(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 1, 3)

    def forward(self, x: Tensor, table: object) -> Tensor:
        return self.conv(x) * table.scale(x)


def test_an_argument_nobody_can_guess_is_asked_for():
    with pytest.raises(ChoiceError) as raised:
        choose(Wants(), Request("a b.py"))
    assert "forward(x, table)" in raised.value.sentence
    assert raised.value.commands == ("unetdoctor inspect 'a b.py' --input x:2,3,64,64 --input table:2,3,64,64",)


def test_shapes_alone_are_not_believed_against_a_real_pass(monkeypatch):
    from unetdoctor.engine import shape_answers

    def refuse(_: object) -> Tensor:
        raise RuntimeError("a rule that is wrong")

    monkeypatch.setitem(shape_answers.RULES, "max_pool2d_with_indices", refuse)
    chosen = choose(UNet())
    assert chosen.main.shape == (2, 3, 64, 64)
    assert chosen.passes
    assert "Real forward passes were needed" in chosen.choice.text


# --- declared -------------------------------------------------------------------------------------------------------


def test_a_declared_picture():
    request = Request("x", inputs=(InputSpec((4, 3, 32, 48)),))
    chosen = choose(UNet(2), request)
    assert (chosen.choice.rung, chosen.main.shape, chosen.latent) == ("--input", (4, 3, 32, 48), False)
    names = [p.probe.name for p in fed(UNet(2), chosen, request)]
    assert names == ["noise", "natural", "second-noise", "zeros"]


def test_declared_latents_with_a_range():
    request = Request("x", inputs=(InputSpec((16, 64), low=-0.01, high=0.01),))
    chosen = choose(Growing(), request)
    probes = fed(Growing(), chosen, request)
    assert [p.probe.name for p in probes] == ["given", "second-given", "zeros"]
    latent = probes[0].latent
    assert latent is not None
    assert latent.declared
    assert latent.shape == (16, 64)
    assert -0.01 <= latent.minimum < latent.maximum <= 0.01
    assert latent.std == pytest.approx(0.02 / 12**0.5, rel=0.05)
    assert probes[1].latent is None


@pytest.mark.parametrize("given", [(), ("x.pt",)])
def test_an_input_without_a_batch_axis(tmp_path, given):
    torch.save(torch.zeros(3, 64, 64), tmp_path / "x.pt")
    declared = () if given else (InputSpec((3, 64, 64)),)
    request = Request("x", directory=str(tmp_path), inputs=declared, inputs_from=given[0] if given else None)
    words = "give x" if given else "--input 1,3,64,64"
    with pytest.raises(ChoiceError, match=f"3x64x64 has no batch axis; the network wants one: {words}"):
        choose(UNet(2), request)


def test_a_photograph_that_passes_is_made_smaller_to_a_size_that_passes(photograph, tmp_path):
    chosen = choose(UNet(), Request("x", directory=str(tmp_path), images=(photograph(1360, 1040),)))
    assert (chosen.passes, chosen.fitted) == (True, None)
    assert chosen.choice.text.endswith(f"It is resized to {chosen.image[1]}x{chosen.image[0]}.")
    assert all(side % 16 == 0 for side in chosen.image)
    refused = choose(UNet(), Request("x", directory=str(tmp_path), images=(photograph(1361, 1001),)))
    assert refused.passes is False
    assert refused.fitted is not None


def test_a_photograph_beside_what_is_given_by_name(photograph, tmp_path):
    class Named(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = nn.ConvTranspose2d(4, 4, 4, 4)

        def forward(self, x: Tensor, *, mask: Tensor) -> Tensor:
            y = torch.cat([x, mask], 1)
            return y + self.net(nn.functional.max_pool2d(y, 4))

    request = Request("x", directory=str(tmp_path), images=(photograph(50, 50),))
    assert choose(Named(), request).fitted == (52, 52)


def test_a_declared_range_of_a_picture():
    request = Request("x", inputs=(InputSpec((1, 3, 16, 16), low=0.0, high=255.0),))
    probes = fed(UNet(2), choose(UNet(2), request), request)
    assert [p.probe.name for p in probes] == ["given", "second-given", "zeros"]
    assert 200 < probes[0].args[0].max() <= 255
    assert probes[0].probe.description == "uniform in 0..255"


def test_declared_arguments_by_name_and_by_place():
    model = Diffusion(True)
    by_name = Request("x", inputs=(InputSpec((3, 1, 8, 8), name="x"), InputSpec((3,), "t", "int64", 7, 7)))
    by_place = Request("x", inputs=(InputSpec((3, 1, 8, 8)), InputSpec((3,), "", "int64", 7, 7)))
    for request in (by_name, by_place):
        probe = fed(model, choose(model, request), request)[0]
        assert probe.args[1].tolist() == [7, 7, 7]
    alone = Request("x", inputs=(InputSpec((3, 1, 8, 8)),))
    probe = fed(model, choose(model, alone), alone)[0]
    assert probe.args[1].tolist() == [50, 50, 50]
    first = Request("x", inputs=(InputSpec((3, 1, 8, 8)),))
    assert [a.shape for a in fed(TimeFirst(), choose(TimeFirst(), first), first)[0].args] == [(3,), (3, 1, 8, 8)]


def test_a_declared_name_that_forward_does_not_have():
    with pytest.raises(ChoiceError, match="no argument y; it takes x"):
        choose(UNet(), Request("x", inputs=(InputSpec((1, 3, 8, 8), name="y"),)))
    with pytest.raises(ChoiceError, match="2 inputs are declared"):
        choose(UNet(), Request("x", inputs=(InputSpec((1, 3, 8, 8)), InputSpec((1, 3, 8, 8)))))


def test_a_declared_size_that_does_not_pass_is_fed_all_the_same():
    request = Request("x", inputs=(InputSpec((1, 3, 100, 100)),))
    chosen = choose(UNet(), request)
    assert chosen.main.shape == (1, 3, 100, 100)
    assert tuple(t.shape for t in chosen.make(112, 96)) == ((1, 3, 112, 96),)


# --- examples and frameworks ----------------------------------------------------------------------------------------


def test_what_a_file_was_traced_with():
    example = torch.empty(1, 3, 48, 80, device="meta")
    chosen = choose(UNet(), examples=(example,))
    assert (chosen.choice.rung, chosen.main.shape) == ("traced inputs", (2, 3, 48, 80))
    latents = choose(Generator(), examples=(torch.empty(1, 100, 1, 1, device="meta"),))
    assert (latents.main.shape, latents.latent) == ((16, 100, 1, 1), True)


def test_a_batch_that_was_traced_in():
    class Fixed(UNet):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x.view(1, 3, 48, 80))

    chosen = choose(Fixed(), examples=(torch.empty(1, 3, 48, 80, device="meta"),))
    assert chosen.main.shape == (1, 3, 48, 80)


def test_an_example_that_does_not_fit_is_passed_over():
    chosen = choose(UNet(), examples=(torch.empty(1, 5, 48, 80, device="meta"),))
    assert chosen.choice.rung == "first consumed parameter"


def test_the_frameworks_own():
    model = UNet()
    model.example_input_array = torch.zeros(1, 3, 80, 80)
    assert choose(model).choice.rung == "example_input_array"
    model = UNet()
    model.pretrained_cfg = {"input_size": (3, 96, 96)}
    chosen = choose(model)
    assert (chosen.choice.rung, chosen.main.shape) == ("pretrained_cfg", (2, 3, 96, 96))


def test_an_attribute_that_names_the_size_is_tried_first():
    model = Transformer(120, 12)
    model.img_size = (120, 120)
    chosen = choose(model)
    assert chosen.main.shape == (2, 3, 120, 120)
    assert len(chosen.choice.tried) == 2


# --- photographs ----------------------------------------------------------------------------------------------------


@pytest.fixture
def photograph(tmp_path: Path):
    def make(height: int, width: int, name: str = "cat.png") -> str:
        values = np.random.default_rng(0).integers(0, 255, (height, width, 3), dtype=np.uint8)
        Image.fromarray(values).save(tmp_path / name)
        return name

    return make


def test_a_photograph_at_its_own_size(photograph, tmp_path):
    request = Request("x", directory=str(tmp_path), images=(photograph(48, 80), photograph(96, 64, "dog.png")))
    chosen = choose(UNet(), request)
    assert (chosen.choice.rung, chosen.choice.shape, chosen.passes) == ("--image", (1, 3, 48, 80), True)
    assert "cat.png is 80x48, read with 3 channels." in chosen.choice.text
    probes = fed(UNet(), chosen, request)
    assert [p.probe.name for p in probes] == ["image-1", "image-2", "noise", "natural", "second-noise", "zeros"]
    assert [p.probe.real for p in probes] == [True, True, False, False, False, False]
    assert {p.probe.shape for p in probes} == {(1, 3, 48, 80)}
    assert probes[0].probe.description == "cat.png 80x48 RGB, / 255"
    assert probes[1].probe.description.endswith("resized to 80x48")
    assert 0 <= probes[0].args[0].min() < probes[0].args[0].max() <= 1


def test_a_photograph_of_a_size_that_does_not_pass(photograph, tmp_path):
    request = Request("x", directory=str(tmp_path), images=(photograph(100, 100), photograph(50, 50, "dog.png")))
    chosen = choose(UNet(), request)
    assert chosen.passes is False
    assert chosen.fitted == (112, 112)
    assert "100x100 does not pass; 112x112 does." in chosen.choice.text
    probes = make_probes(chosen, request, "cpu")
    assert [(p.probe.name, p.probe.shape[2]) for p in probes[:4]] == [
        ("image-1", 100),
        ("image-1-fitted", 112),
        ("image-2", 112),
        ("noise", 112),
    ]
    for probe in probes[1:]:
        with torch.no_grad():
            UNet()(*probe.args)


def test_a_grey_network_gets_luminance(photograph, tmp_path):
    request = Request("x", directory=str(tmp_path), images=(photograph(32, 32),))
    model = nn.Conv2d(1, 1, 3)
    probe = fed(model, choose(model, request), request)[0]
    assert probe.probe.shape == (1, 1, 32, 32)
    assert "as luminance" in probe.probe.description


def test_a_large_photograph_is_made_smaller(photograph, tmp_path):
    request = Request("x", directory=str(tmp_path), images=(photograph(512, 2048),))
    chosen = choose(nn.Conv2d(3, 1, 3), request)
    assert chosen.choice.shape == (1, 3, 256, 1024)
    assert "It is resized to 1024x256." in chosen.choice.text


def test_a_declared_size_holds_for_photographs(photograph, tmp_path):
    request = Request("x", directory=str(tmp_path), images=(photograph(50, 60),), inputs=(InputSpec((1, 3, 64, 32)),))
    chosen = choose(UNet(), request)
    probes = fed(UNet(), chosen, request)
    assert probes[0].probe.shape == (1, 3, 64, 32)
    assert chosen.choice.rung == "--input"


def test_a_generator_takes_no_photograph(photograph, tmp_path):
    with pytest.raises(ChoiceError, match="takes a latent vector"):
        choose(Generator(), Request("x", directory=str(tmp_path), images=(photograph(32, 32),)))


def test_a_missing_photograph_is_a_wrong_request(tmp_path):
    from unetdoctor.engine.images import ImageError

    with pytest.raises(ImageError, match="does not exist"):
        choose(UNet(), Request("x", directory=str(tmp_path), images=("nowhere.png",)))


def test_the_guard_stands_around_foreign_code_alone():
    stages = []

    def guard(stage, function):
        stages.append(stage)
        try:
            return function()
        except Exception as error:
            raise AssertionError("our own error went through the guard") from error

    request = Request("x", inputs=(InputSpec((1, 3, 8, 8), name="y"),))
    with pytest.raises(ChoiceError):
        choose_input(UNet().eval(), "eager", request, None, guard)
    assert stages == ["probe"]


# --- probes ---------------------------------------------------------------------------------------------------------


def test_probes_come_from_the_seed_and_from_nothing_else():
    chosen = choose(UNet())
    torch.manual_seed(3)
    state = torch.get_rng_state()
    first = make_probes(chosen, Request("x", seed=1), "cpu")
    assert torch.equal(state, torch.get_rng_state())
    torch.manual_seed(4)
    again = make_probes(chosen, Request("x", seed=1), "cpu")
    other = make_probes(chosen, Request("x", seed=2), "cpu")
    for a, b, c in zip(first, again, other, strict=True):
        assert torch.equal(a.args[0], b.args[0])
        assert a.probe == b.probe
        assert a.probe.constant or not torch.equal(a.args[0], c.args[0])


def test_the_probes_of_a_picture():
    probes = make_probes(choose(UNet()), Request("x"), "cpu")
    assert [p.probe.name for p in probes] == ["noise", "natural", "second-noise", "zeros"]
    assert [p.probe.constant for p in probes] == [False, False, False, True]
    noise, natural, second, zeros = (p.args[0] for p in probes)
    assert noise.mean().item() == pytest.approx(0, abs=0.05)
    assert noise.std().item() == pytest.approx(1, abs=0.05)
    assert not torch.equal(noise, second)
    assert zeros.abs().max() == 0
    assert 0 <= natural.min() < natural.max() <= 1
    assert natural.std() > 0.15


class Inpainting(nn.Module):
    """Fills the places that its mask names."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 3, 3, padding=1)

    def forward(self, image: Tensor, hole_mask: Tensor) -> Tensor:
        return image * (1 - hole_mask) + hole_mask * self.conv(torch.cat([image, hole_mask], 1))


def test_an_argument_that_is_called_a_mask_is_fed_0_and_1():
    chosen = choose(Inpainting())
    image, mask = make_probes(chosen, Request("x"), "cpu")[0].args
    assert image.shape[1] == 3
    assert mask.shape[1] == 1
    assert mask.unique().tolist() == [0, 1]
    assert 0.3 < float(mask.mean()) < 0.7
    assert float((mask[..., 1:] != mask[..., :-1]).float().mean()) < 0.1


def test_natural_noise_is_smooth_coloured_and_differs_between_samples():
    natural = make_probes(choose(UNet()), Request("x"), "cpu")[1].args[0]
    step = (natural[..., 1:] - natural[..., :-1]).std()
    assert step < 0.45 * natural.std()
    assert not torch.allclose(natural[0], natural[1], atol=0.1)
    assert not torch.allclose(natural[:, 0], natural[:, 1], atol=0.1)
    rows = natural[0].flatten(1)
    assert torch.corrcoef(rows)[0, 1] > 0.5


def test_the_probes_of_a_generator():
    probes = make_probes(choose(Generator()), Request("x"), "cpu")
    assert [p.probe.name for p in probes] == ["latents", "second-latents", "zeros"]
    latent = probes[0].latent
    assert latent is not None
    assert not latent.declared
    assert latent.std == pytest.approx(1, abs=0.1)
    assert latent.minimum < -2 < 2 < latent.maximum
    assert [p.latent for p in probes[1:]] == [None, None]


def test_signals_and_volumes_have_natural_noise():
    for model in (nn.Conv1d(2, 1, 3), nn.Conv3d(1, 1, 3)):
        assert [p.probe.name for p in fed(model, choose(model))][1] == "natural"


# --- signatures -----------------------------------------------------------------------------------------------------


def test_the_main_argument():
    class Many(nn.Module):
        def forward(self, t: Tensor, labels: Tensor, picture: Tensor, *, sigma: Tensor, scale: float = 1.0) -> Tensor:
            return picture

    found = {p.name: p for p in parameters(Many())}
    assert {n: p.role for n, p in found.items()} == {
        "t": "time",
        "labels": "label",
        "picture": "main",
        "sigma": "level",
        "scale": "other",
    }
    assert not found["scale"].required
    assert found["sigma"].keyword_only


def test_a_forward_without_names_wants_one_argument():
    class Wrapped(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Conv2d(3, 1, 3)

        def forward(self, *args: Tensor, **kwargs: Tensor) -> Tensor:
            return self.inner(*args, **kwargs)

    assert [p.name for p in parameters(Wrapped())] == ["input"]
    assert choose(Wrapped()).main.shape == (2, 3, 64, 64)


def test_a_forward_whose_arguments_all_have_defaults():
    class Optional(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Conv2d(3, 1, 3)

        def forward(self, x: Tensor | None = None, y: Tensor | None = None) -> Tensor:
            assert x is not None
            return self.inner(x)

    assert fed(Optional(), choose(Optional()))[0].probe.shape == (2, 3, 64, 64)
