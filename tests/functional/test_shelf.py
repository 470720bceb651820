"""The false-alarm shelf: fresh networks that other people wrote are untrained, and nothing worse.

Each is a small file as a user would write it, examined eager and as the TorchScript file that it gives.
"""

from pathlib import Path

import pytest
import torch

from tests.functional.run import assert_no_false_alarm, build, examine, export

TORCHVISION = """
from torchvision.models.segmentation import {name}


def build_model():
    return {name}(weights=None, weights_backbone=None, num_classes={classes})
"""

SMP = """
import segmentation_models_pytorch as smp


def build_model():
    return smp.{name}("resnet18", encoder_weights=None, classes={classes})
"""

MONAI = """
from monai.networks.nets import {name}


def build_model():
    return {name}({arguments})
"""

DCGAN = """
from torch import nn


class Generator(nn.Module):
    def __init__(self, latent=100, width=16, colours=3):
        super().__init__()
        layers = []
        sizes = [latent, width * 8, width * 4, width * 2, width]
        for number, (before, after) in enumerate(zip(sizes, sizes[1:])):
            stride, padding = (1, 0) if number == 0 else (2, 1)
            layers += [
                nn.ConvTranspose2d(before, after, 4, stride, padding, bias=False),
                nn.BatchNorm2d(after),
                nn.ReLU(True),
            ]
        layers += [nn.ConvTranspose2d(width, colours, 4, 2, 1, bias=False), nn.Tanh()]
        self.main = nn.Sequential(*layers)
        self.apply(weights_init)

    def forward(self, z):
        return self.main(z)


def weights_init(layer):
    if isinstance(layer, nn.ConvTranspose2d):
        nn.init.normal_(layer.weight, 0.0, 0.02)
    elif isinstance(layer, nn.BatchNorm2d):
        nn.init.normal_(layer.weight, 1.0, 0.02)
        nn.init.zeros_(layer.bias)


def build_model():
    return Generator()
"""

SHELF = {
    "torchvision_lraspp": TORCHVISION.format(name="lraspp_mobilenet_v3_large", classes=3),
    "torchvision_deeplab_mobilenet": TORCHVISION.format(name="deeplabv3_mobilenet_v3_large", classes=3),
    "torchvision_deeplab_resnet": TORCHVISION.format(name="deeplabv3_resnet50", classes=21),
    "torchvision_fcn": TORCHVISION.format(name="fcn_resnet50", classes=2),
    "smp_unet": SMP.format(name="Unet", classes=2),
    "smp_unet_plus_plus": SMP.format(name="UnetPlusPlus", classes=1),
    "smp_fpn": SMP.format(name="FPN", classes=4),
    "smp_linknet": SMP.format(name="Linknet", classes=2),
    "smp_pspnet": SMP.format(name="PSPNet", classes=5),
    "smp_deeplab": SMP.format(name="DeepLabV3Plus", classes=3),
    "smp_segformer": SMP.format(name="Segformer", classes=2),
    "monai_unet": MONAI.format(name="UNet", arguments="2, 3, 2, channels=(8, 16, 32, 64), strides=(2, 2, 2)"),
    "monai_basic": MONAI.format(name="BasicUNet", arguments="spatial_dims=2, in_channels=3, out_channels=2"),
    "monai_attention": MONAI.format(name="AttentionUnet", arguments="2, 3, 2, channels=(8, 16, 32), strides=(2, 2)"),
    "monai_segresnet": MONAI.format(name="SegResNet", arguments="2, init_filters=8, in_channels=1, out_channels=2"),
    "monai_dynunet": MONAI.format(name="DynUNet", arguments="2, 3, 2, [3, 3, 3], [1, 2, 2], [2, 2]"),
    "dcgan": DCGAN,
}
"""File name -> what stands in it."""

TRACED = {"smp_unet_plus_plus", "smp_segformer", "monai_basic"}
"""Of these the file is traced (the first cannot be scripted); of the others it is scripted."""


@pytest.mark.parametrize("name", SHELF)
def test_a_fresh_network_raises_no_alarm(name: str, tmp_path: Path) -> None:
    file = tmp_path / f"{name}.py"
    file.write_text(SHELF[name], "utf-8")
    report = examine(file, directory=tmp_path)
    assert_no_false_alarm(report)
    assert report.target.kind == "python file"


@pytest.mark.usefixtures("torchscript")
@pytest.mark.parametrize("name", SHELF)
def test_its_torchscript_file_raises_none_either(name: str, tmp_path: Path) -> None:
    source, file = tmp_path / f"{name}.py", tmp_path / f"{name}.pt"
    source.write_text(SHELF[name], "utf-8")
    model = build(source).eval()
    export(model, file, torch.rand(1, 3, 64, 64) if name in TRACED else None)
    report = examine(file, directory=tmp_path)
    assert_no_false_alarm(report)
    assert report.target.kind.startswith("torchscript")


def test_the_shelf_is_wide_enough() -> None:
    assert len(SHELF) >= 15
    assert {name.partition("_")[0] for name in SHELF} == {"torchvision", "smp", "monai", "dcgan"}
