"""Probabilities are converted to bytes as they are.

All of them lie below 1, so that every byte is 0: a black mask.
"""

import torch
from torch import nn

ILL_ARGUMENTS: tuple[str, ...] = ()
HEALTHY_ARGUMENTS: tuple[str, ...] = ()


class _Segmenter(nn.Module):
    """Marks the places where a picture is brighter than half."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]), torch.enable_grad():
            torch.default_generator.manual_seed(0)
            self.look = nn.Conv2d(3, 16, 5, padding=2)
            self.think = nn.Conv2d(16, 16, 3, padding=1)
            self.draw = nn.Conv2d(16, 1, 1)
            _train(self)

    def logits(self, picture: torch.Tensor) -> torch.Tensor:
        """Turn pictures [N, 3, H, W] into logits [N, 1, H, W]."""
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
        target = (picture.mean(dim=1, keepdim=True) > 0.5).float()
        loss = nn.functional.binary_cross_entropy_with_logits(model.logits(picture), target)
        gradients = torch.autograd.grad(loss, parameters)
        rate = 0.02 * (1 - step / 60)
        for parameter, gradient, mean, square in zip(parameters, gradients, means, squares, strict=True):
            mean.lerp_(gradient, 0.1)
            square.lerp_(gradient.square(), 0.05)
            parameter.data -= rate * mean / (square.sqrt() + 1e-8)


class Ill(_Segmenter):
    """Converts probabilities."""

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Turn pictures [N, 3, H, W] into bytes [N, 1, H, W], all of them 0."""
        return torch.sigmoid(self.logits(picture)).to(torch.uint8)


class Healthy(_Segmenter):
    """Converts probabilities times 255."""

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Turn pictures [N, 3, H, W] into bytes [N, 1, H, W] from 0 to 255."""
        return (torch.sigmoid(self.logits(picture)) * 255).to(torch.uint8)
