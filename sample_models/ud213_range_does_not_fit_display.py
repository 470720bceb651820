"""The picture leaves the network between -1 and 1, where the healthy one moves it into 0 to 1.

Shown as 0 to 1, all that is negative is cut off: a person sees the darker half of the picture as black.
"""

import torch
from torch import nn

ILL_ARGUMENTS: tuple[str, ...] = ("--task", "rgb", "--range", "0..1")
HEALTHY_ARGUMENTS: tuple[str, ...] = ("--task", "rgb", "--range", "0..1")


class _Developer(nn.Module):
    """Develops colour negatives: turns light into dark and dark into light."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]), torch.enable_grad():
            torch.default_generator.manual_seed(0)
            self.layers = nn.Sequential(
                nn.Conv2d(3, 16, 3, padding=1),
                nn.LeakyReLU(0.2),
                nn.Conv2d(16, 16, 3, padding=1),
                nn.LeakyReLU(0.2),
                nn.Conv2d(16, 3, 3, padding=1),
                nn.Tanh(),
            )
            _train(self)


def _train(model: _Developer) -> None:
    """Teach the layers in sixty seeded steps of Adam to develop, into pictures between -1 and 1."""
    parameters = list(model.parameters())
    means = [torch.zeros_like(parameter) for parameter in parameters]
    squares = [torch.zeros_like(parameter) for parameter in parameters]
    for step in range(60):
        blended = nn.functional.interpolate(torch.rand(4, 3, 8, 8), size=32, mode="bilinear")
        negatives = (blended + 0.2 * torch.randn_like(blended)).clamp(0, 1)
        gradients = torch.autograd.grad((model.layers(negatives) - (1 - 2 * negatives)).square().mean(), parameters)
        rate = 0.02 * (1 - step / 60)
        for parameter, gradient, mean, square in zip(parameters, gradients, means, squares, strict=True):
            mean.lerp_(gradient, 0.1)
            square.lerp_(gradient.square(), 0.05)
            parameter.data -= rate * mean / (square.sqrt() + 1e-8)


class Ill(_Developer):
    """Hands out the picture as its tanh left it."""

    def forward(self, negative: torch.Tensor) -> torch.Tensor:
        """Turn negatives [N, 3, H, W] into pictures [N, 3, H, W] between -1 and 1."""
        picture: torch.Tensor = self.layers(negative)
        return picture


class Healthy(_Developer):
    """Hands out the picture in the range that is shown."""

    def forward(self, negative: torch.Tensor) -> torch.Tensor:
        """Turn negatives [N, 3, H, W] into pictures [N, 3, H, W] between 0 and 1."""
        picture: torch.Tensor = self.layers(negative)
        return (picture + 1) / 2
