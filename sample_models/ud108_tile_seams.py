"""The bottom of a U-Net is normalised over the whole picture (instance normalisation).

A person who draws a large picture tile by tile sees the tiles: each is normalised by what it holds itself.
"""

import torch
from torch import nn

ILL_ARGUMENTS: tuple[str, ...] = ("--input", "2,3,64,64")
HEALTHY_ARGUMENTS: tuple[str, ...] = ("--input", "2,3,64,64")


class _UNet(nn.Module):
    """Three levels: two pools halve the picture, two transposed convolutions double it again."""

    def __init__(self, even: nn.Module) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]), torch.enable_grad():
            torch.default_generator.manual_seed(0)
            self.encode1 = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU())
            self.encode2 = nn.Sequential(nn.Conv2d(8, 16, 3, padding=1), nn.ReLU())
            self.bottom = nn.Sequential(nn.Conv2d(16, 32, 3, padding=1), even, nn.ReLU())
            self.pool = nn.MaxPool2d(2)
            self.up2 = nn.ConvTranspose2d(32, 16, 2, stride=2)
            self.decode2 = nn.Sequential(nn.Conv2d(32, 16, 3, padding=1), nn.ReLU())
            self.up1 = nn.ConvTranspose2d(16, 8, 2, stride=2)
            self.decode1 = nn.Sequential(nn.Conv2d(16, 8, 3, padding=1), nn.ReLU())
            self.head = nn.Conv2d(8, 2, 1)
            _train(self)

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Turn pictures [N, 3, H, W] into logits of two classes [N, 2, H, W]; H and W are multiples of 4."""
        skip1 = self.encode1(picture)
        skip2 = self.encode2(self.pool(skip1))
        deep = self.bottom(self.pool(skip2))
        deep = self.decode2(torch.cat([self.up2(deep), skip2], dim=1))
        logits: torch.Tensor = self.head(self.decode1(torch.cat([self.up1(deep), skip1], dim=1)))
        return logits


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
    """Normalises each picture by its own mean and spread."""

    def __init__(self) -> None:
        super().__init__(nn.InstanceNorm2d(32))


class Healthy(_UNet):
    """Normalises nothing."""

    def __init__(self) -> None:
        super().__init__(nn.Identity())
