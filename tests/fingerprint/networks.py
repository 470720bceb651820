"""The networks of the bench: small, with batch normalisation, each trained under one preprocessing."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

CACHE = Path(__file__).resolve().parents[2] / ".cache" / "fingerprint"
"""Where trained weights are kept."""
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
CLIP = ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))


def _column(values: tuple[float, ...]) -> Tensor:
    return torch.tensor(values).reshape(1, 3, 1, 1)


def _imagenet(x: Tensor) -> Tensor:
    return (x / 255 - _column(IMAGENET[0])) / _column(IMAGENET[1])


PREPROCESSINGS: dict[str, Callable[[Tensor], Tensor]] = {
    "0..1": lambda x: x / 255,
    "0..255": lambda x: x,
    "-1..1": lambda x: x / 127.5 - 1,
    "ImageNet": _imagenet,
    "ImageNet, BGR": lambda x: _imagenet(x.flip(1)),
    "0..1, BGR": lambda x: x.flip(1) / 255,
    "CLIP": lambda x: (x / 255 - _column(CLIP[0])) / _column(CLIP[1]),
    "each picture": lambda x: (x - x.mean((1, 2, 3), keepdim=True)) / x.std((1, 2, 3), keepdim=True),
    "0..1, grey": lambda x: x[:, :1] / 255,
    "0..255, grey": lambda x: x[:, :1],
    "Caffe": lambda x: x.flip(1) - _column((103.939, 116.779, 123.68)),
}
"""Name -> what it makes of RGB bytes; written out here, so that nothing of the tool judges itself."""


@dataclass(frozen=True)
class Network:
    """One network: what it was trained on, and how it was fed."""

    name: str
    preprocessing: str
    domain: str
    task: str
    stem: str = "plain"
    """Kind of first convolution; in the held-out set, of the whole network."""
    side: int = 64
    """Side of its crops, in pixels."""

    @property
    def segments(self) -> bool:
        """Whether it draws a mask."""
        return self.task != "denoise"

    @property
    def knows(self) -> bool:
        """Whether it stores statistics of what it was trained on."""
        return self.stem not in ("group", "none")

    @property
    def weights(self) -> Path:
        """File of its trained weights."""
        return CACHE / f"{self.name}.pt"


NETWORKS = (
    Network("unit-mask", "0..1", "photographs", "warm"),
    Network("imagenet-mask", "ImageNet", "photographs", "warm"),
    Network("imagenet-tissue", "ImageNet", "stained tissue", "shapes", "wide"),
    Network("signed-tissue", "-1..1", "stained tissue", "warm"),
    Network("bytes-retina", "0..255", "retina", "shapes"),
    Network("bgr-imagenet-mask", "ImageNet, BGR", "photographs", "warm", "wide"),
    Network("bgr-unit-retina", "0..1, BGR", "retina", "warm"),
    Network("caffe-mask", "Caffe", "street and table", "shapes"),
    Network("unit-denoise", "0..1", "photographs", "denoise"),
    Network("signed-denoise", "-1..1", "portraits", "denoise", "normalised input"),
)


class SmallUNet(nn.Module):
    """A U-Net of two levels with batch normalisation behind every convolution."""

    def __init__(self, outputs: int = 1, stem: str = "plain", base: int = 12) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(3) if stem == "normalised input" else nn.Identity()
        self.first = _block(3, base, 7 if stem == "wide" else 3)
        self.second = _block(base, 2 * base)
        self.third = _block(2 * base, 4 * base)
        self.up2 = nn.ConvTranspose2d(4 * base, 2 * base, 2, stride=2)
        self.merge2 = _block(4 * base, 2 * base)
        self.up1 = nn.ConvTranspose2d(2 * base, base, 2, stride=2)
        self.merge1 = _block(2 * base, base)
        self.head = nn.Conv2d(base, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Turn pictures [N, 3, H, W] into logits or pictures [N, outputs, H, W]."""
        first = self.first(self.norm(x))
        second = self.second(nn.functional.max_pool2d(first, 2))
        third = self.third(nn.functional.max_pool2d(second, 2))
        second = self.merge2(torch.cat([self.up2(third), second], dim=1))
        first = self.merge1(torch.cat([self.up1(second), first], dim=1))
        drawn: Tensor = self.head(first)
        return drawn


def _block(inputs: int, outputs: int, kernel: int = 3) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
        nn.Conv2d(outputs, outputs, 3, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )
