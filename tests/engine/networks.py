"""Fresh third-party and hand-written networks of many families, small enough to run in a moment."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Factory = Callable[[], nn.Module]


class Generator(nn.Module):
    def __init__(self, latent: int = 32) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.ConvTranspose2d(latent, 32, 4, bias=False),
            nn.BatchNorm2d(32),
            nn.ReLU(inplace=True),
            nn.ConvTranspose2d(32, 16, 4, 2, 1, bias=False),
            nn.BatchNorm2d(16),
            nn.ReLU(inplace=True),
            nn.ConvTranspose2d(16, 3, 4, 2, 1),
            nn.Tanh(),
        )

    def forward(self, z: Tensor) -> Tensor:
        return self.main(z)


class UnitGenerator(Generator):
    """Ends in (tanh + 1) / 2."""

    def forward(self, z: Tensor) -> Tensor:
        return (self.main(z) + 1) / 2


class Variational(nn.Module):
    """Samples in eval, by design."""

    def __init__(self) -> None:
        super().__init__()
        self.encode = nn.Conv2d(3, 8, 3, 2, 1)
        self.decode = nn.ConvTranspose2d(4, 3, 4, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        mean, log_variance = self.encode(x).chunk(2, dim=1)
        z = mean + torch.randn_like(mean) * torch.exp(log_variance / 2)
        return torch.sigmoid(self.decode(z))


class Counting(nn.Module):
    """Writes into its own buffer and its own input."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("calls", torch.zeros(1))
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.last = nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        x.mul_(0.5)
        return self.last(F.relu_(self.first(x))) + self.calls


class Branching(nn.Module):
    """Its control flow depends on the data."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.last = nn.Conv2d(8, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        h = self.first(x)
        if float(h.std()) > 1:
            h = torch.tanh(h)
        return self.last(h)


class Normed(nn.Module):
    """Weight normalisation, spectral normalisation, group and instance norm, a linear layer, a shared layer."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 8, 3, padding=1))
        self.group = nn.GroupNorm(2, 8)
        self.shared = nn.Conv2d(8, 8, 3, padding=1)
        self.instance = nn.InstanceNorm2d(8, affine=True)
        self.gate = nn.Linear(8, 8)
        self.head = nn.utils.parametrizations.spectral_norm(nn.Conv2d(8, 3, 1))

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        h = self.group(self.stem(x))
        h = self.instance(self.shared(F.gelu(self.shared(h))))
        weight = torch.sigmoid(self.gate(h.mean((2, 3))))[:, :, None, None]
        return {"aux": h, "out": self.head(h * weight)}


class Attention(nn.Module):
    """Patches, positions, multi-head attention, pixel shuffle."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, 32, 8, 8)
        self.position = nn.Parameter(torch.randn(1, 16, 32) * 0.02)
        self.block = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True)
        self.head = nn.Linear(32, 3 * 64)

    def forward(self, x: Tensor) -> Tensor:
        h = self.patch(x).flatten(2).transpose(1, 2) + self.position
        h = self.head(self.block(h)).transpose(1, 2).reshape(x.shape[0], 192, 4, 4)
        return F.pixel_shuffle(h, 8)


class Residual(nn.Module):
    """A super-resolution network with in-place activations and a global skip."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Conv2d(3, 16, 3, padding=1)
        self.body = nn.Sequential(nn.Conv2d(16, 16, 3, padding=1), nn.LeakyReLU(0.2, inplace=True))
        self.up = nn.Sequential(nn.Conv2d(16, 64, 3, padding=1), nn.PixelShuffle(2))
        self.tail = nn.Conv2d(16, 3, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        h = self.head(x)
        h = h + self.body(h)
        return self.tail(self.up(h)) + F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)


def _smp(name: str, encoder: str = "resnet18", **options: object) -> Factory:
    def build() -> nn.Module:
        import segmentation_models_pytorch as smp

        network: nn.Module = getattr(smp, name)(encoder, encoder_weights=None, classes=2, **options)
        return network

    return build


def _torchvision(name: str) -> Factory:
    def build() -> nn.Module:
        from torchvision.models import segmentation

        network: nn.Module = getattr(segmentation, name)(weights=None, weights_backbone=None, num_classes=3)
        return network

    return build


def _monai(name: str, **options: object) -> Factory:
    def build() -> nn.Module:
        from monai.networks import nets

        network: nn.Module = getattr(nets, name)(spatial_dims=2, **options)
        return network

    return build


_STEPS = {"channels": (8, 16, 32), "strides": (2, 2)}
NETWORKS: dict[str, tuple[Factory, tuple[int, ...]]] = {
    "generator": (Generator, (4, 32, 1, 1)),
    "unit-generator": (UnitGenerator, (4, 32, 1, 1)),
    "variational": (Variational, (2, 3, 16, 16)),
    "counting": (Counting, (2, 3, 16, 16)),
    "branching": (Branching, (2, 3, 16, 16)),
    "normed": (Normed, (2, 3, 16, 16)),
    "attention": (Attention, (2, 3, 32, 32)),
    "residual": (Residual, (2, 3, 16, 16)),
    "smp-unet": (_smp("Unet"), (2, 3, 64, 64)),
    "smp-unet-mobilenet": (_smp("Unet", "mobilenet_v2", activation="sigmoid"), (2, 3, 64, 64)),
    "smp-unetplusplus": (_smp("UnetPlusPlus"), (2, 3, 64, 64)),
    "smp-fpn": (_smp("FPN"), (2, 3, 64, 64)),
    "smp-linknet": (_smp("Linknet"), (2, 3, 64, 64)),
    "smp-manet": (_smp("MAnet"), (2, 3, 64, 64)),
    "smp-pspnet": (_smp("PSPNet"), (2, 3, 64, 64)),
    "smp-deeplabv3plus": (_smp("DeepLabV3Plus"), (2, 3, 64, 64)),
    "smp-segformer": (_smp("Segformer", "mit_b0"), (2, 3, 64, 64)),
    "torchvision-lraspp": (_torchvision("lraspp_mobilenet_v3_large"), (2, 3, 64, 64)),
    "torchvision-deeplabv3": (_torchvision("deeplabv3_mobilenet_v3_large"), (2, 3, 64, 64)),
    "torchvision-fcn": (_torchvision("fcn_resnet50"), (1, 3, 32, 32)),
    "monai-unet": (_monai("UNet", in_channels=3, out_channels=2, num_res_units=1, **_STEPS), (2, 3, 32, 32)),
    "monai-attention-unet": (_monai("AttentionUnet", in_channels=3, out_channels=2, **_STEPS), (2, 3, 32, 32)),
    "monai-basic-unet": (
        _monai("BasicUNet", in_channels=3, out_channels=2, features=(8, 8, 16, 16, 32, 8)),
        (2, 3, 32, 32),
    ),
    "monai-segresnet": (_monai("SegResNet", init_filters=8, in_channels=3, out_channels=2), (2, 3, 32, 32)),
    "monai-autoencoder": (
        _monai("AutoEncoder", in_channels=3, out_channels=3, channels=(8, 16), strides=(2, 2)),
        (2, 3, 32, 32),
    ),
}
"""Name -> (factory, input shape)."""
