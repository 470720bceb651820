"""Every hidden layer is somewhat too large, no single one by much, and no normalisation makes up for it.

Five times the signal six times over is 15,000 times: a person sees pure colours without a shade in between.
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
            torch.default_generator.manual_seed(3)
            self.map1 = nn.Conv2d(12, 24, 1, bias=False)
            self.map2 = nn.Conv2d(24, 24, 1, bias=False)
            self.map3 = nn.Conv2d(24, 24, 1, bias=False)
            self.spread = nn.ConvTranspose2d(24, 24, 8, bias=False)
            self.grow = nn.Conv2d(24, 16, 3, padding=1, bias=False)
            self.refine = nn.Conv2d(16, 12, 3, padding=1, bias=False)
            self.draw = nn.Conv2d(12, 3, 3, padding=1, bias=False)
            self.bend = nn.LeakyReLU(0.2)
            self.widen = nn.Upsample(scale_factor=2, mode="bilinear")
            for layer in (self.map1, self.map2, self.map3):
                nn.init.orthogonal_(layer.weight)
            _train(self)

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        """Turn latents [N, 12] into pictures [N, 3, 32, 32] between -1 and 1."""
        features = self.bend(self.map1(latent.reshape(len(latent), 12, 1, 1)))
        features = self.bend(self.map3(self.bend(self.map2(features))))
        features = self.bend(self.grow(self.widen(self.bend(self.spread(features)))))
        features = self.bend(self.refine(self.widen(features)))
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
    """Multiplies the signal by five in each of six layers."""

    def __init__(self) -> None:
        super().__init__()
        with torch.no_grad():
            for layer in (self.map1, self.map2, self.map3, self.spread, self.grow, self.refine):
                layer.weight *= 5


class Healthy(_Generator):
    """Keeps what training made."""
