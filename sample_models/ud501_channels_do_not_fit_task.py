"""The U-Net's head has one output channel, as for a mask, where the task wants a colour picture.

A person sees the developed photograph in shades of grey.
"""

import torch
from torch import nn

ILL_ARGUMENTS: tuple[str, ...] = ("--task", "rgb")
HEALTHY_ARGUMENTS: tuple[str, ...] = ("--task", "rgb")


class _UNet(nn.Module):
    """Develops colour negatives; two levels and one skip connection."""

    def __init__(self, out_channels: int) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]), torch.enable_grad():
            torch.default_generator.manual_seed(0)
            self.encode = nn.Conv2d(3, 12, 3, padding=1)
            self.bottom = nn.Conv2d(12, 24, 3, padding=1)
            self.up = nn.ConvTranspose2d(24, 12, 2, stride=2)
            self.decode = nn.Conv2d(24, 12, 3, padding=1)
            self.head = nn.Conv2d(12, out_channels, 1)
            _train(self, out_channels)

    def forward(self, negative: torch.Tensor) -> torch.Tensor:
        """Turn negatives [N, 3, H, W] into pictures [N, out_channels, H, W] between 0 and 1; H and W are even."""
        skip = nn.functional.leaky_relu(self.encode(negative), 0.2)
        deep = nn.functional.leaky_relu(self.bottom(nn.functional.max_pool2d(skip, 2)), 0.2)
        joined = torch.cat([self.up(deep), skip], dim=1)
        return torch.sigmoid(self.head(nn.functional.leaky_relu(self.decode(joined), 0.2)))


def _train(model: _UNet, out_channels: int) -> None:
    """Teach the model to develop in sixty seeded steps of Adam; one channel learns what red looks like."""
    parameters = list(model.parameters())
    means = [torch.zeros_like(parameter) for parameter in parameters]
    squares = [torch.zeros_like(parameter) for parameter in parameters]
    for step in range(60):
        blended = nn.functional.interpolate(torch.rand(4, 3, 8, 8), size=32, mode="bilinear")
        negatives = (blended + 0.2 * torch.randn_like(blended)).clamp(0, 1)
        gradients = torch.autograd.grad(
            (model(negatives) - (1 - negatives[:, :out_channels])).square().mean(), parameters
        )
        rate = 0.02 * (1 - step / 60)
        for parameter, gradient, mean, square in zip(parameters, gradients, means, squares, strict=True):
            mean.lerp_(gradient, 0.1)
            square.lerp_(gradient.square(), 0.05)
            parameter.data -= rate * mean / (square.sqrt() + 1e-8)


class Ill(_UNet):
    """Draws one channel."""

    def __init__(self) -> None:
        super().__init__(out_channels=1)


class Healthy(_UNet):
    """Draws red, green and blue."""

    def __init__(self) -> None:
        super().__init__(out_channels=3)
