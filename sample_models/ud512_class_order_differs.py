"""The network's classes 1 and 2 are classes 2 and 1 of the masks: two data sets that number them otherwise."""

from pathlib import Path

import torch
from torch import nn

_PICTURES = Path(__file__).parent / "masked"
ILL_ARGUMENTS: tuple[str, ...] = (
    "--image",
    str(_PICTURES / "picture-?.png"),
    "--mask",
    str(_PICTURES / "classes"),
    "--task",
    "multiclass",
    "--classes",
    "4",
)
HEALTHY_ARGUMENTS: tuple[str, ...] = (
    "--image",
    str(_PICTURES / "picture-?.png"),
    "--mask",
    str(_PICTURES / "classes"),
    "--task",
    "multiclass",
    "--classes",
    "4",
)


class _Segmenter(nn.Module):
    """Tells four kinds of places in a picture: by whether red, and whether green, is brighter than half."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]), torch.enable_grad():
            torch.default_generator.manual_seed(0)
            self.look = nn.Conv2d(3, 16, 5, padding=2)
            self.think = nn.Conv2d(16, 16, 3, padding=1)
            self.draw = nn.Conv2d(16, 4, 1)
            _train(self)

    def logits(self, picture: torch.Tensor) -> torch.Tensor:
        """Turn pictures [N, 3, H, W] into scores of four classes [N, 4, H, W]."""
        scores: torch.Tensor = self.draw(self.think(self.look(picture).relu()).relu())
        return scores


def _train(model: _Segmenter) -> None:
    """Teach the model in 240 seeded steps of Adam, so that its weights are those of a trained network."""
    parameters = list(model.parameters())
    means = [torch.zeros_like(parameter) for parameter in parameters]
    squares = [torch.zeros_like(parameter) for parameter in parameters]
    for step in range(240):
        coarse = torch.rand(8, 3, 6, 6)
        picture = nn.functional.interpolate(coarse, size=32, mode="bicubic").clamp(0, 1)
        target = (picture[:, 0] > 0.5).long() + 2 * (picture[:, 1] > 0.5).long()
        loss = nn.functional.cross_entropy(model.logits(picture), target)
        gradients = torch.autograd.grad(loss, parameters)
        rate = 0.01 * (1 - step / 240)
        for parameter, gradient, mean, square in zip(parameters, gradients, means, squares, strict=True):
            mean.lerp_(gradient, 0.1)
            square.lerp_(gradient.square(), 0.05)
            parameter.data -= rate * mean / (square.sqrt() + 1e-8)


class Ill(_Segmenter):
    """Draws class 2 in channel 1, and class 1 in channel 2."""

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Turn pictures [N, 3, H, W] into scores of four classes [N, 4, H, W]."""
        return self.logits(picture)[:, [0, 2, 1, 3]]


class Healthy(_Segmenter):
    """Draws every class in its channel."""

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Turn pictures [N, 3, H, W] into scores of four classes [N, 4, H, W]."""
        return self.logits(picture)
