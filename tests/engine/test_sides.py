"""What forward() wants beside a picture is found without flags: masks, conditions, dicts, lists, clips."""

import io
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.engine.test_inputs import choose, fed
from unetdoctor.engine.digest import model_digest
from unetdoctor.engine.inputs import ChoiceError
from unetdoctor.engine.shapes import output_shape
from unetdoctor.facts import InputSpec, Request


def conv(channels: int, out: int = 4) -> nn.Conv2d:
    return nn.Conv2d(channels, out, 3, padding=1)


class Masked(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = conv(4)

    def forward(self, image: Tensor, mask: Tensor) -> Tensor:
        return self.conv(torch.cat([image * (1 - mask), mask], 1))


class Guided(nn.Module):
    """The guide has other channels, and four times the size."""

    def __init__(self) -> None:
        super().__init__()
        self.up, self.guide = nn.ConvTranspose2d(1, 4, 4, 4), conv(3)

    def forward(self, depth: Tensor, rgb: Tensor) -> Tensor:
        return torch.cat([self.up(depth), self.guide(rgb)], 1)


class Added(Guided):
    def forward(self, depth: Tensor, rgb: Tensor) -> Tensor:
        return self.up(depth) + self.guide(rgb)


class Mapped(nn.Module):
    """A latent vector, and a map of sixteen classes."""

    def __init__(self) -> None:
        super().__init__()
        self.linear, self.read = nn.Linear(24, 4 * 64), conv(16)

    def forward(self, z: Tensor, segmap: Tensor) -> Tensor:
        return self.linear(z).view(-1, 4, 8, 8) + self.read(F.interpolate(segmap, size=(8, 8)))


class Noises(nn.Module):
    def __init__(self, strict: bool) -> None:
        super().__init__()
        self.linear, self.strict = nn.Linear(24, 4 * 16), strict
        self.convs = nn.ModuleList(conv(5) for _ in range(3))

    def forward(self, z: Tensor, noises: list[Tensor]) -> Tensor:
        x = self.linear(z).view(-1, 4, 4, 4)
        for layer, noise in zip(self.convs, noises, strict=self.strict):
            x = layer(torch.cat([F.interpolate(x, scale_factor=2.0), noise], 1))
        return x


class Batch(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.rgb, self.depth = conv(3), conv(1)

    def forward(self, batch):  # type: ignore[no-untyped-def]
        x = self.rgb(batch["image"]) + self.depth(batch["depth"])
        return {"logits": x * batch.get("weight", 1)}


class Typed(Batch):
    def forward(self, *, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        return super().forward(batch)


class Optional(nn.Module):
    """Needs what may be left out by its signature."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.text, self.time = conv(4), nn.Linear(20, 4), nn.Linear(1, 4)

    def forward(self, x: Tensor, t: Tensor | None = None, context: Tensor | None = None) -> Tensor:
        return self.conv(x) + (self.time(t.float()[:, None]) + self.text(context).mean(1))[..., None, None]


class Forgotten(nn.Module):
    """Has a default of None for what it cannot do without."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = conv(4)

    def forward(self, x: Tensor, hint: Tensor | None = None) -> Tensor:
        return self.conv(torch.cat([x, hint], 1))


class Both(Optional):
    """Cannot do with what else may be left out."""

    def forward(
        self, x: Tensor, t: Tensor | None = None, context: Tensor | None = None, more: dict[str, Tensor] | None = None
    ) -> Tensor:
        assert more is None
        return super().forward(x, t, context)


class Labelled(nn.Module):
    """Refuses the timestep that it does not need, and wants the label."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.label = conv(3), nn.Embedding(7, 4)

    def forward(self, x: Tensor, t: Tensor | None = None, y: Tensor | None = None) -> Tensor:
        if t is not None:
            raise ValueError("no timesteps in this one")
        return self.conv(x) + self.label(y)[..., None, None]


class Samples(nn.Module):
    """Takes a list of pictures without a batch dimension, as detectors do."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = conv(3)

    def forward(self, images):  # type: ignore[no-untyped-def]
        if any(image.dim() != 3 for image in images) or not isinstance(images, list):
            raise ValueError("a list of [C, H, W] is wanted")
        return self.conv(torch.stack(images))


class Pair(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = conv(6)

    def forward(self, pictures: tuple[Tensor, Tensor]) -> Tensor:
        before, after = pictures
        return self.conv(torch.cat([before, after], 1))


class Clip(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.time = conv(3), nn.Conv3d(4, 2, (3, 1, 1), padding=(1, 0, 0))

    def forward(self, clip: Tensor) -> Tensor:
        n, t = clip.shape[:2]
        return self.time(self.conv(clip.flatten(0, 1)).unflatten(0, (n, t)).transpose(1, 2)).transpose(1, 2)


class Fixed(nn.Module):
    """Refuses in words what does not fit."""

    def __init__(self, side: int, channels: int) -> None:
        super().__init__()
        self.conv, self.side, self.channels = conv(channels), side, channels

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[1] != self.channels:
            raise ValueError(f"Expected {self.channels} but got {x.shape[1]}")
        if x.shape[-1] != self.side:
            raise ValueError(f"Input height ({x.shape[-1]}) doesn't match model ({self.side}).")
        return self.conv(x)


class Inside(nn.Module):
    """A part of it, and not it itself, tells the size."""

    def __init__(self) -> None:
        super().__init__()
        self.part = nn.Module()
        self.part.img_size = (88, 88)
        self.conv = conv(3)

    def forward(self, x: Tensor) -> Tensor:
        assert x.shape[-1] == 88
        return self.conv(x)


PICTURE = (2, 3, 64, 64)
TABLE: dict[str, tuple[Callable[[], nn.Module], dict[str, tuple[int, ...]]]] = {
    "mask": (Masked, {"image": PICTURE, "mask": (2, 1, 64, 64)}),
    "guide": (Guided, {"depth": (2, 1, 64, 64), "rgb": (2, 3, 256, 256)}),
    "guide that is added": (Added, {"depth": (2, 1, 64, 64), "rgb": (2, 3, 256, 256)}),
    "map beside a latent": (Mapped, {"z": (16, 24), "segmap": (16, 16, 64, 64)}),
    "noises": (lambda: Noises(True), {"z": (16, 24), **{f"noises.{i}": (16, 1, 8 << i, 8 << i) for i in range(3)}}),
    "noises, as many": (
        lambda: Noises(False),
        {"z": (16, 24), **{f"noises.{i}": (16, 1, 8 << i, 8 << i) for i in range(3)}},
    ),
    "dict": (Batch, {"batch.image": PICTURE, "batch.depth": (2, 1, 64, 64)}),
    "dict by name": (Typed, {"batch.image": PICTURE, "batch.depth": (2, 1, 64, 64)}),
    "optional conditions": (Optional, {"x": (2, 4, 64, 64), "t": (2,), "context": (2, 8, 20)}),
    "optional conditions, and more": (Both, {"x": (2, 4, 64, 64), "t": (2,), "context": (2, 8, 20)}),
    "needed, though None": (Forgotten, {"x": PICTURE, "hint": (2, 1, 64, 64)}),
    "one optional label": (Labelled, {"x": PICTURE, "y": (2,)}),
    "samples": (Samples, {"images.*": PICTURE}),
    "pair": (Pair, {"pictures.0": PICTURE, "pictures.1": PICTURE}),
    "clip": (Clip, {"clip": (2, 4, 3, 64, 64)}),
    "size told in words": (lambda: Fixed(176, 3), {"x": (2, 3, 176, 176)}),
    "channels told in words": (lambda: Fixed(64, 5), {"x": (2, 5, 64, 64)}),
    "size of a part": (Inside, {"x": (2, 3, 88, 88)}),
}


@pytest.mark.parametrize("name", TABLE)
def test_side_arguments_without_flags(name):
    build, shapes = TABLE[name]
    model = build().eval()
    before = model_digest(model)
    chosen = choose(model)
    assert model_digest(model) == before
    assert {s.name: s.shape for s in chosen.specs} == shapes
    assert chosen.passes
    for probe in fed(model, chosen):
        assert probe.probe.shape == chosen.main.shape


class Told(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.rgb, self.depth = conv(3), conv(1)

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        return self.rgb(batch["image"]) + self.depth(batch["depth"])


@pytest.mark.usefixtures("torchscript")
def test_a_scripted_network_is_asked_for_its_entries_as_well():
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.script(Told().eval()), buffer)
    buffer.seek(0)
    model = torch.jit.load(buffer)
    chosen = choose(model)
    assert {s.name: s.shape for s in chosen.specs} == {"batch.image": PICTURE, "batch.depth": (2, 1, 64, 64)}
    fed(model, chosen)


class Undone(nn.Module):
    def forward(self, x: Tensor, state: object = None) -> Tensor:
        return x + state.value  # type: ignore[attr-defined]


def test_what_was_left_out_is_no_crash_of_the_network():
    with pytest.raises(ChoiceError, match="NoneType"):
        choose(Undone())


def test_the_main_argument_may_lie_in_a_dict():
    chosen = choose(Batch())
    assert chosen.main.name == "batch.image"
    probe = fed(Batch().eval(), chosen)[-1]
    assert probe.probe.name == "zeros"
    assert probe.args[0]["image"].abs().max() == 0
    assert probe.args[0]["depth"].abs().max() > 0


def test_every_size_that_is_asked_about_resizes_what_goes_along():
    chosen = choose(Guided())
    assert [tuple(t.shape) for t in chosen.make(16, 32)] == [(2, 1, 16, 32), (2, 3, 64, 128)]
    assert {k: tuple(t.shape) for k, t in choose(Typed()).make_named(16, 32)["batch"].items()} == {
        "image": (2, 3, 16, 32),
        "depth": (2, 1, 16, 32),
    }


def test_an_entry_of_a_dict_can_be_declared():
    request = Request("x", inputs=(InputSpec((1, 3, 32, 48), "batch.image"),))
    chosen = choose(Typed(), request)
    assert {s.name: s.shape for s in chosen.specs} == {"batch.image": (1, 3, 32, 48), "batch.depth": (1, 1, 32, 48)}
    both = (InputSpec((1, 3, 8, 8), "batch.image"), InputSpec((1, 1, 8, 8), "batch.depth", low=0.0, high=9.0))
    probe = fed(Batch().eval(), choose(Batch(), Request("x", inputs=both)), Request("x", inputs=both))[0]
    assert 0 <= probe.args[0]["depth"].min() < probe.args[0]["depth"].max() <= 9


def test_a_list_of_samples_can_be_declared():
    request = Request("x", inputs=(InputSpec((3, 3, 16, 24), "images.*"),))
    probe = fed(Samples().eval(), choose(Samples(), request), request)[0]
    assert [tuple(image.shape) for image in probe.args[0]] == [(3, 16, 24)] * 3


def test_an_entry_that_forward_does_not_have():
    with pytest.raises(ChoiceError, match=r"no argument table.x; it takes"):
        choose(Masked(), Request("x", inputs=(InputSpec((1, 3, 8, 8), "table.x"),)))


def test_a_config_names_channels_and_size():
    class Configured(nn.Module):
        def __init__(self, config: object) -> None:
            super().__init__()
            self.conv, self.config = conv(4), config

        def forward(self, sample: Tensor) -> Tensor:
            return self.conv(sample)

    class Settings:
        in_channels, sample_size = 4, 48

    for config in (Settings(), {"num_channels": 4, "image_size": [48, 48]}):
        chosen = choose(Configured(config))
        assert (chosen.choice.rung, chosen.main.shape) == ("config", (2, 4, 48, 48))
        assert chosen.choice.text == "The model's config names 4 channels and the size 48."
    assert choose(Configured({"in_channels": 4, "sample_size": 1024})).main.shape == (2, 4, 64, 64)
    assert choose(Configured(None)).choice.rung == "first consumed parameter"


def test_hooks_that_a_pass_adds_are_taken_off_again():
    class Hooked(nn.Module):
        """Adds a hook to a part on its first pass, and remembers that it did."""

        def __init__(self) -> None:
            super().__init__()
            self.conv, self.hooked, self.calls = conv(3), False, []

        def forward(self, x: Tensor) -> Tensor:
            if not self.hooked:
                self.conv.register_forward_hook(lambda *_: self.calls.append(1))
                self.hooked = True
            return self.conv(x)

    model = Hooked().eval()
    for _ in range(3):
        output_shape(model, (torch.empty(1, 3, 8, 8),))
    model(torch.zeros(1, 3, 8, 8))
    assert model.calls == [1]
