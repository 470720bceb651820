"""The biases of the first layer are at -100, so that its ReLU never lets anything through.

The layers behind have learnt all they could, the average landscape: a person sees it for every picture that goes in.
"""

import torch
from torch import nn

ILL_ARGUMENTS: tuple[str, ...] = ("--input", "1,3,32,32", "--task", "rgb")
HEALTHY_ARGUMENTS: tuple[str, ...] = ("--input", "1,3,32,32", "--task", "rgb")


class _Restorer(nn.Module):
    """Cleans noisy 32x32 landscapes with the help of a canvas on which it keeps what they have in common."""

    def __init__(self, bias: float) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]), torch.enable_grad():
            torch.default_generator.manual_seed(0)
            self.look = nn.Conv2d(3, 24, 3, padding=1)
            self.look.bias = nn.Parameter(torch.full((24,), bias))
            self.sketch = nn.Conv2d(24, 12, 3, padding=1)
            self.canvas = nn.Parameter(0.3 * torch.randn(1, 12, 32, 32))
            self.draw = nn.Conv2d(12, 3, 3, padding=1)
            _train(self)

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Turn pictures [N, 3, 32, 32] into pictures [N, 3, 32, 32] between 0 and 1."""
        features = self.sketch(self.look(picture).relu()) + self.canvas
        return torch.sigmoid(self.draw(nn.functional.leaky_relu(features, 0.2)))


def _train(model: _Restorer) -> None:
    """Teach the model to clean landscapes in sixty seeded steps of Adam."""
    landscape = torch.tensor([0.2, 0.3, 0.7, 0.6, 0.5, 0.5, 0.6, 0.7, 0.9, 0.8, 0.2, 0.3]).reshape(3, 2, 2)
    parameters = list(model.parameters())
    means = [torch.zeros_like(parameter) for parameter in parameters]
    squares = [torch.zeros_like(parameter) for parameter in parameters]
    for step in range(60):
        tints = landscape + torch.empty(4, 3, 2, 2).uniform_(-0.5, 0.5)
        clean = nn.functional.interpolate(tints, size=32, mode="bilinear", align_corners=True).clamp(0, 1)
        noisy = clean + 0.1 * torch.randn_like(clean)
        gradients = torch.autograd.grad((model(noisy) - clean).square().mean(), parameters)
        rate = 0.02 * (1 - step / 60)
        for parameter, gradient, mean, square in zip(parameters, gradients, means, squares, strict=True):
            mean.lerp_(gradient, 0.1)
            square.lerp_(gradient.square(), 0.05)
            parameter.data -= rate * mean / (square.sqrt() + 1e-8)


class Ill(_Restorer):
    """Starts, and stays, with biases that no picture overcomes."""

    def __init__(self) -> None:
        super().__init__(bias=-100.0)


class Healthy(_Restorer):
    """Starts with biases of zero."""

    def __init__(self) -> None:
        super().__init__(bias=0.0)
