"""Networks that no number of the fingerprint was tuned on: other architectures, preprocessings and photographs."""

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.fingerprint.networks import NETWORKS, Network, SmallUNet

HELD_OUT = (
    Network("deep-mask", "ImageNet", "people and tables", "shapes", stem="deep", side=64),
    Network("resnet-mask", "0..1", "cat and workshop", "shapes", stem="smp resnet18", side=64),
    Network("mobile-mask", "-1..1", "people and tables", "warm", stem="smp mobilenet_v2", side=64),
    Network("strided-mask", "Caffe", "cat and workshop", "warm", stem="strided", side=64),
    Network("strided-bgr", "ImageNet, BGR", "all but one", "shapes", stem="strided", side=96),
    Network("relu-first", "0..1", "people and tables", "shapes", stem="relu first", side=48),
    Network("fcn-bytes", "0..255", "all but one", "warm", stem="torchvision resnet18", side=64),
    Network("deep-clip", "CLIP", "cat and workshop", "shapes", stem="deep", side=64),
    Network("strided-each", "each picture", "people and tables", "shapes", stem="strided", side=64),
    Network("grey-bright", "0..1, grey", "grey", "bright", stem="deep", side=64),
    Network("group-norm", "ImageNet", "cat and workshop", "shapes", stem="group", side=64),
    Network("no-norm", "0..1", "people and tables", "shapes", stem="none", side=64),
)
"""The held-out set; the last two have no statistics, so that the tool has to say that it cannot know."""
SECOND = (
    Network("cool-bgr", "0..1, BGR", "warm, then cool", "shapes", stem="strided", side=80),
    Network("cool-imagenet", "ImageNet", "warm, then cool", "warm", stem="deep", side=64),
    Network("deep-retina", "Caffe", "retina", "warm", stem="deep", side=80),
    Network("strided-tissue", "-1..1", "stained tissue", "shapes", stem="strided", side=64),
    Network("relu-tissue", "ImageNet", "stained tissue", "warm", stem="relu first", side=64),
    Network("deep-clip-tissue", "CLIP", "stained tissue", "warm", stem="deep", side=64),
)
"""Held out once more: made after what the first set showed was mended (the order of channels of cool pictures)."""


class DeepUNet(nn.Module):
    """A U-Net of four levels and another width, one convolution a level, bilinear enlargement."""

    def __init__(self, channels: int = 3, base: int = 8, norm: Callable[[int], nn.Module] = nn.BatchNorm2d) -> None:
        super().__init__()
        widths = [base, 2 * base, 3 * base, 4 * base]
        before = [channels, *widths[:-1]]
        self.down = nn.ModuleList(_unit(a, b, norm) for a, b in zip(before, widths, strict=True))
        self.up = nn.ModuleList(_unit(a + b, a, norm) for a, b in pairwise(widths))
        self.head = nn.Conv2d(base, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Turn pictures into logits of one channel."""
        kept = []
        for level, unit in enumerate(self.down):
            x = unit(F.max_pool2d(x, 2) if level else x)
            kept.append(x)
        for skip, unit in zip(kept[-2::-1], reversed(self.up), strict=True):
            x = unit(torch.cat([F.interpolate(x, scale_factor=2, mode="bilinear"), skip], dim=1))
        drawn: Tensor = self.head(x)
        return drawn


class StridedNet(nn.Module):
    """An encoder of strided convolutions, 7x7 with a bias at first, and transposed convolutions back."""

    def __init__(self) -> None:
        super().__init__()
        norm = nn.BatchNorm2d
        self.stem = nn.Sequential(nn.Conv2d(3, 16, 7, 2, 3), norm(16), nn.SiLU())
        self.body = nn.Sequential(nn.Conv2d(16, 32, 3, 2, 1), norm(32), nn.SiLU(), _unit(32, 32, norm))
        self.up = nn.Sequential(nn.ConvTranspose2d(32, 16, 4, 2, 1), norm(16), nn.SiLU())
        self.head = nn.ConvTranspose2d(32, 1, 4, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Turn pictures into logits of one channel."""
        first = self.stem(x)
        drawn: Tensor = self.head(torch.cat([self.up(self.body(first)), first], dim=1))
        return drawn


class ReluFirst(nn.Module):
    """Convolution, ReLU, and only then normalisation: what stands in front of it is not affine."""

    def __init__(self) -> None:
        super().__init__()
        widths = (3, 16, 24, 24, 16)
        self.body = nn.Sequential(
            *(
                nn.Sequential(nn.Conv2d(a, b, 3, padding=d, dilation=d), nn.ReLU(), nn.BatchNorm2d(b))
                for (a, b), d in zip(pairwise(widths), (1, 2, 4, 1), strict=True)
            ),
            nn.Conv2d(16, 1, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Turn pictures into logits of one channel."""
        drawn: Tensor = self.body(x)
        return drawn


class Backbone(nn.Module):
    """A classifier's encoder of torchvision with one convolution that draws, enlarged eight times."""

    def __init__(self) -> None:
        super().__init__()
        from torchvision.models import resnet18

        whole = resnet18(weights=None)
        self.encoder = nn.Sequential(*list(whole.children())[:6])
        self.head = nn.Conv2d(128, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Turn pictures into logits of one channel."""
        return F.interpolate(self.head(self.encoder(x)), scale_factor=8.0, mode="bilinear")


def _unit(inputs: int, outputs: int, norm: Callable[[int], nn.Module]) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1), norm(outputs), nn.LeakyReLU(0.1))


def _smp(encoder: str) -> nn.Module:
    import segmentation_models_pytorch as smp

    model: nn.Module = smp.Unet(encoder, encoder_weights=None, classes=1, decoder_channels=(64, 32, 24, 16, 8))
    return model


BUILDERS: dict[str, Callable[[], nn.Module]] = {
    "deep": DeepUNet,
    "strided": StridedNet,
    "relu first": ReluFirst,
    "smp resnet18": lambda: _smp("resnet18"),
    "smp mobilenet_v2": lambda: _smp("mobilenet_v2"),
    "torchvision resnet18": Backbone,
    "group": lambda: DeepUNet(norm=lambda n: nn.GroupNorm(4, n)),
    "none": lambda: DeepUNet(norm=lambda _: nn.Identity()),
}
"""Kind of network -> how it is built."""


def build(network: Network) -> nn.Module:
    """Return a network of either set with seeded fresh weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        if network.preprocessing.endswith("grey"):
            return DeepUNet(channels=1)
        builder = BUILDERS.get(network.stem)
        return builder() if builder else SmallUNet(1 if network.segments else 3, network.stem)


def build_model(name: str) -> nn.Module:
    """Return a network of either set with its trained weights, in eval()."""
    network = next(n for n in (*NETWORKS, *HELD_OUT, *SECOND) if n.name == name)
    model = build(network)
    model.load_state_dict(torch.load(network.weights, weights_only=True))
    return model.eval()
