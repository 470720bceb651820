"""A network that takes noise from photographs hands its picture over as OpenCV wants it, blue first.

A person who saves it with Pillow sees a blue cat with orange eyes.
"""

import torch
from torch import nn

ILL_ARGUMENTS: tuple[str, ...] = ("--image", "sample_models/trained_unet/unseen.png")
HEALTHY_ARGUMENTS: tuple[str, ...] = ("--image", "sample_models/trained_unet/unseen.png")


class _Restorer(nn.Module):
    """Learns what is to be added to a noisy picture."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]), torch.enable_grad():
            torch.default_generator.manual_seed(0)
            self.look = nn.Conv2d(3, 12, 3, padding=1)
            self.think = nn.Conv2d(12, 12, 3, padding=1)
            self.draw = nn.Conv2d(12, 3, 3, padding=1)
            self.bend = nn.LeakyReLU(0.2)
            _train(self)

    def restored(self, picture: torch.Tensor) -> torch.Tensor:
        """Turn noisy pictures [N, 3, H, W] in 0..1 into clean ones."""
        noise = self.draw(self.bend(self.think(self.bend(self.look(picture)))))
        return (picture + noise).clamp(0, 1)


def _train(model: _Restorer) -> None:
    """Teach the model to clean blurred noise in sixty seeded steps of Adam, so that its weights are trained ones."""
    parameters = list(model.parameters())
    means = [torch.zeros_like(parameter) for parameter in parameters]
    squares = [torch.zeros_like(parameter) for parameter in parameters]
    for step in range(60):
        target = nn.functional.interpolate(torch.rand(8, 3, 4, 4), size=32, mode="bicubic").clamp(0, 1)
        noisy = (target + 0.1 * torch.randn(target.shape)).clamp(0, 1)
        gradients = torch.autograd.grad((model.restored(noisy) - target).square().mean(), parameters)
        rate = 0.01 * (1 - step / 60)
        for parameter, gradient, mean, square in zip(parameters, gradients, means, squares, strict=True):
            mean.lerp_(gradient, 0.1)
            square.lerp_(gradient.square(), 0.05)
            parameter.data -= rate * mean / (square.sqrt() + 1e-8)


class Ill(_Restorer):
    """Exchanges red and blue at the end."""

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Clean a picture; blue comes first in what is returned."""
        return self.restored(picture).flip(1)


class Healthy(_Restorer):
    """Returns the colours in the order in which it was given them."""

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Clean a picture."""
        return self.restored(picture)
