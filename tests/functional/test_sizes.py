"""What `sizes` says of twenty networks is what twelve real forward passes of each do."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unetdoctor.engine.inputs import choose_input
from unetdoctor.engine.returned import choose, find_tensors
from unetdoctor.engine.size_laws import output_size
from unetdoctor.engine.sizes import survey
from unetdoctor.facts import Request, Sizes, Target

TARGET = Target("model.py", "Net", "python file", (), 0, 0)


class UNet(nn.Module):
    """Pools, doubles, joins."""

    def __init__(self, depth: int, padding: int = 1, dims: int = 2, resize: bool = False) -> None:
        super().__init__()
        conv = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[dims - 1]
        self.up = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)[dims - 1]
        self.resize, self.padding = resize, padding
        self.down = nn.ModuleList(conv(3 if n == 0 else 4, 4, 3, padding=padding) for n in range(depth + 1))
        self.ups = nn.ModuleList(self.up(4, 4, 2, 2) for _ in range(depth))
        self.joined = nn.ModuleList(conv(8, 4, 3, padding=padding) for _ in range(depth))
        self.pool = (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d)[dims - 1](2)
        self.head = conv(4, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        skips = []
        for layer in self.down[:-1]:
            x = layer(x).relu()
            skips.append(x)
            x = self.pool(x)
        x = self.down[-1](x).relu()
        for up, joined, skip in zip(self.ups, self.joined, reversed(skips), strict=True):
            x = F.interpolate(x, size=skip.shape[2:], mode="bilinear") if self.resize else up(x)
            if not self.padding:
                cut = [(a - b) // 2 for a, b in zip(skip.shape[2:], x.shape[2:], strict=True)]
                skip = skip[:, :, cut[0] : cut[0] + x.shape[2], cut[1] : cut[1] + x.shape[3]]
            x = joined(torch.cat([x, skip], 1)).relu()
        out: Tensor = self.head(x)
        return out


class Uneven(nn.Module):
    """Halves the height once and the width three times."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(3, 4, 3, (2, 4), 1), nn.ReLU(), nn.Conv2d(4, 4, 3, (1, 2), 1))
        self.up = nn.ConvTranspose2d(4, 3, (2, 8), (2, 8))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.up(self.down(x)) + x
        return out


class Patches(nn.Module):
    """A transformer over patches with learned positions of one grid."""

    def __init__(self, side: int = 48, patch: int = 8) -> None:
        super().__init__()
        self.patch, self.grid = patch, side // patch
        self.embed = nn.Conv2d(3, 16, patch, patch)
        self.positions = nn.Parameter(torch.zeros(1, self.grid**2, 16))
        self.block = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
        self.head = nn.Linear(16, patch * patch * 2)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.embed(x).flatten(2).transpose(1, 2) + self.positions
        tokens = self.head(self.block(tokens)).transpose(1, 2)
        out: Tensor = F.fold(tokens, (self.grid * self.patch,) * 2, self.patch, stride=self.patch)
        return out


class Windows(nn.Module):
    """Attention in windows of seven: the map must be cut without remainder."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Conv2d(3, 8, 2, 2)
        self.mix = nn.Linear(8, 8)
        self.head = nn.ConvTranspose2d(8, 1, 2, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.embed(x)
        n, c, h, w = x.shape
        x = x.view(n, c, h // 7, 7, w // 7, 7).permute(0, 2, 4, 3, 5, 1)
        x = self.mix(x).permute(0, 5, 1, 3, 2, 4).reshape(n, c, h, w)
        out: Tensor = self.head(x)
        return out


class Context(nn.Module):
    """A deeplab-like head: stride 8, pooled context with normalisation, logits brought back."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *[nn.Sequential(nn.Conv2d(3 if n == 0 else 8, 8, 3, 2, 1), nn.ReLU()) for n in range(3)]
        )
        self.wide = nn.Conv2d(8, 8, 3, padding=6, dilation=6)
        self.context = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(8, 8, 1), nn.BatchNorm2d(8), nn.ReLU())
        self.head = nn.Conv2d(16, 3, 1)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        deep = self.body(x)
        pooled = F.interpolate(self.context(deep), size=deep.shape[2:], mode="bilinear")
        logits = self.head(torch.cat([self.wide(deep), pooled], 1))
        return {"out": F.interpolate(logits, size=x.shape[2:], mode="bilinear"), "aux": deep}


class Normalised(nn.Module):
    """Instance normalisation at the bottom, which one pixel cannot have."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(3, 8, 4, 4), nn.InstanceNorm2d(8), nn.ReLU())
        self.up = nn.ConvTranspose2d(8, 3, 4, 4)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.up(self.down(x))
        return out


def reflecting() -> nn.Module:
    """Reflection wants more pixels than it mirrors: seven needs eight."""
    return nn.Sequential(
        nn.ReflectionPad2d(7), nn.Conv2d(3, 8, 15), nn.ReLU(), nn.Conv2d(8, 3, 3, padding=1), nn.Tanh()
    )


def shuffled() -> nn.Module:
    """Super-resolution by pixel shuffle."""
    return nn.Sequential(nn.Conv2d(3, 8, 5, padding=2), nn.ReLU(), nn.Conv2d(8, 12, 3, padding=1), nn.PixelShuffle(2))


def logits_of_a_quarter() -> nn.Module:
    """Stride four, and no way back."""
    return nn.Sequential(
        nn.Conv2d(3, 8, 7, 4, 3), nn.ReLU(), nn.Conv2d(8, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 5, 1)
    )


def floored() -> nn.Module:
    """Pools by four and doubles twice without a skip: the remainder is lost."""
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.MaxPool2d(4), nn.ReLU(), nn.Upsample(scale_factor=4), nn.Conv2d(8, 1, 1)
    )


def ceiled() -> nn.Module:
    """Halves three times by a stride that rounds up, and comes back."""
    down = [nn.Sequential(nn.Conv2d(3 if n == 0 else 8, 8, 3, 2, 1), nn.ReLU()) for n in range(3)]
    up = [nn.ConvTranspose2d(8, 8, 4, 2, 1) for _ in range(3)]
    return nn.Sequential(*down, *up, nn.Conv2d(8, 3, 1))


def unshuffled() -> nn.Module:
    """Space to depth and back: even sides alone."""
    return nn.Sequential(nn.PixelUnshuffle(2), nn.Conv2d(12, 12, 3, padding=1), nn.PixelShuffle(2))


def classified() -> nn.Module:
    """A picture of one size into one vector, drawn again."""
    return nn.Sequential(
        nn.Flatten(), nn.Linear(3 * 32 * 32, 16), nn.ReLU(), nn.Linear(16, 1024), nn.Unflatten(1, (1, 32, 32))
    )


def of_torchvision() -> nn.Module:
    """A torchvision network."""
    from torchvision.models.segmentation import lraspp_mobilenet_v3_large

    model: nn.Module = lraspp_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=2)
    return model


def of_smp() -> nn.Module:
    """A network of segmentation-models-pytorch; its own check of sizes is Python, and raises."""
    import segmentation_models_pytorch as smp

    return smp.Linknet("resnet18", encoder_weights=None, classes=2)


def of_monai() -> nn.Module:
    """A network of monai."""
    from monai.networks.nets import UNet as MonaiUNet

    return MonaiUNet(2, 3, 2, channels=(4, 8, 16, 16), strides=(2, 2, 2))


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "unet_two": lambda: UNet(2),
    "unet_three": lambda: UNet(3),
    "unet_four": lambda: UNet(4),
    "unet_five": lambda: UNet(5),
    "unet_valid": lambda: UNet(2, padding=0),
    "unet_resized": lambda: UNet(3, resize=True),
    "unet_of_volumes": lambda: UNet(2, dims=3),
    "unet_of_signals": lambda: UNet(3, dims=1),
    "uneven": Uneven,
    "patches": Patches,
    "windows": Windows,
    "context": Context,
    "normalised": Normalised,
    "reflecting": reflecting,
    "shuffled": shuffled,
    "quarter": logits_of_a_quarter,
    "floored": floored,
    "ceiled": ceiled,
    "unshuffled": unshuffled,
    "classified": classified,
    "torchvision": of_torchvision,
    "smp": of_smp,
    "monai": of_monai,
}
BROADCAST = {("uneven", (1, 1)), ("patches", (8, 8))}
"""Sizes that pass by accident: one pixel, or one token, is broadcast against many."""
SIZES = (
    (64, 64),
    (32, 32),
    (48, 48),
    (96, 64),
    (63, 64),
    (65, 65),
    (28, 56),
    (44, 60),
    (8, 8),
    (4, 7),
    (50, 34),
    (1, 1),
)


def sizes_of(dims: int) -> tuple[tuple[int, ...], ...]:
    """The twelve sizes on as many axes."""
    if dims == 1:
        return tuple((height + width,) if height > 8 else (height,) for height, width in SIZES)
    return SIZES if dims == 2 else tuple((min(h, 24), h, w) if h < 65 else (8, 16, 12) for h, w in SIZES)


def really(model: nn.Module, shape: tuple[int, ...]) -> tuple[int, ...] | None:
    """The shape of the picture that a real pass draws, None where it raises."""
    try:
        with torch.no_grad():
            found = find_tensors(model(torch.rand(shape)))
    except Exception:
        return None
    chosen, _ = choose(found, shape)
    assert chosen is not None
    return tuple(found[chosen][1].shape)


def expected(found: Sizes, size: tuple[int, ...]) -> tuple[bool, tuple[int, ...] | None]:
    """What multiple, smallest size and law say of a size: whether it passes, and the sides that come out."""
    fits = not found.square or len(set(size)) == 1
    for n, axis in zip(size, found.axes, strict=True):
        fits &= n in axis.remainders if axis.multiple is None else n % axis.multiple in axis.remainders
        fits &= (axis.smallest or 0) <= n <= (axis.largest or n)
    fits &= found.smallest is None or all(n >= s for n, s in zip(size, found.smallest, strict=True))
    laws = [axis.law for axis in found.axes]
    sides = tuple(output_size(law, n) for law, n in zip(laws, size, strict=True) if law is not None)
    return bool(fits), sides if len(sides) == len(size) else None


@pytest.mark.parametrize("name", NETWORKS)
def test_what_is_said_of_sizes_is_what_real_passes_do(name: str) -> None:
    torch.manual_seed(0)
    model = NETWORKS[name]().eval()
    chosen = choose_input(model, "eager", Request("model.py"), None, lambda _, function: function())
    shape = chosen.main.shape
    wanted = sizes_of(len(shape) - 2)
    assert len(wanted) == 12
    found: Any = survey(model, chosen, TARGET, wanted)
    said, ruled = {}, {}
    truth = {size: really(model, (*shape[:2], *size)) for size in wanted}
    for asked in found.asked:
        assert asked.passes is not None
        said[asked.size] = asked.output if asked.passes else None
        passes, sides = expected(found, asked.size)
        out = truth[asked.size]
        if passes and sides is not None and out is not None:
            ruled[asked.size] = (sides, out[2:])
        if (name, asked.size) in BROADCAST:
            continue
        assert passes == (out is not None), f"{asked.size}: the rule says {passes}, {out} came out; {found.axes}"
    assert said == truth
    assert all(a == b for a, b in ruled.values()), ruled
    for asked in found.asked:
        for near in filter(None, (asked.larger, asked.smaller)):
            assert really(model, (*shape[:2], *near)) is not None
