"""Three classes on crops of real photographs: the background, orange discs and green squares."""

from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

SIZE = 80
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
CLASSES = 3
LEARNT = ("astronaut.png", "coffee.png", "rocket.jpg", "motorcycle_left.png", "ihc.png", "retina.jpg")
UNSEEN = ("chelsea.png", "hubble_deep_field.jpg")
COLOURS = {1: (0.93, 0.52, 0.12), 2: (0.15, 0.62, 0.25)}


@cache
def photograph(name: str) -> Tensor:
    """Return a photograph that comes with scikit-image, [3, H, W] in 0..1."""
    import skimage.io

    folder = Path(skimage.__file__).parent / "data"
    pixels = np.asarray(skimage.io.imread(folder / name))[..., :3]
    return torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1).float() / 255


def scenes(count: int, seed: int, names: tuple[str, ...] = LEARNT) -> tuple[Tensor, Tensor]:
    """Return pictures [N, 3, S, S] in 0..1 and their class ids [N, S, S]."""
    generator = torch.Generator().manual_seed(seed)

    def random(low: float, high: float) -> float:
        return float(torch.rand(1, generator=generator)) * (high - low) + low

    axis = torch.arange(SIZE, dtype=torch.float32)
    y, x = axis[:, None], axis[None, :]
    pictures, masks = [], []
    for _ in range(count):
        whole = photograph(names[int(random(0, len(names) - 1e-3))])
        side = int(random(0.4, 0.9) * min(whole.shape[1:]))
        top, left = int(random(0, whole.shape[1] - side)), int(random(0, whole.shape[2] - side))
        crop = whole[None, :, top : top + side, left : left + side]
        picture = F.interpolate(crop, size=(SIZE, SIZE), mode="bilinear", antialias=True)[0]
        ids = torch.zeros(SIZE, SIZE, dtype=torch.long)
        for number in (1, 2):
            cy, cx, radius = random(0.2, 0.8) * SIZE, random(0.2, 0.8) * SIZE, random(0.13, 0.24) * SIZE
            inside = (y - cy) ** 2 + (x - cx) ** 2 < radius**2
            if number == 2:
                inside = ((y - cy).abs() < 0.9 * radius) & ((x - cx).abs() < 0.9 * radius)
            shade = 1 + 0.25 * ((y - cy) / radius).clamp(-1, 1)
            colour = torch.tensor(COLOURS[number])[:, None, None] * random(0.85, 1.1) * shade
            picture = torch.where(inside, colour.clamp(0, 1), picture)
            ids[inside] = number
        noise = torch.randn(picture.shape, generator=generator)
        pictures.append((picture + 0.02 * noise).clamp(0, 1))
        masks.append(ids)
    return torch.stack(pictures), torch.stack(masks)


def normalised(pictures: Tensor) -> Tensor:
    """Return pictures as the network was trained on: with ImageNet's mean and standard deviation."""
    mean, std = torch.tensor(MEAN)[:, None, None], torch.tensor(STD)[:, None, None]
    return (pictures - mean) / std
