"""The decoder joins its skip connections as they come, where the healthy one first brings itself to their size.

At 50x50 the second pool rounds 25 down to 12, which comes back up as 24: a person sees torch.cat refuse 24 next to 25.
"""

import torch
from torch import nn

ILL_ARGUMENTS: tuple[str, ...] = ("--input", "1,3,50,50")
HEALTHY_ARGUMENTS: tuple[str, ...] = ("--input", "1,3,50,50")


class _UNet(nn.Module):
    """Three levels: two pools halve the picture, two transposed convolutions double it again."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]), torch.enable_grad():
            torch.default_generator.manual_seed(0)
            self.encode1 = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU())
            self.encode2 = nn.Sequential(nn.Conv2d(8, 16, 3, padding=1), nn.ReLU())
            self.bottom = nn.Sequential(nn.Conv2d(16, 32, 3, padding=1), nn.ReLU())
            self.pool = nn.MaxPool2d(2)
            self.up2 = nn.ConvTranspose2d(32, 16, 2, stride=2)
            self.decode2 = nn.Sequential(nn.Conv2d(32, 16, 3, padding=1), nn.ReLU())
            self.up1 = nn.ConvTranspose2d(16, 8, 2, stride=2)
            self.decode1 = nn.Sequential(nn.Conv2d(16, 8, 3, padding=1), nn.ReLU())
            self.head = nn.Conv2d(8, 2, 1)
            _train(self)

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Turn pictures [N, 3, H, W] into logits of two classes [N, 2, H, W]."""
        skip1 = self.encode1(picture)
        skip2 = self.encode2(self.pool(skip1))
        deep = self.bottom(self.pool(skip2))
        deep = self.decode2(self.join(self.up2(deep), skip2))
        logits: torch.Tensor = self.head(self.decode1(self.join(self.up1(deep), skip1)))
        return logits

    def join(self, deep: torch.Tensor, skip: torch.Tensor) -> torch.Tensor:
        """Stack what came up from below on what came across."""
        return torch.cat([deep, skip], dim=1)


def _train(model: _UNet) -> None:
    """Teach the model in forty seeded steps of Adam which parts of a picture are brighter than the middle."""
    parameters = list(model.parameters())
    means = [torch.zeros_like(parameter) for parameter in parameters]
    squares = [torch.zeros_like(parameter) for parameter in parameters]
    for step in range(40):
        pictures = nn.functional.interpolate(torch.rand(4, 3, 4, 4), size=32, mode="bilinear")
        masks = (pictures.mean(1) > 0.5).long()
        loss = nn.functional.cross_entropy(model(pictures), masks)
        gradients = torch.autograd.grad(loss, parameters)
        rate = 0.02 * (1 - step / 40)
        for parameter, gradient, mean, square in zip(parameters, gradients, means, squares, strict=True):
            mean.lerp_(gradient, 0.1)
            square.lerp_(gradient.square(), 0.05)
            parameter.data -= rate * mean / (square.sqrt() + 1e-8)


class Ill(_UNet):
    """Takes for granted that both have the same size."""


class Healthy(_UNet):
    """Resizes what came up from below where a pool has rounded."""

    def join(self, deep: torch.Tensor, skip: torch.Tensor) -> torch.Tensor:
        """Stack both at the size of what came across."""
        return super().join(nn.functional.interpolate(deep, size=skip.shape[-2:]), skip)
