"""Crops of real photographs, with masks and clean originals that a small network can learn."""

from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

SIDE = 64
"""Side of a crop, in pixels."""
TRAINED = 0.65
"""Share of each photograph's width, from the left, that training sees; unseen crops lie in the rest."""
PHOTOGRAPHS = ("astronaut.png", "coffee.png", "chelsea.png", "rocket.jpg", "motorcycle_left.png")
DOMAINS = {
    "photographs": PHOTOGRAPHS,
    "portraits": ("astronaut.png", "chelsea.png"),
    "stained tissue": ("ihc.png",),
    "retina": ("retina.jpg",),
    "street and table": ("coffee.png", "motorcycle_left.png", "rocket.jpg"),
}
"""What the pictures of one data set show: files that scikit-image bundles."""


class Crops(NamedTuple):
    """Pictures with what is wanted of them."""

    pixels: Tensor
    """[N, 3, 64, 64] RGB bytes 0..255 as floats, without fractions."""
    wanted: Tensor
    """[N, 1, 64, 64] mask of 0 and 1, or [N, 3, 64, 64] clean picture in 0..1."""


@cache
def photograph(name: str) -> npt.NDArray[np.uint8]:
    """Return one of scikit-image's photographs as RGB bytes [H, W, 3]."""
    with files("skimage").joinpath("data", name).open("rb") as file, Image.open(file) as picture:
        return np.asarray(picture.convert("RGB"))


def crops(domain: str, task: str, count: int, seed: int, *, unseen: bool) -> Crops:
    """Return `count` crops of a domain, from the left part of its photographs, or of the part that nobody saw."""
    random = np.random.default_rng(seed)
    pixels = torch.stack([_crop(random, DOMAINS[domain], unseen=unseen) for _ in range(count)])
    if task == "warm":
        return Crops(pixels, _warm(pixels, domain))
    if task == "shapes":
        return _with_shapes(pixels, random)
    noise = torch.from_numpy(random.normal(0, 25, pixels.shape)).float()
    return Crops((pixels + noise).round().clamp(0, 255), pixels / 255)


def _crop(random: np.random.Generator, names: tuple[str, ...], *, unseen: bool) -> Tensor:
    picture = photograph(str(random.choice(names)))
    height, width = picture.shape[:2]
    low, high = (round(TRAINED * width), width) if unseen else (0, round(TRAINED * width))
    side = int(random.uniform(0.6, 1.0) * min(height, high - low))
    top, left = int(random.integers(0, height - side + 1)), int(random.integers(low, high - side + 1))
    part = Image.fromarray(picture[top : top + side, left : left + side])
    if random.random() < 0.5:
        part = part.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    small = np.array(part.resize((SIDE, SIDE), Image.Resampling.BILINEAR))
    return torch.from_numpy(small).permute(2, 0, 1).float()


def _smooth(x: Tensor) -> Tensor:
    return F.avg_pool2d(F.pad(x, (4, 4, 4, 4), mode="reflect"), 9, stride=1)


@cache
def _threshold(domain: str) -> float:
    """Return the warmth that half of a domain's training pixels exceed."""
    pixels = crops(domain, "none", 64, 12345, unseen=False).pixels
    return float((_smooth(pixels[:, :1]) - _smooth(pixels[:, 2:])).median())


def _warm(pixels: Tensor, domain: str) -> Tensor:
    """Return where red exceeds blue by more than is usual in the domain."""
    return (_smooth(pixels[:, :1]) - _smooth(pixels[:, 2:]) > _threshold(domain)).float()


def _with_shapes(pixels: Tensor, random: np.random.Generator) -> Crops:
    """Paste a reddish, textured ellipse into each picture; the mask is where it lies."""
    grid = torch.arange(SIDE).float()
    masks = []
    for picture in pixels:
        cy, cx = random.uniform(16, 48, 2)
        ry, rx = random.uniform(8, 20, 2)
        mask = ((grid[:, None] - cy) / ry).square() + ((grid[None] - cx) / rx).square() < 1
        colour = torch.tensor([random.uniform(150, 220), random.uniform(40, 90), random.uniform(40, 90)])
        texture = torch.from_numpy(random.normal(0, 12, (3, SIDE, SIDE))).float()
        ellipse = (0.75 * (colour[:, None, None] + texture) + 0.25 * picture).round().clamp(0, 255)
        picture[:, mask] = ellipse[:, mask]
        masks.append(mask)
    return Crops(pixels, torch.stack(masks)[:, None].float())
