"""What the trained networks of the bench have learnt: seeded synthetic pictures with their truth, and a score."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from tests.faults.networks import Network

GOOD_DICE = 0.9
"""A trained network's mask has to reach this (mean over the classes but the background)."""
GOOD_PSNR_DB = 25.0
"""A trained network's picture has to reach this."""

Drawn = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Lesson:
    """A task with its pictures and its loss."""

    make: Callable[[Network, int], Drawn]
    loss: Callable[[Network, Tensor, Tensor], Tensor]
    score: Callable[[Network, Tensor, Tensor], float]
    good: float

    def draw(self, network: Network, count: int, seed: int) -> Drawn:
        """Return (inputs, truth) of `count` samples."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return self.make(network, count)


def scene(count: int, size: int) -> Drawn:
    """Return pictures [N, 3, S, S] in 0..1 and ids: 1 where a warm disc lies, 2 where a cold square lies."""
    axis = torch.arange(size, dtype=torch.float32)
    y, x = axis[:, None], axis[None, :]
    backdrop = F.interpolate(torch.rand(count, 1, 4, 4) * 0.3 + 0.3, size=size, mode="bilinear")
    pictures, ids = backdrop.repeat(1, 3, 1, 1), torch.zeros(count, size, size, dtype=torch.long)
    for n in range(count):
        for kind in (1, 2):
            cy, cx = (torch.rand(2) * 0.6 + 0.2) * size
            radius = (torch.rand(1) * 0.12 + 0.12) * size
            if kind == 1:
                inside = (y - cy) ** 2 + (x - cx) ** 2 < radius**2
            else:
                inside = ((y - cy).abs() < radius) & ((x - cx).abs() < radius)
            warm = torch.tensor([0.9, 0.55, 0.2]) if kind == 1 else torch.tensor([0.1, 0.25, 0.7])
            colour = (warm + 0.1 * (torch.rand(3) - 0.5)).clamp(0, 1)
            pictures[n] = torch.where(inside, colour[:, None, None], pictures[n])
            ids[n] = torch.where(inside, kind, ids[n])
    return (pictures + 0.03 * torch.randn_like(pictures)).clamp(0, 1), ids


def _size(network: Network) -> int:
    return network.shape[-1]


def _grey(pictures: Tensor) -> Tensor:
    return (pictures * torch.tensor([0.299, 0.587, 0.114])[:, None, None]).sum(1, keepdim=True)


def _mask(network: Network, count: int) -> Drawn:
    pictures, ids = scene(count, _size(network))
    return pictures, (ids == 1).float()[:, None]


def _classes(network: Network, count: int) -> Drawn:
    return scene(count, _size(network))


def _grey_classes(network: Network, count: int) -> Drawn:
    pictures, ids = scene(count, _size(network))
    return _grey(pictures), (ids == 2).long()


def _clean(count: int, size: int) -> Tensor:
    """Return the scenes without their grain."""
    pictures, _ = scene(count, size * 2)
    return F.avg_pool2d(pictures, 2)


def _restore(network: Network, count: int) -> Drawn:
    clean = _clean(count, _size(network))
    return (clean + 0.1 * torch.randn_like(clean)).clamp(0, 1), clean


def _upscale(network: Network, count: int) -> Drawn:
    fine = _clean(count, 2 * _size(network))
    return F.avg_pool2d(fine, 2), fine


def _grey_upscale(network: Network, count: int) -> Drawn:
    small, fine = _upscale(network, count)
    return _grey(small), _grey(fine)


def _reconstruct(network: Network, count: int) -> Drawn:
    grey = F.avg_pool2d(F.pad(_grey(_clean(count, _size(network))), (1, 1, 1, 1), "replicate"), 3, 1)
    return grey, grey


def _translate(network: Network, count: int) -> Drawn:
    """Exchange warm and cold: the picture's colours in reverse order, in -1..1."""
    pictures = _clean(count, _size(network))
    return pictures, pictures.flip(1) * 2 - 1


def _generate(network: Network, count: int) -> Drawn:
    """Make a soft blob whose height, place and colour are the first numbers of the latent vector."""
    latent = torch.randn(count * 4, *network.shape[1:])
    z = latent.flatten(1)
    axis = torch.linspace(-1, 1, 64)
    away = (axis[None, :, None] - 0.5 * torch.tanh(z[:, 0])[:, None, None]) ** 2 + axis[None, None, :] ** 2
    blob = torch.exp(-away / 0.3)[:, None]
    colour = torch.sigmoid(2 * z[:, 1:2]) * torch.tensor([1.0, 0.6, -0.4]) + torch.tensor([-0.2, 0.1, 0.5])
    return latent, (blob * 1.6 - 0.8) * colour[:, :, None, None]


def _binary_loss(network: Network, out: Tensor, truth: Tensor) -> Tensor:
    probability = out if network.activation == "sigmoid" else out.sigmoid()
    dice = 1 - 2 * (probability * truth).sum() / (probability.sum() + truth.sum() + 1)
    return F.binary_cross_entropy(probability.clamp(1e-6, 1 - 1e-6), truth) + dice


def _class_loss(network: Network, out: Tensor, truth: Tensor) -> Tensor:
    return F.cross_entropy(out, truth)


def _picture_loss(network: Network, out: Tensor, truth: Tensor) -> Tensor:
    return F.mse_loss(out, truth) * 10


def dice(network: Network, out: Tensor, truth: Tensor) -> float:
    """Return the mean Dice coefficient over the classes but the background, of the mask that a person would show."""
    if network.classes is None:
        found, wanted, ids = (out > (0.5 if network.activation == "sigmoid" else 0)).long(), truth.long(), [1]
    else:
        found, wanted, ids = out.argmax(1), truth, list(range(1, network.classes))
    if found.shape != wanted.shape:
        return 0.0
    each = [
        2 * ((found == i) & (wanted == i)).sum().item() / max((found == i).sum() + (wanted == i).sum(), 1) for i in ids
    ]
    return float(sum(each) / len(each))


def psnr_db(network: Network, out: Tensor, truth: Tensor) -> float:
    """Return the peak signal-to-noise ratio of a picture of the truth's range."""
    if out.shape != truth.shape or not torch.isfinite(out).all():
        return 0.0
    peak = 2.0 if network.activation == "tanh" else 1.0
    return float(10 * torch.log10(peak**2 / F.mse_loss(out, truth).clamp_min(1e-12)))


LESSONS = {
    "mask": Lesson(_mask, _binary_loss, dice, GOOD_DICE),
    "classes": Lesson(_classes, _class_loss, dice, GOOD_DICE),
    "grey-classes": Lesson(_grey_classes, _class_loss, dice, GOOD_DICE),
    "restore": Lesson(_restore, _picture_loss, psnr_db, GOOD_PSNR_DB),
    "upscale": Lesson(_upscale, _picture_loss, psnr_db, GOOD_PSNR_DB),
    "grey-upscale": Lesson(_grey_upscale, _picture_loss, psnr_db, GOOD_PSNR_DB),
    "reconstruct": Lesson(_reconstruct, _picture_loss, psnr_db, GOOD_PSNR_DB),
    "translate": Lesson(_translate, _picture_loss, psnr_db, GOOD_PSNR_DB),
    "generate": Lesson(_generate, _picture_loss, psnr_db, GOOD_PSNR_DB),
}
"""Every lesson by its name in networks.py."""
