"""What a state_dict looks like: known families by the names and shapes of their weights, U-Nets by their shapes alone.

Nothing is said unless the pattern really fits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch

from unetdoctor.engine import families
from unetdoctor.engine.families import NO_PICTURE, Shapes

_WRAPPERS = re.compile(r"(?:module|_orig_mod|model|net|network|generator|netG|backbone_model|online_model|ema_model)\.")
_HEADS = re.compile(
    r"(?:decoder\.)?(?:conv_out|conv_last|outc|final|final_conv|conv_final|last|last_conv|out_conv|outconv|to_rgb|logits"
    r"|segmentation_head|decode_head\.classifier|output|output_block|head|out)(?:\.|$)"
)
_ASIDE = re.compile(r"aux|critic|discriminator|loss|fc\b")
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
    target: str = ""
    """`torchvision:fcn_resnet50` where a library builds the network; else empty."""
    arguments: tuple[tuple[str, object], ...] = ()
    """Arguments with which it does, where they are not the usual ones."""


def likeness(tensors: Mapping[str, torch.Tensor], ordered: bool) -> Likeness:
    """Return what weights look like; `ordered` says whether the keys stand in the order of the network."""
    every = {key: tuple(value.shape) for key, value in tensors.items()}
    prefix = _prefix(every)
    shapes = {key.removeprefix(prefix): shape for key, shape in every.items()}
    name = next((found for reader in READERS if (found := reader(shapes))), "")
    first, last = _first(shapes, ordered), "" if name.endswith(NO_PICTURE) else _last(shapes, ordered)
    outputs = _outputs(shapes, last) if last else None
    target, arguments = families.builder(name, outputs, shapes)
    return Likeness(
        name=name,
        prefix=prefix,
        inputs=_inputs(shapes, first) if first else None,
        outputs=outputs,
        last=f"{prefix}{last}" if last else "",
        target=target,
        arguments=arguments,
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


READERS: tuple[Callable[[Shapes], str], ...] = (*families.READERS, _dcgan, _unet)
"""Each returns what it recognises, or nothing; the more particular first."""
