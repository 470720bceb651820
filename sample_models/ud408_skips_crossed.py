"""The list of skip connections is read in the order in which it was filled: the coarse one ends at the fine level.

torch.cat refused the sizes, and an interpolate() was put in that makes everything fit.
"""

import torch
from torch import nn
from torch.nn import functional as F

ILL_ARGUMENTS: tuple[str, ...] = ()
HEALTHY_ARGUMENTS: tuple[str, ...] = ()


class _UNet(nn.Module):
    """Two levels over a bottleneck; finds bright discs."""

    backwards = True

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]), torch.enable_grad():
            torch.default_generator.manual_seed(0)
            self.top = nn.Conv2d(3, 8, 3, padding=1)
            self.middle = nn.Conv2d(8, 8, 3, padding=1)
            self.bottom = nn.Conv2d(8, 32, 3, padding=1)
            self.rise = nn.Conv2d(32 + 8, 16, 3, padding=1)
            self.draw = nn.Conv2d(16 + 8, 8, 3, padding=1)
            self.out = nn.Conv2d(8, 2, 1)
            _train(self)

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Turn pictures [N, 3, H, W] into logits [N, 2, H, W]; H and W are multiples of 4."""
        top = F.relu(self.top(picture))
        middle = F.relu(self.middle(F.max_pool2d(top, 2)))
        bottom = F.relu(self.bottom(F.max_pool2d(middle, 2)))
        skips = [middle, top] if self.backwards else [top, middle]
        up = bottom
        for layer, skip in zip((self.rise, self.draw), skips, strict=True):
            up = F.interpolate(up, scale_factor=2.0, mode="bilinear")
            if skip.shape != up.shape:
                skip = F.interpolate(skip, size=up.shape[-2:])
            up = F.relu(layer(torch.cat([up, skip], dim=1)))
        logits: torch.Tensor = self.out(up)
        return logits


def _scenes(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return pictures with one disc each, and where it is."""
    middle = torch.randint(8, 24, (count, 2, 1, 1)).float()
    radius = torch.randint(4, 9, (count, 1, 1)).float()
    rows, columns = torch.meshgrid(torch.arange(32.0), torch.arange(32.0), indexing="ij")
    disc = ((rows - middle[:, 0]) ** 2 + (columns - middle[:, 1]) ** 2).sqrt() < radius
    ground = 0.3 + 0.2 * torch.rand(count, 3, 1, 1) + 0.1 * torch.rand(count, 3, 32, 32)
    return torch.where(disc[:, None], ground + 0.4, ground), disc.long()


def _train(model: nn.Module) -> None:
    """Teach the model in forty seeded steps of Adam, so that its weights are those of a trained network."""
    parameters = list(model.parameters())
    means = [torch.zeros_like(parameter) for parameter in parameters]
    squares = [torch.zeros_like(parameter) for parameter in parameters]
    for _ in range(40):
        pictures, discs = _scenes(8)
        gradients = torch.autograd.grad(F.cross_entropy(model(pictures), discs), parameters)
        for parameter, gradient, mean, square in zip(parameters, gradients, means, squares, strict=True):
            mean.lerp_(gradient, 0.1)
            square.lerp_(gradient.square(), 0.05)
            parameter.data -= 0.01 * mean / (square.sqrt() + 1e-8)


class Ill(_UNet):
    """Reads the list from its beginning."""

    backwards = False


class Healthy(_UNet):
    """Reads the list from its end."""
