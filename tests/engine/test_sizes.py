"""The survey of input sizes, on small networks of which the answer is known."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from unetdoctor.engine import sizes
from unetdoctor.engine.chosen import ChosenInput
from unetdoctor.engine.inputs import choose_input
from unetdoctor.engine.padding import padding_lines
from unetdoctor.engine.sizes import survey
from unetdoctor.facts import AxisSizes, Place, Request, SizeLaw, Sizes, Target

TARGET = Target("model.py", "Net", "python file", (), 0, 0)


def chosen_for(model: nn.Module, **fields: Any) -> ChosenInput:
    return choose_input(model, "eager", Request("model.py", **fields), None, lambda _, function: function())


def surveyed(model: nn.Module, *asked: tuple[int, ...], **fields: Any) -> Sizes:
    model.eval()
    return survey(model, chosen_for(model, **fields), TARGET, asked)


class Halving(nn.Module):
    """Height is halved once, width three times, and both come back to a skip connection."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Conv2d(3, 4, (2, 8), (2, 8))
        self.up = nn.ConvTranspose2d(4, 3, (2, 8), (2, 8))

    def forward(self, x: Tensor) -> Tensor:
        deep = self.up(self.down(x))
        return torch.cat([deep, x], 1)


def test_height_and_width_have_their_own_multiples():
    found = surveyed(Halving(), (63, 64), (64, 60))
    height, width = found.axes
    assert (height.name, height.multiple, height.smallest) == ("height", 2, 2)
    assert (width.name, width.multiple, width.smallest) == ("width", 8, 8)
    assert found.smallest == (2, 8)
    assert found.pad == (
        "height, width = x.shape[-2:]",
        "x = F.pad(x, (0, -width % 8, 0, -height % 2))",
        "y = model(x)[..., :height, :width]",
    )
    assert [(a.smaller, a.larger) for a in found.asked] == [((62, 64), (64, 64)), ((64, 56), (64, 64))]
    assert found.exit_code == 1


def test_a_refusal_names_layer_line_and_shapes():
    found = surveyed(Halving(), (63, 64))
    refusal = found.asked[0].refusal
    assert refusal is not None
    assert refusal == found.refusal
    assert refusal.op == "cat"
    assert refusal.operands == ((2, 3, 62, 64), (2, 3, 63, 64))
    assert refusal.place.file.endswith("test_sizes.py")
    assert refusal.place.line
    assert refusal.rounding[0][2:] == ("convolution", 63, 31)


def test_what_python_raises_is_placed_too():
    class Picky(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 1, 3, padding=1)

        def forward(self, x: Tensor) -> Tensor:
            if x.shape[-1] % 32:
                raise ValueError(f"{x.shape[-1]} is not divisible by 32")
            return self.conv(x)

    found = surveyed(Picky())
    refusal = found.refusal
    assert refusal is not None
    assert refusal.message.endswith("is not divisible by 32")
    assert refusal.place.file.endswith("test_sizes.py")
    assert [a.multiple for a in found.axes] == [1, 32]


def test_a_fixed_size_is_said_so():
    model = nn.Sequential(nn.Flatten(), nn.Linear(3 * 16 * 16, 16), nn.Unflatten(1, (1, 4, 4)))
    found = surveyed(model, (16, 16), (20, 20))
    assert [(a.multiple, a.remainders, a.smallest, a.largest) for a in found.axes] == [(None, (16,), 16, 16)] * 2
    assert [a.passes for a in found.asked] == [True, False]
    assert found.asked[1].smaller == (16, 16)
    assert found.asked[1].larger is None
    assert not found.pad


def test_equal_sides():
    class Square(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 2, 3, padding=1)

        def forward(self, x: Tensor) -> Tensor:
            x = self.conv(x)
            return x @ x

    found = surveyed(Square(), (20, 30))
    assert found.square
    assert [a.multiple for a in found.axes] == [1, 1]
    assert (found.asked[0].smaller, found.asked[0].larger) == ((20, 20), (30, 30))


def test_a_largest_size():
    class Positions(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv1d(3, 8, 1)
            self.positions = nn.Parameter(torch.zeros(1, 8, 300))

        def forward(self, x: Tensor) -> Tensor:
            x = self.conv(x)
            return x + self.positions[:, :, : x.shape[-1]]

    found = surveyed(Positions(), (301,), inputs=(spec((2, 3, 64)),))
    assert found.axes[0].name == "length"
    assert (found.axes[0].smallest, found.axes[0].largest) == (1, 300)
    assert found.asked[0].smaller == (300,)


def spec(shape: tuple[int, ...]) -> Any:
    from unetdoctor.facts import InputSpec

    return InputSpec(shape)


def test_the_smallest_map_holds_more_than_one_pixel_in_all():
    model = nn.Sequential(nn.Conv2d(3, 8, 4, 4), nn.InstanceNorm2d(8), nn.ConvTranspose2d(8, 3, 4, 4))
    found = surveyed(model)
    assert [a.smallest for a in found.axes] == [4, 4]
    assert found.smallest == (8, 8)


def test_batches():
    class Pairs(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3, padding=1)

        def forward(self, x: Tensor) -> Tensor:
            a, b = self.conv(x).view(2, -1, 4, *x.shape[2:])
            return a + b

    assert surveyed(Pairs()).batches == ((1, False), (2, True), (3, False), (5, False))


def test_real_passes_where_values_decide():
    class Reading(Halving):
        def forward(self, x: Tensor) -> Tensor:
            out = super().forward(x)
            return out * (2.0 if out.sum().item() > 0 else 1.0)

    found = surveyed(Reading(), (63, 64))
    assert found.real
    assert [a.multiple for a in found.axes] == [2, 8]
    assert found.refusal is not None
    assert "Sizes of tensors must match" in found.refusal.message
    assert found.refusal.place == Place()


def test_a_network_that_takes_nothing():
    model = nn.Sequential(nn.Conv2d(3, 4, 1), nn.Conv2d(5, 1, 1))
    found = surveyed(model, (32, 32), inputs=(spec((1, 3, 64, 64)),))
    assert found.note == "No size that was tried passes."
    assert found.refusal is not None
    assert (found.asked[0].passes, found.asked[0].larger, found.exit_code) == (False, None, 1)


def test_latents_have_no_size():
    found = surveyed(nn.Sequential(nn.ConvTranspose2d(100, 16, 4), nn.ReLU(), nn.ConvTranspose2d(16, 3, 4, 4)))
    assert found.note.startswith("The network takes a latent vector")
    assert found.output[1:] == (3, 16, 16)
    assert found.exit_code == 0


def test_where_real_passes_take_too_long_nothing_is_claimed(monkeypatch):
    class Reads(nn.Conv2d):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x) * float(x.mean() + 1)

    monkeypatch.setattr(sizes, "_REAL_SECONDS", 1e-9)
    found = surveyed(Reads(3, 1, 1), (40, 40))
    assert found.note.endswith("give some by --size.")
    assert (found.axes, found.start, found.batches) == ((), (64, 64), ())


def test_channels_in_the_last_place():
    class Last(nn.Conv2d):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x.permute(0, 3, 1, 2))

    found = surveyed(Last(3, 1, 1), inputs=(spec((1, 32, 32, 3)),))
    assert found.note.startswith("The network takes [N, H, W, C]")
    assert not found.axes
    refused = surveyed(nn.Conv2d(3, 1, 1), inputs=(spec((1, 32, 32, 3)),))
    assert "takes" not in refused.note


def axis(name: str, multiple: int, remainder: int = 0, law: SizeLaw | None = None) -> AxisSizes:
    return AxisSizes(name, multiple, (remainder,), 16, None, law)


@pytest.mark.parametrize(
    ("axes", "lines"),
    [
        ((axis("length", 4, law=SizeLaw(1, 1)),), ("length = x.shape[-1]", "(0, -length % 4)", ":length]")),
        ((axis("length", 16, 12),), ("length = x.shape[-1]", "(0, (12 - length) % 16)", "y = model(x)")),
        ((axis("length", 4, law=SizeLaw(2, 1)),), ("", "", ":length * 2]")),
        ((axis("length", 4, law=SizeLaw(1, 4)),), ("", "", ":-(-length // 4)]")),
        ((axis("length", 4, law=SizeLaw(3, 4)),), ("", "", ":-(-length * 3 // 4)]")),
        ((axis("length", 4, law=SizeLaw(4, 4)),), ("", "", ":length]")),
        ((axis("length", 4, law=SizeLaw(1, 1, 0, -8)),), ("", "", "y = model(x)")),
        (
            (axis("depth", 1), axis("height", 8), axis("width", 4)),
            ("depth, height, width = x.shape[-3:]", "(0, -width % 4, 0, -height % 8, 0, 0)", "y = model(x)"),
        ),
    ],
)
def test_the_lines_to_paste(axes: tuple[AxisSizes, ...], lines: tuple[str, ...]):
    found = padding_lines(axes)
    assert len(found) == 3
    for line, end in zip(found, lines, strict=True):
        assert end in line
    assert found[2].endswith(lines[2])


def test_nothing_is_padded_where_any_size_passes():
    assert padding_lines((axis("height", 1), axis("width", 1))) == ()
