"""Writes a trained network of the bench with pictures and their masks, whole or with a fault behind its forward()."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from tests.faults.building import picture_of, trained, weights_file
from tests.faults.lessons import LESSONS
from tests.faults.networks import Network, networks

_WRAPPED = """

import torch.nn.functional as F
from torch import nn as _nn
import torch as _torch


class Wrapped(_nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = build_model()

    def forward(self, x):
        y = self.inner(x)
        {lines}
        return y
"""

BINARY = {
    "sound": "pass",
    "bias": "y = y - 6",
    "bias-up": "y = y + 5",
    "inverted": "y = -y",
    "half-pixel": "y = (y + y.roll(1, 3)) / 2",
    "one-pixel": "y = y.roll((1, 1), (2, 3))",
    "blocks": 'y = F.interpolate(F.avg_pool2d(y, 4), scale_factor=4, mode="nearest")',
    "noise": "y = y + 6 * _torch.randn(y.shape, generator=_torch.Generator().manual_seed(0))",
    "coarse": 'y = F.interpolate(F.avg_pool2d(y, 8), scale_factor=8, mode="bilinear")',
    "corners": 'y = F.interpolate(F.avg_pool2d(y, 4), scale_factor=4, mode="bilinear", align_corners=True)',
    "quarter": 'y = F.interpolate(F.avg_pool2d(y, 4), scale_factor=4, mode="bilinear")',
}  # fmt: skip
"""Fault -> the lines behind the network's forward(), which draws logits of one channel."""
CLASSES = {
    **{name: lines for name, lines in BINARY.items() if name not in ("bias", "bias-up", "inverted")},
    "swapped": "y = y[:, [0, 2, 1]]",
    "shifted-order": "y = y[:, [1, 2, 0]]",
    "no-background": "y = y[:, 1:]",
}
"""The same for a network that draws three classes."""


@dataclass(frozen=True)
class Made:
    """Files of one network."""

    model: Path
    weights: Path
    images: tuple[Path, ...]
    masks: tuple[Path, ...]
    dice: float
    """Mean Dice that the sound network has on them."""


def network_named(name: str) -> Network:
    """Return a network of the bench."""
    return next(network for network in networks() if network.name == name)


def available() -> tuple[Network, ...]:
    """Return the networks of the bench that draw a mask and have trained weights."""
    return tuple(n for n in networks() if n.segments and n.lesson and weights_file(n).exists())


def faults_of(network: Network) -> dict[str, str]:
    """Return the faults that fit a network."""
    if network.classes is None:
        return {k: v for k, v in BINARY.items() if network.activation != "sigmoid" or k not in ("bias", "bias-up")}
    return CLASSES if network.classes == 3 else {k: v for k, v in BINARY.items() if k in ("sound", "blocks", "coarse")}


def make(network: Network, folder: Path, fault: str = "sound", count: int = 3, seed: int = 4321) -> Made:
    """Write a network with its weights, `count` pictures and their masks."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = faults_of(network)[fault]
    if fault == "inverted" and network.activation == "sigmoid":
        lines = "y = 1 - y"
    model, weights = folder / "net.py", folder / "weights.pt"
    model.write_text(network.text + _WRAPPED.format(lines=lines), encoding="utf-8")
    inner = trained(network)
    torch.save({f"inner.{key}": value for key, value in inner.state_dict().items()}, weights)
    lesson = LESSONS[network.lesson]
    pictures, truth = lesson.draw(network, count, seed)
    with torch.no_grad():
        score = lesson.score(network, picture_of(inner(pictures)), truth)
    images, masks = [], []
    for number, (picture, ids) in enumerate(zip(pictures, truth, strict=True)):
        levels = (picture.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()
        image = Image.fromarray(levels if levels.shape[2] == 3 else levels[..., 0])
        values = ids.reshape(ids.shape[-2:]).numpy().astype(np.uint8)
        images.append(folder / f"picture-{number}.png")
        masks.append(folder / f"picture-{number}_mask.png")
        image.save(images[-1])
        Image.fromarray(values * 255 if network.classes is None else values).save(masks[-1])
    return Made(model, weights, tuple(images), tuple(masks), score)
