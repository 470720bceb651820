"""The decoder grows the picture by transposed convolutions of 3x3 with stride 2, and stopped training early.

Three is not divisible by two: every second pixel gets more weight than its neighbours, and until training has made up
for it, a fine grid lies over the whole picture.
"""

import torch
from torch import nn
from torch.nn import functional as F

ILL_ARGUMENTS: tuple[str, ...] = ("--task", "rgb")
HEALTHY_ARGUMENTS: tuple[str, ...] = ("--task", "rgb")


class _Painter(nn.Module):
    """Takes a picture apart to a quarter of its size, and paints it again."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]), torch.enable_grad():
            torch.default_generator.manual_seed(0)
            self.narrow = nn.Conv2d(3, 16, 3, stride=2, padding=1)
            self.look = nn.Conv2d(16, 24, 3, stride=2, padding=1)
            self.grow = self.growing(24, 16)
            self.paint = self.growing(16, 3)
            _train(self)

    def growing(self, channels_in: int, channels_out: int) -> nn.Module:
        """Return the layer that doubles the size."""
        return nn.ConvTranspose2d(channels_in, channels_out, 3, stride=2, padding=1, output_padding=1)

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Turn pictures [N, 3, H, W] into pictures of the same size; H and W are multiples of 4."""
        features = F.relu(self.look(F.relu(self.narrow(picture))))
        painted: torch.Tensor = self.paint(F.relu(self.grow(features)))
        return painted


def _train(model: nn.Module) -> None:
    """Teach the model in thirty seeded steps of Adam, so that its weights are those of a trained network."""
    parameters = list(model.parameters())
    means = [torch.zeros_like(parameter) for parameter in parameters]
    squares = [torch.zeros_like(parameter) for parameter in parameters]
    for _ in range(30):
        pictures = F.interpolate(torch.rand(8, 3, 6, 6), size=48, mode="bilinear")
        gradients = torch.autograd.grad((model(pictures) - pictures).square().mean(), parameters)
        for parameter, gradient, mean, square in zip(parameters, gradients, means, squares, strict=True):
            mean.lerp_(gradient, 0.1)
            square.lerp_(gradient.square(), 0.05)
            parameter.data -= 0.005 * mean / (square.sqrt() + 1e-8)


class Ill(_Painter):
    """Transposed convolutions whose kernel is not divisible by their stride."""


class Healthy(_Painter):
    """Resizes first and then convolves."""

    def growing(self, channels_in: int, channels_out: int) -> nn.Module:
        """Return the layer that doubles the size."""
        resize = nn.Upsample(scale_factor=2, mode="bilinear")
        return nn.Sequential(resize, nn.Conv2d(channels_in, channels_out, 3, padding=1))
