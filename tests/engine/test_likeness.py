"""What weights look like, by names and shapes: right where a pattern fits, silent where none does."""

import itertools
from collections.abc import Callable

import pytest
import torch
from torch import nn

from unetdoctor.engine.families import TARGETS
from unetdoctor.engine.likeness import likeness


def double(a: int, b: int, middle: int = 0) -> list[nn.Module]:
    middle = middle or b
    return [nn.Conv2d(a, middle, 3), nn.BatchNorm2d(middle), nn.ReLU(), nn.Conv2d(middle, b, 3), nn.BatchNorm2d(b)]


class UNet(nn.Module):
    """Four levels; the way up is transposed, or bilinear with half of the widths."""

    def __init__(self, base: int = 16, *, bilinear: bool = False, inputs: int = 3, outputs: int = 2) -> None:
        super().__init__()
        half = 2 if bilinear else 1
        widths = [base, 2 * base, 4 * base, 8 * base // half]
        self.downs = nn.ModuleList(
            nn.Sequential(*double(a, b)) for a, b in zip([inputs, *widths], widths, strict=False)
        )
        self.ups = nn.ModuleList()
        self.joins = nn.ModuleList()
        for width in (4 * base, 2 * base, base):
            if not bilinear:
                self.ups.append(nn.ConvTranspose2d(2 * width, width, 2, 2))
            self.joins.append(nn.Sequential(*double(2 * width, width // half if width > base else width, width)))
        self.outc = nn.Conv2d(base, outputs, 1)


def autoencoder() -> nn.Module:
    """The same widths down and up, without a skip."""
    widths = (3, 16, 32, 64, 32, 16)
    layers = [layer for a, b in itertools.pairwise(widths) for layer in double(a, b)]
    return nn.Sequential(*layers, nn.Conv2d(16, 3, 1))


def dcgan() -> nn.Module:
    widths = (100, 64, 32, 16, 8)
    layers: list[nn.Module] = []
    for a, b in itertools.pairwise(widths):
        layers += [nn.ConvTranspose2d(a, b, 4, bias=False), nn.BatchNorm2d(b)]
    main = nn.Sequential(*layers, nn.ConvTranspose2d(8, 3, 4, bias=False))
    return nn.ModuleDict({"main": main})


def discriminator() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 8, 4),
        nn.Conv2d(8, 16, 4, bias=False),
        nn.BatchNorm2d(16),
        nn.Conv2d(16, 32, 4, bias=False),
        nn.BatchNorm2d(32),
        nn.Conv2d(32, 1, 4, bias=False),
    )


def cyclegan() -> nn.Module:
    block = [nn.ModuleDict({"conv_block": nn.Sequential(nn.Identity(), nn.Conv2d(8, 8, 3))}) for _ in range(6)]
    return nn.ModuleDict({"model": nn.Sequential(nn.Identity(), nn.Conv2d(3, 8, 7), *block, nn.Conv2d(8, 3, 7))})


def rrdb() -> nn.Module:
    blocks = [nn.ModuleDict({"rdb1": nn.ModuleDict({"conv1": nn.Conv2d(8, 4, 3)})}) for _ in range(3)]
    return nn.ModuleDict(
        {"conv_first": nn.Conv2d(3, 8, 3), "body": nn.Sequential(*blocks), "conv_last": nn.Conv2d(8, 3, 3)}
    )


def torchvision_network(name: str, **arguments: object) -> nn.Module:
    from torchvision.models import get_model

    with torch.device("meta"):
        return get_model(name, weights=None, **arguments)


def deeplab(name: str) -> nn.Module:
    return torchvision_network(name, weights_backbone=None, num_classes=21, aux_loss=True)


def smp(name: str, encoder: str) -> nn.Module:
    import segmentation_models_pytorch

    with torch.device("meta"):
        return getattr(segmentation_models_pytorch, name)(encoder, encoder_weights=None, classes=4)


def diffusers_network(name: str) -> nn.Module:
    import diffusers

    small = {"block_out_channels": (32, 64), "norm_num_groups": 8}
    kinds = {
        "UNet2DModel": {"down_block_types": ("DownBlock2D",) * 2, "up_block_types": ("UpBlock2D",) * 2, **small},
        "UNet2DConditionModel": {
            "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
            "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
            "cross_attention_dim": 8,
            **small,
        },
        "AutoencoderKL": {},
    }
    with torch.device("meta"):
        return getattr(diffusers, name)(**kinds[name])


def segformer() -> nn.Module:
    import transformers

    with torch.device("meta"):
        return transformers.SegformerForSemanticSegmentation(transformers.SegformerConfig(num_labels=5))


KNOWN: dict[str, tuple[Callable[[], nn.Module], str, int | None, int | None]] = {
    "unet": (UNet, "a U-Net with 4 levels and base width 16", 3, 2),
    "bilinear": (lambda: UNet(bilinear=True, inputs=1, outputs=5), "a U-Net with 4 levels and base width 16", 1, 5),
    "dcgan": (dcgan, "a DCGAN generator with 100 latents and width 8", 100, 3),
    "discriminator": (discriminator, "a DCGAN discriminator, which draws no picture", 3, None),
    "cyclegan": (cyclegan, "a ResNet generator (CycleGAN, pix2pix) with 6 blocks", 3, 3),
    "esrgan": (rrdb, "an ESRGAN generator (RRDBNet) with 3 blocks", 3, 3),
    "deeplab": (lambda: deeplab("deeplabv3_resnet101"), "DeepLabV3 with ResNet-101", 3, 21),
    "fcn": (lambda: deeplab("fcn_resnet50"), "FCN with ResNet-50", 3, 21),
    "resnet": (
        lambda: torchvision_network("resnet34"),
        "a ResNet-34 classifier with 1000 classes, which draws no picture",
        3,
        None,
    ),
    "smp unet": (
        lambda: smp("Unet", "efficientnet-b0"),
        "U-Net with EfficientNet-b0 of segmentation_models_pytorch",
        3,
        4,
    ),
    "smp unet++": (
        lambda: smp("UnetPlusPlus", "resnet18"),
        "U-Net++ with ResNet-18 of segmentation_models_pytorch",
        3,
        4,
    ),
    "unet2d": (
        lambda: diffusers_network("UNet2DModel"),
        "a UNet2DModel of diffusers with 2 levels and base width 32",
        3,
        3,
    ),
    "stable diffusion": (
        lambda: diffusers_network("UNet2DConditionModel"),
        "a UNet2DConditionModel (Stable Diffusion) of diffusers with 2 levels and base width 32",
        4,
        4,
    ),
    "vae": (lambda: diffusers_network("AutoencoderKL"), "an AutoencoderKL (VAE) of latent diffusion", 3, 3),
    "segformer": (segformer, "SegFormer B0", 3, 5),
    "autoencoder": (autoencoder, "", 3, 3),
    "vgg": (lambda: torchvision_network("vgg11"), "", 3, 512),
}


@pytest.mark.parametrize("case", KNOWN)
def test_looks_like(case: str) -> None:
    make, name, inputs, outputs = KNOWN[case]
    found = likeness(make().state_dict(), ordered=True)
    assert (found.name, found.inputs, found.outputs, found.prefix) == (name, inputs, outputs, "")


@pytest.mark.parametrize("prefix", ["module.", "module._orig_mod.", "model.", "net."])
def test_a_wrapper_is_named_and_seen_through(prefix: str) -> None:
    found = likeness({prefix + key: value for key, value in UNet().state_dict().items()}, ordered=True)
    assert (found.name, found.prefix) == ("a U-Net with 4 levels and base width 16", prefix)
    assert found.last == f"{prefix}outc"


def test_sorted_keys_tell_the_same_where_the_head_has_a_name() -> None:
    found = likeness(dict(sorted(UNet().state_dict().items())), ordered=False)
    assert (found.name, found.outputs) == ("a U-Net with 4 levels and base width 16", 2)
    nameless = likeness({"a.weight": torch.zeros(8, 3, 3, 3), "b.weight": torch.zeros(2, 8, 3, 3)}, ordered=False)
    assert (nameless.name, nameless.inputs, nameless.outputs) == ("", 3, None)


def test_nothing_at_all() -> None:
    found = likeness({}, ordered=True)
    assert (found.name, found.inputs, found.outputs, found.last, found.prefix) == ("", None, None, "", "")


@pytest.mark.parametrize("target", TARGETS.values())
def test_what_a_library_builds_is_named_as_a_command_does(target: str) -> None:
    name = target.removeprefix("torchvision:")
    five = torchvision_network(name, weights_backbone=None, num_classes=5).state_dict()
    found = likeness(five, ordered=True)
    assert (found.target, found.arguments) == (target, (("num_classes", 5),))
    if "lraspp" not in name:
        found = likeness(deeplab(name).state_dict(), ordered=True)
        assert (found.target, found.arguments) == (target, (("aux_loss", True),))


def test_what_no_library_is_known_to_build_has_no_command() -> None:
    assert not likeness(UNet().state_dict(), ordered=True).target
