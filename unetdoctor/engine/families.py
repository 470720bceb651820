"""Known families of networks, by the names of their weights."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

Shapes = Mapping[str, tuple[int, ...]]
NO_PICTURE = ", which draws no picture"
"""End of the name of a family that is not about pictures."""


def _count(shapes: Shapes, pattern: str) -> int:
    """Return how many different first groups of a pattern there are among the keys."""
    return len({match[1] for key in shapes if (match := re.match(pattern, key))})


def _resnet(shapes: Shapes, front: str = "") -> str:
    """Return `ResNet-50` where the keys below a prefix are those of torchvision's ResNet."""
    blocks = tuple(_count(shapes, rf"{re.escape(front)}layer{n}\.(\d+)\.conv1\.weight") for n in range(1, 5))
    wide = f"{front}layer1.0.conv3.weight" in shapes
    depths: dict[tuple[bool, tuple[int, ...]], int] = {
        (False, (2, 2, 2, 2)): 18,
        (False, (3, 4, 6, 3)): 34,
        (True, (3, 4, 6, 3)): 50,
        (True, (3, 4, 23, 3)): 101,
        (True, (3, 8, 36, 3)): 152,
    }
    depth = depths.get((wide, blocks))
    return f"ResNet-{depth}" if depth else ""


def _torchvision(shapes: Shapes) -> str:
    if not any(key.startswith("backbone.") for key in shapes):
        return ""
    encoder = _resnet(shapes, "backbone.")
    mobile = "MobileNetV3" if "backbone.0.0.weight" in shapes else ""
    if "classifier.0.convs.0.0.weight" in shapes and (encoder or mobile):
        return f"DeepLabV3 with {encoder or mobile}"
    if "classifier.4.weight" in shapes and encoder:
        return f"FCN with {encoder}"
    return f"LR-ASPP with {mobile}" if mobile and any("low_classifier" in key for key in shapes) else ""


TARGETS = {
    "DeepLabV3 with ResNet-50": "torchvision:deeplabv3_resnet50",
    "DeepLabV3 with ResNet-101": "torchvision:deeplabv3_resnet101",
    "DeepLabV3 with MobileNetV3": "torchvision:deeplabv3_mobilenet_v3_large",
    "FCN with ResNet-50": "torchvision:fcn_resnet50",
    "FCN with ResNet-101": "torchvision:fcn_resnet101",
    "LR-ASPP with MobileNetV3": "torchvision:lraspp_mobilenet_v3_large",
}
"""Families of which a library builds the network: how a command names it."""
_CLASSES = 21
"""Classes that these draw where nothing is said."""


def builder(name: str, outputs: int | None, shapes: Shapes) -> tuple[str, tuple[tuple[str, object], ...]]:
    """Return the target that builds a family, and its arguments where they are not the usual; empty for others."""
    target = TARGETS.get(name, "")
    if not target:
        return "", ()
    classes = (("num_classes", outputs),) if outputs not in (None, _CLASSES) else ()
    aside = (("aux_loss", True),) if any(key.startswith("aux_classifier.") for key in shapes) else ()
    return target, (*classes, *aside)


_EFFICIENT = {16: "b0", 23: "b1 or b2", 26: "b3", 32: "b4", 39: "b5", 45: "b6", 55: "b7"}


def _encoder(shapes: Shapes) -> str:
    """Return what an encoder under `encoder.` is called, as segmentation_models_pytorch names it."""
    efficient = _EFFICIENT.get(_count(shapes, r"encoder\._blocks\.(\d+)\."), "")
    for found in (
        _resnet(shapes, "encoder."),
        f"EfficientNet-{efficient}" if efficient and "encoder._conv_stem.weight" in shapes else "",
        "a DenseNet" if "encoder.features.denseblock1.denselayer1.conv1.weight" in shapes else "",
        "MobileNetV2" if "encoder.features.1.conv.0.0.weight" in shapes else "",
        "a Mix Transformer" if "encoder.patch_embed1.proj.weight" in shapes else "",
        "a timm encoder" if any(key.startswith("encoder.model.") for key in shapes) else "",
        "a VGG" if "encoder.features.0.weight" in shapes else "",
    ):
        if found:
            return f" with {found}"
    return ""


_DECODERS = (
    ("decoder.blocks.x_0_0.conv1.0.weight", "U-Net++"),
    ("decoder.center.top_conv.weight", "MA-Net"),
    ("decoder.blocks.0.conv1.0.weight", "U-Net"),
    ("decoder.blocks.0.block.0.0.weight", "LinkNet"),
    ("decoder.aspp.0.convs.0.0.weight", "DeepLabV3+"),
    ("decoder.0.convs.0.0.weight", "DeepLabV3"),
    ("decoder.p5.weight", "FPN"),
    ("decoder.psp.blocks.0.pool.1.0.weight", "PSPNet"),
    ("decoder.psp.blocks.0.pool.1.weight", "PSPNet"),
    ("decoder.aspp.convs.0.0.weight", "DeepLabV3"),
    ("decoder.mlp_stage.0.linear.weight", "SegFormer decoder"),
    ("decoder.feature_norms.0.weight", "UPerNet"),
    ("decoder.fpa.branch1.1.conv.weight", "PAN"),
)


def _smp(shapes: Shapes) -> str:
    if "segmentation_head.0.weight" not in shapes:
        return ""
    decoder = next((name for key, name in _DECODERS if key in shapes), "an encoder and decoder")
    return f"{decoder}{_encoder(shapes)} of segmentation_models_pytorch"


def _diffusion(shapes: Shapes) -> str:
    if "model.diffusion_model.input_blocks.0.0.weight" in shapes:
        autoencoder = any(key.startswith("first_stage_model.") for key in shapes)
        return "a Stable Diffusion checkpoint (U-Net" + (", autoencoder" if autoencoder else "") + ")"
    if (
        "decoder.conv_in.weight" in shapes
        and "encoder.conv_in.weight" in shapes
        and "encoder.conv_out.weight" in shapes
    ):
        return "an AutoencoderKL (VAE) of latent diffusion"
    if "conv_in.weight" in shapes and "time_embedding.linear_1.weight" in shapes:
        cross = any(".attn2.to_k." in key for key in shapes)
        levels, base = _count(shapes, r"down_blocks\.(\d+)\."), shapes["conv_in.weight"][0]
        kind = "a UNet2DConditionModel (Stable Diffusion)" if cross else "a UNet2DModel"
        return f"{kind} of diffusers with {levels} levels and base width {base}"
    if "input_blocks.0.0.weight" in shapes and "time_embed.0.weight" in shapes:
        return f"a diffusion U-Net (guided-diffusion) with base width {shapes['input_blocks.0.0.weight'][0]}"
    return ""


_SEGFORMER = (
    ("segformer.encoder.patch_embeddings.0.proj.weight", r"segformer\.encoder\.block\.{}\.(\d+)\."),
    ("segformer.stages.0.patch_embeddings.proj.weight", r"segformer\.stages\.{}\.blocks\.(\d+)\."),
)
_MIX: dict[tuple[int, tuple[int, ...]], str] = {
    (32, (2, 2, 2, 2)): "B0",
    (64, (2, 2, 2, 2)): "B1",
    (64, (3, 4, 6, 3)): "B2",
    (64, (3, 4, 18, 3)): "B3",
    (64, (3, 8, 27, 3)): "B4",
    (64, (3, 6, 40, 3)): "B5",
}


def _transformer(shapes: Shapes) -> str:
    for stem, blocks in _SEGFORMER:
        if stem in shapes:
            depths = tuple(_count(shapes, blocks.format(n)) for n in range(4))
            return f"SegFormer {_MIX.get((shapes[stem][0], depths), f'with {sum(depths)} blocks')}"
    if any(key.startswith("decode_head.psp_modules.") for key in shapes):
        return "UPerNet"
    if "patch_embed.proj.weight" in shapes and any(re.match(r"blocks\.0\.attn\.qkv\.", key) for key in shapes):
        return f"a vision transformer with {_count(shapes, r'blocks[.]([0-9]+)[.]')} blocks"
    return ""


def _generators(shapes: Shapes) -> str:
    for pattern in (r"(?:body|RRDB_trunk)\.(\d+)\.[rR][dD][bB]1\.conv1\.weight", r"model\.1\.sub\.(\d+)\.RDB1\."):
        if blocks := _count(shapes, pattern):
            return f"an ESRGAN generator (RRDBNet) with {blocks} blocks"
    if blocks := _count(shapes, r"(?:model|main)\.(\d+)\.conv_block\.\d+\.weight"):
        return f"a ResNet generator (CycleGAN, pix2pix) with {blocks} blocks"
    if "model.model.0.weight" in shapes and "model.model.1.model.1.weight" in shapes:
        depth = max(key.count("model.") for key in shapes)
        return f"a pix2pix U-Net generator with {depth} levels"
    if "synthesis.b4.const" in shapes or "input.input" in shapes:
        return "a StyleGAN2 generator"
    return ""


def _classifier(shapes: Shapes) -> str:
    if "fc.weight" in shapes and (name := _resnet(shapes)):
        return f"a {name} classifier with {shapes['fc.weight'][0]} classes{NO_PICTURE}"
    return ""


READERS: tuple[Callable[[Shapes], str], ...] = (
    _torchvision,
    _smp,
    _diffusion,
    _transformer,
    _generators,
    _classifier,
)
"""Each returns what it recognises, or nothing."""
