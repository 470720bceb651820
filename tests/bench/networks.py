"""Networks to measure on: our samples and other people's, small enough that a bench takes a minute."""

from collections.abc import Callable

import torch
from torch import nn

from tests.functional.run import SAMPLES, build


def _sample(name: str, *shape: int) -> Callable[[], tuple[nn.Module, torch.Tensor]]:
    return lambda: (build(SAMPLES / f"{name}.py").eval(), torch.randn(*shape))


def _smp(name: str) -> Callable[[], tuple[nn.Module, torch.Tensor]]:
    def build() -> tuple[nn.Module, torch.Tensor]:
        import segmentation_models_pytorch as smp

        return getattr(smp, name)("resnet18", encoder_weights=None, classes=2).eval(), torch.rand(1, 3, 128, 128)

    return build


def _monai(name: str, *arguments: object, **named: object) -> Callable[[], tuple[nn.Module, torch.Tensor]]:
    def build() -> tuple[nn.Module, torch.Tensor]:
        from monai.networks import nets

        return getattr(nets, name)(*arguments, **named).eval(), torch.rand(1, 3, 128, 128)

    return build


NETWORKS: dict[str, Callable[[], tuple[nn.Module, torch.Tensor]]] = {
    "unet_four_levels": _sample("unet_four_levels", 1, 3, 128, 128),
    "unet_rgb": _sample("unet_rgb", 1, 3, 128, 128),
    "generator_grey": _sample("generator_grey", 16, 100),
    "deeplab_three_classes": _sample("deeplab_three_classes", 1, 3, 128, 128),
    "smp.Unet": _smp("Unet"),
    "smp.UnetPlusPlus": _smp("UnetPlusPlus"),
    "smp.FPN": _smp("FPN"),
    "smp.Linknet": _smp("Linknet"),
    "smp.DeepLabV3Plus": _smp("DeepLabV3Plus"),
    "monai.UNet": _monai("UNet", 2, 3, 2, channels=(16, 32, 64, 128), strides=(2, 2, 2)),
    "monai.AttentionUnet": _monai("AttentionUnet", 2, 3, 2, channels=(16, 32, 64), strides=(2, 2)),
    "monai.SegResNet": _monai("SegResNet", 2, 16, 3, 2),
}
