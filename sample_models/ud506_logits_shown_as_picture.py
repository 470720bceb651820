"""The network returns logits, and they are shown as 0..1.

Most values lie outside: a person sees pure black and pure white.
"""

import torch
from torch import nn

ILL_ARGUMENTS: tuple[str, ...] = ("--range", "0..1", "--task", "rgb")
HEALTHY_ARGUMENTS: tuple[str, ...] = ("--range", "0..1", "--task", "rgb")


class _Segmenter(nn.Module):
    """Turns a picture into its negative."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]), torch.enable_grad():
            torch.default_generator.manual_seed(0)
            self.look = nn.Conv2d(3, 16, 5, padding=2)
            self.think = nn.Conv2d(16, 16, 3, padding=1)
            self.draw = nn.Conv2d(16, 3, 1)
            _train(self)

    def logits(self, picture: torch.Tensor) -> torch.Tensor:
        """Turn pictures [N, 3, H, W] into logits [N, 3, H, W]."""
        found: torch.Tensor = self.draw(self.think(self.look(picture).relu()).relu())
        return found


def _train(model: _Segmenter) -> None:
    """Teach the model in sixty seeded steps of Adam, so that its weights are those of a trained network."""
    parameters = list(model.parameters())
    means = [torch.zeros_like(parameter) for parameter in parameters]
    squares = [torch.zeros_like(parameter) for parameter in parameters]
    for step in range(60):
        coarse = torch.rand(8, 3, 8, 8)
        picture = nn.functional.interpolate(coarse, size=32, mode="bilinear")
        target = 1 - picture
        loss = (torch.sigmoid(model.logits(picture)) - target).square().mean()
        gradients = torch.autograd.grad(loss, parameters)
        rate = 0.02 * (1 - step / 60)
        for parameter, gradient, mean, square in zip(parameters, gradients, means, squares, strict=True):
            mean.lerp_(gradient, 0.1)
            square.lerp_(gradient.square(), 0.05)
            parameter.data -= rate * mean / (square.sqrt() + 1e-8)


class Ill(_Segmenter):
    """Returns what sigmoid should have read."""

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Turn pictures [N, 3, H, W] into logits [N, 3, H, W]."""
        return self.logits(picture)


class Healthy(_Segmenter):
    """Returns values of the range that is shown."""

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Turn pictures [N, 3, H, W] into pictures [N, 3, H, W] between 0 and 1."""
        return torch.sigmoid(self.logits(picture))
