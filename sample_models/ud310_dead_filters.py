"""Two of three filters of a last layer that widens the picture (a transposed convolution) have no weight.

A person sees a picture of one colour: green and blue are half of their range in every pixel.
"""

import torch
from torch import nn

ILL_ARGUMENTS: tuple[str, ...] = ()
HEALTHY_ARGUMENTS: tuple[str, ...] = ()


class _Generator(nn.Module):
    """Paints twelve numbers as a 32x32 picture: one colour for each corner, blended in between."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]), torch.enable_grad():
            torch.default_generator.manual_seed(0)
            self.spread = nn.ConvTranspose2d(12, 24, 8, bias=False)
            self.grow = nn.Conv2d(24, 16, 3, padding=1, bias=False)
            self.refine = nn.Conv2d(16, 12, 3, padding=1, bias=False)
            self.draw = nn.ConvTranspose2d(12, 3, 2, stride=2, bias=False)
            self.bend = nn.LeakyReLU(0.2)
            self.widen = nn.Upsample(scale_factor=2, mode="bilinear")
            _train(self)

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        """Turn latents [N, 12] into pictures [N, 3, 32, 32] between -1 and 1."""
        features = self.bend(self.spread(latent.reshape(len(latent), 12, 1, 1)))
        features = self.bend(self.grow(self.widen(features)))
        features = self.bend(self.refine(features))
        return torch.tanh(self.draw(features))


def _train(model: _Generator) -> None:
    """Teach the model to draw in sixty seeded steps of Adam, so that its weights are those of a trained network."""
    parameters = list(model.parameters())
    means = [torch.zeros_like(parameter) for parameter in parameters]
    squares = [torch.zeros_like(parameter) for parameter in parameters]
    for step in range(60):
        latent = torch.randn(8, 12)
        corners = latent.reshape(8, 3, 2, 2)
        blended = nn.functional.interpolate(corners, size=32, mode="bilinear", align_corners=True)
        target = torch.tanh(blended)
        gradients = torch.autograd.grad((model(latent) - target).square().mean(), parameters)
        rate = 0.02 * (1 - step / 60)
        for parameter, gradient, mean, square in zip(parameters, gradients, means, squares, strict=True):
            mean.lerp_(gradient, 0.1)
            square.lerp_(gradient.square(), 0.05)
            parameter.data -= rate * mean / (square.sqrt() + 1e-8)


class Ill(_Generator):
    """Has lost its filters for green and blue."""

    def __init__(self) -> None:
        super().__init__()
        with torch.no_grad():
            self.draw.weight[:, 1:] = 0


class Healthy(_Generator):
    """Keeps what training made."""
