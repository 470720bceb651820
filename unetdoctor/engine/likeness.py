"""What a state_dict looks like: known families by the names and shapes of their weights, U-Nets by their shapes alone.

Nothing is said unless the pattern really fits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch

Shapes = Mapping[str, tuple[int, ...]]

_WRAPPERS = re.compile(r"(?:module|_orig_mod|model|net|network|generator|netG|backbone_model|online_model|ema_model)\.")
_HEADS = re.compile(
    r"(?:decoder\.)?(?:conv_out|conv_last|outc|final|final_conv|conv_final|last|last_conv|out_conv|outconv|to_rgb|logits"
    r"|segmentation_head|decode_head\.classifier|output|output_block|head|out)(?:\.|$)"
)
_ASIDE = re.compile(r"aux|critic|discriminator|loss|fc\b")
NO_PICTURE = ", which draws no picture"
_MOST_INPUTS = 32
"""Channels of a picture at most: more are features."""


@dataclass(frozen=True)
class Likeness:
    """What weights look like."""

    name: str
    """`a U-Net with 5 levels and base width 64`; empty where no pattern fits."""
    prefix: str
    """What stands before every key and belongs to a wrapper."""
    inputs: int | None
    """Channels that the first convolution reads; None where it is not told."""
    outputs: int | None
    """Channels that the last layer writes; None where it is not told."""
    last: str
    """Name of the last layer; empty where it is not told."""


def likeness(tensors: Mapping[str, torch.Tensor], ordered: bool) -> Likeness:
    """Return what weights look like; `ordered` says whether the keys stand in the order of the network."""
    every = {key: tuple(value.shape) for key, value in tensors.items()}
    prefix = _prefix(every)
    shapes = {key.removeprefix(prefix): shape for key, shape in every.items()}
    name = next((found for reader in READERS if (found := reader(shapes))), "")
    first, last = _first(shapes, ordered), "" if name.endswith(NO_PICTURE) else _last(shapes, ordered)
    return Likeness(
        name=name,
        prefix=prefix,
        inputs=_inputs(shapes, first) if first else None,
        outputs=_outputs(shapes, last) if last else None,
        last=f"{prefix}{last}" if last else "",
    )


def _prefix(shapes: Shapes) -> str:
    """Return the wrappers' names before every key: `module.`, `model.net.`."""
    prefix = ""
    while shapes:
        match = _WRAPPERS.match(next(iter(shapes))[len(prefix) :])
        if match is None or not all(key.startswith(prefix + match[0]) for key in shapes):
            return prefix
        inner = [key[len(prefix + match[0]) :] for key in shapes]
        if all(re.match(r"\d+\.", key) or key.startswith(("model.", "diffusion_model.")) for key in inner):
            return prefix  # `model.1.weight` is a generator's own name
        prefix += match[0]
    return prefix


def _kernels(shapes: Shapes) -> dict[str, tuple[int, ...]]:
    """Return the convolutions: {layer: shape}."""
    return {
        key.removesuffix(".weight"): shape
        for key, shape in shapes.items()
        if key.endswith(".weight") and len(shape) >= 4 and not _ASIDE.search(key)
    }


def _first(shapes: Shapes, ordered: bool) -> str:
    kernels = _kernels(shapes)
    stems = [layer for layer, shape in kernels.items() if shape[1] <= 4 < shape[0] and not transposed(shapes, layer)]
    if stems and (ordered or len(stems) == 1):
        return stems[0]
    return next(iter(kernels), "") if ordered else ""


def _last(shapes: Shapes, ordered: bool) -> str:
    kernels = list(_kernels(shapes))
    named = [layer for layer in kernels if _HEADS.match(layer)]
    return (named or (kernels if ordered else []) or [""])[-1]


def _inputs(shapes: Shapes, layer: str) -> int | None:
    shape = shapes[f"{layer}.weight"]
    channels = shape[0] if transposed(shapes, layer) else shape[1]
    return channels if channels <= _MOST_INPUTS or transposed(shapes, layer) else None


def _outputs(shapes: Shapes, layer: str) -> int:
    shape = shapes[f"{layer}.weight"]
    return shape[1] if transposed(shapes, layer) else shape[0]


def transposed(shapes: Shapes, layer: str) -> bool:
    """Return whether a kernel is one of a transposed convolution: its bias, or the layers around it, count dim 1."""
    shape = shapes[f"{layer}.weight"]
    if len(shape) < 3 or shape[0] == shape[1]:
        return False
    bias = shapes.get(f"{layer}.bias")
    if bias:
        return bias[0] == shape[1]
    keys = list(shapes)
    position = keys.index(f"{layer}.weight")
    behind = next((shapes[key] for key in keys[position + 1 : position + 2] if len(shapes[key]) == 1), None)
    if behind is not None and behind[0] in shape[:2]:
        return behind[0] == shape[1]
    before = next((shapes[key] for key in reversed(keys[:position]) if len(shapes[key]) == 1), None)
    return before is not None and before[0] == shape[0] != shape[1] and shape[2] == 4


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


def _dcgan(shapes: Shapes) -> str:
    """Recognise a plain sequence of 4x4 kernels: transposed and narrowing down to a picture, or the reverse."""
    kernels = _kernels(shapes)
    if len(kernels) < 4 or any(shape[2:] != (4, 4) for shape in kernels.values()):
        return ""
    up = [transposed(shapes, layer) for layer in kernels]
    sizes = list(kernels.values())
    if all(up[1:-1]) and sizes[-1][1] in (1, 3, 4) and sizes[1][0] > sizes[-1][0]:
        return f"a DCGAN generator with {sizes[0][0]} latents and width {sizes[-1][0]}"
    if not any(up) and sizes[0][1] in (1, 3, 4) and sizes[-1][0] == 1:
        return f"a DCGAN discriminator{NO_PICTURE}"
    return ""


def _classifier(shapes: Shapes) -> str:
    if "fc.weight" in shapes and (name := _resnet(shapes)):
        return f"a {name} classifier with {shapes['fc.weight'][0]} classes{NO_PICTURE}"
    return ""


def _unet(shapes: Shapes) -> str:
    """Recognise a U-Net by its shapes: widths that double on the way down, and joins with a skip on the way up."""
    kernels = [shape for shape in _kernels(shapes).values() if len(set(shape[2:])) == 1]
    pairs = {shape[:2] for shape in kernels}
    stems = [shape for shape in kernels if shape[1] <= _MOST_INPUTS and shape[0] >= 8 and shape[0] > shape[1]]
    for base in dict.fromkeys(shape[0] for shape in stems):
        levels = 1
        while (base * 2**levels, base * 2 ** (levels - 1)) in pairs:
            levels += 1
        widths = [base * 2**level for level in range(levels)]
        if levels >= 3 and all(_joined(kernels, width) for width in widths[:-1]):
            flat = any(pair[1] == 2 * widths[-1] for pair in pairs)  # bilinear: the bottom is not widened
            volume = "3-D " if len(kernels[0]) == 5 else ""
            return f"a {volume}U-Net with {levels + flat} levels and base width {base}"
    return ""


def _joined(kernels: list[tuple[int, ...]], width: int) -> bool:
    """Return whether a skip of this width is joined: a kernel reads it beside as much or twice as much from below.

    A decoder without skips reads twice the width as well, but once: with a skip there is a way up besides.
    """
    reads = [k for k in kernels if k[1] in (2 * width, 3 * width) and k[0] in (width, width // 2)]
    ways_up = [k for k in kernels if k[:2] == (2 * width, width) and k[2] % 2 == 0]
    return bool(reads) and (len(reads) > 1 or bool(ways_up) or any(k[1] == 3 * width for k in reads))


READERS: tuple[Callable[[Shapes], str], ...] = (
    _torchvision,
    _smp,
    _diffusion,
    _transformer,
    _generators,
    _dcgan,
    _classifier,
    _unet,
)
"""Each returns what it recognises, or nothing; the more particular first."""
