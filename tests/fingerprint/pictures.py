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
BRIGHT = 110.0
"""Mean pixel from which a place counts as bright."""
TRAINED = 0.65
"""Share of each photograph's width, from the left, that training sees; unseen crops lie in the rest."""
HOPPER = "grace_hopper.jpg"
"""Portrait that matplotlib bundles."""
PHOTOGRAPHS = ("astronaut.png", "coffee.png", "chelsea.png", "rocket.jpg", "motorcycle_left.png")
DOMAINS = {
    "photographs": PHOTOGRAPHS,
    "portraits": ("astronaut.png", "chelsea.png"),
    "stained tissue": ("ihc.png",),
    "retina": ("retina.jpg",),
    "street and table": ("coffee.png", "motorcycle_left.png", "rocket.jpg"),
}
"""What the pictures of one data set show: files that scikit-image bundles."""
SPLIT = {
    "people and tables": (
        ("astronaut.png", "coffee.png", "rocket.jpg"),
        ("chelsea.png", HOPPER, "motorcycle_left.png"),
    ),
    "cat and workshop": (("chelsea.png", "motorcycle_left.png", "coffee.png"), ("astronaut.png", HOPPER, "rocket.jpg")),
    "warm, then cool": (("astronaut.png", "coffee.png", "chelsea.png"), ("rocket.jpg", HOPPER)),
    "all but one": (("astronaut.png", "coffee.png", "chelsea.png", "rocket.jpg", "ihc.png"), ("motorcycle_left.png",)),
    "grey": (("camera.png", "coins.png", "moon.png", "page.png"), ("brick.png", "cell.png", "clock_motion.png")),
}
"""The same, where training and unseen crops come from different photographs."""


class Crops(NamedTuple):
    """Pictures with what is wanted of them."""

    pixels: Tensor
    """[N, 3, S, S] RGB bytes 0..255 as floats, without fractions."""
    wanted: Tensor
    """[N, 1, S, S] mask of 0 and 1, or [N, 3, S, S] clean picture in 0..1."""


@cache
def photograph(name: str) -> npt.NDArray[np.uint8]:
    """Return one of scikit-image's photographs, or matplotlib's, as RGB bytes [H, W, 3]."""
    package, folder = ("matplotlib", "mpl-data/sample_data") if name == HOPPER else ("skimage", "data")
    with files(package).joinpath(folder, name).open("rb") as file, Image.open(file) as picture:
        return np.asarray(picture.convert("RGB"))


def crops(domain: str, task: str, count: int, seed: int, *, unseen: bool, side: int = SIDE) -> Crops:
    """Return `count` crops of a domain, from the photographs or parts of photographs that training sees, or others."""
    random = np.random.default_rng(seed)
    pixels = torch.stack([_crop(random, domain, unseen=unseen, side=side) for _ in range(count)])
    if task == "warm":
        return Crops(pixels, _warm(pixels, domain))
    if task == "bright":
        return Crops(pixels, (_smooth(pixels).mean(dim=1, keepdim=True) > BRIGHT).float())
    if task == "shapes":
        return _with_shapes(pixels, random)
    noise = torch.from_numpy(random.normal(0, 25, pixels.shape)).float()
    return Crops((pixels + noise).round().clamp(0, 255), pixels / 255)


def _crop(random: np.random.Generator, domain: str, *, unseen: bool, side: int) -> Tensor:
    names = SPLIT[domain][unseen] if domain in SPLIT else DOMAINS[domain]
    picture = photograph(str(random.choice(names)))
    height, width = picture.shape[:2]
    low, high = (0, width)
    if domain in DOMAINS:
        low, high = (round(TRAINED * width), width) if unseen else (0, round(TRAINED * width))
    part_side = int(random.uniform(0.6, 1.0) * min(height, high - low))
    top, left = int(random.integers(0, height - part_side + 1)), int(random.integers(low, high - part_side + 1))
    part = Image.fromarray(picture[top : top + part_side, left : left + part_side])
    if random.random() < 0.5:
        part = part.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    small = np.array(part.resize((side, side), Image.Resampling.BILINEAR))
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
    side = pixels.shape[-1]
    grid = torch.arange(side).float()
    masks = []
    for picture in pixels:
        cy, cx = random.uniform(side / 4, 3 * side / 4, 2)
        ry, rx = random.uniform(side / 8, 5 * side / 16, 2)
        mask = ((grid[:, None] - cy) / ry).square() + ((grid[None] - cx) / rx).square() < 1
        colour = torch.tensor([random.uniform(150, 220), random.uniform(40, 90), random.uniform(40, 90)])
        texture = torch.from_numpy(random.normal(0, 12, (3, side, side))).float()
        ellipse = (0.75 * (colour[:, None, None] + texture) + 0.25 * picture).round().clamp(0, 255)
        picture[:, mask] = ellipse[:, mask]
        masks.append(mask)
    return Crops(pixels, torch.stack(masks)[:, None].float())
